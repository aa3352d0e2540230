"""Chaos on a real fleet: one seed strikes the same in the same order twice, and leaves nothing behind."""

import asyncio
import json

import pytest
from support.command import Home
from support.long import takes_minutes
from support.upstream import Upstream

pytestmark = pytest.mark.envoy
CHAOS = ("--monkey", "--seed", "11", "--for", "40s", "--mean-gap", "8s")


@takes_minutes
def test_one_seed_strikes_the_same_in_the_same_order_on_two_fleets() -> None:
    """First as chosen, then as it was written down; a busy machine may say nothing about clients."""
    struck, text = [], ""
    for again in (False, True):
        with Home() as home:
            home.configure(regions={"a": 2, "b": 2})
            home.ok("up")
            path = home.directory / "chaos-11.toml"
            if again:
                path.write_text(text)
                done = home.run("drill", "run", str(path), "--seed", "11", "--json")
            else:
                done = home.run("chaos", *CHAOS, "--json")
                text = path.read_text()
            report = json.loads(done.stdout)
            assert report["verdict"] in ("pass", "inconclusive"), report["why"]
            assert report["clean"]
            assert {proof["done"] for proof in report["evidence"]["proofs"]} == {True}
            struck.append([(strike["kind"], strike["nodes"], strike["at"]) for strike in report["plan"]["strikes"]])
            home.ok("down")
            assert home.strays() == []
    assert struck[0] == struck[1]
    assert len(struck[0]) >= 3


KINDS = ("proxy.partition", "proxy.reset", "proxy.flapping", "upstream.down", "upstream.slow")


@takes_minutes
async def test_hops_and_services_are_struck_and_all_is_as_it_was() -> None:
    """Each fault read back from the proxy that does it; nothing of any is left, neither proxy nor process."""
    async with Upstream() as service:
        with Home() as home:
            home.configure(service.toml(timeout="500ms"), regions={"a": 2, "b": 2})
            await asyncio.to_thread(home.ok, "up")
            only = [word for kind in KINDS for word in ("--only", kind)]
            done = await asyncio.to_thread(home.run, "chaos", *CHAOS, *only, "--json")
            report = json.loads(done.stdout)
            assert report["verdict"] in ("pass", "inconclusive"), report["why"]
            assert report["clean"]
            assert {proof["done"] for proof in report["evidence"]["proofs"]} == {True}
            struck = {strike["kind"] for strike in report["plan"]["strikes"]}
            assert struck <= set(KINDS)
            assert {kind.partition(".")[0] for kind in struck} == {"proxy", "upstream"}
            assert home.snapshot().fleet.hops == {}
            await asyncio.to_thread(home.ok, "wait")
            await asyncio.to_thread(home.ok, "down")
            assert home.strays() == []
