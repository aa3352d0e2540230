"""From an upper-case key to the change it starts: freeze the target, open the question at once, let `Changing` do it.

Decides nothing: what a key means is `actions`, whether it may be done is the daemon's to say.
"""

import asyncio
from functools import partial

from textual.app import App

from hactl.control.controller import Controller
from hactl.core.talk import Snapshot
from hactl.tui import actions
from hactl.tui.actions import MILD, Action, Target
from hactl.tui.changing import Changing, Question
from hactl.tui.look import Look
from hactl.tui.notices import say_error, warn
from hactl.tui.picture import Picture
from hactl.tui.screens.confirm import Confirm


class Asking:
    """Changes that begin with a key."""

    def __init__(self, host: App[None], controller: Controller, picture: Picture, look: Look, *, by: str) -> None:
        """`by` is who the journal says it was."""
        self._host = host
        self._controller = controller
        self._picture = picture
        self._look = look
        self._by = by

    def press(self, key: str, snapshot: Snapshot, chosen: str) -> None:
        """An upper-case key on the process called `chosen`."""
        node = snapshot.fleet.nodes.get(chosen)
        act = actions.choose(key, node) if node is not None else None
        if node is None or act is None:
            warn(self._host, "that key does nothing on this row")
            return
        action = Action(act=act, target=Target.of(node))
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        dialog = Confirm(self._look)
        if act not in MILD:
            self._host.push_screen(dialog, answer.set_result)  # at once: what is typed next is typed there
        self._host.run_worker(self._change(action, dialog, answer), group="change", exit_on_error=False)

    async def _change(self, action: Action, dialog: Confirm, answer: "asyncio.Future[str | None]") -> None:
        async def ask(question: Question) -> str | None:
            dialog.put(question)
            return await answer

        changing = Changing(
            self._controller,
            by=self._by,
            look=lambda: self._picture.snapshot,
            ask=ask,
            say=partial(self._host.notify, markup=False),
            complain=partial(say_error, self._host),
        )
        try:
            await changing.make(action)
        finally:
            if dialog in self._host.screen_stack and not answer.done():
                dialog.dismiss(None)
