"""Every example does what its README says: up, answer, down."""

import asyncio
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from support.command import Home
from support.upstream import Upstream

from hactl.config import load
from hactl.core.routing import RouteSpec

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = {path.parent.name: path.read_text() for path in sorted(FOLDER.glob("*/hactl.toml"))}


def ask(url: str) -> tuple[int, str, str | None]:
    """Status, body, and the node that answered."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode(), answer.headers["x-hactl-node"]


@pytest.mark.envoy
@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_runs_on_other_ports(example: str) -> None:
    """Two kinds of lines are changed, as its README says; each of its routes is then answered by one of its nodes."""
    with Home() as home:
        shutil.copytree(FOLDER / example, home.directory, dirs_exist_ok=True)
        async with Upstream(body=b"from the service") as service:
            text = re.sub(r"(?m)^listen = .*$", f'listen = "127.0.0.1:{home.port}"', EXAMPLES[example])
            text = re.sub(r"(?m)^endpoints = .*$", f'endpoints = ["127.0.0.1:{service.port}"]', text)
            (home.directory / "hactl.toml").write_text(text)
            spec = load(home.directory / "hactl.toml")
            await asyncio.to_thread(home.ok, "up", "--detach")
            nodes = {f"{region.name}-{number + 1}" for region in spec.regions for number in range(region.nodes)}
            for route in spec.routes or (RouteSpec(path="/"),):
                url = f"http://127.0.0.1:{home.port}{route.path or route.prefix}"
                status, body, node = await asyncio.to_thread(ask, url)
                assert node in nodes
                assert status == (route.respond or 200)
                expected = route.respond_body if route.respond else "from the service"
                assert body == (expected if spec.routes else f"hello from {node}\n")
            await asyncio.to_thread(home.ok, "down")
        assert home.strays() == []
