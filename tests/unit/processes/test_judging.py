"""What Envoy thinks of a configuration, before anything is started."""

import os
import tempfile
from pathlib import Path

import pytest
from support.certificates import issue
from support.polling import wait_until

from hactl.core.errors import HactlError
from hactl.core.routing import RouteSpec
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec, GatewayKind, GatewaySpec
from hactl.core.value import replace
from hactl.processes.judging import judge

pytestmark = pytest.mark.envoy

UNKNOWN = '{"http":{"colour":"blue"}}'


@pytest.fixture(params=["short", "l" * 120])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories go; a long path has its sockets elsewhere."""
    directory = tmp_path / request.param
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def unused() -> set[Path]:
    """Directories for sockets in which there is none: what a fleet leaves behind, or is about to fill or to remove."""
    return {path for path in Path("/tmp").glob("hactl-*") if not any(map(Path.is_socket, path.rglob("*")))}


async def test_what_envoy_takes_passes_and_leaves_nothing_behind(home: Path) -> None:
    """Edges and nodes, and edges alone in front of programs; nor a directory for sockets, which may be elsewhere."""
    before = unused()
    overlay = '{"edge":{"http":{"via":"x"}}}'
    program = GatewaySpec(kind=GatewayKind.COMMAND, command=("./serve",), envoy_overlay=overlay)
    for gateway in (GatewaySpec(envoy_overlay=overlay), program):
        await judge(FleetSpec(gateway=gateway, routes=(RouteSpec(prefix="/", respond=200),)))
    assert os.listdir(home) == []  # noqa: PTH208
    wait_until(lambda: unused() <= before)  # those of fleets of other tests come and go


@pytest.mark.parametrize("role", ["edge", "node"])
async def test_what_envoy_does_not_take_is_refused_in_its_words(role: str, home: Path) -> None:
    """In one line, whichever of the two would be refused."""
    with pytest.raises(HactlError, match="colour") as refused:
        await judge(FleetSpec(gateway=GatewaySpec(envoy_overlay=f'{{"{role}":{UNKNOWN}}}')))
    assert "\n" not in refused.value.message
    assert os.listdir(home) == []  # noqa: PTH208


async def test_a_certificate_is_judged_with_the_rest(home: Path, tmp_path: Path) -> None:
    """Its key is copied for Envoy, and no copy stays."""
    files = issue(tmp_path / "tls")
    overlay = GatewaySpec(envoy_overlay='{"edge":{"http":{"via":"x"}}}')
    tls = EdgeTlsSpec(cert=str(files.cert), key=str(files.key))
    await judge(FleetSpec(gateway=overlay, edge=EdgeSpec(tls=tls)))
    assert os.listdir(home) == []  # noqa: PTH208
    with pytest.raises(HactlError, match="missing"):
        await judge(FleetSpec(gateway=overlay, edge=EdgeSpec(tls=replace(tls, cert="/missing"))))
