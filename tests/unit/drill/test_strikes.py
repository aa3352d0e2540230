"""Faults in the course of time: each done at its moment, and taken back when its time is over, whatever else is."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.impairer import FLEET, SLOW, Impairer, running
from support.lending import on_loan
from support.places import fleet_paths

from hactl.core.commands import Command, Heal, Impair
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import NodeChanged, Record
from hactl.core.hop import Hop, HopFault, HopPhase
from hactl.core.hop_events import HopChanged
from hactl.core.impairment import Impaired, ImpairmentPhase
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.burden import Surge
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.evidence import Times
from hactl.drill.following import Follower
from hactl.drill.hop_faults import MEANINGS
from hactl.drill.plan import DrillPlan, Strike, plan
from hactl.drill.strikes import Strikes, lifted
from hactl.engines.envoy.seat import Seat
from hactl.paths import FleetPaths

PATIENCE = 10.0


class Over(Exception):
    """There is a reason to end the drill."""


class Healer(Impairer):
    """A daemon that heals when it may, or says that it cannot."""

    def __init__(self) -> None:
        super().__init__(running(os.getpid()))
        self.mono = lambda _: time.monotonic()
        self.may = asyncio.Event()
        self.may.set()
        self.asked = asyncio.Event()
        self.refuses = False
        self.impairs = asyncio.Event()
        self.impairs.set()

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        if isinstance(command, Impair):
            await self.impairs.wait()
        if isinstance(command, Heal):
            self.asked.set()
            await self.may.wait()
            if self.refuses:
                raise HactlError("seoul-1 is not to be healed")
        return await super().submit(command, by=by, reason=reason, confirm=confirm, dry_run=dry_run)


class Struck:
    """Strikes on one daemon, and the reason to end them."""

    def __init__(self, *faults: dict[str, float], besides: tuple[Strike, ...] = (), paths: FleetPaths | None = None):
        drill = drawn(*faults)
        self.daemon = Healer()
        self.follower = Follower(self.daemon, self.daemon.snapshot.fleet)
        self.stop = asyncio.Event()
        self.said: list[str] = []
        self.loan = on_loan(self.daemon, drill)
        self.heal = Heal(nodes=("seoul-1",), drill=self.loan.operation)
        self.impair = Impair(nodes=("seoul-1",), fault=SLOW, drill=self.loan.operation)
        self.strikes = Strikes(
            *(self.daemon, self.follower, replace(drill, strikes=(*drill.strikes, *besides))),
            wait=self._wait,
            stop=self.stop,
            guardians=None if paths is None else Guardians(paths, print),
            say=self.said.append,
        )

    @property
    def commands(self) -> list[Command]:
        return [request.command for request in self.daemon.requests]

    @asynccontextmanager
    async def following(self) -> AsyncIterator["Struck"]:
        async with asyncio.timeout(PATIENCE), self.follower.following():
            await self.daemon.until_watchers(1)
            async with self.strikes.lifting():
                yield self

    async def _wait(self, seconds: float) -> None:
        if self.stop.is_set():
            raise Over


def drawn(*faults: dict[str, float]) -> DrillPlan:
    every = (Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=SLOW, **one) for one in faults)
    return plan(Definition(name="d", title="t", faults=tuple(every)), FLEET, 1)


async def test_a_fault_is_taken_back_when_its_time_is_over_and_not_before() -> None:
    """Its time counts from the moment at which it was in effect; when it was over is what the daemon read back."""
    async with Struck({"at": 0.05, "lasting": 0.2}).following() as struck:
        strikes, daemon = struck.strikes, struck.daemon
        began = time.monotonic()
        await strikes.inject(struck.loan)
        assert strikes.done[0].asked >= began + 0.05
        assert strikes.began == daemon.records[0].mono
        assert [proof.done for proof in strikes.proofs] == [True]
        assert struck.commands == [struck.impair]
        assert strikes.timed(Times()).over is None
        await strikes.until(strikes.began + 0.2)
        assert time.monotonic() >= strikes.began + 0.2
        assert struck.commands == [struck.impair, struck.heal]
        assert struck.said[-1] == "heal: seoul-1: no longer impaired"
        healed = [one for one in daemon.records if isinstance(one.event, NodeChanged)][-1]
        times = strikes.timed(Times())
        assert (times.ordered, times.struck) == ((strikes.done[0].asked,), (strikes.began,))
        assert (times.lifted, times.over) == ((healed.mono,), healed.mono)
        await strikes.until(strikes.began + 0.25)
        assert len(struck.commands) == 2


async def test_nobody_is_asked_what_comes_to_a_service_before_another_fault_is_taken_back(tmp_path: Path) -> None:
    """A node that hangs would take a second over it, and so long would the fault last."""
    asked = asyncio.Event()
    down = Strike(kind=FaultKind.UPSTREAM_DOWN, nodes=(), services=("api",), at=60.0)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    with fleet_paths(tmp_path) as paths:
        admin = Seat.of(paths, "seoul-1").admin
        admin.parent.mkdir(parents=True)
        server = await asyncio.start_unix_server(hang, admin)
        async with server, Struck({"lasting": 0.05}, besides=(down,), paths=paths).following() as struck:
            async with asyncio.TaskGroup() as tasks:
                injecting = tasks.create_task(struck.strikes.inject(struck.loan))
                await struck.daemon.asked.wait()
                assert not asked.is_set()
                injecting.cancel()
            await struck.strikes.arrivals.note()
            assert asked.is_set(), "it can be asked"


async def test_nothing_else_that_is_waited_for_makes_a_fault_last_longer() -> None:
    """A person, or another fault that is to come later: nobody asks for the end of this one."""
    async with Struck({"lasting": 0.05}, {"at": 60.0}).following() as struck, asyncio.TaskGroup() as tasks:
        injecting = tasks.create_task(struck.strikes.inject(struck.loan))
        await struck.daemon.asked.wait()
        assert not injecting.done()
        await struck.follower.until(lambda: struck.heal in struck.commands, PATIENCE)
        injecting.cancel()


async def test_the_end_of_a_fault_leaves_the_one_alone_that_has_taken_its_place() -> None:
    """Its time counts from the moment at which it was in effect, which may be seconds after it was asked for: by then
    the next one has struck. Nobody was better off in between, so it is no end of a fault."""
    async with Struck({"lasting": 0.4}, {"at": 0.4}).following() as struck:
        struck.daemon.impairs.clear()
        asyncio.get_running_loop().call_later(0.5, struck.daemon.impairs.set)
        await struck.strikes.inject(struck.loan)
        await struck.strikes.until(struck.strikes.began + 0.4)
        assert struck.commands == [struck.impair, struck.impair]
        assert struck.said[-1].startswith("heal: node.impair of seoul-1")
        assert struck.said[-1].endswith("over, another fault has taken its place")
        assert struck.strikes.timed(Times()).lifted == (None, None)
        assert struck.strikes.timed(Times()).over is None


async def test_a_fault_waits_for_the_end_of_another_that_is_just_being_taken_back() -> None:
    """What is on its way back cannot be struck again."""
    async with Struck({"lasting": 0.05}, {"at": 0.1}).following() as struck, asyncio.TaskGroup() as tasks:
        struck.daemon.may.clear()
        injecting = tasks.create_task(struck.strikes.inject(struck.loan))
        await struck.daemon.asked.wait()
        asyncio.get_running_loop().call_later(0.2, struck.daemon.may.set)
        await injecting
        assert struck.commands == [struck.impair, struck.heal, struck.impair]


async def test_what_cannot_be_taken_back_in_time_ends_the_drill() -> None:
    """At once: whoever waits for another moment is told."""
    async with Struck({"lasting": 0.05}).following() as struck:
        struck.daemon.refuses = True
        await struck.strikes.inject(struck.loan)
        with pytest.raises(HactlError, match="not to be healed"):
            await struck.strikes.until(time.monotonic() + 3600.0)


async def test_a_drill_that_is_stopped_waits_for_no_healing() -> None:
    """The failback is to begin, and the daemon heals all."""
    async with Struck({"lasting": 0.05}).following() as struck, asyncio.TaskGroup() as tasks:
        struck.daemon.may.clear()
        await struck.strikes.inject(struck.loan)
        waiting = tasks.create_task(outcome(struck.strikes, struck.strikes.began + 0.1))
        await struck.daemon.asked.wait()
        struck.stop.set()
        assert isinstance(await waiting, Over)
        await struck.strikes.enough()
        assert struck.heal not in struck.commands


async def outcome(strikes: Strikes, moment: float) -> BaseException | None:
    try:
        await strikes.until(moment)
    except Over as over:
        return over
    return None


async def test_a_drill_that_ends_before_a_fault_strikes_nobody() -> None:
    async with Struck({"at": 5.0}).following() as struck:
        struck.stop.set()
        with pytest.raises(Over):
            await struck.strikes.inject(struck.loan)
        assert struck.commands == []
        assert struck.strikes.done == []


@pytest.mark.parametrize(
    "strike",
    [Strike(kind=FaultKind.DAEMON_KILL, nodes=()), Strike(kind=FaultKind.SURGE, nodes=(), burden=Surge(factor=2.0))],
    ids=str,
)
async def test_what_is_no_command_is_not_begun_either_when_the_fleet_was_taken_back(
    strike: Strike, tmp_path: Path
) -> None:
    """More clients, a daemon that is killed: nobody could refuse that, and the fleet may be somebody else's by then."""
    with fleet_paths(tmp_path) as paths:
        async with Struck(besides=(strike,), paths=paths).following() as struck:
            fleet = struck.daemon.snapshot.fleet
            struck.daemon.snapshot = replace(struck.daemon.snapshot, fleet=replace(fleet, operations={}))
            with pytest.raises(CommandRejected, match="the fleet was taken back"):
                await struck.strikes.inject(struck.loan)
            assert struck.strikes.done == []


def test_a_fault_is_over_when_the_last_process_was_read_back_without_it() -> None:
    (strike,) = drawn({}).strikes
    strike = replace(strike, nodes=("seoul-1", "seoul-2"))
    ill = Impaired(fault=SLOW, by="d", phase=ImpairmentPhase.LIFTING)
    events = [("seoul-1", ill), ("seoul-1", None), ("seoul-2", ill), ("seoul-3", None), ("seoul-2", None)]
    told = records(
        *(
            NodeChanged(node=replace(FLEET.nodes[name], impaired=how), was=FLEET.nodes[name].state)
            for name, how in events
        )
    )
    assert lifted(strike, told) == 5.0
    assert lifted(strike, told[:4]) == 2.0
    assert lifted(strike, told[:1]) is None


def test_a_hop_is_as_it_was_when_the_proxy_lets_everything_pass_again() -> None:
    """Not when nobody goes through it any more, which is later."""
    fault = HopFault(what=MEANINGS[FaultKind.UPSTREAM_DOWN].what)
    strike = Strike(kind=FaultKind.UPSTREAM_DOWN, nodes=(), services=("api",), hop=fault, why="named")
    hop = Hop(name="service:api", fault=fault, by="d", order="op-1")
    phases = (HopPhase.LIFTING, HopPhase.LEAVING, HopPhase.LEAVING)
    assert lifted(strike, records(*(HopChanged(hop=replace(hop, phase=phase)) for phase in phases))) == 2.0


def records(*events: NodeChanged | HopChanged) -> list[Record]:
    """One a second, from the first on."""
    return [Record(seq=at, mono=float(at), wall=0.0, event=event) for at, event in enumerate(events, start=1)]
