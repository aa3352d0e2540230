import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.polling import wait_until
from support.processes import WAITS_FOR_EVER

from hactl.core.errors import HactlError
from hactl.core.model import EdgeUse, Fleet, Sample
from hactl.core.node import Launch, Node, NodeState, Role
from hactl.core.running import EdgeReading, NodeCounters
from hactl.core.value import replace
from hactl.supervisor.sampler import Consumption, Sampler, combine, quantile, usage


def reading(edge: str, mono: float, requests: int = 0, **nodes: NodeCounters) -> EdgeReading:
    """Of nodes that are each called at one address, for which their name stands."""
    return EdgeReading(edge=edge, mono=mono, requests=requests, places=nodes, nodes={name: name for name in nodes})


def by_name(samples: tuple[Sample, ...]) -> dict[str, Sample]:
    return {sample.node: sample for sample in samples}


class TestCombining:
    def test_rates_are_differences_over_the_time_each_edge_was_read_at(self):
        """Edges are read at slightly different moments; each rate uses its own."""
        before = {
            "e1": reading("e1", 10.0, a=NodeCounters(requests=100, errors=1)),
            "e2": reading("e2", 10.2, a=NodeCounters(requests=50)),
        }
        now = {
            "e1": reading("e1", 11.0, a=NodeCounters(requests=130, errors=3, active=2)),
            "e2": reading("e2", 12.2, a=NodeCounters(requests=70, active=1)),
        }
        sample = by_name(combine(before, now, {}, at=5.0))["a"]
        assert (sample.requests, sample.errors, sample.active, sample.at) == (40.0, 2.0, 3, 5.0)

    def test_shares_are_parts_of_what_the_edges_sent_in_this_interval(self):
        """What happened before is history."""
        before = {"e": reading("e", 0.0, a=NodeCounters(requests=1000), b=NodeCounters(requests=0))}
        now = {"e": reading("e", 1.0, a=NodeCounters(requests=1010), b=NodeCounters(requests=30))}
        samples = by_name(combine(before, now, {}, at=0.0))
        assert (samples["a"].share, samples["b"].share) == (0.25, 0.75)

    def test_attempts_of_edges_beyond_the_first_are_counted_apart(self):
        """Neither the answers to clients nor those of nodes have them; without a reading before nothing is known."""
        before = {"e": EdgeReading(edge="e", mono=0.0, requests=100, retries=4)}
        now = {"e": replace(reading("e", 2.0, 160, a=NodeCounters(requests=60)), retries=10)}
        samples = by_name(combine(before, now, {}, at=0.0))
        assert (samples["e"].requests, samples["e"].retries, samples["a"].retries) == (30.0, 3.0, None)
        assert by_name(combine({}, now, {}, at=0.0))["e"].retries is None

    def test_nobody_has_a_share_of_nothing(self):
        """An idle fleet has rates of 0 and no shares, not shares of 0."""
        same = {"e": reading("e", 0.0, a=NodeCounters(requests=5))}
        now = {"e": reading("e", 1.0, a=NodeCounters(requests=5))}
        sample = by_name(combine(same, now, {}, at=0.0))["a"]
        assert (sample.requests, sample.share, sample.p99_ms) == (0.0, None, None)

    def test_a_counter_that_fell_was_reset_and_counts_from_zero(self):
        """Counters fall when an endpoint is taken out and put back, each by itself; no rate is ever negative."""
        before = {"e": reading("e", 0.0, a=NodeCounters(requests=1000, errors=2, latency=((1.0, 1.0, 9),)))}
        now = {"e": reading("e", 1.0, a=NodeCounters(requests=7, errors=3, latency=((5.0, 1.0, 3),)))}
        sample = by_name(combine(before, now, {}, at=0.0))["a"]
        assert (sample.requests, sample.errors) == (7.0, 1.0)
        assert 5.0 < sample.p50_ms < sample.p99_ms <= 6.0

    def test_a_node_called_past_a_proxy_again_has_served_no_more_than_before(self):
        """Its two addresses count apart: that of the proxy is not missed when it goes, and counts until then."""
        direct, through = NodeCounters(requests=1_000_000), NodeCounters(requests=3_000)
        before = {
            "e": EdgeReading(edge="e", mono=0.0, places={"p1": direct, "p2": through}, nodes={"p1": "a", "p2": "a"})
        }
        served = {"p1": NodeCounters(requests=1_000_080), "p2": NodeCounters(requests=3_020)}
        now = {"e": EdgeReading(edge="e", mono=1.0, places=served, nodes={"p1": "a"})}
        assert by_name(combine(before, now, {}, at=0.0))["a"].requests == 100.0
        later = {"e": EdgeReading(edge="e", mono=2.0, places=served | {"p1": direct}, nodes={"p1": "a"})}
        again = {"e": EdgeReading(edge="e", mono=3.0, places=served, nodes={"p1": "a"})}
        assert by_name(combine(later, again, {}, at=0.0))["a"].requests == 80.0

    def test_a_node_at_an_address_that_another_had_does_not_inherit_its_traffic(self):
        """A port that was freed is given to somebody new; so is that of a proxy."""
        history = NodeCounters(requests=500_000, errors=7, latency=((1.0, 1.0, 500_000),))
        before = {"e": EdgeReading(edge="e", mono=0.0, places={"p1": history}, nodes={})}
        now = {"e": EdgeReading(edge="e", mono=1.0, places={"p1": history}, nodes={"p1": "new", "p2": "other"})}
        samples = by_name(combine(before, now, {}, at=0.0))
        assert (samples["new"].requests, samples["new"].errors, samples["new"].p50_ms) == (0.0, 0.0, None)
        assert samples["other"].requests == 0.0

    def test_latencies_of_both_addresses_of_a_node_count(self):
        """Half of them came through the proxy."""
        places = {"p1": NodeCounters(latency=((1.0, 1.0, 10),)), "p2": NodeCounters(latency=((9.0, 1.0, 10),))}
        now = {"e": EdgeReading(edge="e", mono=1.0, places=places, nodes={"p1": "a", "p2": "a"})}
        sample = by_name(combine({"e": reading("e", 0.0)}, now, {}, at=0.0))["a"]
        assert (sample.p50_ms, sample.p99_ms) == (2.0, pytest.approx(9.98))

    def test_an_edge_without_an_earlier_reading_gives_no_rates(self):
        """Its counters since it started are no rate; what it has in flight counts all the same."""
        before = {"e1": reading("e1", 0.0, a=NodeCounters(requests=10))}
        now = {
            "e1": reading("e1", 1.0, a=NodeCounters(requests=15, active=1)),
            "e2": reading("e2", 1.0, a=NodeCounters(requests=9999, active=4), b=NodeCounters(requests=1)),
        }
        samples = by_name(combine(before, now, {}, at=0.0))
        assert (samples["a"].requests, samples["a"].active) == (5.0, 5)
        assert samples["e2"].requests is None
        assert by_name(combine({}, now, {}, at=0.0))["b"].requests is None

    def test_a_node_that_no_edge_lists_gets_nothing_which_is_known(self):
        """Nothing sent is a fact when edges were read, and unknown when none was."""
        before, now = {"e": reading("e", 0.0)}, {"e": reading("e", 1.0)}
        assert by_name(combine(before, now, {"a": Consumption()}, at=0.0))["a"].requests == 0.0
        unknown = by_name(combine({}, {}, {"a": Consumption(cpu=0.5, rss=7)}, at=0.0))["a"]
        assert unknown == Sample(node="a", at=0.0, cpu=0.5, rss=7)

    def test_latencies_are_those_of_this_interval_merged_over_the_edges(self):
        """90 fast ones through one edge and 10 slow ones through the other."""
        before = {"e1": reading("e1", 0.0, a=NodeCounters(latency=((0.0, 1.0, 5000),))), "e2": reading("e2", 0.0)}
        now = {
            "e1": reading("e1", 1.0, a=NodeCounters(latency=((0.0, 1.0, 5000), (2.0, 1.0, 90)))),
            "e2": reading("e2", 1.0, a=NodeCounters(latency=((50.0, 10.0, 10),))),
        }
        sample = by_name(combine(before, now, {}, at=0.0))["a"]
        assert sample.p50_ms == pytest.approx(2 + 50 / 90)
        assert sample.p99_ms == pytest.approx(50 + 10 * 9 / 10)

    def test_an_edge_has_its_own_rates(self):
        """What it answered to clients, however often it had to try."""
        before = {"e1": reading("e1", 0.0, 100), "e2": reading("e2", 0.0, 0)}
        now = {
            "e1": replace(reading("e1", 1.0, 130), errors=3, active=4),
            "e2": reading("e2", 1.0, 10, a=NodeCounters(requests=500)),
        }
        samples = by_name(combine(before, now, {"e1": Consumption(rss=9)}, at=0.0))
        edge = samples["e1"]
        assert (edge.requests, edge.errors, edge.active, edge.share, edge.rss) == (30.0, 3.0, 4, 0.75, 9)

    def test_a_reading_of_the_same_moment_divides_by_nothing(self):
        """The same reading twice has no rate."""
        same = {"e": reading("e", 1.0, 5, a=NodeCounters(requests=5))}
        assert by_name(combine(same, same, {}, at=0.0))["a"].requests is None


bins = st.dictionaries(
    st.tuples(st.integers(0, 1000).map(float), st.just(1.0)), st.integers(1, 1000), min_size=1, max_size=20
)


class TestQuantiles:
    def test_of_nothing_there_is_none(self):
        """No requests, no latency."""
        assert quantile({}, 0.5) is None

    @given(bins)
    def test_they_lie_in_the_bin_that_holds_that_part_of_the_counts(self, histogram):
        """For any histogram: neither below the bin nor above it, and in order."""
        values = sorted(lower for (lower, _), count in histogram.items() for _ in range(count))
        for part in (0.5, 0.99):
            lower = values[max(0, -int(-part * len(values) // 1) - 1)]
            assert lower <= quantile(histogram, part) <= lower + 1.0
        assert quantile(histogram, 0.5) <= quantile(histogram, 0.99)


class FakeEdges:
    """Edges that count 10 requests a second to node `a`, by virtual time."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.broken: set[str] = set()
        self.reads = 0

    async def read(self, edge: Node, fleet: Fleet) -> EdgeReading:
        self.reads += 1
        if edge.name in self.broken:
            raise HactlError(f"{edge.name!r} does not answer")
        now = self.clock()
        read = reading(edge.name, now, int(now * 10), a=NodeCounters(requests=int(now * 10), active=3))
        return replace(read, connections=7, active=5)


class World:
    """A fleet of two edges and a node in virtual time, and the Sampler that measures it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.edges = FakeEdges(lambda: self.now)
        self.published: list[dict[str, Sample]] = []
        self.used = {"f/a/1": (1.0, 4096)}
        edge = Node(name="e1", role=Role.EDGE, state=NodeState.SERVING, launch=self.launch("e1", 1))
        self.fleet = Fleet(
            nodes={
                "e1": edge,
                "e2": replace(edge, name="e2", launch=self.launch("e2", 1)),
                "a": Node(name="a", role=Role.GATEWAY, state=NodeState.SERVING, launch=self.launch("a", 1)),
            }
        )
        self.sampler = Sampler(
            look=lambda: self.fleet,
            engine=self.edges,
            publish=lambda samples: self.published.append(by_name(samples)),
            clock=lambda: self.now,
            wall=lambda: 50_000.0 + self.now,
            sleep=self.sleep,
            usage=lambda launch: self.used.get(launch.instance),
        )

    @staticmethod
    def launch(name: str, number: int) -> Launch:
        return Launch(instance=f"f/{name}/{number}", pid=1, ticks=1, boot="b", at=0.0)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.end:
            raise EndOfTimeError

    def run(self, seconds: float) -> None:
        self.end = self.now + seconds
        with pytest.raises(EndOfTimeError):
            asyncio.run(self.sampler.run())


class EndOfTimeError(Exception):
    """Virtual time is over."""


class TestSampling:
    def test_edges_are_read_twice_a_second_and_samples_published_once(self):
        """Five seconds: ten rounds over two edges, five publications, all in the ring."""
        world = World()
        world.run(5)
        assert world.edges.reads == 20
        assert len(world.published) == 5
        assert [by_name(samples) for samples in world.sampler.ring] == world.published
        last = world.published[-1]
        assert (last["a"].requests, last["a"].active, last["e1"].share) == (20.0, 6, 0.5)
        assert last["a"].at == 51_004.0

    def test_the_ring_is_bounded(self):
        """Two minutes are kept, however long the daemon runs."""
        world = World()
        world.run(200)
        assert len(world.sampler.ring) == 120

    def test_an_edge_that_does_not_answer_holds_nobody_up(self):
        """The other one goes on being measured, and the silent one's old numbers are not repeated."""
        world = World()
        world.run(3)
        world.edges.broken = {"e2"}
        world.run(5)
        last = world.published[-1]
        assert (last["a"].requests, last["a"].active) == (10.0, 3)
        assert last["e2"].requests is None
        assert last["e2"].active is None

    def test_the_counters_of_a_restarted_edge_are_not_taken_for_those_of_the_one_before(self):
        """A new launch begins without a past."""
        world = World()
        world.run(3)
        restarted = replace(world.fleet.nodes["e1"], launch=world.launch("e1", 2))
        world.fleet = replace(world.fleet, nodes=world.fleet.nodes | {"e1": restarted})
        world.run(0.5)
        assert world.published[-1]["e1"].requests is None
        assert world.published[-1]["e2"].requests == 10.0

    def test_cpu_is_a_part_of_one_core_over_the_last_second(self):
        """Unknown at first, then the difference; gone with the process."""
        world = World()
        world.run(1)
        assert (world.published[-1]["a"].cpu, world.published[-1]["a"].rss) == (None, 4096)
        world.used["f/a/1"] = (1.25, 8192)
        world.run(1)
        assert (world.published[-1]["a"].cpu, world.published[-1]["a"].rss) == (0.25, 8192)
        del world.used["f/a/1"]
        world.run(1)
        assert (world.published[-1]["a"].cpu, world.published[-1]["a"].rss) == (None, None)

    def test_requests_in_flight_are_known_only_from_readings_that_are_late_enough(self):
        """An old zero never ends a drain, and one silent edge makes the answer unknown."""
        world = World()
        assert world.sampler.edges_in_flight("a", 0.0) is None
        world.run(1)
        assert world.sampler.edges_in_flight("a", 1000.5) == 6
        assert world.sampler.edges_in_flight("other", 1000.5) == 0
        assert world.sampler.edges_in_flight("a", 1000.6) is None
        world.edges.broken = {"e1"}
        world.run(1)
        assert world.sampler.edges_in_flight("a", 1000.9) is None

    def test_edges_that_are_down_have_nothing_in_flight(self):
        """One edge down on purpose does not make every drain wait for its deadline."""
        world = World()
        down = replace(world.fleet.nodes["e2"], state=NodeState.STOPPED, launch=None)
        world.fleet = replace(world.fleet, nodes=world.fleet.nodes | {"e2": down})
        world.run(1)
        assert world.sampler.edges_in_flight("a", 1000.0) == 3

    def test_what_clients_do_at_each_edge_is_known_with_its_age(self):
        """From the newest reading of the process that runs now: of a new one nothing is known, nor of a silent one."""
        world = World()
        world.run(1)
        world.now += 0.3
        uses = {use.edge: use for use in world.sampler.edges_in_use()}
        assert uses["e1"] == EdgeUse(edge="e1", connections=7, requests=5, age=pytest.approx(0.8))
        restarted = replace(world.fleet.nodes["e1"], launch=world.launch("e1", 2))
        world.fleet = replace(world.fleet, nodes=world.fleet.nodes | {"e1": restarted})
        assert [use.edge for use in world.sampler.edges_in_use()] == ["e2"]


class TestUsage:
    def test_a_real_process_is_measured_by_its_launch(self, nursery):
        """Somebody else with its pid is not."""
        launch = nursery.start(f"sum(range(3_000_000))\n{WAITS_FOR_EVER}").launch
        wait_until(lambda: (used := usage(launch)) is None or used[0] >= 0.02)
        used = usage(launch)
        assert used is not None
        assert used[1] > 1 << 20
        assert usage(replace(launch, ticks=launch.ticks + 1)) is None
