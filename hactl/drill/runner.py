"""The engine: one run of a drill, phase after phase, to a report. A client of a Controller with no privileged path.

Which phase comes next is a table (`phases`), what it all means is judged elsewhere (`judging`). What is here only does
things in order, and whatever happens goes the way the table says: once the fleet is borrowed, every end leads through
the failback. When this process dies, the daemon does that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from hactl.control.controller import Controller
from hactl.core.commands import Failback, Start
from hactl.core.drill_events import DrillKept
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import OperationMoved
from hactl.core.operation import Outcome
from hactl.core.reading import is_serving
from hactl.core.telling import tell
from hactl.core.value import replace
from hactl.drill import evidence as seen
from hactl.drill.canary import compare
from hactl.drill.daemon_faults import strike_daemon
from hactl.drill.definition import OF_THE_DAEMON, Definition, FaultKind, Probe
from hactl.drill.evidence import Evidence
from hactl.drill.faults import Injected
from hactl.drill.following import Follower
from hactl.drill.gate import Check, gate
from hactl.drill.injecting import heal, inject, rehearse
from hactl.drill.leftovers import leftovers, returning
from hactl.drill.load_plan import LoadPlan
from hactl.drill.loan import Loan
from hactl.drill.phases import BORROWED, NEXT, Phase, Way
from hactl.drill.plan import DrillPlan, Strike, plan
from hactl.drill.reading_back import continuity
from hactl.drill.records import Records
from hactl.drill.report import DrillReport, Ending, Line, Spent, write
from hactl.drill.runs import OpenRun, Run
from hactl.drill.stopping import unless
from hactl.drill.watching import Clients, Load
from hactl.paths import FleetPaths

PATIENCE = 120.0
"""Seconds that the daemon has to put everything back before that counts as not clean."""
AGAIN = 10.0
"""Seconds that a daemon which could not be reached for the failback has to come back."""
AFTERWARDS = 2.0
"""Seconds of load after everything is as it was: traffic that has just come back is looked at as well."""
_STEPS, _STEP_TIME = 4, 0.5
"""In how many steps a region gets its traffic back, and for how long each is watched."""


class Stopped(Exception):
    """The drill is not to go on; `run` turns it into the way the table has for that."""


class Pointless(Exception):
    """The drill would show nothing, and is not to go on for that."""


class Runner:
    """One run; `run` once, `stop` from wherever a reason comes."""

    def __init__(
        self,
        controller: Controller,
        drill: Definition,
        run: Run,
        *,
        me: OpenRun,
        paths: FleetPaths,
        seed: int,
        load: Callable[[LoadPlan], Load],
        say: Callable[[str], None],
    ) -> None:
        """`me` says who runs it, `paths` where the fleet keeps its things; `say` gets a line for everything."""
        self._controller = controller
        self._drill = drill
        self._run = run
        self._me = me
        self._paths = paths
        self._seed = seed
        self._load_of = load
        self._say = say
        self._by = f"drill {drill.name}"
        self._stop = asyncio.Event()
        self._ending = Ending()
        self._gate: tuple[Check, ...] = ()
        self._evidence = Evidence()
        self._injected: list[Injected] = []
        self._passing: list[tuple[float, Strike]] = []
        """Monotonic seconds at which to take back what was not to last to the failback, and what that is."""
        self._spent: list[Spent] = []
        self._plan: DrillPlan | None = None
        self._rows = Records()
        self._stack = AsyncExitStack()
        self._guardians = AsyncExitStack()
        """Those that end faults which the daemon cannot."""
        self._follower: Follower | None = None
        self._loan: Loan | None = None
        self._clients: Clients | None = None
        self._revisions: dict[int, str] = {}
        self._clock = time.time() - time.monotonic()
        self._do: dict[Phase, Callable[[], Awaitable[None]]] = {
            Phase.PLAN: self._draw,
            Phase.GATE: self._borrow,
            Phase.BASELINE: self._baseline,
            Phase.UNDO: self._undo_recorded,
            Phase.INJECT: self._inject,
            Phase.CONFIRM: self._confirm,
            Phase.OBSERVE: self._observe,
            Phase.SETTLE: self._settle,
            Phase.FAILBACK: self._failback,
            Phase.VERIFY: self._verify,
            Phase.REPORT: self._measure,
        }

    def stop(self, why: str, *, interrupted: bool = False) -> None:
        """End it as soon as possible, and leave nothing behind; the first reason counts."""
        if not self._stop.is_set():
            self._ending = Ending(stopped=why, interrupted=interrupted)
            self._stop.set()

    async def run(self) -> DrillReport:
        """The whole drill; it always ends with a report that is filed. Raises HactlError when it cannot be."""
        began = time.monotonic()
        phase = Phase.PLAN
        async with self._stack:
            while phase is not Phase.OVER:
                self._me = replace(self._me, phase=phase, plan=self._plan)
                self._mark()
                since = time.monotonic()
                way = await self._go(phase)
                self._spent.append(Spent(phase=phase, begin=since - began, end=time.monotonic() - began))
                phase = NEXT[phase][way]
        report = self._report(began)
        self._run.finish(report, self._rows)
        return report

    def _mark(self) -> None:
        """Remember how far it has come. Where that cannot be, nothing more is begun, and what was borrowed is given
        back. Raises HactlError when it is not even possible in the beginning."""
        try:
            self._run.mark(self._me)
        except HactlError as error:
            if self._me.phase is Phase.PLAN:
                raise
            self._say(f"{self._me.phase}: {error}")
            self.stop(str(error))

    async def _go(self, phase: Phase) -> Way:
        if self._stop.is_set() and phase in (Phase.GATE, *BORROWED):
            return Way.STOPPED
        try:
            await self._do[phase]()
        except Stopped as stopped:
            self.stop(str(stopped))
            self._say(f"{phase}: stopped: {stopped}")
            return Way.STOPPED
        except Pointless as pointless:
            self._ending = replace(self._ending, pointless=str(pointless))
            self._say(f"{phase}: nothing would be shown: {pointless}")
            return Way.FAILED
        except HactlError as error:
            self._say(f"{phase}: {error}")
            refused = isinstance(error, CommandRejected) and error.guard
            self._ending = replace(self._ending, **{"stopped" if refused else "error": str(error)})
            return Way.FAILED
        return Way.ON

    # -- before the fault

    async def _draw(self) -> None:
        snapshot = await self._controller.fleet()
        self._plan = plan(self._drill, snapshot.fleet, self._seed)
        self._me = replace(self._me, identity=replace(self._me.identity, revision=snapshot.fleet.revision))
        for strike in self._plan.strikes:
            self._say(f"plan: {strike} ({strike.why}), seed {self._seed}")
        follower = self._follower = Follower(self._controller, snapshot.fleet)
        await self._stack.enter_async_context(follower.following())

    async def _borrow(self) -> None:
        plan = self._planned
        self._gate = gate(self._drill, plan, self._followed.fleet)
        unmet = [f"{check.name}: {check.value} (wanted {check.limit})" for check in self._gate if not check.ok]
        if unmet:
            raise Stopped("; ".join(unmet))
        await rehearse(self._controller, plan, by=self._by)
        loan = Loan(self._controller, plan, by=self._by)
        await loan.begin()
        self._loan = loan
        self._evidence = replace(self._evidence, leftovers=("whether everything was put back is not known",))
        self._me = replace(self._me, identity=replace(self._me.identity, operation=loan.operation))
        self._mark()
        self._say(f"gate: {len(self._gate)} checks met, fleet borrowed as {loan.operation}")

    async def _baseline(self) -> None:
        kept = self._borrowed.kept(self._run.ledger, self._drill.canary.rate, self.stop)
        await self._stack.enter_async_context(kept)
        load, length = self._planned.load, self._drill.phases.baseline
        self._say(f"baseline: {load.rate:g} requests/s to {load.url} for {length:g} s")
        clients = self._clients = Clients(self._load_of(load), self._drill.limits.abort_when, self.stop)
        await self._stack.enter_async_context(clients.asking())
        self._evidence = replace(self._evidence, warm=clients.warm)
        await self._wait(length)
        available = clients.availability
        for rule in self._drill.hypotheses:
            if rule.probe is Probe.AVAILABILITY and rule.least is not None and (available or 0.0) < rule.least:
                had = "was not measured" if available is None else f"was {available * 100:.2f} %"
                raise Pointless(f"availability before the fault {had}, wanted {rule.least * 100:g} %")

    async def _undo_recorded(self) -> None:
        self._revisions = await self._borrowed.revisions()
        restored = await self._borrowed.undo(self._followed.fleet)
        self._say(f"undo: what restores {', '.join(restored) or 'the fleet'} is in the journal")

    # -- the fault

    async def _inject(self) -> None:
        began = time.monotonic()
        for strike in self._planned.strikes:
            await self._pass(began + strike.at)
            if strike.kind in OF_THE_DAEMON:
                work = strike_daemon(self._controller, strike, self._paths, self._guardians, self._say)
            else:
                work = inject(self._controller, strike, self._followed, self._planned, by=self._by)
            done = await unless(self._stop, work)
            if done is None:
                raise Stopped(self._ending.stopped)
            self._injected.append(done)
            if strike.lasting is not None and strike.kind is FaultKind.IMPAIR:
                end = (done.asked if done.fault is None else done.fault) + strike.lasting
                self._passing = sorted((*self._passing, (end, strike)), key=lambda one: one[0])
            self._evidence = replace(self._evidence, proofs=(*self._evidence.proofs, *done.proofs))
            self._say(f"inject: {strike}")

    async def _confirm(self) -> None:
        for proof in self._evidence.proofs:
            told = "confirmed" if proof.done else "NOT CONFIRMED"
            self._say(f"confirm: {proof.node} (pid {proof.pid}) {proof.found}: {told}")
        if not all(proof.done for proof in self._evidence.proofs):
            raise Pointless("a fault is not in effect")

    async def _observe(self) -> None:
        self._say(f"observe: {self._drill.phases.hold:g} s")
        await self._pass(self._first_fault + self._drill.phases.hold)

    async def _pass(self, until: float) -> None:
        """Let time pass until a moment, and take back meanwhile what was not to last so long. Raises Stopped."""
        while self._passing and self._passing[0][0] <= until:
            end, strike = self._passing.pop(0)
            await self._wait(end - time.monotonic())
            healed = await heal(self._controller, strike, self._followed, self._planned, by=self._by)
            self._say(f"heal: {healed}")
        await self._wait(until - time.monotonic())

    async def _settle(self) -> None:
        self._say(f"settle: {self._drill.phases.settle:g} s")
        await self._wait(self._drill.phases.settle)

    # -- the way back

    async def _failback(self) -> None:
        began = time.monotonic()
        self._evidence = replace(self._evidence, times=replace(self._evidence.times, failback=began))
        await self._guardians.aclose()  # from here on a daemon is in charge again
        kept = self._planned.keeps_down
        if kept and self._injected and self._drill.phases.failback and not self._stop.is_set():
            self._say(f"failback: starting {', '.join(kept)}")
            await self._order(Start(nodes=kept))
            for region in self._planned.regions:
                if region in self._followed.fleet.evacuations:
                    self._say(f"failback: {region} gets its traffic back in {_STEPS} steps")
                    await self._order(Failback(region=region, steps=_STEPS, pause=_STEP_TIME))
        self._say("failback: giving the fleet back")
        await self._borrowed.end(PATIENCE)

    async def _order(self, command: Start | Failback) -> None:
        """A step of the way back in good order; what does not succeed is left to the daemon, which puts all back."""
        try:
            receipt = await self._controller.submit(command, by=self._by, reason=f"drill {self._drill.name}")
        except CommandRejected as rejected:
            self._say(f"failback: {rejected}")
            return
        ended = await self._followed.ended(receipt.operation, PATIENCE)
        if ended is None or ended.outcome is not Outcome.DONE:
            self._say(f"failback: {receipt.sentence}: {'not in time' if ended is None else ended.sentence}")

    async def _verify(self) -> None:
        loan, follower = self._borrowed, self._followed
        await loan.end(AGAIN)  # once more, in case the failback could not reach anybody
        ended = await follower.ended(loan.operation, PATIENCE)
        restored = time.monotonic()
        await follower.until(lambda: is_serving(follower.fleet), self._drill.phases.settle)
        if not self._stop.is_set():
            await asyncio.sleep(AFTERWARDS)
        left = leftovers(follower.began, follower.fleet, self._planned, loan.operation)
        if ended is None or ended.outcome is Outcome.FAILED:
            left = (*left, "the daemon has not put everything back" if ended is None else ended.sentence)
        times = replace(self._evidence.times, restored=restored, ended=time.monotonic())
        self._evidence = replace(self._evidence, times=times, leftovers=left)
        for region in returning(follower.began, follower.fleet, self._planned):
            self._say(f"verify: {region}")
        self._say("verify: everything is as it was" if not left else f"verify: NOT CLEAN: {'; '.join(left)}")

    async def _measure(self) -> None:
        if self._plan is None:
            return
        if self._clients is not None:
            self._rows = await self._clients.records()
        times = self._evidence.times
        follower, loan = self._followed, self._loan
        step = abs(time.time() - time.monotonic() - self._clock)
        if self._injected:
            first = self._injected[0]
            times = replace(times, asked=first.asked, fault=first.fault)
            times = seen.read_times(times, follower.began, follower.records, self._planned)
            course = await continuity(follower, loan, self._planned, times)
            self._evidence = replace(self._evidence, continuity=course)
        meanwhile = seen.others(follower.records, loan.operation) if loan is not None else ()
        self._evidence = replace(self._evidence, times=times, clock_step=step, others=meanwhile)
        if loan is not None and times.fault is not None:
            lost = await loan.losses(times.fault, self._drill.canary.rate)
            configured = compare(self._revisions, await loan.revisions(), "configuration revisions")
            self._evidence = replace(self._evidence, losses=(lost, configured))

    # -- what all of them need

    @property
    def _planned(self) -> DrillPlan:
        if self._plan is None:
            raise AssertionError("planned in the first phase")
        return self._plan

    @property
    def _followed(self) -> Follower:
        if self._follower is None:
            raise AssertionError("followed from the first phase on")
        return self._follower

    @property
    def _borrowed(self) -> Loan:
        if self._loan is None:
            raise AssertionError("borrowed before the first phase that needs it")
        return self._loan

    @property
    def _first_fault(self) -> float:
        first = self._injected[0]
        return first.asked if first.fault is None else first.fault

    async def _wait(self, seconds: float) -> None:
        """Let time pass. Raises Stopped as soon as there is a reason."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stop.wait()
        except TimeoutError:
            return
        raise Stopped(self._ending.stopped)

    def _report(self, began: float) -> DrillReport:
        zero = self._evidence.times.fault or began
        records = [] if self._follower is None else self._follower.records
        told = [record for record in records if not isinstance(record.event, DrillKept | OperationMoved)]
        return write(
            identity=self._me.identity,
            drill=self._drill,
            plan=self._plan,
            gate=self._gate,
            evidence=self._evidence,
            rows=list(self._rows),
            phases=tuple(self._spent),
            timeline=tuple(Line(at=record.mono - zero, text=tell(record.event)) for record in told),
            ending=self._ending,
        )
