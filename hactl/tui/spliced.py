"""The past of a running fleet beyond what memory holds: whatever is older than the picture is read from disk."""

from collections.abc import Callable, Sequence

from hactl.core.errors import HactlError
from hactl.tui.picture import Picture, View
from hactl.tui.recording import Recording

AGAIN = 60.0
"""Seconds between two looks for what has been recorded since."""


class Spliced:
    """A Past. The recording is opened when somebody first goes back so far, and again when it ends too early."""

    def __init__(self, picture: Picture, record: Callable[[], Recording]) -> None:
        """`record` opens what is on disk, or raises HactlError."""
        self._picture = picture
        self._record = record
        self._recording: Recording | None = None
        self._looked: float | None = None
        """The newest moment of the picture when the disk was looked at."""
        self._troubles: list[str] = []

    def close(self) -> None:
        """Let go of the disk."""
        if self._recording is not None:
            self._recording.close()

    @property
    def first(self) -> float | None:
        """See Past; disk included, once there is a picture to go back from."""
        near = self._picture.first
        if near is None or (far := self._far(near)) is None:
            return near
        return min(far.first, near)

    @property
    def last(self) -> float | None:
        """See Past."""
        return self._picture.last

    def then(self, at: float) -> View:
        """See Past."""
        near = self._picture.first
        if near is None or at >= near or (far := self._far(near)) is None:
            return self._picture.then(at)
        return far.then(at)

    def stop(self, at: float, step: int) -> float | None:
        """See Past."""
        near = self._picture.first
        found = self._picture.stop(at, step)
        if near is None or (far := self._far(near)) is None or (found is not None and step < 0):
            return found
        if step < 0:
            return far.stop(min(at, near), step)
        early = far.stop(at, step) if at < near else None
        return early if early is not None else found

    def troubles(self) -> Sequence[str]:
        """See Past."""
        told, self._troubles = self._troubles, []
        return [*told, *(self._recording.troubles() if self._recording is not None else ())]

    def _far(self, near: float) -> Recording | None:
        """What is on disk, up to `near`; None when that cannot be had, which is said once."""
        now, looked = self._picture.last or near, self._looked
        reaches = self._recording is not None and self._recording.last >= near
        if reaches or (looked is not None and now < looked + AGAIN):
            return self._recording
        self._looked = now
        try:
            found = self._record()
        except HactlError as error:
            if looked is None:
                self._troubles.append(f"nothing earlier is available: {error.message}")
            return self._recording
        self.close()
        self._recording = found
        return found
