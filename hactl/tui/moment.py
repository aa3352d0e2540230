"""One moment of a picture: the numbers of all processes packed, in a tenth of the memory of Samples. Pure."""

import math
from array import array
from collections.abc import Iterator
from typing import Any

from hactl.core.model import Fleet, Sample
from hactl.core.talk import Pulse, Snapshot
from hactl.core.value import Value, replace

_NUMBERS = Sample.__struct_fields__[1:]
"""Everything of a Sample but whose it is; what is not known is NaN."""
_WHOLE = ("active", "rss")
"""Those that are whole numbers."""
_RATE = _NUMBERS.index("requests")


class Moment(Value):
    """A Snapshot, packed."""

    at: float
    """Unix time."""
    mono: float
    fleet: Fleet
    pulse: Pulse
    names: tuple[str, ...]
    """Whose the numbers are."""
    numbers: "array[float]"

    @classmethod
    def of(cls, snapshot: Snapshot, before: "Moment | None" = None) -> "Moment":
        """That snapshot; what is the same as in the moment `before` is shared with it."""
        names = tuple(sample.node for sample in snapshot.samples)
        if before is not None and before.names == names:
            names = before.names
        values = (getattr(sample, name) for sample in snapshot.samples for name in _NUMBERS)
        return cls(
            at=snapshot.at,
            mono=snapshot.mono,
            fleet=snapshot.fleet,
            pulse=replace(snapshot.pulse, lags=()),  # counts that no screen shows
            names=names,
            numbers=array("d", (math.nan if value is None else value for value in values)),
        )

    @property
    def snapshot(self) -> Snapshot:
        """As it was."""
        return Snapshot(fleet=self.fleet, at=self.at, mono=self.mono, samples=tuple(self._samples()), pulse=self.pulse)

    @property
    def rates(self) -> dict[str, float | None]:
        """Requests per second of each process."""
        return {
            name: None if math.isnan(rate) else rate
            for name, rate in zip(self.names, self.numbers[_RATE :: len(_NUMBERS)], strict=True)
        }

    def _samples(self) -> Iterator[Sample]:
        for place, node in enumerate(self.names):
            numbers = self.numbers[place * len(_NUMBERS) : (place + 1) * len(_NUMBERS)]
            known: dict[str, Any] = {
                name: round(value) if name in _WHOLE else value
                for name, value in zip(_NUMBERS, numbers, strict=True)
                if not math.isnan(value)
            }
            yield Sample(node=node, **known)
