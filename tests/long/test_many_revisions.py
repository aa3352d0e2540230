"""Many configurations, one after another, under load: none is noticed; and as many that cannot be used: none arrives.

`HACTL_LONG=short pytest tests/long` is the setting of every build; without it the numbers are those promised.
"""

import os
from random import Random

import pytest
from support.fleet import APP, Region, RunningFleet
from support.load import open_loop
from support.long import SHORT

from hactl import config
from hactl.core.commands import Apply
from hactl.core.config_events import RevisionProposed
from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.operation import Outcome

pytestmark = pytest.mark.envoy

REVISIONS = 6 if SHORT else 50
RATE = 300
SEED = int(os.environ.get("HACTL_SEED", "1"))
"""The same seed makes the same configurations."""
DIFFERENT = '\n[[route]]\npath = "/different"\nrespond = 200\n'
LIMIT = 1_000_000
"""Requests after which the load stops by itself."""


def valid(chance: Random, fleet: RunningFleet) -> str:
    """Other regions, nodes, edges, routes, limits and policies; always a route to the service for everything."""
    named = chance.sample(("a", "b", "c"), chance.choice((1, 2, 2, 3)))
    regions = tuple(
        Region(
            name=name,
            nodes=chance.choice((1, 2)) + (len(named) == 1),
            priority=0 if number == 0 else chance.choice((0, 0, 1)),
        )
        for number, name in enumerate(named)
    )
    routes = "".join(
        f'[[route]]\npath = "/r{number}"\nrespond = {chance.choice((200, 204, 404))}\n\n'
        for number in range(chance.randrange(4))
    )
    own = chance.choice(
        (
            "",
            f'timeout = "{chance.randrange(3, 9)}s"\n',
            f'response_headers = {{ set = {{ "x-version" = "{chance.randrange(100)}" }} }}\n',
            f"retries = {chance.randrange(3, 9)}\n",
        )
    )
    extra = chance.choice(
        (
            "",
            f'[health]\ninterval = "{chance.choice((200, 300))}ms"\n',
            f"[safety]\nmin_serving_nodes = {chance.choice((0, 1))}\n",
            f'[restart]\nbase = "{chance.choice((100, 900))}ms"\n',
        )
    )
    edge = chance.choice(
        (
            "",
            'policy = "round-robin"\n',
            'policy = "least-request"\n',
            f"max_connections = {chance.choice((10_000, 15_000))}\n",
            f'idle_timeout = "{chance.choice((60, 90))}s"\n',
        )
    )
    text = fleet.toml(regions=regions, edges=chance.choice((2, 2, 2, 3)), routes=routes + APP + own, extra=extra)
    return text.replace("[edge]\n", "[edge]\n" + edge)


def invalid(chance: Random, fleet: RunningFleet) -> str:
    """One thing wrong with an otherwise good file."""
    text = valid(chance, fleet)
    wrong = (
        text.replace("[edge]", "[edge", 1),
        text + "\n[nonsense]\n",
        text.replace("count = ", "cuont = ", 1),
        text.replace('service = "app"', 'service = "ghost"', 1),
        text.replace("nodes = ", "nodes = -", 1),
        text.replace('name = "t"', 'name = "u"', 1),
        text.replace("127.0.0.1:", "192.0.2.7:", 1),
        text + '\n[[route]]\nprefix = "/x"\n',
        text + '\n[[service]]\nname = "app"\nendpoints = ["127.0.0.1:1"]\n',
        text + '\n[[route]]\nprefix = "/x"\nservice = "app"\ntimeout = "yesterday"\n',
    )
    return chance.choice(wrong)


async def test_many_valid_ones() -> None:
    """Every one comes into force, and no request fails on the way."""
    chance = Random(SEED)
    async with (
        RunningFleet(regions=(Region(name="a", nodes=2), Region(name="b", nodes=2))) as fleet,
        open_loop(fleet.port, rate=RATE, limit=LIMIT) as load,
    ):
        await load.answered(RATE)
        for number in range(REVISIONS):
            text = valid(chance, fleet)
            text = text if config.parse(text, "drawn") != fleet.now.spec else text + DIFFERENT
            receipt = await fleet.client.submit(Apply(text=text), by="test", confirm="t")
            ended = (await fleet.ended(receipt.operation)).event
            assert ended.outcome is Outcome.DONE, f"seed {SEED}, number {number}: {ended}\n{text}"
            await fleet.calm()
            assert load.failed - load.unaccepted == 0, f"seed {SEED}, number {number}: {load}\n{text}"
        await load.answered(RATE)
    assert load.failed - load.unaccepted == 0, load


async def test_many_that_cannot_be_used() -> None:
    """Each is refused with a reason; not a process, not a record, not a request knows of it."""
    chance = Random(SEED)
    async with (
        RunningFleet(regions=(Region(name="a", nodes=2),)) as fleet,
        open_loop(fleet.port, rate=RATE, limit=LIMIT) as load,
    ):
        mark, pids, before = fleet.seq, fleet.pids(), fleet.now
        for _ in range(REVISIONS):
            text = invalid(chance, fleet)
            with pytest.raises((ConfigError, CommandRejected, HactlError)):
                await fleet.client.submit(Apply(text=text), by="test", confirm="t")
        await load.answered(RATE)
        assert fleet.since(mark, RevisionProposed) == []
        assert fleet.pids() == pids
        assert (await fleet.client.fleet()).fleet.spec == before.spec
    assert load.failed == 0, load
