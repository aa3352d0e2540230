"""From an upper-case key to the change it starts, and to what came of it: opens dialogs, says what happens.

Decides nothing: what a key means is `keys`, how a change goes is `changing`, how it ended is `outcomes`; whether it
may be done is the daemon's to say.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple

from textual.app import App

from hactl.control.controller import Controller
from hactl.core.commands import SetWeight
from hactl.core.errors import HactlError
from hactl.core.safety import MAX_WEIGHT
from hactl.tui import keys, outcomes
from hactl.tui.actions import Action
from hactl.tui.changing import Changing, Question, Sent
from hactl.tui.consequences import consequences
from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.notices import say_error, turn, warn
from hactl.tui.outcomes import Expected, Outcomes, typed
from hactl.tui.picture import Picture, View
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.dial import Dial
from hactl.tui.spelling import PROGRAM, spelt
from hactl.tui.undo import LONG, Undoable, undoing
from hactl.tui.weighing import weighed

MOST_NODES = 500
"""Nodes of a region that can be dialled; whoever wants more types the command."""


class _Asked(NamedTuple):
    """A question that lies over the screen."""

    dialog: Confirm
    answer: "asyncio.Future[str | None]"
    """What will be said to it."""


class Asking:
    """Changes that begin with a key."""

    def __init__(
        self,
        host: App[None],
        controller: Controller,
        picture: Picture,
        look: Look,
        *,
        by: str,
        clock: Callable[[], float],
        glyphs: Glyphs,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`by` is who the journal says it was, `program` what begins a command line for a shell."""
        self._host = host
        self._controller = controller
        self._picture = picture
        self._look = look
        self._by = by
        self._clock = clock
        self._glyphs = glyphs
        self._program = program
        self._outcomes = Outcomes(controller)
        self._undoable: Undoable | None = None

    def press(self, key: str, view: View, seen: View, cursor: str, marks: Collection[str]) -> None:
        """An upper-case key on the marked rows, or on the one under the cursor. `seen` is the picture drawn last."""
        if (why := keys.forbidden(view)) or view.snapshot is None:
            warn(self._host, why)
            return
        if seen.snapshot is None:
            warn(self._host, keys.UNSEEN)
            return
        choice = keys.pressed(key, seen.snapshot, view.snapshot, cursor, marks)
        if choice.action is None:
            warn(self._host, choice.why_not)
        else:
            self.begin(choice.action)

    def begin(self, action: Action) -> None:
        """Start with an action whose targets are frozen; a number is turned first."""
        if action.number is None:
            self._start(action)
            return
        least, most = (0, MAX_WEIGHT) if isinstance(action.command, SetWeight) else (1, MOST_NODES)
        dial = Dial(self._look, action, self._foresee, least=least, most=most, program=self._program)
        self._host.push_screen(dial, lambda chosen: None if chosen is None else self._start(chosen))

    def undo(self, view: View) -> None:
        """Take the last mild change back, as long as that can be done."""
        last = self._undoable
        if last is None or self._clock() > last.until:
            warn(self._host, f"nothing to undo: weights and resumes can be undone for {LONG:.0f} s")
        elif why := keys.forbidden(view):
            warn(self._host, why)
        else:
            self._undoable = None  # while it is on its way there is nothing else to take back
            self._host.run_worker(self._take_back(last), group="change", exit_on_error=False)

    def look(self) -> None:
        """Say how the changes ended that the picture shows to be over."""
        for change in self._outcomes.over(self._picture.snapshot):
            self._host.run_worker(self._tell_end(change), group="outcome", exit_on_error=False)

    def follow(self, text: str, said: str = "") -> None:
        """Say how the operation ends that a command began, by its own `text`; `said` is the notice of it."""
        if (change := typed(text, said)) is not None:
            self._outcomes.expect(change)

    def _start(self, action: Action) -> None:
        asked = None
        if action.mild:
            self._undoable = None  # it is of the change before this one
        else:
            asked = self._ask()  # at once: what is typed next is typed there
        self._host.run_worker(self._change(action, asked), group="change", exit_on_error=False)

    async def _take_back(self, last: Undoable) -> None:
        """One after the other; what could not be taken back can be tried again, unless something else was changed."""
        left = [each for each in last.actions if not await self._change(each, undo=True)]
        if left and self._undoable is None:
            self._undoable = Undoable(actions=tuple(left), until=last.until)

    def _ask(self) -> _Asked:
        """A dialog that opens now, and hears what is asked later."""
        asked = _Asked(dialog=Confirm(self._look), answer=asyncio.get_running_loop().create_future())
        self._host.push_screen(asked.dialog, asked.answer.set_result)
        return asked

    async def _change(self, action: Action, asked: _Asked | None = None, *, undo: bool = False) -> bool:
        """Whether it was sent. `asked` is the dialog that is open for it; without one, it opens when there is something
        to ask. An `undo` was asked about already, and is not undone itself."""

        async def ask(question: Question) -> str | None:
            nonlocal asked
            asked = asked or self._ask()
            asked.dialog.put(question)
            return await asked.answer

        changing = Changing(
            self._controller,
            by=self._by,
            look=lambda: self._picture.snapshot,
            ask=ask,
            complain=partial(say_error, self._host),
            program=self._program,
        )
        try:
            sent = await changing.make(action, asked=undo)
        finally:
            if asked is not None and not asked.answer.done():
                asked.dialog.withdraw()
        if sent is not None:
            self._sent(sent, lasting=undo)
        return sent is not None

    def _sent(self, sent: Sent, *, lasting: bool) -> None:
        """It is on its way; `lasting`: it is an undo, and is not undone itself."""
        back = () if lasting else undoing(sent.action)
        self._undoable = Undoable(actions=back, until=self._clock() + LONG) if back else None
        hint = f"   u undoes it within {LONG:.0f} s" if back else ""
        shell = spelt(sent.action.command, sent.confirm, self._program)
        said = f"{sent.receipt.sentence}   $ {shell}{hint}"
        self._host.notify(said, markup=False)
        self._outcomes.expect(outcomes.sent(sent, said))

    async def _tell_end(self, change: Expected) -> None:
        told = await self._outcomes.told(change)
        if told is not None:
            turn(self._host, change.said, told.text, well=told.well)

    async def _foresee(self, action: Action) -> tuple[Line, ...]:
        """What an action with a number that is still being turned would come to."""
        snapshot = self._picture.snapshot
        if snapshot is None:
            return ()
        if isinstance(action.command, SetWeight):
            return weighed(snapshot, action.command, self._glyphs)
        try:
            receipt = await self._controller.submit(action.command, by=self._by, dry_run=True)
        except HactlError as error:
            return (line(Span(text=str(error), meaning=Meaning.DEGRADED)),)
        return consequences(snapshot, action, receipt)
