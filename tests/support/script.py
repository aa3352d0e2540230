"""Stories about a fleet, causes in and outcomes out, in virtual time:

    Script(serving()) >> exited("seoul-1", signal=9) << like(NodeChanged, node__state=S.STARTING) << FailoverBegan

`>>` plays one cause and replaces what is expected; `<<` says what must be among its outcomes, in this order (events
first, then effects; others may stand between). `<< NOTHING` says that nothing happened at all. Time only passes with
`>> after(seconds)`, which also rings every deadline that has come.
"""

from collections.abc import Callable
from typing import Any

from support.build import a_spec, at, founded

from hactl.core.causes import instance_of
from hactl.core.commands import BeginDrill, Command, Request
from hactl.core.deadlines import due, soonest
from hactl.core.draft import evolve
from hactl.core.drills import in_progress
from hactl.core.effects import Effect
from hactl.core.errors import CommandRejected
from hactl.core.events import Event
from hactl.core.machine import Decision, step
from hactl.core.model import Fleet, Now
from hactl.core.node import Launch, Node
from hactl.core.observations import (
    BecameHealthy,
    BecameSlow,
    BecameUnhealthy,
    Exited,
    NoLongerSlow,
    Observation,
    PlanApplied,
    PlanRejected,
    Spawned,
    SpawnFailed,
    StillBusy,
    WentIdle,
)
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import FleetSpec

Outcome = Event | Effect
TERM = 10.0
"""Seconds for which a fleet is lent to a drill at a time."""
Cue = Callable[[Fleet, Now], Observation]
"""An observation that is made when it is played: it names the process that runs then."""


class After:
    """Time passes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Like:
    """An outcome of a kind, some of whose fields are known; `node__state=...` looks inside."""

    def __init__(self, kind: type, **fields: Any) -> None:
        self.kind = kind
        self.fields = fields

    def fits(self, outcome: Outcome) -> bool:
        return isinstance(outcome, self.kind) and all(
            _dig(outcome, path) == wanted for path, wanted in self.fields.items()
        )

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({', '.join(f'{path}={value!r}' for path, value in self.fields.items())})"


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


class Script:
    """A fleet being played to."""

    def __init__(self, fleet: Fleet, mono: float = 1000.0) -> None:
        self.fleet = fleet
        self.mono = mono
        self.founded_at = fleet
        self.events: list[Event] = []
        """Of the whole story."""
        self.outcomes: list[Outcome] = []
        """Of the last cause."""
        self._expected = 0

    @property
    def now(self) -> Now:
        return at(self.mono)

    def node(self, name: str) -> Node:
        return self.fleet.nodes[name]

    def __rshift__(self, cause: Command | Request | Observation | Cue | After) -> "Script":
        self.outcomes, self._expected = [], 0
        if isinstance(cause, After):
            self._pass(cause.seconds)
        elif isinstance(cause, Command):
            self._play(Request(command=cause, by="alice"))
        elif isinstance(cause, Request | Observation):
            self._play(cause)
        else:
            self._play(cause(self.fleet, self.now))
        return self

    def __lshift__(self, expected: type | Like | _Nothing) -> "Script":
        if isinstance(expected, _Nothing):
            assert self.outcomes == [], f"expected nothing, but: {self.outcomes}"
            return self
        wanted = expected if isinstance(expected, Like) else Like(expected)
        for place in range(self._expected, len(self.outcomes)):
            if wanted.fits(self.outcomes[place]):
                self._expected = place + 1
                return self
        rest = "\n    ".join(map(repr, self.outcomes[self._expected :])) or "nothing"
        raise AssertionError(f"expected {wanted!r}, but there is:\n    {rest}")

    def take(self, decision: Decision) -> "Script":
        """Accept a decision that was made elsewhere, as `recover` does."""
        self.fleet = decision.fleet
        self.events += decision.events
        self.outcomes += [*decision.events, *decision.effects]
        return self

    def refuses(self, cause: Command | Request) -> CommandRejected:
        """The refusal of a command; the fleet must be untouched."""
        request = cause if isinstance(cause, Request) else Request(command=cause, by="alice")
        before = self.fleet
        try:
            decision = step(self.fleet, request, self.now)
        except CommandRejected as rejected:
            assert self.fleet == before
            return rejected
        raise AssertionError(f"{cause} was accepted: {decision.events}")

    def replayed(self) -> Fleet:
        """The fleet made again from the events alone."""
        fleet = self.founded_at
        for event in self.events:
            fleet = evolve(fleet, event)
        return fleet

    def _play(self, cause: Request | Observation) -> None:
        self.take(step(self.fleet, cause, self.now))

    def _pass(self, seconds: float) -> None:
        """Ring every deadline on the way, each at its own moment, as the shell's alarm does."""
        end = self.mono + seconds
        while (moment := soonest(self.fleet)) is not None and moment <= end:
            self.mono, before = max(self.mono, moment), self.fleet
            for saw in due(self.fleet, self.mono):
                self._play(saw)
            assert self.fleet != before, "an alarm that rings in vain rings for ever"
        self.mono = end


def serving(spec: FleetSpec | None = None, mono: float = 1000.0) -> Fleet:
    """A fleet with everything serving and every edge on the newest plan, brought there by the real rules."""
    story = Script(founded(spec or a_spec()), mono)
    story.take(recover(story.fleet, Found(), Arrival(pid=1, version="0"), story.now))
    for name in story.fleet.nodes:
        story >> spawned(name) >> healthy(name)
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    assert not story.fleet.operations
    assert all(node.serviceable for node in story.fleet.nodes.values())
    return story.fleet


def after(seconds: float) -> After:
    """Time passes, and every deadline on the way rings."""
    return After(seconds)


def like(kind: type, **fields: Any) -> Like:
    """An outcome of `kind` with these fields."""
    return Like(kind, **fields)


def spawned(name: str) -> Cue:
    """The process that `name` was about to have has been started."""

    def cue(fleet: Fleet, now: Now) -> Observation:
        return Spawned(node=name, launch=launch_of(fleet, name, now))

    return cue


def launch_of(fleet: Fleet, name: str, now: Now) -> Launch:
    """The process `name` has or is about to have, as the machine would show it."""
    node = fleet.nodes[name]
    place = list(fleet.nodes).index(name)
    instance = instance_of(node, fleet.id)
    return Launch(instance=instance, pid=node.launches * 1000 + place, ticks=node.launches, boot=now.boot, at=now.mono)


def spawn_failed(name: str, why: str = "no such binary", port: int = 0) -> Cue:
    return lambda fleet, now: SpawnFailed(node=name, instance=_instance(fleet, name), why=why, port=port)


def exited(name: str, *, code: int | None = None, signal: int | None = None, oom: bool = False) -> Cue:
    return lambda fleet, now: Exited(node=name, instance=_instance(fleet, name), code=code, signal=signal, oom=oom)


def healthy(name: str) -> Cue:
    return lambda fleet, now: BecameHealthy(node=name, instance=_instance(fleet, name))


def unhealthy(name: str, why: str = "no answer", *, hung: bool = False) -> Cue:
    return lambda fleet, now: BecameUnhealthy(node=name, instance=_instance(fleet, name), why=why, hung=hung)


def slow(name: str, why: str = "answers take 200 ms (p50), those of its peers 10 ms") -> Cue:
    return lambda fleet, now: BecameSlow(node=name, instance=_instance(fleet, name), why=why)


def no_longer_slow(name: str, why: str = "answers take 10 ms (p50), those of its peers 10 ms") -> Cue:
    return lambda fleet, now: NoLongerSlow(node=name, instance=_instance(fleet, name), why=why)


def idle(name: str) -> Cue:
    return lambda fleet, now: WentIdle(node=name, instance=_instance(fleet, name))


def still_busy(name: str, requests: int) -> Cue:
    """The deadline of its drain is near, and so many requests are open."""
    return lambda fleet, now: StillBusy(node=name, instance=_instance(fleet, name), requests=requests)


def applied(edge: str, version: int | None = None) -> Cue:
    """An edge has proved a plan, the newest unless said otherwise, and the configuration it is to have."""
    return lambda fleet, now: PlanApplied(
        edge=edge,
        instance=_instance(fleet, edge),
        version=fleet.plan.version if version is None else version,
        revision=fleet.nodes[edge].revision,
    )


def refused(edge: str, why: str = "cannot use it", version: int | None = None) -> Cue:
    """An edge has refused a plan, the newest unless said otherwise, and the configuration it was to have."""
    return lambda fleet, now: PlanRejected(
        edge=edge,
        instance=_instance(fleet, edge),
        version=fleet.plan.version if version is None else version,
        why=why,
        revision=fleet.nodes[edge].revision,
    )


def lent(*nodes: str, regions: tuple[str, ...] = ()) -> BeginDrill:
    """The fleet is lent to a drill that may touch these, one `TERM` at a time."""
    return BeginDrill(name="game-day", nodes=nodes, regions=regions, lease=TERM, longest=60.0)


def drilling(*nodes: str, spec: FleetSpec | None = None) -> tuple[Script, str]:
    """A serving fleet that is lent to a drill on `nodes`; the drill's operation."""
    story = Script(serving(spec)) >> lent(*nodes)
    operation = in_progress(story.fleet)
    assert operation is not None
    return story, operation.id


def _instance(fleet: Fleet, name: str) -> str:
    return instance_of(fleet.nodes[name], fleet.id)


def _dig(value: Any, path: str) -> Any:
    for name in path.split("__"):
        value = getattr(value, name)
    return value
