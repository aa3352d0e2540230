"""What is typed behind a colon: completed from the picture, run as in a shell, and what came of it shown.

The line itself is `widgets.prompt`; running a command is `shell`.
"""

from collections.abc import Sequence

from textual.app import App

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.tui import shell
from hactl.tui.lines import line
from hactl.tui.notices import say_error
from hactl.tui.picture import Picture
from hactl.tui.screens.sheet import Sheet
from hactl.tui.theme import Theme
from hactl.tui.widgets.prompt import Prompt


class CommandLine:
    """One for all screens: what was typed on one can be recalled on another."""

    def __init__(
        self, host: App[None], picture: Picture, theme: Theme, *, verbs: Sequence[str], run: shell.Run = shell.run
    ) -> None:
        """`verbs` are those that are completed, `run` how a command is run."""
        self._host = host
        self._picture = picture
        self._look = theme
        self._verbs = verbs
        self._run = run
        self._typed: list[str] = []

    def prompt(self) -> Prompt:
        """A line to type in."""
        return Prompt(self._typed, self._completed, id="prompt")

    def _completed(self, typed: str) -> str | None:
        fleet = self._picture.snapshot.fleet if self._picture.snapshot is not None else Fleet()
        regions = [region.name for region in fleet.spec.regions]
        return shell.complete(typed, self._verbs, [*fleet.nodes, *regions])

    async def run(self, typed: str) -> None:
        """Run it for the fleet that is shown; a long answer gets a sheet, a short one a notice."""
        snapshot = self._picture.snapshot
        if snapshot is None:
            return
        try:
            ran = await self._run(shell.parse(typed), snapshot.fleet.name)
        except HactlError as error:
            say_error(self._host, error)
            return
        if (told := ran.notice) is not None:
            self._host.notify(told, severity="error" if ran.code else "information", markup=False, timeout=10.0)
        else:
            ended = f"$ {ran.shell}: exit code {ran.code}"
            lines = tuple(line(each) for each in ran.text.splitlines())
            await self._host.push_screen_wait(Sheet(self._look, title=ended, lines=lines))
