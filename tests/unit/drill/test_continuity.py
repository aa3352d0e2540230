"""Who was out of service at the same time and for how long, in stories that the real core plays."""

from support.build import a_spec
from support.script import after, applied, exited, healthy, idle, serving, spawned
from support.told import Told

from hactl.core.commands import Kill, Restart
from hactl.core.config_events import RevisionProposed, RevisionRolledBack
from hactl.core.events import AdoptionRefused, DaemonStarted, Event, NodeAdopted, NodeChanged, Record
from hactl.core.model import Fleet, Proposal
from hactl.core.node import NodeState
from hactl.core.spec import FleetSpec
from hactl.core.value import replace
from hactl.drill.continuity import Continuity, Reasons, missing, read_adoption, read_continuity, read_spread

SOON = 5000.0


def test_a_rolling_restart_has_one_out_at_a_time() -> None:
    """The slowest of them counts, from the moment it was taken out until it served."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Restart(nodes=("seoul-1", "seoul-2")))
    for name, took in (("seoul-1", 1), ("seoul-2", 3)):
        told.play(applied("edge-1"), applied("edge-2"), after(took), idle(name), exited(name, code=0))
        told.play(spawned(name), healthy(name), applied("edge-1"), applied("edge-2"))
    assert not told.story.fleet.operations
    assert read_continuity(told.before, told.records, 1000.0, SOON) == Continuity(nodes_out=1, longest_out=3.0)


def test_two_that_die_together_are_two_and_one_that_stays_away_is_told() -> None:
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1", "seoul-2")), exited("seoul-1", signal=9), exited("seoul-2", signal=9), after(2))
    told.play(spawned("seoul-1"), healthy("seoul-1"))
    found = read_continuity(told.before, told.records, 1000.0, SOON)
    assert found == Continuity(nodes_out=2, longest_out=2.0, still_out=True)


def test_what_comes_after_the_failback_is_not_looked_at() -> None:
    told = Told(serving(a_spec(nodes=3))).play(after(9), exited("seoul-1", signal=9))
    assert read_continuity(told.before, told.records, 1000.0, 1005.0) == Continuity(nodes_out=0, longest_out=0.0)


def test_who_was_out_before_and_stays_away_is_out_though_nothing_happens() -> None:
    """Nobody has to say again what is so already; nor who comes back before that time."""
    told = Told(serving(a_spec(nodes=3))).play(exited("seoul-1", signal=9))
    assert read_continuity(told.before, told.records, 2000.0, SOON) == Continuity(
        nodes_out=1, longest_out=0.0, still_out=True
    )
    told.play(after(2), spawned("seoul-1"), healthy("seoul-1"))
    assert read_continuity(told.before, told.records, 2000.0, SOON) == Continuity(nodes_out=0, longest_out=0.0)


def journal(*events: tuple[float, Event, str]) -> list[Record]:
    return [
        Record(seq=number, wall=0.0, mono=mono, event=event, reason=reason)
        for number, (mono, event, reason) in enumerate(events, start=1)
    ]


def test_another_daemon_is_in_charge_when_it_has_adopted_the_last_one() -> None:
    """Who was not what it took it for is told; without another daemon nothing is."""
    started = DaemonStarted(pid=2, version="0", boot="b")
    came = journal(
        (90.0, started, ""),
        (101.5, started, ""),
        (102.0, NodeAdopted(node="seoul-1", pid=1, instance="f/seoul-1/1"), ""),
    )
    assert read_adoption(Continuity(), came, [100.0]).adopted == 2.0
    refused = journal((101.0, started, ""), (101.0, AdoptionRefused(node="seoul-1", pid=1, why="another"), ""))
    assert read_adoption(Continuity(), refused, [100.0]).not_adopted == 1
    assert read_adoption(Continuity(), came, [200.0]).adopted is None


def test_of_two_daemons_that_are_struck_each_has_its_own_time() -> None:
    """The slower one counts, from when it was struck; and one that nobody followed is slower than any."""
    started = DaemonStarted(pid=2, version="0", boot="b")
    came = journal((101.0, started, ""), (113.0, started, ""))
    assert read_adoption(Continuity(), came, [100.0, 110.0]).adopted == 3.0
    assert read_adoption(Continuity(), came, [100.0, 112.5]).adopted == 1.0
    assert read_adoption(Continuity(), came, [100.0, 110.0, 120.0]).adopted is None


def test_numbers_that_are_left_out_are_missing() -> None:
    assert missing([7, 8, 9]) == 0
    assert missing([7, 9, 13]) == 4
    assert missing([7]) == 0


WHY = Reasons(invalid="drill d: invalid", wrong="drill d: wrong-port")


def proposed(revision: int) -> RevisionProposed:
    return RevisionProposed(proposal=Proposal(spec=FleetSpec(), nodes=(), revision=revision))


def having(fleet: Fleet, name: str, revision: int, state: NodeState = NodeState.SERVING) -> NodeChanged:
    node = replace(fleet.nodes[name], revision=revision, state=state)
    return NodeChanged(was=node.state, node=node)


def test_a_wrong_configuration_is_followed_from_the_first_that_served_with_it_until_it_was_taken_back() -> None:
    """Who was started with it has been reached; what somebody else applies is not the drill's."""
    fleet = serving(a_spec(nodes=3))
    records = journal(
        (99.0, proposed(2), "somebody else"),
        (100.0, having(fleet, "seoul-3", 2), ""),
        (101.0, proposed(3), WHY.wrong),
        (102.0, having(fleet, "seoul-1", 3, NodeState.STARTING), ""),
        (103.0, having(fleet, "seoul-1", 3), ""),
        (104.5, RevisionRolledBack(revision=3, why="7 % failed"), ""),
    )
    found = read_spread(Continuity(), fleet, records, WHY, SOON)
    assert (found.nodes_reached, found.reverted, found.invalid_taken) == (1, 1.5, 0)
    late = read_spread(Continuity(), fleet, records, WHY, 104.0)
    assert (late.nodes_reached, late.reverted, late.wrong_served) == (1, None, 103.0), "the drill itself took it back"


def test_an_invalid_one_that_is_taken_is_counted() -> None:
    fleet = serving(a_spec(nodes=3))
    assert read_spread(Continuity(), fleet, journal((1.0, proposed(2), WHY.invalid)), WHY, SOON).invalid_taken == 1


def test_nothing_is_known_of_a_kind_of_configuration_that_was_not_applied() -> None:
    """Or an objective about it would be met by a drill that never tried."""
    fleet = serving(a_spec(nodes=3))
    tried = journal((1.0, proposed(2), WHY.invalid), (2.0, having(fleet, "seoul-1", 2), ""))
    only_wrong = read_spread(Continuity(), fleet, tried, Reasons(wrong=WHY.wrong), SOON)
    assert (only_wrong.invalid_taken, only_wrong.nodes_reached) == (None, 0)
    only_invalid = read_spread(Continuity(), fleet, tried, Reasons(invalid=WHY.invalid), SOON)
    assert (only_invalid.invalid_taken, only_invalid.nodes_reached) == (1, None)
