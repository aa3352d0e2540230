"""Whether the fleet starts and ends with the console. Usually not: consoles come and go.

One that finds no daemon offers to start the fleet, where there is a file that describes it; one that has started a
fleet, or was opened by something that has (the demo), asks before it is left. Stopping is for whoever opened it.
"""

from collections.abc import Callable, Coroutine, Sequence
from enum import Enum, auto
from typing import Any, assert_never

from textual.app import App

from hactl.tui.look import Look
from hactl.tui.screens.choice import Answer, Choice
from hactl.tui.shell import Ran, Run, spelt
from hactl.tui.spelling import PROGRAM

UP_ALREADY = "is already up"
"""What `up` says when somebody else was first."""
_LATE = 4
"""The exit code of `up` when not everything serves in time: it goes on starting."""
_DETACH_OR_STOP = (
    Answer(key="d", what="detach: the fleet keeps running"),
    Answer(key="s", what="stop all: edges first, then nodes, then the daemon"),
)


class Ends(Enum):
    """What becomes of the fleet when the console is left."""

    NEVER = auto()
    """It goes on, as it did before."""
    ASKED = auto()
    """That is asked: it goes on, or it is stopped."""
    WITH_IT = auto()
    """It is stopped: it cannot go on without."""


class Lifetime:
    """The fleet called `fleet`, as far as one console is concerned."""

    def __init__(
        self,
        host: App[None],
        look: Look,
        *,
        fleet: str,
        ends: Ends,
        start: Callable[[], Coroutine[Any, Any, Ran | None]] | None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`start` starts it, and gives what came of that; None where nobody can from here. `program` begins a command
        line for a shell."""
        self._host = host
        self._look = look
        self._fleet = fleet
        self._ends = ends
        self._start = start
        self._program = program
        self._offered: Choice | None = None
        self._starting = 0
        """Commands that were run here to start it, and have not ended."""
        self.stops = False
        """Whoever opened the console is to stop the fleet now."""

    def offer(self) -> None:
        """Nobody is there: offer to start it, once."""
        if self._start is None:
            return
        start, self._start = self._start, None

        def answered(key: str | None) -> None:
            if key is not None:
                self._host.notify(f"starting fleet {self._fleet}", markup=False)
                self._host.run_worker(start(), group="shell", exit_on_error=False)

        self._offered = Choice(
            self._look,
            title=f"Start fleet {self._fleet}?",
            facts=("Its daemon is not running.", f"$ {spelt(('up',), self._program)}"),
            answers=(Answer(key="y", what="start it"),),
            stay="wait for it",
        )
        self._host.push_screen(self._offered, answered)

    def found(self) -> None:
        """Somebody answers: there is nothing to start any more."""
        offered, self._start = self._offered, None
        if offered is not None and self._host.screen is offered:
            self._offered = None
            offered.dismiss(None)

    def running(self, run: Run) -> Run:
        """`run`; a command that starts the fleet gives this console a say in its end, before it has ended and
        afterwards, also when not everything served in time; one that came second does not."""

        async def watched(words: Sequence[str], fleet: str) -> Ran:
            if not _starts(words):
                return await run(words, fleet)
            self._starting += 1
            try:
                ran = await run(words, fleet)
            finally:
                self._starting -= 1
            self._started(ran)
            return ran

        return watched

    def _started(self, ran: Ran) -> None:
        if (ran.code in (0, _LATE) or ran.code < 0) and UP_ALREADY not in ran.text:
            if self._ends is Ends.NEVER:
                self._ends = Ends.ASKED
            self._host.notify(f"fleet {self._fleet} was started from here", markup=False)

    def leave(self) -> None:
        """Leave the console; where the fleet would end with it, or might, not without asking."""
        match self._ends:
            case Ends.NEVER if self._starting:
                self._ask("This console is starting it.", *_DETACH_OR_STOP)
            case Ends.NEVER:
                self._host.exit()
            case Ends.ASKED:
                self._ask("This console started it.", *_DETACH_OR_STOP)
            case Ends.WITH_IT:
                self._ask("It ends with this console; nothing is kept.", Answer(key="y", what="stop everything"))
            case _:
                assert_never(self._ends)

    def _ask(self, fact: str, *answers: Answer) -> None:
        def answered(key: str | None) -> None:
            if key is not None:
                self.stops = key != "d"
                self._host.exit()

        title = f"Leave fleet {self._fleet}?"
        self._host.push_screen(Choice(self._look, title=title, facts=(fact,), answers=answers, stay="stay"), answered)


def _starts(words: Sequence[str]) -> bool:
    return [*words[:1]] == ["up"] and "--dry-run" not in words and "--help" not in words
