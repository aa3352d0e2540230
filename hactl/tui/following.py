"""A picture that keeps itself up to date, whatever else stops: the task that holds the link to the daemon.

How updates come is `link`, what becomes of them `picture`; whether a fleet is offered to be started is `lifetime`'s.
"""

from abc import abstractmethod

from textual import work
from textual.app import App
from textual.worker import Worker, WorkerState

from hactl.tui.lifetime import Lifetime
from hactl.tui.link import Link
from hactl.tui.picture import Picture

FOLLOWING = "following"
"""The work that brings the picture."""


class Following(App[None]):
    """A console that is told what its fleet does."""

    picture: Picture
    lifetime: Lifetime
    _link: Link
    _retry: float
    _undrawn = True
    """What comes next is the first picture, or the first trouble: it is drawn at once."""

    @abstractmethod
    def _draw(self) -> None:
        """Show what is known."""

    @work(exit_on_error=False, group=FOLLOWING)
    async def _follow(self) -> None:
        self._undrawn = True
        await self._link.run()

    def _changed(self) -> None:
        """Something has come, or nothing comes any more."""
        if self._undrawn:
            self.call_later(self._draw)
        self._undrawn = not self.picture.seq
        if self._undrawn and self.picture.trouble and self._link.absent:
            self.lifetime.offer()
        elif not self.picture.trouble:
            self.lifetime.found()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The picture goes on, whatever else does not; that it stumbled is said where all who stumble are."""
        if event.state is WorkerState.ERROR and event.worker.group == FOLLOWING:
            self.set_timer(self._retry, self._follow)
