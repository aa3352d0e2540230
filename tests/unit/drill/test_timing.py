"""When what followed each of several faults came about, in stories that the real core plays."""

from support.build import a_spec
from support.script import after, applied, exited, healthy, serving, spawned
from support.told import Told

from hactl.core.commands import Kill, Start
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.evidence import Times
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.timing import Timing

FLEET = serving(a_spec(nodes=3))
EVERYBODY = ("edge-1", "edge-2")


def killing(*names: str, keep_down: bool = False) -> DrillPlan:
    """Each ten seconds after the one before."""
    faults = (
        Fault(kind=FaultKind.KILL, target=Target(names=(name,)), at=10.0 * number, keep_down=keep_down)
        for number, name in enumerate(names)
    )
    return plan(Definition(name="d", title="t", faults=tuple(faults)), FLEET, 1)


def struck(*moments: float) -> Times:
    return Times(asked=moments[0], fault=moments[0], ordered=moments, struck=moments)


def read_times(times: Times, told: Told, plan: DrillPlan) -> Times:
    """All at once."""
    return Timing(told.before, plan).read(times, told.records)


def killed(told: Told, name: str, seen: float) -> Told:
    """Its death is noticed so many seconds after the order."""
    return told.play(Kill(nodes=(name,)), after(seen), exited(name, signal=9), *map(applied, EVERYBODY))


def returned(told: Told, name: str, took: float) -> Told:
    return told.play(after(took), spawned(name), healthy(name), *map(applied, EVERYBODY))


def test_of_two_faults_the_slower_one_counts_from_when_it_struck() -> None:
    """A first one that was soon over says nothing of the second."""
    told = Told(FLEET)
    returned(killed(told, "seoul-1", 1.0), "seoul-1", 2.0).play(after(7.0))
    returned(killed(told, "seoul-2", 3.0), "seoul-2", 5.0)
    found = read_times(struck(1000.0, 1010.0), told, killing("seoul-1", "seoul-2"))
    assert (found.detected_from, found.detected) == (1010.0, 1013.0)
    assert (found.capacity_from, found.capacity) == (1010.0, 1018.0)


def test_a_first_one_that_was_slower_counts_too() -> None:
    told = Told(FLEET)
    returned(killed(told, "seoul-1", 3.0), "seoul-1", 5.0).play(after(2.0))
    returned(killed(told, "seoul-2", 1.0), "seoul-2", 2.0)
    found = read_times(struck(1000.0, 1010.0), told, killing("seoul-1", "seoul-2"))
    assert (found.detected_from, found.detected) == (1000.0, 1003.0)
    assert (found.capacity_from, found.capacity) == (1000.0, 1008.0)


def test_one_that_did_not_come_to_its_end_took_longest() -> None:
    """The second node was seen to die, and has not come back; the third nobody has seen yet."""
    told = Told(FLEET)
    returned(killed(told, "seoul-1", 1.0), "seoul-1", 2.0).play(after(7.0))
    killed(told, "seoul-2", 1.0)
    two = read_times(struck(1000.0, 1010.0), told, killing("seoul-1", "seoul-2"))
    assert (two.capacity, two.capacity_from, two.detected) == (None, 1010.0, 1001.0)
    told.play(after(9.0), Kill(nodes=("seoul-3",)))
    three = read_times(struck(1000.0, 1010.0, 1020.0), told, killing("seoul-1", "seoul-2", "seoul-3"))
    assert (three.detected, three.detected_from) == (None, 1020.0)


def test_who_was_out_already_when_it_was_struck_again_had_been_seen() -> None:
    """And is back when it is back from both."""
    told = Told(FLEET)
    killed(told, "seoul-1", 1.0).play(after(9.0))
    returned(told, "seoul-1", 4.0)
    found = read_times(struck(1000.0, 1010.0), told, killing("seoul-1", "seoul-1"))
    assert (found.detected_from, found.detected) == (1000.0, 1001.0)
    assert (found.capacity_from, found.capacity) == (1000.0, 1014.0)


def test_what_takes_nothing_away_has_nothing_to_bring_back() -> None:
    told = Told(FLEET).play(after(5.0))
    found = read_times(struck(1000.0), told, killing("seoul-1"))
    assert (found.detected, found.capacity, found.capacity_from) == (None, None, None)
    nothing = Times()
    assert read_times(nothing, told, killing("seoul-1")) == nothing


def test_what_is_kept_down_is_due_from_the_failback_on() -> None:
    told = Told(FLEET)
    told.play(Kill(nodes=("seoul-1",), hold=True), exited("seoul-1", signal=9), *map(applied, EVERYBODY))
    told.play(after(20.0), Start(nodes=("seoul-1",)))
    returned(told, "seoul-1", 1.5)
    kept = killing("seoul-1", keep_down=True)
    assert read_times(struck(1000.0), told, kept).capacity is None, "no failback yet"
    times = replace(struck(1000.0), failback=1020.0)
    found = read_times(times, told, kept)
    assert (found.capacity_from, found.capacity) == (1020.0, 1021.5)


def test_what_is_read_bit_by_bit_is_what_is_read_at_once() -> None:
    """Whatever is known by then of the faults: the second one is heard of later than records that came after it."""
    told = Told(FLEET)
    returned(killed(told, "seoul-1", 1.0), "seoul-1", 2.0).play(after(7.0))
    returned(killed(told, "seoul-2", 3.0), "seoul-2", 5.0)
    timing, two = Timing(FLEET, killing("seoul-1", "seoul-2")), struck(1000.0, 1010.0)
    for count in range(len(told.records) + 1):
        known = struck(1000.0) if count < len(told.records) - 2 else two
        fresh = Timing(FLEET, killing("seoul-1", "seoul-2"))
        assert timing.read(known, told.records[:count]) == fresh.read(known, told.records[:count]), count


def test_a_record_is_looked_at_once() -> None:
    """There are thousands in the end, and a run that keeps a fleet on loan asks every second."""
    told = Told(FLEET)
    killed(told, "seoul-1", 1.0)
    timing, gone = Timing(FLEET, killing("seoul-1")), len(told.records)
    timing.read(struck(1000.0), told.records)
    returned(told, "seoul-1", 2.0)
    told.records[:gone] = told.records[-1:] * gone
    found = timing.read(struck(1000.0), told.records)
    assert (found.detected, found.rerouted, found.returned, found.capacity) == (1001.0, 1001.0, 1003.0, 1003.0)
