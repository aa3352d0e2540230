"""Every value that travels or is kept survives JSON, and what is not a value says where it went wrong."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from support.script import serving
from support.values import values

from hactl.core.codec import VERSION, decode, decode_fleet, decode_record, encode
from hactl.core.commands import VERBS, Command, Kill
from hactl.core.config_events import RevisionProposed
from hactl.core.errors import HactlError
from hactl.core.events import Event, Record
from hactl.core.model import Fleet, Proposal
from hactl.core.observations import Observation
from hactl.core.operation import Verb
from hactl.core.plan import TrafficPlan
from hactl.core.spec import FleetSpec
from hactl.core.talk import Update


@pytest.mark.parametrize(
    "kind", [Record, Command, Observation, Fleet, Update], ids=["record", "command", "observation", "fleet", "update"]
)
def test_there_and_back_again(kind: Any) -> None:
    """Whatever the fields hold."""

    @settings(max_examples=60)
    @given(values(kind))
    def round_trip(value: Any) -> None:
        assert decode(encode(value), kind) == value

    round_trip()


def test_a_fleet_from_life() -> None:
    """A checkpoint is the fleet, to the last bit."""
    fleet = serving()
    assert decode_fleet(encode(fleet)) == fleet
    assert list(decode_fleet(encode(fleet)).nodes) == list(fleet.nodes), "the order is the configuration's"


def test_every_field_is_written() -> None:
    """A default that changes in a later version must not change what a journal says."""
    assert encode(TrafficPlan()) == b'{"version":0,"policy":"least-request","regions":[],"certificate":""}'


def test_every_event_has_its_name_in_the_journal() -> None:
    """The names are for ever: a journal is read by whatever hactl comes after."""
    names = {kind.__struct_config__.tag for kind in Event.__args__}
    assert names == {
        "FleetFounded",
        "ConfigTaken",
        "RulesTaken",
        "RevisionProposed",
        "RevisionApplied",
        "RevisionRolledBack",
        "NodesAdded",
        "NodesRemoved",
        "DaemonStarted",
        "DaemonStopped",
        "NodeChanged",
        "NodeAdopted",
        "AdoptionRefused",
        "OrphanEnded",
        "WeightsChanged",
        "PolicyChanged",
        "CertificateTaken",
        "CertificateRefused",
        "CapacitySeen",
        "HopChanged",
        "HopMended",
        "TrafficShifted",
        "TrafficApplied",
        "TrafficRejected",
        "FailoverBegan",
        "FailoverMoved",
        "FailoverEnded",
        "EdgeLost",
        "EdgeBack",
        "EdgeGivenUp",
        "OperationBegan",
        "OperationMoved",
        "OperationEnded",
        "GapRecorded",
        "FleetPaused",
        "FleetUnpaused",
        "JournalFilled",
        "FleetClosing",
        "AlertRaised",
        "AlertSuppressed",
        "AlertDelivered",
        "AlertFailed",
        "AlertExpired",
        "RegionEvacuated",
        "RegionRestored",
        "RegionLost",
        "RegionMoved",
        "RegionBack",
        "BrownoutChanged",
        "BrownoutForgotten",
        "DrillKept",
        "DrillAsked",
        "DrillAnswered",
        "DrillsLocked",
        "DrillsUnlocked",
        "ScheduledStarted",
        "ScheduledSkipped",
        "ScheduledEnded",
    }


def test_every_command_has_a_verb() -> None:
    """And a verb one command."""
    assert set(VERBS) == set(Command.__args__)
    assert sorted(VERBS.values()) == sorted(Verb)
    for kind, verb in VERBS.items():
        assert kind.__struct_config__.tag == verb.value


def test_an_event_of_a_kind_not_known_here_is_an_error() -> None:
    """A fleet rebuilt without it would be a guess."""
    record = b'{"seq":1,"wall":0.0,"mono":0.0,"event":{"event":"NodeSwallowed","node":"seoul-1"}}'
    with pytest.raises(HactlError, match="NodeSwallowed"):
        decode_record(record)


def test_the_offending_field_is_named() -> None:
    """A path into the document, for whoever has to mend it."""
    with pytest.raises(HactlError, match=r"not a valid Kill: Expected `str`, got `int` - at `\$\.nodes\[1\]`"):
        decode(b'{"do":"kill","nodes":["seoul-1",2]}', Kill)
    with pytest.raises(HactlError, match="not a valid Fleet"):
        decode_fleet(b"\xff\xfe")
    with pytest.raises(HactlError, match="not a valid Fleet"):
        decode_fleet(b"")


def test_a_journal_of_a_newer_version_is_refused_with_a_hint() -> None:
    """Nothing is guessed, and nothing written."""
    for read in (decode_fleet, decode_record):
        with pytest.raises(HactlError) as error:
            read(b"{}", VERSION + 1)
        assert f"format {VERSION + 1}" in error.value.message
        assert error.value.hint


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_journal_of_every_older_version_is_read(version: int) -> None:
    """What came later has its default."""
    record = b'{"seq":1,"wall":0.0,"mono":0.0,"event":{"event":"TrafficShifted","plan":{"version":3}}}'
    assert decode_record(record, version).seq == 1
    assert decode_fleet(b"{}", version) == Fleet()


def test_a_record_with_a_field_that_is_no_more_is_read_without_it() -> None:
    """A proposal once had the text it was read from."""
    proposed = encode(RevisionProposed(proposal=Proposal(spec=FleetSpec(), nodes=(), digest="d")))
    older = proposed.replace(b'"digest":', b'"text":"# a file","digest":')
    assert older != proposed
    assert decode(older, Event) == decode(proposed, Event)


def test_a_record_written_before_a_field_was_added_is_read_with_its_default() -> None:
    """Additions need no migration."""
    shifted = b'{"event":"TrafficShifted","plan":{"version":3}}'
    event = msgspec.json.decode(shifted, type=Event)
    assert (event.plan.version, event.why, event.at) == (3, "", 0.0)
