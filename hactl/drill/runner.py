"""The engine: one run of a drill, phase after phase, to a report. A client of a Controller with no privileged path.

Which phase comes next is a table (`phases`), what it all means is judged elsewhere (`judging`). What is here only does
things in order, and whatever happens goes the way the table says: once the fleet is borrowed, every end leads through
the failback. When this process dies, the daemon does that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

from hactl.control.controller import Controller
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.value import replace
from hactl.drill.admission import admission, unmet
from hactl.drill.burdening import Burdens
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import Definition
from hactl.drill.evidence import Evidence, Times
from hactl.drill.following import Follower
from hactl.drill.gate import Check, unfit
from hactl.drill.injecting import rehearse
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.loan import Loan, by_drill
from hactl.drill.manual import Person
from hactl.drill.phases import BORROWED, NEXT, Phase, Way
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.progress import Asked, Entered, Feed, Timed
from hactl.drill.records import Records
from hactl.drill.report import DrillReport, Ending, Spent, lines, write
from hactl.drill.runs import OpenRun, Run
from hactl.drill.stopping import Pointless, Stopped, not_begun, told
from hactl.drill.strikes import Strikes
from hactl.drill.taking_stock import asked, heard
from hactl.drill.timing import Timing
from hactl.drill.watching import Clients, Load
from hactl.drill.way_back import WayBack
from hactl.paths import FleetPaths

AFTERWARDS = 2.0
"""Seconds of load after everything is as it was: traffic that has just come back is looked at as well."""


class Scene(NamedTuple):
    """What the first phase makes, and every later one goes by."""

    plan: DrillPlan
    follower: Follower
    strikes: Strikes
    timing: Timing


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
        attended: bool = True,
    ) -> None:
        """`me` says who runs it, `paths` where the fleet keeps its things; `say` gets a line for everything that
        happens; `attended` says whether anybody is there to do what a person has to."""
        self._controller = controller
        self._drill = drill
        self._run = run
        self._me = me
        self._seed = seed
        self._load_of = load
        self._feed = Feed(run.progress)
        self._say = self._feed.told(say)
        self._attended = attended
        self._by = by_drill(drill.name)
        self._stop = asyncio.Event()
        self._ending = Ending()
        self._gate: tuple[Check, ...] = ()
        self._evidence = Evidence()
        self._spent: list[Spent] = []
        self._streams = (Records(), Records(), Records(), Records())
        self._stack = AsyncExitStack()
        self._paths = paths
        self._guardians = Guardians(paths, self._say)
        self._burdens = Burdens(load, paths.state)
        self._drawn: Scene | None = None
        self._loan: Loan | None = None
        self._clients: Clients | None = None
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
            self._ending = replace(self._ending, stopped=why, interrupted=interrupted)
            self._stop.set()

    async def run(self) -> DrillReport:
        """The whole drill; once the fleet is borrowed it always ends with a report that is filed. Raises HactlError
        when it cannot be, and CommandRejected when the drill may not be begun: then it is no run."""
        began = time.monotonic()
        phase = Phase.PLAN
        async with self._burdens.borne(), self._stack:
            while phase is not Phase.OVER:
                self._me = replace(self._me, phase=phase, gate=self._gate, ending=self._ending)
                self._mark()
                since = time.monotonic()
                self._feed.say(Entered(at=since, phase=phase))
                self._show_times()
                way = await self._go(phase)
                self._spent.append(Spent(phase=phase, begin=since - began, end=time.monotonic() - began))
                phase = NEXT[phase][way]
        return self._run.finish(self._report(began), *self._streams, say=self._say)

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
            return Way.BACK
        try:
            await self._do[phase]()
        except Stopped as stopped:
            self.stop(str(stopped))
            self._say(f"{phase}: stopped: {stopped}")
            return Way.BACK
        except Pointless as pointless:
            self._ending = replace(self._ending, pointless=str(pointless))
            self._say(f"{phase}: the result would be inconclusive: {pointless}")
            return Way.BACK
        except Exception as error:  # whatever it is, what was borrowed is given back
            if isinstance(error, CommandRejected) and self._loan is None:
                raise not_begun(self._drill.name, str(error)) from error
            self._say(f"{phase}: {told(error)}")
            if isinstance(error, CommandRejected) and error.guard:
                self._ending = replace(self._ending, stopped=self._ending.stopped or told(error))
            else:  # what comes after it may only follow from it
                self._ending = replace(self._ending, error=self._ending.error or told(error))
            return Way.BACK
        return Way.ON

    # -- before the fault

    async def _draw(self) -> None:
        snapshot = await self._controller.fleet()
        drawn = plan(self._drill, snapshot.fleet, self._seed)
        identity = replace(self._me.identity, revision=snapshot.fleet.revision)
        self._me = replace(self._me, identity=identity, plan=drawn)
        for strike in drawn.strikes:
            self._say(f"plan: {strike} ({strike.why}), seed {self._seed}")
        follower = Follower(self._controller, snapshot.fleet)
        await self._stack.enter_async_context(follower.following())
        strikes = Strikes(
            self._controller,
            follower,
            drawn,
            wait=self._wait,
            stop=self._stop,
            guardians=self._guardians,
            burdens=self._burdens,
            say=self._say,
        )
        timing = Timing(snapshot.fleet, drawn)
        self._drawn = Scene(plan=drawn, follower=follower, strikes=strikes, timing=timing)

    async def _borrow(self) -> None:
        plan = self._scene.plan
        self._gate = admission(self._drill, plan, self._scene.follower.fleet, self._paths.state)
        if found := unmet(self._gate):
            raise CommandRejected("; ".join(found))
        if plan.steps and not self._attended:
            raise Pointless(f"there is a manual step, and nobody is present: {plan.steps[0].manual}")
        await rehearse(self._controller, plan, by=self._by)
        loan = Loan(self._controller, plan, by=self._by)
        self._evidence = replace(self._evidence, leftovers=("it is not known whether everything was restored",))
        await loan.begin()
        self._loan = loan
        self._me = replace(self._me, identity=replace(self._me.identity, operation=loan.operation))
        self._mark()
        self._say(f"gate: {len(self._gate)} checks met, fleet borrowed as {loan.operation}")

    async def _baseline(self) -> None:
        kept = self._borrowed.kept(self._run.ledger, self._drill.canary.rate, self.stop)
        await self._stack.enter_async_context(kept)
        remembering = self._borrowed.remembering(self._drill.canary.stores, self._scene.follower, self.stop)
        await self._stack.enter_async_context(remembering)
        load, length = self._scene.plan.load, self._drill.phases.baseline
        self._say(f"baseline: {load.told} for {length:g} s")
        clients = Clients(self._load_of(load), self._drill.limits.abort_when, self.stop, self._heard)
        await self._stack.enter_async_context(clients.asking())
        self._clients = clients
        self._evidence = replace(self._evidence, warm=clients.warm)
        await self._stack.enter_async_context(self._scene.strikes.arrivals.counting())
        await self._wait(length)
        if why := unfit(self._drill, clients.availability):
            raise Pointless(why)

    async def _undo_recorded(self) -> None:
        await self._borrowed.remember(self._drill.canary.stores)
        restored = await self._borrowed.undo(self._scene.follower.fleet)
        self._say(f"undo: the state to restore {', '.join(restored) or 'the fleet'} is in the journal")

    # -- the fault

    async def _inject(self) -> None:
        await self._stack.enter_async_context(self._scene.strikes.lifting())
        try:
            await self._scene.strikes.inject(self._borrowed)
        finally:
            self._evidence = replace(self._evidence, proofs=self._scene.strikes.proofs)

    async def _confirm(self) -> None:
        for proof in self._evidence.proofs:
            told = "confirmed" if proof.done else "NOT CONFIRMED"
            self._say(f"confirm: {proof.node} (pid {proof.pid}) {proof.found}: {told}")
        if not all(proof.done for proof in self._evidence.proofs):
            raise Pointless("a fault is not in effect")

    async def _observe(self) -> None:
        self._say(f"observe: {self._drill.phases.hold:g} s")
        scene, waited = self._scene, 0.0
        person = Person(
            self._controller, scene.follower, self._borrowed.operation, by=self._by, stop=self._stop, say=self._say
        )
        for step in scene.plan.steps:
            await scene.strikes.until(scene.strikes.began + step.at + waited)
            done = await person.do(step)
            self._evidence = replace(self._evidence, by_hand=(*self._evidence.by_hand, done))
            await self._wait(0.0)
            if done.done is None:
                raise Pointless(f"a manual step was not confirmed: {step.manual}")
            waited += done.done - done.asked
        await scene.strikes.until(scene.strikes.began + self._drill.phases.hold + waited)

    async def _settle(self) -> None:
        self._say(f"settle: {self._drill.phases.settle:g} s")
        await self._wait(self._drill.phases.settle)

    # -- the way back

    async def _failback(self) -> None:
        self._evidence = replace(self._evidence, times=replace(self._evidence.times, failback=time.monotonic()))
        await self._scene.strikes.enough()
        await self._guardians.leave()
        await self._burdens.lift_all()
        if self._scene.strikes.done and self._drill.phases.failback and not self._stop.is_set():
            await self._way_back.start()
        await self._way_back.give_back()

    async def _verify(self) -> None:
        afterwards = 0.0 if self._stop.is_set() else AFTERWARDS
        restored, left = await self._way_back.verify(self._drill.phases.settle, afterwards)
        times = replace(self._evidence.times, restored=restored, ended=time.monotonic())
        self._evidence = replace(self._evidence, times=times, leftovers=(*left, *self._burdens.left))

    async def _measure(self) -> None:
        if (scene := self._drawn) is None:
            return
        step, struck = abs(time.time() - time.monotonic() - self._clock), bool(scene.strikes.done)
        # Each step is kept before the next: whoever is asked may be gone, and nothing measured is to go with them.
        found = replace(self._evidence, times=self._times, clock_step=step)
        self._evidence = heard(found, scene.plan, scene.follower, self._loan, struck=struck)
        if (clients := self._clients) is not None:
            self._streams = (await clients.records(), clients.retried, self._burdens.surged, clients.others)
        self._evidence = await scene.strikes.testify(self._evidence)
        self._evidence = await asked(self._evidence, self._drill, scene.follower, self._loan, struck=struck)

    # -- what all of them need

    def _heard(self, progress: Progress) -> None:
        self._feed.say(Asked(at=time.monotonic(), progress=progress))
        self._show_times()

    def _show_times(self) -> None:
        self._feed.say(Timed(times=self._times, proofs=self._evidence.proofs, by_hand=self._evidence.by_hand))

    @property
    def _times(self) -> Times:
        """When each thing happened, as far as that is known by now."""
        times = self._evidence.times
        if (scene := self._drawn) is None or not scene.strikes.done:
            return times
        return scene.timing.read(scene.strikes.timed(times), scene.follower.records)

    @property
    def _scene(self) -> Scene:
        if self._drawn is None:
            raise AssertionError("drawn in the first phase")
        return self._drawn

    @property
    def _borrowed(self) -> Loan:
        if self._loan is None:
            raise AssertionError("borrowed before the first phase that needs it")
        return self._loan

    @property
    def _way_back(self) -> WayBack:
        return WayBack(self._borrowed, self._scene.follower, self._scene.plan, say=self._say)

    async def _wait(self, seconds: float) -> None:
        """Let time pass. Raises Stopped as soon as there is a reason."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stop.wait()
        except TimeoutError:
            return
        raise Stopped(self._ending.stopped)

    def _report(self, began: float) -> DrillReport:
        rows, *more = map(list, self._streams)
        return write(
            identity=self._me.identity,
            drill=self._drill,
            plan=self._me.plan,
            gate=self._gate,
            evidence=self._evidence,
            rows=rows,
            more=more,
            phases=tuple(self._spent),
            timeline=lines(self._drawn.follower.records if self._drawn else (), self._evidence.times.fault or began),
            ending=self._ending,
        )
