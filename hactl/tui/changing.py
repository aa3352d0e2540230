"""A change from the key press to its outcome: try it dry, ask, look again at whom it would hit, do it, say what came.

Knows the Controller and no screen: how to ask and where to say things is given to it.
"""

from collections.abc import Awaitable, Callable

from hactl.control.controller import Controller
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.talk import Receipt, Snapshot
from hactl.core.value import Value
from hactl.tui import actions
from hactl.tui.actions import MILD, Action
from hactl.tui.lines import Line


class Question(Value):
    """What is asked before a change."""

    title: str
    facts: tuple[Line, ...]
    shell: str
    """The same as a command line."""
    rule: str = ""
    """The safety rule that would break; then `name` has to be typed."""
    name: str = ""


Ask = Callable[[Question], Awaitable[str | None]]
"""Answers None for no, "" for yes, and the typed name where that was asked for."""


class Changing:
    """Carries out changes, one at a time or several beside each other."""

    def __init__(
        self,
        controller: Controller,
        *,
        by: str,
        look: Callable[[], Snapshot | None],
        ask: Ask,
        say: Callable[[str], None],
        complain: Callable[[HactlError], None],
    ) -> None:
        self._controller = controller
        self._by = by
        self._look = look
        self._ask = ask
        self._say = say
        self._complain = complain

    async def make(self, action: Action) -> None:
        """Do it, unless somebody or something says no."""
        confirm = "" if action.act in MILD else await self._asked(action)
        if confirm is None:
            return
        try:
            # not what is on the screen: that may be older than the process
            if trouble := actions.still_there(await self._controller.fleet(), action.target):
                self._complain(HactlError(trouble))
                return
            receipt = await self._controller.submit(action.command, by=self._by, confirm=confirm)
        except HactlError as error:
            self._complain(error)
        else:
            self._say(f"{receipt.sentence}\n$ {action.shell}")

    async def _asked(self, action: Action) -> str | None:
        """The answer; None also for what the daemon would not do anyway."""
        rule, receipt = "", None
        try:
            receipt = await self._controller.submit(action.command, by=self._by, dry_run=True)
        except CommandRejected as error:
            if not error.guard:
                self._complain(error)
                return None
            rule = error.message
        except HactlError as error:
            self._complain(error)
            return None
        question = self._question(action, receipt, rule)
        return None if question is None else await self._ask(question)

    def _question(self, action: Action, receipt: Receipt | None, rule: str) -> Question | None:
        snapshot = self._look()
        if snapshot is None or action.target.node not in snapshot.fleet.nodes:
            return None
        name = snapshot.fleet.name
        return Question(
            title=f"{action.act.capitalize()} {action.target.node}?",
            facts=actions.consequences(snapshot, action, receipt),
            shell=f"{action.shell} --confirm {name}" if rule else action.shell,
            rule=rule,
            name=name,
        )
