"""`evolve` accepts every event in every fleet, because it has already happened; a draft gathers and orders."""

from hypothesis import given, settings
from support.build import CERTIFICATE, a_launch, a_spec, at, founded
from support.script import serving
from support.values import values

from hactl.core.config_events import ConfigTaken, FleetFounded
from hactl.core.draft import Draft, caught_up, evolve
from hactl.core.effects import ApplyTraffic, BeginDrain, EndOrphan, Halt, SendSignal, Spawn
from hactl.core.events import DaemonStarted, Event, FleetClosing, PolicyChanged, Record, TrafficApplied
from hactl.core.founding import lay_out
from hactl.core.model import Fleet
from hactl.core.plan import TrafficPlan
from hactl.core.spec import EdgeTlsSpec, Policy
from hactl.core.value import replace


@settings(max_examples=300)
@given(values(Event))
def test_every_event_is_accepted_in_every_fleet(event: Event) -> None:
    """A replay never fails, however the rules have changed since; each event is one step of the journal."""
    for fleet in (Fleet(seq=7), replace(FLEET, seq=7)):
        assert evolve(fleet, event).seq == 8


FLEET = serving()


def test_a_fleet_catches_up_with_what_it_does_not_know_yet() -> None:
    """Whoever follows a fleet may hear the same twice, when a stream is taken up again."""
    happened = [PolicyChanged(policy=policy) for policy in (Policy.RANDOM, Policy.MAGLEV)]
    records = [Record(seq=FLEET.seq + ahead, mono=0.0, wall=0.0, event=event) for ahead, event in enumerate(happened)]
    after = caught_up(FLEET, records)
    assert (after.policy, after.seq) == (Policy.MAGLEV, FLEET.seq + 1)
    assert caught_up(after, records) == after


def test_a_fleet_is_founded_with_its_configuration() -> None:
    """Name, policy and processes in the order of the file."""
    spec = a_spec(name="shop", edge={"policy": Policy.RANDOM})
    fleet = evolve(Fleet(), FleetFounded(id="x", revision=1, spec=spec, nodes=lay_out(spec, range(20_000, 20_010))))
    assert (fleet.id, fleet.name, fleet.revision, fleet.policy, fleet.seq) == ("x", "shop", 1, Policy.RANDOM, 1)
    assert list(fleet.nodes) == ["edge-1", "edge-2", "seoul-1", "seoul-2", "seoul-3"]


def test_another_configuration_keeps_what_an_operator_set() -> None:
    """A policy set by hand outlives a configuration that does not change it; so do weights of regions that stay."""
    fleet = replace(FLEET, policy=Policy.ROUND_ROBIN, region_weights={"seoul": 7, "osaka": 9})
    same = a_spec(name="renamed", nodes=1)
    taken = evolve(fleet, ConfigTaken(revision=2, spec=same, nodes=lay_out(same, range(20_000, 20_010))))
    assert (taken.name, taken.revision, taken.policy) == ("renamed", 2, Policy.ROUND_ROBIN)
    assert taken.region_weights == {"seoul": 7}
    assert taken.confirmed == {}
    other = a_spec(edge={"policy": Policy.RANDOM})
    heavier = replace(other, regions=(replace(other.regions[0], weight=30),))
    changed = evolve(fleet, ConfigTaken(revision=2, spec=heavier, nodes=()))
    assert (changed.policy, changed.region_weights) == (Policy.RANDOM, {})


def test_a_daemon_that_starts_opens_a_fleet_that_was_closing() -> None:
    """`down` is over when somebody comes again."""
    closing = evolve(FLEET, FleetClosing())
    assert closing.closing
    again = evolve(closing, DaemonStarted(pid=1, version="0", boot="boot-9"))
    assert (again.closing, again.boot) == (False, "boot-9")


def test_proofs_are_kept_by_edge() -> None:
    """The newest of each."""
    fleet = evolve(evolve(FLEET, TrafficApplied(edge="edge-1", version=8)), TrafficApplied(edge="edge-2", version=9))
    assert fleet.confirmed == {"edge-1": 8, "edge-2": 9}


def test_effects_are_ordered_by_who_waits_for_them() -> None:
    """The newest plan, signals, starts, the rest, leaving; within a kind in the order asked for."""
    draft = Draft(founded(), at(1.0))
    node = draft.fleet.nodes["seoul-1"]
    launch = a_launch("seoul-1")
    draft.perform(Halt(), BeginDrain(node=node), Spawn(node=node, instance="b"), Spawn(node=node, instance="a"))
    draft.perform(ApplyTraffic(plan=TrafficPlan(version=1)), EndOrphan(launch=launch))
    draft.perform(SendSignal(launch=launch, node="seoul-1", signal="TERM"), ApplyTraffic(plan=TrafficPlan(version=2)))
    kinds = [type(effect) for effect in draft.ordered_effects()]
    assert kinds == [ApplyTraffic, SendSignal, Spawn, Spawn, BeginDrain, EndOrphan, Halt]
    first, _, spawn, *_ = draft.ordered_effects()
    assert first == ApplyTraffic(plan=TrafficPlan(version=2))
    assert isinstance(spawn, Spawn)
    assert spawn.instance == "b"


def test_a_certificate_is_kept_for_as_long_as_its_files_are_named() -> None:
    """Other files, or none: it is another certificate that counts, or none."""
    tls = EdgeTlsSpec(cert="/c", key="/k")
    spec = a_spec(edge={"tls": tls})
    fleet = replace(FLEET, spec=spec, certificate=CERTIFICATE, certificate_refused="expired")
    kept = evolve(fleet, ConfigTaken(revision=2, spec=replace(spec, name="renamed"), nodes=()))
    assert (kept.certificate, kept.certificate_refused) == (CERTIFICATE, "expired")
    for edge in ({}, {"tls": replace(tls, cert="/other")}):
        gone = evolve(fleet, ConfigTaken(revision=2, spec=a_spec(edge=edge), nodes=()))
        assert (gone.certificate, gone.certificate_refused) == (None, "")
