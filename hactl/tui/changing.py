"""A change from the key press until it is sent: try it dry, ask, look again at whom it would hit, send it.

Knows the Controller and no screen: how to ask and where to say things is given to it. What comes of what was sent is
`outcomes`.

The ladder: what is mild is done at once; all else is asked about; what breaks a safety rule, mild or not, wants the
fleet's name typed. A rule that this does not lift is not asked about: the daemon would refuse all the same.
"""

from collections.abc import Awaitable, Callable, Sequence

from hactl.control.controller import Controller
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.talk import Receipt, Snapshot
from hactl.core.value import Value
from hactl.tui.actions import Action, still_there
from hactl.tui.consequences import consequences
from hactl.tui.lines import Line
from hactl.tui.spelling import PROGRAM, spelt


class Question(Value):
    """What is asked before a change."""

    title: str
    facts: tuple[Line, ...]
    shell: str
    """The same as a command line."""
    rule: str = ""
    """The safety rule that would break; then `name` has to be typed."""
    name: str = ""


class Sent(Value):
    """A change that the daemon has accepted."""

    action: Action
    receipt: Receipt
    confirm: str
    """The name that was typed for it."""
    after: int
    """Everything that it did stands behind this position of the journal."""


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
        complain: Callable[[HactlError], None],
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`by` is who the journal says it was, `look` gives what is on the screen, `program` begins a command line."""
        self._controller = controller
        self._by = by
        self._look = look
        self._ask = ask
        self._complain = complain
        self._program = program

    async def make(self, action: Action, *, asked: bool = False) -> Sent | None:
        """Do it, unless somebody or something says no; why is said then. `asked`: it was asked about already."""
        try:
            if action.mild or asked:
                try:
                    return await self._send(action, "")
                except CommandRejected as error:
                    if not error.guard:
                        raise
            confirm = await self._ask_about(action)
            return None if confirm is None else await self._send(action, confirm)
        except HactlError as error:
            self._complain(error)
            return None

    async def _send(self, action: Action, confirm: str) -> Sent:
        # not what is on the screen: that may be older than the process
        snapshot = await self._controller.fleet()
        if trouble := still_there(snapshot, action):
            raise HactlError(trouble)
        receipt = await self._controller.submit(action.command, by=self._by, confirm=confirm)
        return Sent(action=action, receipt=receipt, confirm=confirm, after=snapshot.fleet.seq)

    async def _ask_about(self, action: Action) -> str | None:
        """The answer. Raises HactlError for what the daemon would not do anyway."""
        snapshot = self._look()
        if snapshot is None:
            raise HactlError("there is no picture yet: nothing was done")
        if trouble := still_there(snapshot, action):
            raise HactlError(trouble)
        name = snapshot.fleet.name
        rule, receipt = await self._tried(action, name)
        question = Question(
            title=f"{action.title[0].upper()}{action.title[1:]}?",
            facts=consequences(snapshot, action, receipt),
            shell=spelt(action.command, name if rule else "", self._program),
            rule=rule,
            name=name,
        )
        return await self._ask(question)

    async def _tried(self, action: Action, name: str) -> tuple[str, Receipt]:
        """The rule it breaks, if any, and what it would come to for somebody who means it."""
        try:
            return "", await self._dry(action)
        except CommandRejected as error:
            if not error.guard:
                raise
            return error.message, await self._dry(action, confirm=name)

    async def _dry(self, action: Action, confirm: str = "") -> Receipt:
        """What it would come to; changes nothing. Raises HactlError."""
        return await self._controller.submit(action.command, by=self._by, confirm=confirm, dry_run=True)
