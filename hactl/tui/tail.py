"""The log of one process, followed: where to continue reading, and what is new. Draws nothing.

It begins at the end: opening a log does not replay it. What comes in a burst is read page after page, so that nothing
is passed over; what a reader has no room to keep is for the reader to say.
"""

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

DAEMON = "daemon"
"""What the log of the daemon itself is asked for by."""
FIRST = 200
"""Lines shown at once of what was there before."""
PAGE = 1000
"""Lines of one answer."""
BURST = 5
"""Answers read one after the other, before anything is drawn again."""
_CUT = line(Span(text="-- the file was cut here: lines may be missing --", meaning=Meaning.MUTED))


class Tail:
    """Of one process at a time."""

    def __init__(self) -> None:
        self.of = ""
        """Whose; "" for nobody's."""
        self.trouble = ""
        """Why it could not be read last time."""
        self._after = -1
        self._turns = 0
        """How often somebody has turned to another log: what was asked for before that is of no use, also when they are
        back at the same one, which is read from its end again."""

    def turn_to(self, name: str) -> bool:
        """Read the log of another process, from its end; False when it is this one already."""
        if name == self.of:
            return False
        self.of, self.trouble, self._after = name, "", -1
        self._turns += 1
        return True

    async def read(self, controller: Controller) -> tuple[Line, ...] | None:
        """What has come since the last time; None when somebody turned to another log meanwhile."""
        asked, turns = self.of, self._turns
        lines: list[Line] = []
        for _ in range(BURST if asked else 0):
            first = self._after < 0
            most = FIRST if first else PAGE
            try:
                page = await controller.log(asked, self._after, most)
            except HactlError as error:
                if turns != self._turns:
                    return None
                self.trouble = error.message
                break
            if turns != self._turns:
                return None
            self._after, self.trouble = page.after, ""
            if page.truncated:
                lines.append(_CUT)
            lines += [line(text) for text in page.lines]
            if first or len(page.lines) < most:
                break
        return tuple(lines)
