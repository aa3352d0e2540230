"""Which nodes are far slower than their peers? Compares once a second and tells the crossings; decides nothing.

Only what can be compared is judged: a node that has served for a while, with peers that take the same traffic at the
same time. When all are slow nobody is. What is said already stands in the fleet, so that a new daemon goes on from it.
"""

from collections import deque
from collections.abc import Iterable
from statistics import median

from hactl.core.model import Fleet, Now, Sample
from hactl.core.node import Node
from hactl.core.observations import BecameSlow, NoLongerSlow
from hactl.core.traffic import in_rotation
from hactl.supervisor.answers import LATE, Held, Recent, slower, warm

WINDOW = 5.0
"""Seconds whose answers are compared, at least."""
ENOUGH = 5
"""Answers without which nothing can be said."""
TIMES, MORE_MS = 3.0, 20.0
"""A node is far slower when its median is so many times that of its peers, and so many ms above it."""
BEFORE_SLOW, BEFORE_WELL = 3.0, 10.0
"""Seconds it must have been so until it is reported, and below half of it until that is withdrawn."""
UNJUDGED = 300.0
"""Seconds in which a slow node could not be judged after which that is taken back: at a small weight, or without peers,
it might never be."""
PEERS = 2
"""Nodes to compare with, at least: of two alone nobody knows which one is as it should be."""
CHANGES, PER = 2, 60.0
"""Changes of mind about one node that are told within so many seconds, at most."""


class _Watch:
    """What is known of one launch of one node."""

    def __init__(self, instance: str) -> None:
        self.instance = instance
        self.recent = Recent()
        self.far = Held()
        self.near = Held()
        self.unjudged = Held()
        self.asked = False
        """There were answers in the last second."""


class Slowness:
    """Watches all nodes of a fleet."""

    def __init__(self) -> None:
        self._watches: dict[str, _Watch] = {}
        self._told: dict[str, deque[float]] = {}
        """By node, the times of the last changes; they outlive its processes."""

    def measured(
        self, fleet: Fleet, samples: Iterable[Sample], now: Now, *, lag: float
    ) -> tuple[BecameSlow | NoLongerSlow, ...]:
        """Take one measurement, of about a second; `lag` is how late our own loop has been, in seconds."""
        regions = [region.name for region in fleet.spec.regions if not fleet.falters(region.name)]
        nodes = {node.name: node for region in regions for node in in_rotation(fleet, region)}
        self._forget(fleet, nodes)
        if lag > LATE:
            return ()
        medians = {}
        for sample in samples:
            node = nodes.get(sample.node)
            if node is None or not warm(fleet, node, now):
                continue
            watch = self._watch(node)
            # what is slow is asked little: its answers are waited for, however long they take to come
            watch.recent.add((sample,), now.mono, hold=ENOUGH if node.slow else 0.0)
            watch.asked = bool(sample.requests)
            answers = watch.recent.over(now.mono, ENOUGH, seconds=WINDOW)
            if answers is not None and answers.p50_ms is not None:
                medians[node.name] = answers.p50_ms
        return tuple(said for node in nodes.values() if (said := self._judged(node, nodes, medians, now.mono)))

    def _judged(
        self, node: Node, nodes: dict[str, Node], medians: dict[str, float], now: float
    ) -> BecameSlow | NoLongerSlow | None:
        watch = self._watches.get(node.name)
        if watch is None or node.launch is None:
            return None
        own, usual = medians.get(node.name), _usual(node, nodes, medians)
        unjudged = watch.unjudged.during(node.slow and (own is None or usual is None or not watch.asked), now)
        if unjudged >= UNJUDGED and self._may_change(node.name, now):
            self._told[node.name].append(now)
            why = f"it could not be compared with its peers for {unjudged:.0f} s"
            return NoLongerSlow(node=node.name, instance=node.launch.instance, why=why)
        if own is None or usual is None:
            watch.far, watch.near = Held(), Held()
            return None
        far = watch.far.during(exceeds(own, usual), now)
        near = watch.near.during(not exceeds(own, usual, part=0.5), now)
        crossed = near >= BEFORE_WELL if node.slow else far >= BEFORE_SLOW
        if not crossed or not self._may_change(node.name, now):
            return None
        self._told[node.name].append(now)
        why = f"answers take {own:.0f} ms (p50), those of its peers {usual:.0f} ms"
        told = NoLongerSlow if node.slow else BecameSlow
        return told(node=node.name, instance=node.launch.instance, why=why)

    def _watch(self, node: Node) -> _Watch:
        instance = node.launch.instance if node.launch else ""
        watch = self._watches.get(node.name)
        if watch is None or watch.instance != instance:
            watch = self._watches[node.name] = _Watch(instance)
        return watch

    def _may_change(self, name: str, now: float) -> bool:
        told = self._told.setdefault(name, deque(maxlen=CHANGES))
        return len(told) < CHANGES or now - told[0] >= PER

    def _forget(self, fleet: Fleet, nodes: dict[str, Node]) -> None:
        self._watches = {name: watch for name, watch in self._watches.items() if name in nodes}
        self._told = {name: told for name, told in self._told.items() if name in fleet.nodes}


def exceeds(own: float, usual: float, *, part: float = 1.0) -> bool:
    """Whether `own` ms are beyond `part` of what counts as far slower than `usual`."""
    return slower(own, usual, times=TIMES, more=MORE_MS, part=part)


def _usual(node: Node, nodes: dict[str, Node], medians: dict[str, float]) -> float | None:
    """The median of its peers: the others of its region, or of all regions where there are too few."""
    others = [name for name in medians if name != node.name]
    near = [name for name in others if nodes[name].region == node.region]
    peers = near if len(near) >= PEERS else others
    return median(medians[name] for name in peers) if len(peers) >= PEERS else None
