"""What leaves the daemon shows no literal value of `gateway.env`, wherever in it a configuration may stand."""

from support.build import a_spec, founded
from support.values import specimens

from hactl.core.codec import encode
from hactl.core.config_events import ConfigTaken, FleetFounded, RevisionProposed, RulesTaken
from hactl.core.drill import Baseline, Lease
from hactl.core.events import DaemonStarted, Event, OperationBegan, OperationMoved, Record
from hactl.core.model import Fleet, Proposal
from hactl.core.operation import Operation, Verb
from hactl.core.secrets import MASK, Reference, Secret, Source, masked, masked_spec, reference
from hactl.core.spec import FleetSpec, GatewaySpec
from hactl.core.talk import Measured, News, Snapshot, Update
from hactl.core.value import replace

ENV = {"PASSWORD": "hunter2", "TOKEN": "env:TOKEN", "KEY": "file:/run/key", "ODD": "envy:x", "EMPTY": ""}
SPEC = FleetSpec(gateway=GatewaySpec(env=ENV))


def test_a_reference_has_a_source_and_a_name() -> None:
    """Everything else is literal."""
    assert reference("env:TOKEN") == Reference(source=Source.ENV, name="TOKEN")
    assert reference("file:a:b") == Reference(source=Source.FILE, name="a:b")
    assert [reference(text) for text in ("", "env", "ENV:X", "http://x", "envy:x")] == [None] * 5


def test_names_and_references_are_shown_and_values_are_not() -> None:
    """An operator sees what there is and where it comes from."""
    assert masked_spec(SPEC).gateway.env == {
        "PASSWORD": MASK,
        "TOKEN": "env:TOKEN",
        "KEY": "file:/run/key",
        "ODD": MASK,
        "EMPTY": MASK,
    }


def test_everything_that_carries_a_configuration_is_masked() -> None:
    """Snapshots, founding and taken configurations, alone or in news; what carries none is left alone."""
    proposal = Proposal(spec=SPEC, nodes=())
    fleet = replace(founded(SPEC), proposal=proposal)
    for event in (
        FleetFounded(id="f", revision=1, spec=SPEC, nodes=()),
        ConfigTaken(revision=2, spec=SPEC, nodes=()),
        RevisionProposed(proposal=proposal),
    ):
        record = Record(seq=1, wall=0.0, mono=0.0, event=event)
        for value in (record, News(records=(record,)), event, fleet, Snapshot(fleet=fleet, at=0.0, mono=0.0)):
            assert b"hunter2" in encode(value)
            assert b"hunter2" not in encode(masked(value))
            assert b"env:TOKEN" in encode(masked(value))
    lease = Lease(name="d", term=1.0, expires=1.0, until=1.0, baseline=Baseline(revision=1, spec=SPEC))
    drill = Operation(id="op-1", verb=Verb.DRILL, by="a", began=0.0, wall=0.0, deadline=1.0, drill=lease)
    for event in (OperationBegan(operation=drill), OperationMoved(operation=drill)):
        lent = replace(founded(a_spec()), operations={"op-1": drill})
        for value in (event, Record(seq=1, wall=0.0, mono=0.0, event=event), lent):
            assert b"hunter2" in encode(value)
            assert b"hunter2" not in encode(masked(value)), "what a drill is to restore"
    other = News(records=(Record(seq=1, wall=0.0, mono=0.0, event=DaemonStarted(pid=1, version="0", boot="b")),))
    assert masked(other) == other
    assert masked(Measured(at=0.0)) == Measured(at=0.0)


def test_nothing_that_can_carry_a_configuration_is_forgotten() -> None:
    """Every event, every update and the fleet, filled to the brim: one that is new is tested without a word."""
    carriers = set()
    for value in (each for kind in (Event, Update, Fleet) for each in specimens(kind, {FleetSpec: SPEC})):
        if b"hunter2" in encode(value):
            carriers.add(type(value))
            assert b"hunter2" not in encode(masked(value)), type(value).__name__
    assert carriers >= {FleetFounded, ConfigTaken, RulesTaken, RevisionProposed, OperationBegan, Snapshot, News, Fleet}


def test_a_secret_does_not_show_itself() -> None:
    """Not in the text of a value, not in a list, not in a traceback."""
    assert repr([Secret("hunter2")]) == "['***']"
    assert Secret("hunter2") == "hunter2"
