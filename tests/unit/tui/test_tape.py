"""A fleet wound forward and back is always what its events make of it."""

import random
from pathlib import Path

import pytest
from support.build import a_spec
from support.recorded import Tape as Written

from hactl.core.errors import HactlError
from hactl.core.events import GapRecorded, Record, WeightsChanged
from hactl.core.secrets import MASK
from hactl.core.spec import GatewaySpec
from hactl.core.value import replace
from hactl.store.journal import LOOKING_BACK
from hactl.tui.picture import RECORDS
from hactl.tui.tape import PAGE, Tape


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "s")


def weights(written: Written, count: int, *, every: int = 100) -> None:
    """So many events, and a checkpoint after each `every`."""
    records = []
    for number in range(count):
        event = WeightsChanged(nodes={"seoul-1": number % 100})
        records.append(event)
    for begin in range(0, count, every):
        written.happen(*records[begin : begin + every])
        written.journal.checkpoint(written.fleet)


def test_wherever_it_is_wound_it_is_what_the_events_make_of_it(written):
    """Near and far, forward and back, over checkpoints and between them."""
    weights(written, 4 * LOOKING_BACK)
    tape, dice = Tape(written.journal), random.Random(7)
    places = [1, 2, written.fleet.seq, *(dice.randint(1, written.fleet.seq) for _ in range(40))]
    for seq in [*places, *(min(seq + 1, written.fleet.seq) for seq in places)]:
        tape.wind(seq)
        assert tape.fleet == written.fleets[seq]
        assert tape.records[-1].seq == seq
        numbers = [record.seq for record in tape.records]
        assert numbers == list(range(numbers[0], seq + 1)), "without a hole"
        assert len(numbers) >= min(seq, PAGE)


def test_few_records_are_held(written):
    weights(written, RECORDS + 2 * LOOKING_BACK)
    tape = Tape(written.journal)
    for seq in range(1, written.fleet.seq, 400):
        tape.wind(seq)
    assert len(tape.records) <= RECORDS


def test_going_back_as_far_as_what_is_held_leaves_as_much_to_look_at(written):
    """What was let go on the way is read again: of what is still held no more than a handful may lie before."""
    weights(written, RECORDS + 2 * LOOKING_BACK)
    tape = Tape(written.journal)
    for seq in (*range(1, written.fleet.seq, PAGE), written.fleet.seq):
        tape.wind(seq)
    tape.wind(tape.records[0].seq + 150)  # a checkpoint lies between
    numbers = [record.seq for record in tape.records]
    assert len(numbers) >= min(numbers[-1], PAGE)
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "without a hole"


def test_a_hole_is_closed_by_the_checkpoint_at_its_far_end(written):
    """Records were lost on a full disk; what they did is in the checkpoint."""
    weights(written, 10)
    before = written.fleet.seq
    lost = replace(written.fleet, seq=before + 50, policy="random", region_weights={"seoul": 7})
    written.journal.checkpoint(lost)
    gap = Record(seq=before + 51, wall=written.at, mono=1.0, event=GapRecorded(lost=50, why="full"))
    written.journal.append([gap], durable=False)
    tape = Tape(written.journal)
    tape.wind(before)
    tape.wind(before + 51)
    assert tape.fleet == replace(lost, seq=before + 51)


def test_what_has_been_let_go_cannot_be_told(written):
    weights(written, 4 * LOOKING_BACK, every=LOOKING_BACK)
    written.journal.prune(written.at + 1)
    tape = Tape(written.journal)
    tape.wind(written.fleet.seq)
    with pytest.raises(HactlError, match="no longer recorded"):
        tape.wind(2)
    assert tape.fleet == written.fleet, "it stays where it was"


def test_what_nobody_may_see_is_masked(tmp_path):
    """A journal has it all; a console shows it to whoever looks over the shoulder."""
    spec = replace(a_spec(), gateway=GatewaySpec(env={"TOKEN": "hunter2", "KEY": "env:KEY"}))
    written = Written(tmp_path / "s", spec)
    written.journal.checkpoint(written.fleet)
    tape = Tape(written.journal)
    for seq in (1, written.fleet.seq, 2):
        tape.wind(seq)
        assert tape.fleet.spec.gateway.env == {"TOKEN": MASK, "KEY": "env:KEY"}
        assert "hunter2" not in repr(tape.records)
