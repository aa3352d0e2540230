"""The Supervisor: journal, then publish, then act; every promise of a Controller; whatever lives outlives its daemon.

With a real journal and real processes (`sleep`s), and an engine that takes any plan.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from support.build import a_launch
from support.fake_engine import FakeEngine
from support.house import PATIENCE, Disk, House, done, ended, lives, pids, quick_spec, until, until_serving

from hactl.core.commands import Down, Drain, Kill, Resume, SetPolicy, SetWeight, Stop
from hactl.core.effects import EndOrphan
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import (
    DaemonStarted,
    DaemonStopped,
    Event,
    FailoverEnded,
    GapRecorded,
    JournalFilled,
    NodeAdopted,
    OperationBegan,
    OperationEnded,
    OrphanEnded,
    PolicyChanged,
    Record,
    TrafficRejected,
)
from hactl.core.lag import quantile
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, ReasonCode
from hactl.core.observations import BecameHealthy, BecameUnhealthy, Exited, Observation, PlanApplied, Spawned, WentIdle
from hactl.core.operation import Outcome, Verb
from hactl.core.plan import EndpointStatus
from hactl.core.spec import Policy
from hactl.core.talk import Measured, News, Query, Snapshot, Update
from hactl.core.value import replace
from hactl.supervisor.identity import find_instances
from hactl.supervisor.loop import Supervisor


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.tear_down()


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[Supervisor]:
    """A daemon whose whole fleet serves."""
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        yield supervisor


async def next_events(watching: AsyncIterator[Update]) -> list[Event]:
    """What is told next, measurements aside."""
    async with asyncio.timeout(PATIENCE):
        while not isinstance(update := await anext(watching), News):
            pass
    await watching.aclose()  # type: ignore[attr-defined]
    return [record.event for record in update.records]


async def until_left(supervisor: Supervisor) -> None:
    """Watch until there is nothing more to come."""
    async with asyncio.timeout(PATIENCE):
        async for _ in supervisor.watch():
            pass


# -- taking charge


async def test_a_fleet_is_founded_and_comes_up(house: House) -> None:
    """From nothing to serving: everything started once, every edge on the newest plan, all of it on record."""
    async with serving(house) as supervisor:
        fleet = supervisor.look()
        assert list(fleet.nodes) == ["edge-1", "edge-2", "seoul-1", "seoul-2"]
        assert all(lives(node.launch) for node in fleet.nodes.values() if node.launch is not None)
        assert set(house.engine.published) >= {("edge-1", fleet.plan.version), ("edge-2", fleet.plan.version)}
    records = house.records()
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert isinstance(records[-1].event, DaemonStopped)


async def test_a_killed_node_comes_back_and_the_failover_ends(house: House) -> None:
    """The end is seen, the edges are moved, another process serves: measured, and the survivors untouched."""
    async with serving(house) as supervisor:
        before = supervisor.look()
        os.kill(pids(before)["seoul-1"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-1"].launches == 2)
        after = await until_serving(supervisor)
        assert after.failovers == {}
        changed = {name for name in after.nodes if pids(before)[name] != pids(after)[name]}
        assert changed == {"seoul-1"}
    (ended,) = house.saw(FailoverEnded)
    assert isinstance(ended, FailoverEnded)
    assert ended.moved_ms is not None
    assert ended.back_ms is not None


async def test_leaving_ends_no_process_and_the_next_daemon_goes_on_with_all(house: House) -> None:
    """The same processes, adopted; the operation that was in progress ends under the next daemon."""
    house.engine.hold = asyncio.Event()
    async with house.opened() as supervisor:
        house.engine.hold.set()
        await until_serving(supervisor)
        house.engine.hold = asyncio.Event()
        receipt = await supervisor.submit(SetWeight(nodes=("seoul-1",), weight=7), by="alice")
        left = supervisor.look()
        assert receipt.operation in left.operations
    assert all(lives(node.launch) for node in left.nodes.values() if node.launch is not None)
    house.engine.hold = None
    async with serving(house) as supervisor:
        fleet = await until(supervisor, lambda fleet: not fleet.operations)
        assert pids(fleet) == pids(left)
        assert fleet.nodes["seoul-1"].weight == 7
    assert len(house.saw(NodeAdopted)) == 4
    (ended,) = house.saw(OperationEnded)
    assert isinstance(ended, OperationEnded)
    assert (ended.id, ended.outcome) == (receipt.operation, Outcome.DONE)


async def test_a_death_that_nobody_saw_is_found_out_by_the_next_daemon(house: House) -> None:
    """Between two daemons a node dies: it is started again, and the others are adopted."""
    async with serving(house) as supervisor:
        left = supervisor.look()
    os.kill(pids(left)["seoul-2"], signal.SIGKILL)
    async with house.opened() as supervisor:
        fleet = await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].launches == 2)
        fleet = await until_serving(supervisor)
        assert {name for name in fleet.nodes if pids(left)[name] != pids(fleet)[name]} == {"seoul-2"}


async def test_a_drain_is_told_again_after_a_restart(house: House) -> None:
    """Nobody knows whether the process heard of it before its daemon left."""

    class Attentive(FakeEngine):
        told = asyncio.Event()

        async def drain(self, node: Node) -> None:
            await super().drain(node)
            self.told.set()

    house.engine = engine = Attentive(str(house.paths.state))
    async with serving(house) as supervisor:
        assert (await done(supervisor, Drain(nodes=("seoul-1",)))).outcome is Outcome.DONE
        assert house.engine.drained == ["seoul-1"]
    engine.drained.clear()
    engine.told.clear()
    async with house.opened() as supervisor:
        await engine.told.wait()
        assert engine.drained == ["seoul-1"]
        assert supervisor.look().nodes["seoul-1"].state is NodeState.DRAINING
        assert (await done(supervisor, Resume(nodes=("seoul-1",)))).outcome is Outcome.DONE
    assert engine.drained == []


# -- the five verbs


async def test_a_receipt_says_where_to_watch_from(house: House) -> None:
    """`seq` is the position right after the command: everything later is news, nothing earlier is missing."""
    async with serving(house) as supervisor:
        before = supervisor.look().seq
        receipt = await supervisor.submit(SetWeight(nodes=("seoul-1",), weight=50), by="alice", reason="a try")
        assert before < receipt.seq <= supervisor.look().seq
        own = [record for record in house.records() if before < record.seq <= receipt.seq]
        assert isinstance(own[0].event, OperationBegan)
        assert own[0].event.operation.id == receipt.operation
        assert {(record.by, record.reason) for record in own} == {("alice", "a try")}
        assert [(share.node, round(share.part, 2)) for share in receipt.shares] == [
            ("seoul-1", 0.33),
            ("seoul-2", 0.67),
        ]


async def test_a_dry_run_leaves_everything_as_it_is(house: House) -> None:
    """The receipt says what would be; journal, fleet, edges and processes say that nothing was."""
    async with serving(house) as supervisor:
        fleet, written, published = supervisor.look(), house.records(), list(house.engine.published)
        receipt = await supervisor.submit(Kill(nodes=("seoul-1",)), by="alice", dry_run=True)
        assert receipt.sentence == "kill seoul-1 with SIGKILL"
        assert (receipt.seq, receipt.operation) == (fleet.seq, "")
        assert [share.part for share in receipt.shares] == [0.0, 1.0]
        assert receipt.carrying is not None
        assert (receipt.carrying.node, receipt.carrying.needed) == ("seoul-2", None), "nothing has been measured here"
        assert (supervisor.look(), house.records(), house.engine.published) == (fleet, written, published)
        assert all(lives(node.launch) for node in fleet.nodes.values() if node.launch is not None)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_rejected_command_leaves_everything_as_it_is(house: House, dry_run: bool) -> None:
    """It says why, and no `seq` is used up."""
    async with serving(house) as supervisor:
        fleet, written = supervisor.look(), house.records()
        with pytest.raises(CommandRejected, match="would leave 0 nodes"):
            await supervisor.submit(Stop(nodes=("seoul-1", "seoul-2")), by="alice", dry_run=dry_run)
        assert (supervisor.look(), house.records()) == (fleet, written)


async def test_watching_is_a_snapshot_and_then_everything(house: House) -> None:
    """Replaying what was watched gives the very fleet that is; the samples keep coming on a quiet day, too."""
    async with serving(house) as supervisor:
        watching = supervisor.watch()
        first = await anext(watching)
        assert isinstance(first, Snapshot)
        assert first.fleet == supervisor.look()
        assert first.pulse.pid == os.getpid()
        async with asyncio.timeout(PATIENCE):
            while not isinstance(update := await anext(watching), Measured):
                pass
        assert update.mono is not None
        assert update.mono >= first.mono
        assert update.pulse.watchers == 1
        assert update.pulse.lag_p999_ms == quantile(update.pulse.lags, 0.999)
        assert {sample.node for sample in update.samples} == set(first.fleet.nodes)
        await watching.aclose()  # type: ignore[attr-defined]


async def test_history_answers_from_the_journal(house: House) -> None:
    """By kind, by place, by number."""
    async with serving(house) as supervisor:
        await done(supervisor, SetPolicy(policy=Policy.ROUND_ROBIN))
        (changed,) = await supervisor.history(Query(kinds=("PolicyChanged",)))
        assert changed.event == PolicyChanged(policy=Policy.ROUND_ROBIN)
        assert (changed.by, changed.reason) == ("alice", "")
        after = await supervisor.history(Query(after=changed.seq - 1, limit=1))
        assert after == [changed]


async def test_the_log_of_a_process_can_be_read(house: House) -> None:
    """Its own words; those of the daemon; and for anybody else an error that names who there is."""
    house.paths.daemon_log.write_text("one\ntwo\n")
    async with serving(house) as supervisor:
        page = await supervisor.log("daemon", lines=1)
        assert (page.node, page.lines, page.after) == ("daemon", ("two",), 8)
        assert (await supervisor.log("seoul-1")).lines == ()
        house.paths.node("osaka-9").mkdir()
        house.paths.node_log("osaka-9").write_text("removed\n")
        assert (await supervisor.log("osaka-9")).lines == ("removed",), "of one that has been removed"
        for nobody in ("nobody", "../nodes/osaka-9", ".twin-edge"):
            with pytest.raises(HactlError, match=f"no node '{nobody}'") as error:
                await supervisor.log(nobody)
        assert error.value.hint == "known: edge-1, edge-2, seoul-1, seoul-2, daemon"


# -- the end


async def test_down_stops_everything_and_then_the_daemon(house: House) -> None:
    """`run` returns by itself; watchers hear the last word; the journal says that it was on purpose."""
    heard: list[Event] = []
    async with house.opened() as supervisor:
        fleet = await until_serving(supervisor)
        async with asyncio.TaskGroup() as group:

            async def listen() -> None:
                async for update in supervisor.watch():
                    if isinstance(update, News):
                        heard.extend(record.event for record in update.records)

            group.create_task(listen())
            await asyncio.sleep(0)
            receipt = await supervisor.submit(Down(), by="alice")
        with pytest.raises(CommandRejected):
            await supervisor.submit(SetPolicy(policy=Policy.RANDOM), by="bob")
    assert heard[-1] == DaemonStopped(pid=os.getpid())
    (ended,) = [event for event in heard if isinstance(event, OperationEnded)]
    assert (ended.id, ended.outcome) == (receipt.operation, Outcome.DONE)
    assert not any(lives(node.launch) for node in fleet.nodes.values() if node.launch is not None)
    assert house.records()[-1].event == heard[-1]


async def test_after_down_the_next_start_counts_no_gap(house: House) -> None:
    """Down on purpose is no loss of supervision; a restart under running workers is."""
    async with serving(house) as supervisor:
        pass
    async with serving(house) as supervisor:
        await supervisor.submit(Down(), by="alice")
        await until_left(supervisor)
    async with serving(house):
        pass
    first, second, third = house.saw(DaemonStarted)
    assert isinstance(second, DaemonStarted)
    assert (first.gap, third.gap) == (None, None)  # type: ignore[union-attr]
    assert second.gap is not None


async def test_whoever_leaves_takes_nothing_any_more(house: House) -> None:
    """News and commands that come while a daemon leaves are for the next one: this one begins nothing new."""
    async with serving(house) as supervisor:
        fleet = supervisor.look()
        supervisor.leave()
        supervisor.deliver(Exited(node="seoul-1", instance=fleet.nodes["seoul-1"].launch.instance))  # type: ignore[union-attr]
        with pytest.raises(CommandRejected, match="exiting"):
            await supervisor.submit(Kill(nodes=("seoul-1",)), by="alice")
        assert supervisor.look() == fleet
    assert all(lives(node.launch) for node in fleet.nodes.values() if node.launch is not None)


async def test_a_bug_ends_the_daemon_wherever_it_shows(house: House) -> None:
    """Half a change cannot be gone on with. The workers are not ended, and there is no word of a good order."""

    class Broken(Disk):
        def append(self, records: list[Record], *, durable: bool) -> None:  # type: ignore[override]
            if any(isinstance(record.event, PolicyChanged) for record in records):
                raise ZeroDivisionError("a bug")
            super().append(records, durable=durable)

    house.open_disk = Broken

    async def story() -> None:
        async with serving(house) as supervisor:
            with pytest.raises(ZeroDivisionError):
                await supervisor.submit(SetPolicy(policy=Policy.RANDOM), by="alice")
            await until_left(supervisor)

    with pytest.raises(ExceptionGroup) as raised:
        await story()
    assert raised.group_contains(ZeroDivisionError)
    assert house.saw(DaemonStopped) == []
    assert len(find_instances(house.fleet_id)) == 4


async def test_a_bug_in_the_news_ends_the_daemon_as_well(house: House) -> None:
    """Also where nobody waits for an answer: in a callback of the loop, an error would else just be printed."""

    class Broken(Disk):
        def append(self, records: list[Record], *, durable: bool) -> None:  # type: ignore[override]
            if any(isinstance(record.event, TrafficRejected) for record in records):
                raise ZeroDivisionError("a bug")
            super().append(records, durable=durable)

    house.open_disk = Broken

    async def story() -> None:
        async with serving(house) as supervisor:
            house.engine.refuse = "no"
            os.kill(pids(supervisor.look())["seoul-1"], signal.SIGKILL)
            await until_left(supervisor)

    with pytest.raises(ExceptionGroup) as raised:
        await story()
    assert raised.group_contains(ZeroDivisionError)


# -- one cause, all the way


class Witness(Disk):
    """A journal that looks at the fleet and at what was published whenever something is written."""

    def __init__(self, path) -> None:  # type: ignore[no-untyped-def]
        super().__init__(path)
        self.look: Callable[[], object] = lambda: None
        self.seen: list[tuple[int, object]] = []

    def append(self, records: list[Record], *, durable: bool) -> None:  # type: ignore[override]
        super().append(records, durable=durable)
        self.seen.append((list(records)[-1].seq if records else 0, self.look()))


async def test_first_the_journal_then_the_watchers_then_the_deed(house: House) -> None:
    """When a command is written nobody knows of it yet; when watchers hear of it, nothing has been done yet."""
    house.open_disk = Witness
    async with serving(house) as supervisor:
        assert isinstance(house.disk, Witness)
        witness, victim = house.disk, supervisor.look().nodes["seoul-1"].launch
        assert victim is not None
        order: list[str] = []
        watching = supervisor.watch()
        await anext(watching)
        feed = supervisor._feed
        publish, send = feed.publish, supervisor._table.signal

        def published(update: Update) -> None:
            order.append("published" if isinstance(update, News) else "measured")
            publish(update)  # type: ignore[arg-type]

        def sent(launch, sig, *, group):  # type: ignore[no-untyped-def]
            order.append("sent")
            send(launch, sig, group=group)

        feed.publish = published  # type: ignore[method-assign, assignment]
        supervisor._table.signal = sent  # type: ignore[method-assign]
        witness.look = lambda: (order.append("journaled"), supervisor.look().seq)[1]
        before = supervisor.look().seq
        receipt = await supervisor.submit(Kill(nodes=("seoul-1",)), by="alice")
        assert order == ["journaled", "published", "sent"]
        assert witness.seen[-1] == (receipt.seq, before)
        await watching.aclose()  # type: ignore[attr-defined]


async def test_news_that_comes_while_a_cause_is_taken_waits_for_its_turn(house: House) -> None:
    """An effect may have its answer at once: it is taken next, never in between."""
    async with serving(house) as supervisor:
        stranger = a_launch("seoul-1", 99, fleet_id=house.fleet_id)
        answers: list[int] = []

        def answers_at_once(launch) -> None:  # type: ignore[no-untyped-def]
            before = supervisor.look()
            supervisor.deliver(Spawned(node="seoul-2", launch=replace(launch, pid=launch.pid + 1)))
            answers.append(supervisor.look().seq - before.seq)
            supervisor._table.end_orphan = lambda launch: None  # type: ignore[method-assign]

        supervisor._table.end_orphan = answers_at_once  # type: ignore[method-assign]
        supervisor.deliver(Spawned(node="seoul-1", launch=stranger))
        assert answers == [0]
        assert [event.pid for event in house.saw(OrphanEnded)] == [stranger.pid, stranger.pid + 1]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "saw",
    [
        Exited(node="nobody", instance="x/nobody/1"),
        BecameHealthy(node="nobody", instance="x/nobody/1"),
        BecameUnhealthy(node="seoul-1", instance="x/seoul-1/77", why="another launch"),
        WentIdle(node="seoul-1", instance="x/seoul-1/77"),
        PlanApplied(edge="nobody", instance="x/nobody/1", version=10**6),
    ],
    ids=lambda saw: f"{type(saw).__name__}-{getattr(saw, 'node', '')}",
)
async def test_news_of_nobody_is_dropped(house: House, saw: Observation) -> None:
    """Late or misdirected news changes nothing and is no error."""
    async with serving(house) as supervisor:
        before = supervisor.look()
        supervisor.deliver(saw)
        assert supervisor.look() == before


async def test_a_process_nobody_asked_for_is_ended(house: House) -> None:
    """It is an orphan: on record, and gone."""
    async with serving(house) as supervisor:
        ended: list[object] = []
        supervisor._table.end_orphan = ended.append  # type: ignore[method-assign, assignment]
        stray = a_launch("nobody", fleet_id=house.fleet_id)
        supervisor.deliver(Spawned(node="nobody", launch=stray))
        assert ended == [EndOrphan(launch=stray).launch]
        assert house.saw(OrphanEnded) == [OrphanEnded(pid=stray.pid, instance=stray.instance)]


async def test_a_weight_that_an_edge_refuses_is_taken_back(house: House) -> None:
    """The operator is told who refused it and why; the plan in force afterwards is the one from before."""
    async with serving(house) as supervisor:
        house.engine.refuse = "cannot use it"
        receipt = await supervisor.submit(SetWeight(nodes=("seoul-1",), weight=7), by="alice")
        fleet = await until(supervisor, lambda fleet: not fleet.operations)
        house.engine.refuse = ""
        assert fleet.nodes["seoul-1"].weight == 100
        fleet = await until_serving(supervisor)
        assert {endpoint.weight for endpoint in fleet.plan.endpoints} == {100}
    (ended,) = house.saw(OperationEnded)
    assert isinstance(ended, OperationEnded)
    assert (ended.id, ended.outcome) == (receipt.operation, Outcome.ROLLED_BACK)
    assert "cannot use it" in ended.sentence


async def test_an_edge_that_is_lost_does_not_hold_up_an_operation(house: House) -> None:
    """One edge hangs in its publication and dies; what serves decides, and its successor gets the plan as well."""
    async with serving(house) as supervisor:
        house.engine.hold = asyncio.Event()
        receipt = await supervisor.submit(SetPolicy(policy=Policy.ROUND_ROBIN), by="alice")
        os.kill(pids(supervisor.look())["edge-1"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["edge-1"].launches == 2)
        house.engine.hold.set()
        fleet = await until(supervisor, lambda fleet: receipt.operation not in fleet.operations)
        fleet = await until_serving(supervisor)
        assert fleet.policy is Policy.ROUND_ROBIN
        assert {endpoint.status for endpoint in fleet.plan.endpoints} == {EndpointStatus.ACTIVE}


# -- a full disk


async def fill(house: House, supervisor: Supervisor) -> None:
    """Make the disk as small as what is on it, and use up the rest with commands until one is refused."""
    assert house.disk is not None
    house.disk.resize(1)
    for weight in range(1, 500):
        before = supervisor.look(), list(house.disk.appended), list(house.engine.published)
        try:
            await supervisor.submit(SetWeight(nodes=("seoul-1",), weight=weight), by="alice")
        except HactlError as error:
            refused = error.message
            break
    else:
        raise AssertionError("a disk without end")
    assert "nothing was done" in refused
    assert (supervisor.look(), house.disk.appended, house.engine.published) == before


async def test_on_a_full_disk_commands_are_refused_and_the_world_is_not(house: House) -> None:
    """A node dies and comes back all the same; its story is written when there is room, without a hole."""
    async with serving(house) as supervisor:
        await fill(house, supervisor)
        os.kill(pids(supervisor.look())["seoul-2"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].launches == 2)
        await until_serving(supervisor)
        assert supervisor.snapshot().pulse.unwritten > 0
        assert house.disk is not None
        house.disk.resize(None)
        assert (await done(supervisor, SetWeight(nodes=("seoul-2",), weight=42))).outcome is Outcome.DONE
        assert supervisor.snapshot().pulse.unwritten == 0
    records = house.records()
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert house.saw(GapRecorded) == []


async def test_that_the_journal_is_full_is_on_record_once_there_is_room(house: House) -> None:
    """And known at once to whoever watches: an alert about it does not wait for the disk."""
    async with serving(house) as supervisor:
        await fill(house, supervisor)
        os.kill(pids(supervisor.look())["seoul-2"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].launches == 2)
        before = supervisor.look().seq
        await supervisor._housekeeping()
        await supervisor._housekeeping()
        assert house.disk is not None
        house.disk.resize(None)
        await supervisor._housekeeping()
        assert supervisor.snapshot().pulse.unwritten == 0
    (filled,) = house.saw(JournalFilled)
    assert isinstance(filled, JournalFilled)
    assert filled.waiting > 0
    assert [record.seq for record in house.records() if record.event == filled] >= [before + 1]


async def test_a_journal_with_a_gap_can_be_started_from(house: House) -> None:
    """What was too much to keep is admitted, to watchers as well, and the next daemon has the whole fleet."""
    house.max_waiting = 2
    async with serving(house) as supervisor:
        await fill(house, supervisor)
        os.kill(pids(supervisor.look())["seoul-2"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].launches == 2)
        await until_serving(supervisor)
        lost = supervisor.snapshot().pulse.unwritten
        assert lost > 2
        assert house.disk is not None
        house.disk.resize(None)
        watching = supervisor.watch()
        await anext(watching)
        await supervisor._housekeeping()
        assert supervisor.snapshot().pulse.unwritten == 0
        assert [type(event) for event in await next_events(watching)] == [GapRecorded]
        left = await until_serving(supervisor)
        (gap,) = await supervisor.history(Query(kinds=("GapRecorded",)))
        assert gap.event == GapRecorded(lost=lost, why="the journal could not be written")
        await done(supervisor, SetPolicy(policy=Policy.ROUND_ROBIN))
    async with serving(house) as supervisor:
        assert pids(supervisor.look()) == pids(left)
        assert supervisor.look().policy is Policy.ROUND_ROBIN


async def test_a_daemon_that_leaves_with_a_full_disk_leaves_a_journal_that_can_be_started_from(house: House) -> None:
    """What could not be written is lost; the next daemon finds the processes themselves and sorts them out."""
    async with serving(house) as supervisor:
        await fill(house, supervisor)
        os.kill(pids(supervisor.look())["seoul-2"], signal.SIGKILL)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].launches == 2)
        left = await until_serving(supervisor)
    lost = left.nodes["seoul-2"].launch
    assert lost is not None
    async with serving(house) as supervisor:
        fleet = supervisor.look()
        assert {name for name in fleet.nodes if pids(fleet)[name] != pids(left)[name]} == {"seoul-2"}
        assert house.saw(OrphanEnded) == [OrphanEnded(pid=lost.pid, instance=lost.instance)]
    await ended(lost)


async def test_a_log_that_cannot_be_rotated_stops_nobody(house: House) -> None:
    """A disk without room for the copy is met often enough; the daemon goes on."""
    house.paths.daemon_log.mkdir()
    async with serving(house) as supervisor:
        spec = quick_spec()
        supervisor._fleet = replace(supervisor.look(), spec=replace(spec, logs=replace(spec.logs, max_size=0)))
        await supervisor._housekeeping()


async def test_what_an_engine_has_a_process_write_does_not_grow_for_ever_either(house: House) -> None:
    """An edge writes a line for every request that ended badly: one dead service would fill the disk."""
    async with serving(house) as supervisor:
        errors = house.paths.node("edge-1") / "errors.jsonl"
        errors.write_text("{}\n" * 10)
        spec = quick_spec()
        supervisor._fleet = replace(supervisor.look(), spec=replace(spec, logs=replace(spec.logs, max_size=20)))
        await supervisor._housekeeping()
        assert errors.read_text() == ""
        assert errors.with_name("errors.jsonl.1").read_text() == "{}\n" * 10


async def test_a_process_that_does_not_become_ready_in_time_is_started_again(house: House) -> None:
    """Deadlines stand in the fleet; the alarm is set to whatever the newest one has."""
    house.spec = replace(house.spec, gateway=replace(house.spec.gateway, start_timeout=0.5))
    house.engine.sick.add("seoul-1")
    async with house.opened() as supervisor:
        fleet = await until(supervisor, lambda fleet: fleet.nodes["seoul-1"].launches == 2)
        reason = fleet.nodes["seoul-1"].reason
        assert reason is not None
        assert reason.code is ReasonCode.START_TIMEOUT
        house.engine.sick.clear()
        await until_serving(supervisor)


async def test_an_operation_that_nobody_confirms_ends_at_its_deadline(house: House) -> None:
    """The alarm rings for operations, too: shortened here to have passed already."""
    async with serving(house) as supervisor:
        house.engine.hold = asyncio.Event()
        receipt = await supervisor.submit(SetPolicy(policy=Policy.ROUND_ROBIN), by="alice")
        fleet = supervisor.look()
        (operation,) = [each for each in fleet.operations.values() if each.verb is Verb.POLICY]
        late: Fleet = replace(fleet, operations={operation.id: replace(operation, deadline=operation.began)})
        supervisor._fleet = late
        assert supervisor._alarm is not None
        supervisor._alarm.set(late)
        await until(supervisor, lambda fleet: receipt.operation not in fleet.operations)
        house.engine.hold.set()
    (ended,) = house.saw(OperationEnded)
    assert isinstance(ended, OperationEnded)
    assert ended.outcome is Outcome.ROLLED_BACK
