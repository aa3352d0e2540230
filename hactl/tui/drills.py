"""Running and stopping drills from the console: opens the dialogs, reports outcomes. Decides nothing.

What a drill would do is `drill_offer`; the run itself is a process of its own, as in a shell, and outlives the console.
To stop one takes no question: it puts back what the drill has done. To run one is asked about, with the processes it
would strike; they are frozen by the seed, and looked at again before it is run.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import App

from hactl.control.controller import Controller
from hactl.core.commands import Command, ContinueDrill, EndDrill
from hactl.core.drills import in_progress
from hactl.core.errors import HactlError, os_reason
from hactl.core.operation import Operation
from hactl.core.talk import Receipt, Snapshot
from hactl.core.value import Value
from hactl.drill.faults import rehearsal
from hactl.drill.plan import DrillPlan
from hactl.tui import keys, shell
from hactl.tui.actions import still_there
from hactl.tui.changing import Question
from hactl.tui.command_line import Follow
from hactl.tui.drill_desk import DrillDesk
from hactl.tui.drill_launching import Launch, Launched, launch, seed
from hactl.tui.drill_offer import Offer, facts, offers, rows, same
from hactl.tui.look import Look
from hactl.tui.notices import say_error, warn
from hactl.tui.picture import Picture, View
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.drill_choice import DrillChoice
from hactl.tui.spelling import PROGRAM

LASTING = (("drill", "run"), ("chaos",))
"""Commands that take minutes: they are not run to their end, they are started."""
ATTENDED = "--input"
"""Says that a person is there for what has to be done by hand: somebody sits before this console."""
POLL = 0.1
"""Seconds between two looks at a process that was started."""
WORK = "change"
"""The group of this work."""


class Means(Value):
    """What it takes to run drills."""

    root: Path | None = None
    """Where the runs of the fleet are; None where that is elsewhere, and none can be run."""
    state: Path | None = None
    """Where the fleet keeps its state; None like `root`."""
    launch: Launch = launch
    """How a command is started that goes on without us."""
    chance: Callable[[], int] = seed
    """Gives seeds."""


class Drills:
    """Of one fleet."""

    def __init__(
        self,
        host: App[None],
        controller: Controller,
        picture: Picture,
        look: Look,
        desk: DrillDesk,
        means: Means,
        *,
        fleet: str,
        by: str,
        follow: Follow,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`by` is who the journal says it was, `follow` says how an operation has ended, `program` begins a command
        line for a shell."""
        self._host = host
        self._controller = controller
        self._picture = picture
        self._look = look
        self._desk = desk
        self._fleet = fleet
        self._by = by
        self._means = means
        self._follow = follow
        self._program = program
        self._asked = ""
        """What was waited for when one heard last."""
        self._answered = 0.0
        """Where the journal has the last answer: until the picture is so far it shows what is answered already."""

    # -- ending

    def abort(self, refusal: str) -> None:
        """Stop the drill in progress, whoever runs it; `refusal` is why nothing may be changed from here, ever."""
        running = self._running(refusal, "stop")
        if running is None:
            return
        if running.back:
            warn(self._host, f"{running.sentence}: already over ({running.back}), restoring everything")
        else:
            self._host.run_worker(self._end(running.id, running.sentence), group=WORK, exit_on_error=False)

    def _running(self, refusal: str, verb: str) -> Operation | None:
        """The drill in progress; None, and why is said, where there is none or nobody can be told about it."""
        snapshot = self._picture.snapshot
        running = in_progress(snapshot.fleet) if snapshot is not None else None
        if refusal or self._picture.trouble:
            warn(
                self._host,
                refusal or f"the daemon cannot be reached: {self._picture.trouble}; :drill {verb} tries as well",
            )
            return None
        if running is None:
            warn(self._host, "no drill is in progress: X runs one")
        return running

    def go_on(self, refusal: str) -> None:
        """Say that what the drill in progress waits for is done, once, and not before it was said what that is;
        `refusal` is why nothing may be changed from here, now."""
        running = self._running(refusal, "continue")
        if running is None:
            return
        if not running.question:
            warn(self._host, f"{running.sentence} is not waiting for anyone")
        elif self._picture.seq < self._answered:
            warn(self._host, f"{running.sentence} was told already")
        elif running.question != self._asked:
            self.hear(running, seen=False)
        else:
            self._answered = math.inf
            self._host.run_worker(self._answer(running), group=WORK, exit_on_error=False)

    async def _answer(self, running: Operation) -> None:
        at = 0
        try:
            done = ContinueDrill(id=running.id, question=running.question)
            at = (await self._controller.submit(done, by=self._by)).seq
        except HactlError as error:
            say_error(self._host, error)
        else:
            said = f"{running.sentence} continues: {running.question}   $ {self._spelt(('drill', 'continue'))}"
            self._host.notify(said, markup=False)
        finally:
            self._answered = at

    def hear(self, running: Operation | None, *, seen: bool) -> None:
        """Say once what a drill waits for: whoever looks at another screen is the one it waits for. `seen` is that it
        stands on the one that is shown, where a notice would only lie over the drill."""
        before, self._asked = self._asked, running.question if running is not None else ""
        if running is not None and not seen and self._asked not in ("", before):
            text = f"{running.sentence} is waiting for you: {self._asked}\nC once it is done"
            self._host.notify(text, severity="warning", markup=False, timeout=10.0)

    async def _end(self, operation: str, sentence: str) -> None:
        try:
            await self._controller.submit(EndDrill(id=operation), by=self._by, reason="stopped from the console")
        except HactlError as error:
            say_error(self._host, error)
            return
        said = f"{sentence}: stopped, restoring everything   $ {self._spelt(('drill', 'stop'))}"
        self._host.notify(said, markup=False)
        self._follow(f"{operation}: {sentence}", said)

    def _spelt(self, words: Sequence[str]) -> str:
        """A command as it would be typed in a shell."""
        return shell.spelt(words, self._program)

    # -- beginning

    def choose(self, view: View) -> None:
        """Choose a drill, and run it."""
        snapshot = view.snapshot
        if (why := keys.forbidden(view)) or snapshot is None:
            warn(self._host, why)
        elif self._means.root is None:
            warn(self._host, "drills run on the fleet's machine, and this console runs elsewhere")
        elif (lock := snapshot.fleet.drills.lock) is not None:
            warn(self._host, f"{lock.who}: :drill unlock")
        elif (running := in_progress(snapshot.fleet)) is not None:
            warn(self._host, f"{running.sentence} is in progress: A stops it")
        else:
            answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
            choice = DrillChoice(self._look)
            self._host.push_screen(choice, answer.set_result)  # at once: what is typed next is typed there
            self._host.run_worker(self._choose(snapshot, choice, answer), group=WORK, exit_on_error=False)

    async def _choose(self, snapshot: Snapshot, choice: DrillChoice, answer: "asyncio.Future[str | None]") -> None:
        try:
            known = await asyncio.to_thread(offers, snapshot.fleet, self._means.chance(), self._means.state)
            await self._desk.list_runs()
        except HactlError as error:
            choice.withdraw()
            say_error(self._host, error)
            return
        choice.put(rows(known, self._desk.runs))
        name = await answer
        for chosen in known:
            if chosen.drill.name == name:
                await self._ask(snapshot, chosen)

    async def _ask(self, snapshot: Snapshot, chosen: Offer) -> None:
        if chosen.why_not or chosen.plan is None:
            warn(self._host, f"{chosen.drill.name} cannot be run: {chosen.why_not}")
            return
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        dialog = Confirm(self._look)
        await self._host.push_screen(dialog, answer.set_result)
        try:
            receipts = await self._rehearsed(chosen.plan)
            dialog.put(
                Question(
                    title=f"Run drill {chosen.drill.name}?",
                    facts=facts(snapshot, chosen, receipts),
                    shell=self._spelt(chosen.words),
                )
            )
            if await answer is None:
                return
            now = await self._controller.fleet()
            if trouble := still_there(now, chosen.action):
                raise HactlError(trouble)
            if not same(chosen, now.fleet, self._means.state):
                raise HactlError("the fleet has changed, and the drill would strike other targets: nothing was done")
            self.start(chosen.words)
        except HactlError as error:
            say_error(self._host, error)
        finally:
            if not answer.done():
                dialog.withdraw()

    async def _rehearsed(self, drawn: DrillPlan) -> list[tuple[Command, Receipt]]:
        """What the daemon says to each step. Raises CommandRejected."""
        return [
            (command, await self._controller.submit(command, by=self._by, dry_run=True)) for command in rehearsal(drawn)
        ]

    def start(self, words: Sequence[str]) -> None:
        """Start it, and look on. Raises HactlError when it cannot be started."""
        try:
            attended = [ATTENDED] if tuple(words[:2]) == LASTING[0] and f"--no-{ATTENDED[2:]}" not in words else []
            launched = self._means.launch([*words, *attended], self._fleet)
        except OSError as error:
            raise HactlError(f"cannot be started: {os_reason(error)}", "df -h") from error
        self._host.notify(f"$ {self._spelt(words)}   it continues if this console is closed", markup=False)
        self._host.call_later(self._host.run_action, "page('drills')")
        self._desk.starting = self._spelt(words)
        self._host.run_worker(self._look_after(launched, words), group="drill", exit_on_error=False)

    async def _look_after(self, launched: Launched, words: Sequence[str]) -> None:
        """Until it has ended; why it never came to a run is nowhere else to be read."""
        await self._desk.look_on()
        before = self._newest
        try:
            while (code := launched.ended()) is None:
                if self._newest != before:
                    self._desk.starting = ""
                await asyncio.sleep(POLL)
            await self._desk.look_on()
            if code and self._newest == before:
                said = launched.said().splitlines() or ["it printed nothing"]
                raise HactlError("\n".join([f"$ {self._spelt(words)}", *said[-shell.SHORT :], f"exit code {code}"]))
        except HactlError as error:
            say_error(self._host, error)
        finally:
            self._desk.starting = ""
            launched.let_go()

    @property
    def _newest(self) -> str:
        """The run that is known to be the newest; "" for none."""
        return self._desk.course.run if self._desk.course is not None else ""

    def running(self, run: shell.Run) -> shell.Run:
        """`run` for commands that end soon; those that last are started."""

        async def either(words: Sequence[str], fleet: str) -> shell.Ran:
            lasts = any(tuple(words[: len(each)]) == each for each in LASTING)
            if not lasts or "--help" in words or "--dry-run" in words:
                return await run(words, fleet)
            self.start(words)
            return shell.Ran(shell=self._spelt(words), code=0, text="started: 5 shows it, A stops it")

        return either
