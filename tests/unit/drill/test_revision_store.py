"""Configurations are found again by number, with what they mean, however they came."""

from support.build import a_spec

from hactl.core.config_events import ConfigTaken, FleetFounded, RevisionApplied, RevisionProposed, RulesTaken
from hactl.core.events import Record
from hactl.core.model import Proposal
from hactl.drill.revision_store import RevisionStore

SPEC, OTHER = a_spec(nodes=1), a_spec(nodes=2)


def test_every_revision_is_found_with_what_it_means() -> None:
    """Founded with, started with, with other rules or applied; the same meaning has the same digest."""
    events = (
        FleetFounded(id="f", revision=1, spec=SPEC, nodes=()),
        ConfigTaken(revision=2, spec=OTHER, nodes=()),
        RulesTaken(revision=3, spec=OTHER),
        RevisionProposed(proposal=Proposal(spec=SPEC, nodes=(), revision=4)),
        RevisionApplied(revision=4),
    )
    records = [Record(seq=seq, wall=0.0, mono=0.0, event=event) for seq, event in enumerate(events, start=1)]
    found = list(RevisionStore().seen(records, "op-1"))
    assert [one.number for one in found] == [1, 2, 3, 4]
    first, second, third, fourth = (one.digest for one in found)
    assert (first, second) == (fourth, third)
    assert first != second
    named = {type(record.event).__name__ for record in records} - {"RevisionApplied"}
    assert named == set(RevisionStore.kinds)
