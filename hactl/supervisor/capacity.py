"""How much has one node been seen to sustain? Watches the measurements and tells when that has risen; decides nothing.

What is sustained is the worst of several seconds in a row, answered with practically no error: a burst proves nothing.
It is a lower bound of what a node can carry, found without any test load, and only as high as the traffic was.
"""

from collections import deque
from collections.abc import Iterable

from hactl.core.model import Fleet, Sample
from hactl.core.node import Node
from hactl.core.observations import LoadSustained
from hactl.core.spec import FleetSpec

WINDOW = 5
"""Measurements in a row that make a load a sustained one; they come about once a second."""
GAP = 2.0
"""Seconds between two measurements beyond which they are not in a row."""
TOLERATED = 0.001
"""Share of failed answers that is still none to speak of."""
MATERIAL = 1.1
"""A new best is worth telling when it is so many times the old one,"""
EVERY = 10.0
"""and when so many seconds have passed since the last one was told."""


class CapacityWatch:
    """Finds the best sustained rate of any node."""

    def __init__(self) -> None:
        self._windows: dict[str, deque[Sample]] = {}
        """By launch, newest last: what was measured while it served."""
        self._best: LoadSustained | None = None
        """The best since something was told; it may have to wait for its time."""
        self._told = float("-inf")
        self._spec: FleetSpec | None = None
        """The configuration that all of this was done with."""

    def measured(self, fleet: Fleet, samples: Iterable[Sample]) -> LoadSustained | None:
        """Take one measurement; news when some node has sustained materially more than any before."""
        if fleet.spec != self._spec:
            self._windows, self._best, self._spec = {}, None, fleet.spec
        by_node = {sample.node: sample for sample in samples}
        kept: dict[str, deque[Sample]] = {}
        for node in fleet.gateways:
            sample = by_node.get(node.name)
            if sample is None or sample.requests is None or node.launch is None or not _judged(fleet, node):
                continue
            window = self._windows.get(node.launch.instance, deque(maxlen=WINDOW))
            if window and not 0 < sample.at - window[-1].at <= GAP:
                window.clear()
            window.append(sample)
            kept[node.launch.instance] = window
            if (rate := sustained(window)) > (self._best.rate if self._best else 0.0):
                self._best = LoadSustained(node=node.name, instance=node.launch.instance, rate=rate)
        self._windows = kept
        now = max((window[-1].at for window in kept.values()), default=self._told)
        if self._best is None or self._best.rate < MATERIAL * fleet.sustained or now - self._told < EVERY:
            return None
        news, self._best, self._told = self._best, None, now
        return news


def sustained(window: deque[Sample]) -> float:
    """Requests per second that were answered in each second of `window`; 0 when it is too short or has errors."""
    if len(window) < WINDOW:
        return 0.0
    requests = sum(sample.requests or 0.0 for sample in window)
    errors = sum(sample.errors or 0.0 for sample in window)
    return min(sample.requests or 0.0 for sample in window) if errors <= TOLERATED * requests else 0.0


def _judged(fleet: Fleet, node: Node) -> bool:
    """It serves, and with the configuration in force: what one does with another proves nothing for this one."""
    return node.serviceable and fleet.spec_for(node) is fleet.spec
