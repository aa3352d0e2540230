import asyncio
from collections.abc import Callable

import pytest

from hactl.core.model import Fleet
from hactl.core.node import Deadline, DeadlineKind, Health, Launch, Node, NodeState, Role
from hactl.core.observations import BecameHealthy, BecameUnhealthy, Observation, Stalled, StillBusy, WentIdle
from hactl.core.running import ProbeAnswer
from hactl.core.spec import FleetSpec, GatewayKind, GatewaySpec, HealthSpec
from hactl.core.value import replace
from hactl.supervisor.judgement import EXCUSED
from hactl.supervisor.monitor import (
    EAGER,
    EAGER_FOR,
    GLANCE,
    IDLE_SETTLE,
    PATIENT,
    PROBE_TIMEOUT,
    Monitor,
    next_beat,
    pace,
)

WELL = ProbeAnswer(ok=True)
REFUSED = ProbeAnswer(ok=False, why="connection refused", refused=True)
SILENT = ProbeAnswer(ok=False, why="no answer")
HEALTHY = BecameHealthy(node="gw-1", instance="f/gw-1/1")
IDLE = WentIdle(node="gw-1", instance="f/gw-1/1")


def unhealthy(why: str, *, hung: bool = False) -> BecameUnhealthy:
    return BecameUnhealthy(node="gw-1", instance="f/gw-1/1", why=why, hung=hung)


class World:
    """A node in virtual time: a kind of process, the kernel, the fleet and the clock of one Monitor.

    Time passes while the monitor sleeps and while a silent probe waits; what `at` was told happens on the way.
    """

    def __init__(self, state: NodeState = NodeState.SERVING, spec: FleetSpec | None = None) -> None:
        self.now = 100.0
        self.end = 110.0
        self.fleet = Fleet(spec=spec or FleetSpec(health=HealthSpec(probe=0.05)))
        launch = Launch(instance="f/gw-1/1", pid=7, ticks=1, boot="b", at=100.0)
        self.node: Node = Node(name="gw-1", role=Role.GATEWAY, state=state, launch=launch, health=Health.HEALTHY)
        self.answer = WELL
        self.letter = "S"
        self.late = 0.0
        self.number = 0
        self.starved = False
        self.flying: int | None = 0
        self.listens: tuple[str, ...] = ()
        self.edges_flying: Callable[[float], int | None] = lambda since: None
        self.probes: list[float] = []
        self.timeouts: set[float] = set()
        self.news: list[tuple[float, Observation]] = []
        self._script: list[tuple[float, Callable[[], None]]] = []

    def at(self, seconds: float, **changes: object) -> None:
        """After so many seconds from the beginning, set these attributes, or those of the node."""

        def change() -> None:
            for name, value in changes.items():
                if name in ("state", "idle", "deadline", "unfinished"):
                    self.node = replace(self.node, **{name: value})
                else:
                    setattr(self, name, value)

        self._script.append((100.0 + seconds, change))
        self._script.sort(key=lambda step: step[0])

    def watch(self, seconds: float) -> list[tuple[float, Observation]]:
        """What a Monitor tells within so many seconds, each with the milliseconds since the beginning."""
        self.end = 100.0 + seconds
        monitor = Monitor(
            look=lambda: (self.node, self.fleet) if self.now < self.end else None,
            kind=self,
            deliver=lambda news: self.news.append((round((self.now - 100.0) * 1000), news)),
            state=lambda: self.letter,
            starved=self.is_starved,
            lag=lambda: self.late,
            edges_in_flight=lambda name, since: self.edges_flying(since),
            addresses=self.addresses,
            number=self.number,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        asyncio.run(monitor.run())
        return self.news

    async def sleep(self, seconds: float) -> None:
        until = self.now + max(seconds, 1e-6)
        while self._script and self._script[0][0] <= until:
            self.now, change = max(self.now, self._script[0][0]), self._script.pop(0)[1]
            change()
        self.now = until

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        self.probes.append(self.now)
        self.timeouts.add(timeout)
        answer = self.answer
        await self.sleep(timeout if answer is SILENT else 0.0005)
        return answer

    async def is_starved(self, silent_since: float) -> bool:
        return self.starved

    async def addresses(self) -> tuple[str, ...]:
        return self.listens

    async def in_flight(self, node: Node) -> int | None:
        return self.flying

    async def unfinished(self, node: Node) -> int | None:
        return self.flying

    def gaps(self) -> list[float]:
        """Seconds from each probe to the next."""
        return [round(later - earlier, 6) for earlier, later in zip(self.probes, self.probes[1:], strict=False)]


class TestStarting:
    def test_a_starting_node_is_healthy_with_its_first_good_answer_whatever_the_threshold(self):
        """Capacity comes back within some milliseconds of being there, and failing before is no news."""
        world = World(NodeState.STARTING, FleetSpec(health=HealthSpec(healthy_threshold=3)))
        world.answer = REFUSED
        world.at(0.1, answer=WELL)
        ((when, news),) = world.watch(0.3)
        assert news == HEALTHY
        assert 100 <= when <= 104

    def test_it_is_asked_eagerly_at_first_and_then_more_and_more_gently(self):
        """A start that takes long is not paid for with a core."""
        world = World(NodeState.STARTING)
        world.answer = REFUSED
        world.watch(8)
        assert set(world.gaps()[:200]) == {EAGER}
        assert world.gaps() == sorted(world.gaps())
        assert world.gaps()[-1] == PATIENT

    def test_a_foreign_program_is_asked_at_the_configured_pace_as_soon_as_it_listens(self):
        """Only Envoys are used to being asked every two milliseconds; who does not listen yet is not bothered."""
        spec = FleetSpec(gateway=GatewaySpec(kind=GatewayKind.COMMAND), health=HealthSpec(probe=0.2))
        world = World(NodeState.STARTING, spec)
        world.answer = REFUSED
        world.at(0.5, answer=ProbeAnswer(ok=False, why="status 503 for /"))
        world.watch(2)
        gaps = world.gaps()
        assert set(gaps[:20]) == {PATIENT}
        assert set(gaps[-5:]) == {0.2}

    def test_an_edge_is_an_envoy_whatever_the_nodes_are(self):
        """Edges of foreign programs come up just as fast."""
        spec = FleetSpec(gateway=GatewaySpec(kind=GatewayKind.COMMAND))
        edge = Node(name="edge-1", role=Role.EDGE, state=NodeState.STARTING)
        assert pace(edge, spec, 0.0) == EAGER
        assert pace(edge, spec, EAGER_FOR * 4) == EAGER * 4

    def test_a_node_without_a_process_is_not_asked(self):
        """Between the decision to start and the spawn there is nobody to ask."""
        world = World(NodeState.STARTING)
        world.node = replace(world.node, launch=None)
        assert world.watch(1) == []
        assert world.probes == []

    def test_what_a_slow_start_lacks_is_told_soon_and_once_more_if_that_changes(self):
        """An operator who waits learns why; a start that goes on as it was is no news again."""
        spec = FleetSpec(
            gateway=GatewaySpec(kind=GatewayKind.COMMAND, start_timeout=4.0), health=HealthSpec(probe=0.05)
        )
        for late, told in ((REFUSED, 1), (ProbeAnswer(ok=False, why="status 503 for /"), 2)):
            world = World(NodeState.STARTING, spec)
            world.node = replace(world.node, port=4000, deadline=Deadline(kind=DeadlineKind.READY, at=104.0))
            world.answer, world.listens = REFUSED, ("127.0.0.1:9999",)
            world.at(3.0, answer=late)
            news = world.watch(4)
            assert [type(saw) for _, saw in news] == [Stalled] * told
            assert 2000 <= news[0][0] <= 2100
            assert "but it listens on 127.0.0.1:9999" in news[0][1].why
            assert news[1:] == [] or (news[1][1].why == "status 503 for /" and 3600 <= news[1][0] <= 3700)


class TestCrossings:
    def test_a_node_that_stays_well_is_news_once(self):
        """A monitor that takes up a running node says that it is well, and then keeps quiet."""
        world = World()
        assert [news for _, news in world.watch(5)] == [HEALTHY]
        assert set(world.gaps()[1:]) == {0.05}

    @pytest.mark.parametrize(("now", "then"), [(7.01, 7.05), (7.0, 7.05), (6.9995, 7.05), (7.049, 7.1), (7.03, 7.05)])
    def test_steady_probes_keep_to_a_common_beat(self, now, then):
        """Asked together, ten processes cost one turn of the loop; a timer that rings early does not ask twice."""
        assert next_beat(now, 0.05) == pytest.approx(then)

    def test_a_hundred_processes_are_not_asked_at_the_same_moment(self):
        """Ten share a beat; each is asked as often as ever, and always at a moment at which somebody wakes anyway."""
        beats = {number: self.first_beat(number) for number in (0, 9, 10, 25, 99)}
        assert beats[0] == beats[9] != beats[10] != beats[25] == pytest.approx(beats[0] + 2 * GLANCE)
        assert len({self.first_beat(number) for number in range(100)}) == 5

    def first_beat(self, number: int) -> float:
        world = World(spec=FleetSpec(health=HealthSpec(probe=0.25)))
        world.number = number
        world.watch(2)
        assert set(world.gaps()[1:]) == {0.25}
        return round(world.probes[1] % 0.25, 6)

    def test_so_many_misses_in_a_row_make_it_unhealthy_and_so_many_answers_healthy(self):
        """Hysteresis as configured, each crossing told once."""
        world = World(spec=FleetSpec(health=HealthSpec(probe=0.05, unhealthy_threshold=3, healthy_threshold=2)))
        world.at(1, answer=REFUSED)
        world.at(2, answer=WELL)
        assert [news for _, news in world.watch(3)] == [HEALTHY, unhealthy("connection refused"), HEALTHY]
        unwell, well = world.news[1][0], world.news[2][0]
        assert 1100 <= unwell <= 1151
        assert 2050 <= well <= 2101

    def test_a_single_miss_is_no_news(self):
        """One lost packet takes nobody out."""
        world = World()
        world.at(1.01, answer=REFUSED)
        world.at(1.06, answer=WELL)
        assert [news for _, news in world.watch(3)] == [HEALTHY]

    @pytest.mark.parametrize("state", [NodeState.STOPPING, NodeState.STOPPED, NodeState.BACKOFF, NodeState.FAILED])
    def test_a_node_that_is_on_its_way_out_is_not_asked(self, state):
        """That it does not answer any more is what was wanted."""
        world = World(state)
        world.answer = REFUSED
        assert world.watch(1) == []
        assert world.probes == []

    def test_no_probe_waits_for_long(self):
        """Whatever is configured, an answer that does not come is missed soon."""
        world = World(spec=FleetSpec(health=HealthSpec(timeout=5.0)))
        world.watch(0.2)
        assert world.timeouts == {PROBE_TIMEOUT}
        world = World(spec=FleetSpec(health=HealthSpec(timeout=0.1)))
        world.watch(0.2)
        assert world.timeouts == {0.1}


class TestHanging:
    def test_a_frozen_node_hangs_from_its_first_missed_answer_on(self):
        """State T is proof: no threshold and no grace, only a second look."""
        world = World()
        world.at(1, answer=SILENT, letter="T")
        assert [news for _, news in world.watch(5)] == [HEALTHY, unhealthy("stopped (state T)", hung=True)]
        assert world.news[-1][0] <= 1000 + 50 + 250 + 11

    def test_a_frozen_node_is_noticed_between_two_probes(self):
        """The kernel says that it is stopped: nobody waits for the next probe, nor for an answer that cannot come."""
        world = World(spec=FleetSpec())
        world.at(1.01, answer=SILENT, letter="T")
        assert [news for _, news in world.watch(3)] == [HEALTHY, unhealthy("stopped (state T)", hung=True)]
        assert world.news[-1][0] <= 1010 + 50 + 11
        assert max(world.probes) < 101.01

    def test_a_node_that_was_frozen_only_for_a_moment_is_left_alone(self):
        """Gone at the second look: not even the missed answer counts."""
        world = World()
        world.at(1, answer=SILENT)
        world.at(1.2, letter="T")
        world.at(1.253, letter="S", answer=WELL)
        assert [news for _, news in world.watch(3)] == [HEALTHY]

    def test_a_frozen_node_that_goes_on_is_healthy_again(self):
        """SIGCONT in time saves it."""
        world = World()
        world.at(1, answer=SILENT, letter="T")
        world.at(2, answer=WELL, letter="S")
        assert [news for _, news in world.watch(3)] == [HEALTHY, unhealthy("stopped (state T)", hung=True), HEALTHY]

    def test_a_node_under_a_debugger_is_unhealthy_but_never_hung(self):
        """It gets no traffic, and nobody kills what somebody is looking at."""
        world = World()
        world.at(1, answer=SILENT, letter="t")
        assert [news for _, news in world.watch(9)] == [HEALTHY, unhealthy("held by a debugger (state t)")]

    def test_a_mute_node_is_taken_out_first_and_hangs_after_its_grace(self):
        """Two crossings: out of rotation at the threshold, then to be killed."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=2.0)))
        world.at(1, answer=SILENT)
        news = world.watch(9)
        assert [told for _, told in news] == [HEALTHY, unhealthy("no answer"), unhealthy("silent for 2.0 s", hung=True)]
        assert 3000 <= news[-1][0] <= 3000 + 50 + 250

    def test_a_node_that_refuses_is_unhealthy_for_ever_but_never_hung(self):
        """A refusal is an answer: such a process works, or its exit comes by itself."""
        world = World()
        world.at(1, answer=REFUSED)
        assert [news for _, news in world.watch(9)] == [HEALTHY, unhealthy("connection refused")]

    def test_silence_must_be_unbroken(self):
        """An answer of any kind begins the grace anew."""
        world = World()
        for second in range(1, 8):
            world.at(second, answer=SILENT)
            world.at(second + 0.7, answer=REFUSED)
        assert not any(isinstance(news, BecameUnhealthy) and news.hung for _, news in world.watch(8))


class TestOwnLag:
    def test_nobody_is_blamed_while_our_own_loop_is_late(self):
        """The answers may have come; it was we who did not look."""
        world = World()
        world.at(1, answer=SILENT, late=0.2)
        world.at(4, answer=WELL, late=0.0)
        assert [news for _, news in world.watch(5)] == [HEALTHY]

    def test_a_probe_that_overran_its_own_timeout_is_proof_of_our_lag(self):
        """Even when nobody has measured it yet."""
        world = World()

        async def late(node: Node, timeout: float) -> ProbeAnswer:
            await world.sleep(timeout * 1.6)
            return SILENT

        world.probe = late
        assert world.watch(5) == []

    def test_a_node_without_a_processor_is_neither_taken_out_nor_killed(self):
        """It would be the same after a restart; as soon as it has one, silence is silence again."""
        world = World(spec=FleetSpec(health=HealthSpec(probe=0.05, hang_grace=1.0)))
        world.at(1, answer=SILENT, starved=True)
        world.at(6, starved=False)
        news = world.watch(9)
        assert [saw for _, saw in news] == [HEALTHY, unhealthy("no answer"), unhealthy("silent for 1.0 s", hung=True)]
        assert all(when > 6000 for when, _ in news[1:])

    @pytest.mark.parametrize("every", [3, 10, 20])
    def test_no_excuse_lasts_for_ever(self, every: int):
        """In one thread it hangs, while another wants to run at most looks: it is found in the end."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        world.at(1, answer=SILENT, starved=True)
        for look in range(300):
            world.at(1 + look * PROBE_TIMEOUT, starved=bool(look % every))
        news = world.watch(60)
        assert news[-1] == (pytest.approx(1000 * (1 + EXCUSED + 1), abs=1000), unhealthy("silent for 1.0 s", hung=True))

    def test_our_own_lag_is_no_excuse_for_ever_either(self):
        """A loop that is always a little late, and a node that never answers."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        world.at(1, answer=SILENT, late=0.13)
        news = world.watch(60)
        assert news[-1] == (pytest.approx(1000 * (1 + EXCUSED + 1), abs=1000), unhealthy("silent for 1.0 s", hung=True))

    def test_who_could_not_be_asked_is_not_judged(self):
        """No descriptor left in the daemon says nothing about a node, for however long; then silence begins anew."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        world.at(1, answer=SILENT)
        world.at(1.7, answer=ProbeAnswer(ok=False, why="too many open files", unasked=True))
        world.at(90, answer=SILENT)
        world.at(90.6, answer=WELL)
        assert not any(isinstance(saw, BecameUnhealthy) and saw.hung for _, saw in world.watch(100))

    def test_an_answer_ends_what_was_excused(self):
        """Whoever gets a word in now and then on a burnt machine is alive."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        for second in range(0, 100, 10):
            world.at(second, answer=SILENT, starved=True)
            world.at(second + 9, answer=WELL)
        assert [saw for _, saw in world.watch(100)] == [HEALTHY]

    def test_time_in_which_we_were_stopped_ourselves_counts_for_nothing(self):
        """A minute's sleep of ours in the middle of an excuse proves nothing about anybody."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        asleep = [60.0]

        async def stopped(node: Node, timeout: float) -> ProbeAnswer:
            if not world.starved:
                return WELL
            await world.sleep(timeout if world.now < 102 or not asleep else timeout + asleep.pop())
            return SILENT

        world.probe = stopped
        world.at(1, starved=True)
        assert [saw for _, saw in world.watch(75)] == [HEALTHY]

    def test_a_wrong_answer_is_no_lack_of_processors(self):
        """Whoever answers has had one."""
        world = World()
        world.at(1, answer=ProbeAnswer(ok=False, why="status 503"), starved=True)
        assert [saw for _, saw in world.watch(3)] == [HEALTHY, unhealthy("status 503")]

    def test_a_little_lag_excuses_nobody(self):
        """Below half a time-out the answer would have been seen."""
        world = World()
        world.at(1, answer=SILENT, late=0.1)
        assert [news for _, news in world.watch(1.6)][1:] == [unhealthy("no answer")]

    def test_lag_does_not_hide_a_frozen_process(self):
        """What the kernel says is true however late we are."""
        world = World()
        world.at(1, answer=SILENT, late=0.2, letter="T")
        assert world.watch(2)[-1][1] == unhealthy("stopped (state T)", hung=True)

    def test_silence_counts_only_from_when_we_were_in_time_again(self):
        """A stall of ours plus a short silence of its own makes no hang."""
        world = World(spec=FleetSpec(health=HealthSpec(hang_grace=1.0)))
        world.at(1, answer=SILENT)
        world.at(1.9, late=0.2)
        world.at(2.4, late=0.0)
        world.at(3.0, answer=WELL)
        assert not any(isinstance(news, BecameUnhealthy) and news.hung for _, news in world.watch(5))


class TestDraining:
    def test_a_drain_is_idle_when_nothing_is_in_flight_twice_in_a_row(self):
        """Told once; one quiet moment between two requests is not the end."""
        world = World()
        world.at(1, state=NodeState.DRAINING, flying=2)
        world.at(2.001, flying=0)
        world.at(2.021, flying=1)
        world.at(2.5, flying=0)
        news = world.watch(5)
        assert [told for _, told in news] == [HEALTHY, IDLE]
        assert 2500 + 20 <= news[-1][0] <= 2500 + 20 + 50

    def test_idleness_proves_nothing_before_the_edges_had_time_to_move(self):
        """A node with no requests at this moment may get one in the next."""
        world = World(NodeState.DRAINING)
        ((_, _), (when, told)) = world.watch(2)
        assert told == IDLE
        assert when >= IDLE_SETTLE * 1000

    def test_the_edges_are_asked_where_the_process_cannot_tell(self):
        """What counts are their readings from after the drain had settled."""
        world = World(NodeState.DRAINING)
        world.flying = None
        asked = []

        def edges(since: float) -> int | None:
            asked.append(since)
            return None if world.now < 101 else 0

        world.edges_flying = edges
        assert 1000 <= world.watch(2)[-1][0] <= 1100
        (since,) = set(asked)
        assert since == pytest.approx(100.0 + IDLE_SETTLE, abs=0.001)

    def test_a_drain_that_nobody_can_judge_is_never_idle(self):
        """Its deadline ends it then."""
        world = World(NodeState.DRAINING)
        world.flying = None
        assert [news for _, news in world.watch(3)] == [HEALTHY]

    def test_a_second_drain_is_watched_like_the_first(self):
        """Resumed and drained again, it becomes idle again, after settling again."""
        world = World(NodeState.DRAINING)
        world.at(1, idle=True)
        world.at(2, state=NodeState.SERVING, idle=False)
        world.at(3, state=NodeState.DRAINING)
        news = world.watch(5)
        assert [told for _, told in news] == [HEALTHY, IDLE, IDLE]
        assert news[-1][0] >= 3000 + IDLE_SETTLE * 1000

    def test_what_is_open_shortly_before_the_deadline_is_told(self):
        """In time for the core, which ends the drain; again only when it has changed, and also when it is nothing."""
        world = World()
        world.at(1, state=NodeState.DRAINING, deadline=Deadline(kind=DeadlineKind.DRAIN, at=105.0), flying=3)
        world.at(4.93, flying=2)
        world.at(4.965, flying=0)
        told = [(when, news) for when, news in world.watch(5) if isinstance(news, StillBusy)]
        assert [news.requests for _, news in told] == [3, 2, 0]
        assert 4900 <= told[0][0] <= 4925

    def test_a_drain_shorter_than_it_takes_to_settle_is_counted_too(self):
        """Idleness would prove nothing yet; what is open is open."""
        world = World()
        world.at(1, state=NodeState.DRAINING, deadline=Deadline(kind=DeadlineKind.DRAIN, at=101.2), flying=1)
        assert [news.requests for _, news in world.watch(1.2) if isinstance(news, StillBusy)] == [1]

    def test_the_edges_say_what_is_open_where_the_process_cannot_tell(self):
        """As they do for idleness."""
        world = World()
        world.flying, world.edges_flying = None, lambda since: 2
        world.at(1, state=NodeState.DRAINING, deadline=Deadline(kind=DeadlineKind.DRAIN, at=103.0))
        assert [news.requests for _, news in world.watch(3) if isinstance(news, StillBusy)] == [2]

    def test_a_node_that_stays_up_is_watched_until_the_last_request_has_ended(self):
        """Gently: nobody waits for it."""
        world = World()
        world.at(1, state=NodeState.DRAINING, flying=2, idle=True, unfinished=2)
        world.at(5.5, flying=0)
        news = world.watch(10)
        assert [told for _, told in news] == [HEALTHY, IDLE]
        assert 6500 <= news[-1][0] <= 7600

    def test_one_that_is_stopped_after_all_is_looked_at_in_time_for_its_new_deadline(self):
        """However gently it was watched while it was to stay up."""
        world = World()
        world.at(1, state=NodeState.DRAINING, deadline=Deadline(kind=DeadlineKind.DRAIN, at=102.0), flying=3)
        world.at(2, deadline=None, idle=True, unfinished=3)
        world.at(4.5, deadline=Deadline(kind=DeadlineKind.DRAIN, at=105.0), idle=False, unfinished=0, flying=2)
        told = [(when, news.requests) for when, news in world.watch(5) if isinstance(news, StillBusy)]
        assert [requests for _, requests in told] == [3, 2]
        assert 4900 <= told[1][0] <= 4925

    def test_a_draining_node_is_still_probed(self):
        """It may be kept drained for days: its health is asked at the usual pace, and a freeze is seen."""
        world = World(NodeState.DRAINING)
        world.at(1, answer=SILENT, letter="T")
        news = [told for _, told in world.watch(2)]
        assert news == [HEALTHY, IDLE, unhealthy("stopped (state T)", hung=True)]
        assert 0.05 in world.gaps()


def test_what_was_stopped_and_continues_can_hang_again():
    """In a paused fleet nobody kills it: stopped, well again, silent are three pieces of news, each told once."""
    world = World()
    world.at(1, letter="T", answer=SILENT)
    world.at(2, letter="S", answer=WELL)
    world.at(3, answer=SILENT)
    news = [saw for _, saw in world.watch(6)]
    assert news == [
        HEALTHY,
        unhealthy("stopped (state T)", hung=True),
        HEALTHY,
        unhealthy("no answer"),
        unhealthy(news[-1].why, hung=True),
    ]


def test_what_continues_but_keeps_silent_hangs_still():
    """SIGCONT is no sign of life: silence counts from then on, and is told again."""
    world = World()
    world.at(1, letter="T", answer=SILENT)
    world.at(2, letter="S")
    hung = [(when, saw) for when, saw in world.watch(6) if isinstance(saw, BecameUnhealthy) and saw.hung]
    assert [saw.why.split()[0] for _, saw in hung] == ["stopped", "silent"]
    assert hung[1][0] >= 3000, "a whole hang_grace after it was continued"
