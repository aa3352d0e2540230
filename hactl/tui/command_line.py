"""The command line after a colon: completed from the picture, run as in a shell, with its outcome shown.

The line itself is `widgets.prompt`; running a command is `shell`. A few words are about the console itself, and no
command: they are done `Inside`, also where nothing may be changed.
"""

from collections.abc import Callable, Mapping, Sequence

from textual.app import App

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.value import Value
from hactl.tui import shell
from hactl.tui.lines import line
from hactl.tui.look import Look
from hactl.tui.notices import say_error, warn
from hactl.tui.picture import Picture
from hactl.tui.screens.sheet import Sheet
from hactl.tui.widgets.prompt import Prompt


def _nothing() -> Sequence[str]:
    return ()


Follow = Callable[[str, str], None]
"""Takes what a command said, and the notice of it."""


def _nobody(text: str, said: str) -> None:
    """Nobody follows it."""


class Inside(Value):
    """A word about the console itself."""

    act: Callable[[str], object]
    """Does it; it is given what was typed behind the word, "" for nothing."""
    choices: Callable[[], Sequence[str]] = _nothing
    """What may be typed behind the word."""


class CommandLine:
    """One for all screens: what was typed on one can be recalled on another."""

    def __init__(
        self,
        host: App[None],
        picture: Picture,
        look: Look,
        *,
        fleet: str,
        verbs: Sequence[str],
        inside: Mapping[str, Inside],
        closed: str = "",
        refusal: Callable[[], str] = str,
        run: shell.Run = shell.run,
        follow: Follow = _nobody,
    ) -> None:
        """`fleet` is the name of the one it is about, `verbs` are completed, `run` is how a command is run.

        `closed` is why none is run at all, "" where they are; `refusal` why none is run now that changes something.
        `follow` is told what a command said, and its notice: it may have begun something that takes its time.
        """
        self._host = host
        self._picture = picture
        self._look = look
        self._fleet = fleet
        self._verbs = (*verbs, *inside)
        self._inside = inside
        self._closed = closed
        self._refusal = refusal
        self._run = run
        self._follow = follow
        self._typed: list[str] = []

    def prompt(self) -> Prompt:
        """A line to type in."""
        return Prompt(self._typed, self._completed, id="prompt")

    def _completed(self, typed: str) -> str | None:
        word = typed.partition(" ")[0]
        if word in self._inside:
            return shell.complete(typed, self._verbs, self._inside[word].choices())
        fleet = self._picture.snapshot.fleet if self._picture.snapshot is not None else Fleet()
        regions = list(fleet.spec.region_names)
        return shell.complete(typed, self._verbs, [*fleet.nodes, *regions])

    async def run(self, typed: str) -> shell.Ran | None:
        """Run it for the fleet that is shown; a long answer gets a sheet, a short one a notice.

        None when nothing was run.
        """
        word, _, rest = typed.strip().partition(" ")
        if word in self._inside:
            self._inside[word].act(rest.strip())
            return None
        try:
            words = shell.parse(typed, self._fleet)
            if why := self._closed or ("" if shell.only_reads(words) else self._refusal()):
                warn(self._host, why)
                return None
            ran = await self._run(words, self._fleet)
        except HactlError as error:
            say_error(self._host, error)
            return None
        self._follow(ran.text, ran.notice or "")
        if (told := ran.notice) is not None:
            self._host.notify(told, severity="error" if ran.code else "information", markup=False, timeout=10.0)
        else:
            ended = f"$ {ran.shell}: exit code {ran.code}"
            lines = tuple(line(each) for each in ran.text.splitlines())
            await self._host.push_screen_wait(Sheet(self._look, title=ended, lines=lines))
        return ran
