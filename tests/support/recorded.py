"""A recording on disk, as a daemon would have left it: events and measurements of a few minutes, one second each.

tape = Tape(directory)
tape.measure(5)
tape.happen(NodeChanged(...))
tape.write()
"""

from pathlib import Path

from support.build import a_spec
from support.pictures import AT, MONO, a_fleet, samples, well

from hactl.core.config_events import FleetFounded
from hactl.core.draft import evolve
from hactl.core.events import Event, NodeChanged, Record, TrafficApplied, TrafficShifted
from hactl.core.founding import lay_out
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.spec import FleetSpec
from hactl.core.talk import Measured, Pulse
from hactl.core.value import replace
from hactl.paths import FleetPaths
from hactl.store.frames import MAGIC, Encoder
from hactl.store.journal import SqliteJournal
from hactl.store.segments import named


class Tape:
    """Begins with a fleet that is founded and serves at AT: two regions of two nodes, unless `spec` says otherwise."""

    def __init__(self, state: Path, spec: FleetSpec | None = None) -> None:
        self.paths = FleetPaths(state)
        self.paths.samples.mkdir(parents=True)
        self.at = AT
        self.fleet = Fleet()
        self.journal = SqliteJournal(self.paths.journal)
        self.fleets: dict[int, Fleet] = {}
        """How it was after each record."""
        self._encoder = Encoder()
        self._segment = 0
        self.cut()
        spec = spec or a_spec(regions=2, nodes=2)
        self.happen(FleetFounded(id="f1", revision=1, spec=spec, nodes=lay_out(spec, range(20_000, 28_000))))
        for node in self.fleet.nodes.values():
            self.happen(NodeChanged(was=NodeState.STOPPED, node=well(node), why="ready"))
        self.happen(TrafficShifted(plan=a_fleet().plan, why="4 nodes take traffic"))
        for edge in self.fleet.edges:
            self.happen(TrafficApplied(edge=edge.name, version=self.fleet.plan.version, revision=1))

    def happen(self, *events: Event) -> None:
        """Now."""
        for event in events:
            record = Record(seq=self.fleet.seq + 1, wall=self.at, mono=self.at - AT + MONO, event=event, by="ann")
            self.journal.append([record], durable=False)
            self.fleet = evolve(self.fleet, event)
            self.fleets[self.fleet.seq] = self.fleet

    def change(self, name: str, **changes: object) -> None:
        """One process is different now."""
        node = self.fleet.nodes[name]
        self.happen(NodeChanged(was=node.state, node=replace(node, since=self.at, **changes)))

    def measure(self, seconds: int = 1, *, rate: float = 100.0) -> None:
        """So many seconds pass, each of which is measured at its end."""
        for _ in range(seconds):
            self.at += 1
            shown = tuple(replace(sample, at=self.at) for sample in samples(self.fleet, rate))
            measured = Measured(at=self.at, samples=shown, pulse=Pulse(lag_ms=1.5, cpu=0.03125, rss=1 << 20))
            with self._path.open("ab") as segment:
                segment.write(self._encoder.encode(measured, self.fleet.seq))

    def cut(self) -> Path:
        """Another segment; where it is."""
        self._segment += 1
        self._encoder = Encoder()
        self._path = self.paths.samples / named(self._segment, self.at + 1)
        self._path.write_bytes(MAGIC)
        return self._path
