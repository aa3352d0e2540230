"""The configuration of a real fleet changes under load: nobody notices, and what is wrong with it never arrives."""

import asyncio

import pytest
import pytest_asyncio
from support.fleet import APP, Region, RunningFleet
from support.load import fetch, open_loop
from support.ports import free_port

from hactl.core.commands import Apply, Scale, SetWeight
from hactl.core.config_events import RevisionApplied, RevisionProposed
from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.events import NodeChanged, OperationEnded, OperationMoved
from hactl.core.operation import Outcome
from hactl.core.talk import Query

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
TWO = (Region(name="a", nodes=2), Region(name="b", nodes=1))
GREETING = '[[route]]\npath = "/greeting"\nrespond = 200\nrespond_body = "hello"\n\n'
DEAD = '[[service]]\nname = "dead"\nendpoints = ["127.0.0.1:1"]\n\n[[route]]\nprefix = "/"\nservice = "dead"\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Two regions, three nodes, two edges; each test leaves it with what it began with, in meaning."""
    async with RunningFleet(regions=TWO) as running:
        yield running


async def apply(fleet: RunningFleet, text: str, *, bake: float = 0.0) -> OperationEnded:
    """How it ended."""
    receipt = await fleet.client.submit(Apply(text=text, bake=bake), by="test")
    return (await fleet.ended(receipt.operation)).event


async def applied(fleet: RunningFleet, text: str) -> None:
    ended = await apply(fleet, text)
    assert ended.outcome is Outcome.DONE, ended
    await fleet.calm()


async def test_routes_come_and_go(fleet):
    """Every node has the new route when the operation ends, and no request was lost to get there."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await applied(fleet, fleet.toml(routes=GREETING + APP))
        for _ in range(12):
            status, headers, body = await fetch(fleet.port, "/greeting")
            assert (status, body) == (200, b"hello"), headers
        await applied(fleet, fleet.toml())
        assert (await fetch(fleet.port, "/greeting"))[2] == b"ok"
        await load.answered(50)
    assert load.failed == 0, load


async def test_limits_and_hedges_come_and_go(fleet):
    """A route of its own is limited and hedged at once, and everybody else never notices."""
    limited = '[[route]]\nprefix = "/few"\nservice = "app"\nhedge = "1s"\nrate_limit = { requests = 4, per = "1h" }\n\n'
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await applied(fleet, fleet.toml(routes=limited + APP))
        assert sorted([(await fetch(fleet.port, "/few"))[0] for _ in range(40)]) == [200] * 4 + [429] * 36
        await applied(fleet, fleet.toml())
        assert (await fetch(fleet.port, "/few"))[0] == 200
        await load.answered(50)
    assert load.failed - load.unaccepted == 0, load


async def test_nodes_edges_and_regions_come_and_go(fleet):
    """New ones serve, old ones finish what they have; edges are added and removed as nodes are."""
    pids = fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await applied(fleet, fleet.toml(regions=(Region(name="a", nodes=3), Region(name="c", nodes=1)), edges=3))
        assert sorted(fleet.now.nodes) == ["a-1", "a-2", "a-3", "c-1", "edge-1", "edge-2", "edge-3"]
        await load.answered(200)
        assert load.nodes["c-1"] > 0
        asked = load.nodes["b-1"]
        await load.answered(100)
        assert load.nodes["b-1"] == asked
        await applied(fleet, fleet.toml())
        await load.answered(50)
    assert load.failed - load.unaccepted == 0, load
    kept = ("a-1", "edge-1", "edge-2")
    assert {name: fleet.pid(name) for name in kept} == {name: pids[name] for name in kept}
    assert not any(stray.startswith(f"{pids['b-1']}:") for stray in fleet.strays())


async def test_priorities_move_all_traffic(fleet):
    """A region that becomes a standby gets nothing more, without a restart of anybody."""
    pids = fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await applied(fleet, fleet.toml(regions=(TWO[0], Region(name="b", nodes=1, priority=1))))
        await load.answered(50)  # what was on its way while edges changed has come
        asked = load.nodes["b-1"]
        await load.answered(150)
        assert load.nodes["b-1"] == asked
        await applied(fleet, fleet.toml())
        await load.answered(150)
        assert load.nodes["b-1"] > asked
    assert load.failed == 0, load
    assert fleet.pids() == pids


async def test_what_edges_are_started_with_restarts_them_one_by_one(fleet):
    """Nobody is refused meanwhile: new connections go to the other edge."""
    before = fleet.pids()
    text = fleet.toml().replace("[edge]", "[edge]\nmax_connections = 5000")
    async with open_loop(fleet.port, rate=RATE, keep_alive=False) as load:
        await applied(fleet, text)
        assert fleet.pid("edge-1") != before["edge-1"]
        assert fleet.pid("edge-2") != before["edge-2"]
        await applied(fleet, fleet.toml())
    assert load.failed - load.unaccepted == 0, load


async def test_long_requests_outlive_a_change_of_listeners(fleet):
    """What an edge listens with changes; what it has begun to answer comes to its end."""
    fleet.upstream.hold()
    already = fleet.upstream.count
    text = fleet.toml().replace("[edge]", '[edge]\nidle_timeout = "200s"')
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(fetch(fleet.port, timeout=30.0)) for _ in range(4)]
        await fleet.upstream.arrived(already + len(asked))
        receipt = await fleet.client.submit(Apply(text=text, bake=0.0), by="test")
        asyncio.get_running_loop().call_later(3.0, fleet.upstream.release)  # longer than an old listener lives
    assert [one.result()[0] for one in asked] == [200] * len(asked)
    assert (await fleet.ended(receipt.operation)).event.outcome is Outcome.DONE
    await fleet.calm()
    await applied(fleet, fleet.toml())


async def test_edges_move_to_another_address(fleet):
    """One by one; somebody else's port is refused before anything happens."""
    port = free_port()
    moved = fleet.toml().replace(f":{fleet.port}", f":{port}")
    await applied(fleet, moved)
    assert (await fetch(port))[0] == 200
    assert fleet.now.nodes["edge-1"].port == port
    await applied(fleet, fleet.toml())
    assert (await fetch(fleet.port))[0] == 200
    taken = fleet.toml().replace(f":{fleet.port}", f":{fleet.upstream.port}")
    mark = fleet.seq
    with pytest.raises(HactlError, match="is in use"):
        await fleet.client.submit(Apply(text=taken), by="test")
    assert fleet.since(mark, RevisionProposed) == []


async def test_a_configuration_that_breaks_the_service_is_taken_back(fleet):
    """One node answers worse: the others never get it, and everything is as it was."""
    revision = fleet.now.revision
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(2 * RATE)  # enough to know what is usual
        ended = await apply(fleet, fleet.toml(routes=DEAD), bake=20.0)
        assert ended.outcome is Outcome.ROLLED_BACK
        assert "of the answers failed" in ended.sentence
        await fleet.calm()
        failed = load.failed
        await load.answered(RATE)
        assert load.failed == failed
    assert fleet.now.revision == revision
    assert not any("dead" in service.name for service in fleet.now.spec.services)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[edge", "not valid TOML"),
        ("nonsense = 1", "nonsense"),
        ('[fleet]\nname = "t"\n[[route]]\nprefix = "/"\nservice = "nobody"\n', "nobody"),
        ('[fleet]\nname = "other"\n', "'fleet.name' cannot change"),
        ('[fleet]\nname = "t"\nstate_dir = "/elsewhere"\n', "'fleet.state_dir' cannot change"),
        ('[fleet]\nname = "t"\n[[region]]\nname = "a"\nbind = "192.0.2.1"\n', "192.0.2.1"),
    ],
)
async def test_what_is_wrong_with_it_is_said_before_anything_happens(fleet, text, said):
    """By the reader, by the rules, by the machine; the journal has nothing of it."""
    mark, pids = fleet.seq, fleet.pids()
    with pytest.raises((ConfigError, CommandRejected, HactlError)) as caught:
        await fleet.client.submit(Apply(text=text), by="test")
    assert said in str(caught.value)
    await fleet.command(SetWeight(nodes=("a-1",), weight=100))
    assert fleet.since(mark, RevisionProposed) == []
    assert fleet.pids() == pids


async def test_a_scale_under_load(fleet):
    """Up and down again."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await fleet.command(Scale(region="b", count=3))
        assert {"b-1", "b-2", "b-3"} <= set(fleet.now.nodes)
        await load.answered(150)
        assert load.nodes["b-3"] > 0
        await fleet.command(Scale(region="b", count=1))
        await load.answered(50)
    assert load.failed == 0, load
    assert "b-2" not in fleet.now.nodes
    with pytest.raises(CommandRejected, match="no region 'x'"):
        await fleet.command(Scale(region="x", count=2))
    with pytest.raises(ConfigError, match="nodes"):
        await fleet.command(Scale(region="b", count=1000))


async def test_every_revision_is_kept_with_who_and_why(fleet):
    """In the journal, with what it means."""
    await fleet.client.submit(Apply(text=fleet.toml(routes=GREETING + APP)), by="test", reason="say hello")
    await fleet.happens(RevisionApplied)
    await fleet.calm()
    newest = (await fleet.client.history(Query(kinds=("RevisionProposed",), limit=1)))[0]
    assert newest.reason == "say hello"
    assert newest.by
    assert newest.event.proposal.revision == fleet.now.revision
    assert newest.event.proposal.spec == fleet.now.spec
    await applied(fleet, fleet.toml())


async def test_the_daemon_dies_at_every_step_of_a_change(fleet):
    """kill -9 after each step that is journaled: the next daemon goes on, nothing is lost, nobody runs twice."""
    texts = (fleet.toml(routes=GREETING + APP), fleet.toml())
    async with open_loop(fleet.port, rate=150) as load:
        for number in range(8):
            mark = fleet.seq
            receipt = await fleet.client.submit(Apply(text=texts[number % 2]), by="test")
            for _ in range(2 * number):
                mark = (await fleet.happens((OperationMoved, NodeChanged), after=mark)).seq
            await fleet.kill_daemon()
            await fleet.launch()
            assert (await fleet.ended(receipt.operation)).event.outcome is Outcome.DONE
            await fleet.calm()
        await load.answered(50)
    assert load.failed == 0, load
    running = [stray.rpartition("/")[0].rpartition(" ")[2] for stray in fleet.strays()]
    assert len(running) == len(set(running))
