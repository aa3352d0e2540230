"""Probe one process on a beat and tell only the crossings: became healthy, became unhealthy, went idle.

Probing is separate from judging: see `judgement`.
Nothing here takes a node out; the core decides what a crossing means. One Monitor serves one launch.
"""

from collections.abc import Awaitable, Callable

from hactl.core.model import Fleet
from hactl.core.node import Launch, Node, NodeState, Role
from hactl.core.observations import BecameHealthy, BecameUnhealthy, Observation, Stalled, StillBusy, WentIdle
from hactl.core.running import ProbeAnswer
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.supervisor.judgement import Judgement, Verdict
from hactl.supervisor.ports import ProcessKind
from hactl.supervisor.unready import Delay, why

PROBE_TIMEOUT = 0.25
"""Seconds: no probe waits longer, whatever is configured, so that no silence goes unseen for long."""
EAGER = 0.002
"""Seconds between the probes of a process that is starting ..."""
EAGER_FOR = 0.5
"""... for so long; from then on they come more and more slowly ..."""
PATIENT = 0.02
"""... down to this pace."""
IDLE_POLL = 0.02
"""Seconds between two looks at what a draining process has in flight."""
IDLE_SETTLE = 0.3
"""Seconds from the beginning of a drain in which idleness proves nothing: the edges may still send requests."""
LAST_LOOKS = 0.1
"""Seconds before the deadline of a drain from which it is told what is still open then."""
STRAGGLERS = 1.0
"""Seconds between two looks at a process that stays up with requests open beyond the deadline of its drain."""
GLANCE = 0.05
"""Seconds between two looks at whether a process is stopped. The kernel tells that without waking the process: a
request every 50 ms instead costs each Envoy 0.4 % of a core, and all together 4 % of the throughput of two cores."""
SECOND_LOOK = 0.01
"""Seconds after which a stopped process is looked at again: one that is merely passing through is not hung."""
TOGETHER = 10
"""Processes that are probed in one turn of the loop, which costs less than ten turns; a hundred would hold it up."""

_IN_USE = (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING)
_PROBED = (NodeState.STARTING, *_IN_USE)
_DEBUGGED = "held by a debugger (state t)"
_STOPPED = "stopped (state T)"

Look = Callable[[], tuple[Node, Fleet] | None]
Sleep = Callable[[float], Awaitable[None]]
InFlight = Callable[[str, float], int | None]


class Drain:
    """Watches one drain become idle: nothing in flight, seen twice in a row, after the edges had time to move.

    One that gets another deadline, or none any more, is another drain: its last looks are at another time.
    """

    def __init__(self, began: float, deadline: float | None) -> None:
        self.deadline = deadline
        self.settled = began + IDLE_SETTLE
        """Monotonic time from which idleness means something."""
        self.next = self.settled if deadline is None else min(self.settled, deadline - LAST_LOOKS)
        self.idle = False
        self._zeros = 0
        self._told = 0

    def counted(self, count: int | None, now: float, *, pause: float = IDLE_POLL) -> bool:
        """Take one count (None when nobody could tell); True the moment the drain turns out idle."""
        self.next = now + pause
        self._zeros = self._zeros + 1 if count == 0 and now >= self.settled else 0
        self.idle = self._zeros >= 2
        return self.idle

    def worth_telling(self, unfinished: int) -> bool:
        """Whether so many requests, open shortly before the deadline, are news."""
        told, self._told = self._told, unfinished
        return unfinished != told


class Monitor:
    """Watches one launch of one process until `look` returns None.

    look             the process and its fleet as they are now
    deliver          takes each observation
    state            its state letter from /proc (`Process.state`)
    starved          whether it waits for a processor, asked when a probe was not answered, with the time from which on
                     none has been: then it is not blamed either
    lag              how late our own loop has been lately, in seconds: nobody else is blamed for that
    edges_in_flight  requests the edges have open with a node, counted no earlier than a monotonic time; None: unknown
    addresses        where the process listens, as texts
    number           its position in the fleet: not all are probed at the same moment
    clock, sleep     monotonic seconds, and how to wait for some of them
    """

    def __init__(
        self,
        *,
        look: Look,
        kind: ProcessKind,
        deliver: Callable[[Observation], None],
        state: Callable[[], str],
        starved: Callable[[float], Awaitable[bool]],
        lag: Callable[[], float],
        edges_in_flight: InFlight,
        addresses: Callable[[], Awaitable[tuple[str, ...]]],
        number: int = 0,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._look = look
        self._kind = kind
        self._deliver = deliver
        self._state = state
        self._starved = starved
        self._lag = lag
        self._edges_in_flight = edges_in_flight
        self._addresses = addresses
        self._delay = Delay()
        self._refused = True
        self._clock = clock
        self._sleep = sleep
        self._shift = number // TOGETHER * GLANCE
        self._judgement = Judgement()
        self._drain: Drain | None = None
        self._stopped = False
        self._began = clock()
        self._next_probe = self._began
        self._next_glance = self._began

    async def run(self) -> None:
        """Probe, and watch drains, until there is nothing to look at any more."""
        while (seen := self._look()) is not None:
            node, fleet = seen
            stopped = await self._glance(node)
            if self._clock() >= self._next_probe:
                await self._beat(node, fleet.spec, ask=not stopped)
            await self._watch_drain(node)
            wake = min(self._next_probe, self._next_glance)
            if self._drain is not None and not self._drain.idle:
                wake = min(wake, self._drain.next)
            await self._sleep(max(0.0, wake - self._clock()))

    async def _glance(self, node: Node) -> bool:
        """Is it stopped? Then it is told at once, and there is no point in asking it anything."""
        now = self._clock()
        if now < self._next_glance:
            return False
        self._next_glance = next_beat(now, GLANCE)
        if node.launch is None or node.state not in _IN_USE:
            return False
        if self._state() != "T":
            if self._stopped:
                self._stopped = False
                self._judgement.resumed()
            return False
        await self._sleep(SECOND_LOOK)
        if self._state() != "T":
            return False
        self._stopped = True
        verdict = self._judgement.stuck(_STOPPED)
        if verdict is not None:
            self._tell(node.name, node.launch.instance, verdict)
        return True

    async def _beat(self, node: Node, spec: FleetSpec, *, ask: bool) -> None:
        began = self._clock()
        if ask and node.launch is not None and node.state in _PROBED:
            verdict = await self._probe(node, spec)
            if verdict is not None:
                self._tell(node.name, node.launch.instance, verdict)
        step = pace(node, spec, began - self._began, refused=self._refused)
        if node.state is NodeState.STARTING:
            self._next_probe = began + step
        else:
            self._next_probe = next_beat(began, step, self._shift % step)

    async def _probe(self, node: Node, fleet: FleetSpec) -> Verdict | None:
        spec = fleet.health
        timeout = min(spec.timeout, PROBE_TIMEOUT)
        began = self._clock()
        answer = await self._kind.probe(node, timeout)
        self._refused = answer.refused
        now = self._clock()
        starting = node.state is NodeState.STARTING
        if answer.ok:
            return self._judgement.well(spec, starting=starting)
        if starting:
            await self._stalled(node, fleet, answer)
            return None  # not ready yet is no crossing; its deadline ends the waiting
        if answer.unasked:
            self._judgement.discard()
            return None
        letter = self._state()
        if letter == "T":
            await self._sleep(SECOND_LOOK)
            return self._judgement.stuck(_STOPPED) if self._state() == "T" else None
        late = max(0.0, now - began - timeout)
        if max(self._lag(), late) > timeout / 2 and self._judgement.excused(now, late):
            return None
        if letter == "t":
            return self._judgement.missed(spec, _DEBUGGED, silence=None)
        silent = now - began >= 0.8 * timeout
        if silent and await self._starved(self._judgement.unanswered(began)) and self._judgement.excused(now):
            return None
        return self._judgement.missed(spec, answer.why, silence=(began, now) if silent else None)

    async def _stalled(self, node: Node, spec: FleetSpec, answer: ProbeAnswer) -> None:
        if node.deadline is None or node.launch is None:
            return
        if not self._delay.due(node.deadline.at - self._clock(), spec.gateway.start_timeout):
            return
        foreign = node.role is Role.GATEWAY and spec.gateway.kind is GatewayKind.COMMAND
        text = why(node, answer, await self._addresses() if answer.refused else (), foreign=foreign)
        if self._delay.tell(text):
            self._deliver(Stalled(node=node.name, instance=node.launch.instance, why=text))

    def _tell(self, name: str, instance: str, verdict: Verdict) -> None:
        if verdict.healthy:
            self._deliver(BecameHealthy(node=name, instance=instance))
        else:
            self._deliver(BecameUnhealthy(node=name, instance=instance, why=verdict.why, hung=verdict.hung))

    async def _watch_drain(self, node: Node) -> None:
        over = node.idle and not node.unfinished
        if node.state is not NodeState.DRAINING or over or node.launch is None:
            self._drain = None
            return
        now = self._clock()
        deadline = node.deadline.at if node.deadline else None
        if self._drain is None or self._drain.deadline != deadline:
            self._drain = Drain(now, deadline)
        if self._drain.idle or now < self._drain.next:
            return
        count = await self._kind.in_flight(node)
        if count is None:
            count = self._edges_in_flight(node.name, self._drain.settled)
        if self._drain.counted(count, self._clock(), pause=STRAGGLERS if node.idle else IDLE_POLL):
            self._deliver(WentIdle(node=node.name, instance=node.launch.instance))
        elif deadline is not None and self._clock() >= deadline - LAST_LOOKS:
            await self._tell_unfinished(node, node.launch, self._drain)

    async def _tell_unfinished(self, node: Node, launch: Launch, drain: Drain) -> None:
        """In time for the deadline, which is the core's and rings without us."""
        unfinished = await self._kind.unfinished(node)
        if unfinished is None:
            unfinished = self._edges_in_flight(node.name, drain.settled) or 0
        if drain.worth_telling(unfinished):
            self._deliver(StillBusy(node=node.name, instance=launch.instance, requests=unfinished))


def next_beat(now: float, step: float, shift: float = 0.0) -> float:
    """The next moment that monitors share, or the one `shift` seconds behind it.

    A timer may ring a little before its time; that is still the beat it was set for.
    """
    return (int((now - shift) / step + 0.25) + 1) * step + shift


def pace(node: Node, spec: FleetSpec, age: float, *, refused: bool = False) -> float:
    """Seconds from one probe to the next, for a process watched for `age` seconds; `refused` the last time.

    An Envoy that starts is asked eagerly, because every millisecond until it serves is capacity. A foreign program is
    spared that as soon as it listens; before, the kernel answers for it.
    """
    if node.state is not NodeState.STARTING:
        return spec.health.probe
    if node.role is Role.EDGE or spec.gateway.kind is GatewayKind.ENVOY:
        return min(PATIENT, EAGER * max(1.0, age / EAGER_FOR))
    return min(PATIENT, spec.health.probe) if refused else spec.health.probe
