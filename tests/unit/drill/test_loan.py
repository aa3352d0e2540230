"""A fleet that is borrowed: kept by signs of life, each a canary, and given back."""

import asyncio
from pathlib import Path

import pytest
from support.build import a_spec
from support.lending import PATIENCE, Lender
from support.script import serving

from hactl.core.commands import BeginDrill, EndDrill, Freeze, KeepDrill
from hactl.core.config_events import FleetFounded, RevisionProposed
from hactl.core.drill_events import DrillKept
from hactl.core.errors import CommandRejected, HactlError, Unreachable
from hactl.core.model import Proposal
from hactl.core.operation import Operation
from hactl.core.value import replace
from hactl.drill.canary import Written, read_ledger
from hactl.drill.definition import CanarySpec, CanaryStore, Definition, Fault, FaultKind, Target
from hactl.drill.following import Follower
from hactl.drill.loan import Loan
from hactl.drill.plan import plan

FLEET = serving(a_spec())
DRILL = Definition(name="d", title="t", faults=(Fault(kind=FaultKind.KILL, target=Target(nodes=1)),))


def revisions(ledger: Path) -> list[Written]:
    """Those that it remembers."""
    return [one for one in read_ledger(ledger) if one.store is CanaryStore.REVISIONS]


async def borrowed(lender: Lender) -> Loan:
    loan = Loan(lender, plan(DRILL, FLEET, 1), by="me")
    await loan.begin()
    return loan


async def test_what_is_to_be_restored_can_be_read_back() -> None:
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    recorded = await loan.recorded()
    assert isinstance(recorded, Operation)
    assert recorded.drill is not None
    assert tuple(recorded.drill.baseline.nodes) == plan(DRILL, FLEET, 1).nodes
    assert isinstance(lender.requests[0].command, BeginDrill)


async def test_who_will_be_restored_is_told_as_long_as_that_is_true() -> None:
    """What is in the journal is compared with the fleet; and a drill without a record of its undo strikes nobody."""
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    (name,) = await loan.undo(FLEET)
    assert (name,) == plan(DRILL, FLEET, 1).nodes
    drained = replace(FLEET, nodes=FLEET.nodes | {name: replace(FLEET.nodes[name], drained=True)})
    with pytest.raises(HactlError, match=f"'{name}' has changed since the fleet"):
        await loan.undo(drained)
    lender.records.clear()
    with pytest.raises(HactlError, match="not in the journal"):
        await loan.undo(FLEET)


async def test_every_sign_of_life_leaves_a_canary_that_is_found_again(tmp_path: Path) -> None:
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    async with loan.kept(tmp_path / "canaries", 200.0, pytest.fail):
        await lender.until(5)
        await loan.end(1.0)
    losses, _ = await loan.losses(CanarySpec(rate=200.0), 1e9)
    assert losses.lost_count == 0
    assert losses.acknowledged >= 4
    assert len(read_ledger(tmp_path / "canaries")) == losses.acknowledged + losses.rejected
    assert isinstance(lender.requests[-1].command, EndDrill)
    assert sum(isinstance(record.event, DrillKept) for record in lender.records) >= 4


async def test_configurations_from_before_and_those_that_come_meanwhile_are_in_the_ledger(tmp_path: Path) -> None:
    """Each once, on the disk, whoever brought it; and one that is gone afterwards, or another, is told."""
    lender = Lender(FLEET)
    lender.happen(founded := FleetFounded(id="f", revision=1, spec=FLEET.spec, nodes=()))
    loan = await borrowed(lender)
    follower = Follower(lender, lender.snapshot.fleet)
    spec, ledger = CanarySpec(rate=200.0), tmp_path / "canaries"
    async with follower.following(), loan.kept(ledger, 200.0, pytest.fail):
        async with loan.remembering(spec.stores, follower, pytest.fail):
            await loan.remember(spec.stores)
            await lender.until_watchers(1)
            proposal = Proposal(spec=a_spec(nodes=2), nodes=(), revision=2)
            lender.happen(RevisionProposed(proposal=proposal))
            await follower.until(lambda: any(one.number == 2 for one in revisions(ledger)), PATIENCE)
            await loan.remember(spec.stores)
        await loan.end(1.0)
    assert [one.number for one in revisions(ledger)] == [1, 2]
    _, kept = await loan.losses(spec, 1e9)
    assert (kept.acknowledged, kept.kept, kept.broken) == (2, 2, 0)
    lender.records = [record for record in lender.records if not isinstance(record.event, RevisionProposed)]
    _, gone = await loan.losses(spec, 1e9)
    assert (gone.lost, gone.altered) == ((2,), ())
    changed = replace(founded, spec=a_spec(nodes=5))
    lender.records = [
        replace(record, event=changed) if record.event == founded else record for record in lender.records
    ]
    _, altered = await loan.losses(spec, 1e9)
    assert (altered.lost, altered.altered) == ((2,), (1,))


async def test_who_does_not_answer_has_taken_nothing_back(tmp_path: Path) -> None:
    """A daemon that is away, or that is leaving: the canary counts as not acknowledged, and life goes on."""
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    async with loan.kept(tmp_path / "canaries", 200.0, pytest.fail):
        for spoil in (HactlError("no room"), Unreachable("away"), CommandRejected("the daemon is leaving")):
            lender.spoil = spoil
            sent = sum(isinstance(one.command, KeepDrill) for one in lender.requests)
            await lender.until(sent + 2)
        await loan.end(1.0)
    losses, _ = await loan.losses(CanarySpec(rate=200.0), 1e9)
    assert losses.rejected >= 3
    assert losses.lost_count == 0


async def test_a_fleet_that_was_taken_back_is_noticed_with_the_next_sign_of_life(tmp_path: Path) -> None:
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    reasons: list[str] = []
    taken = asyncio.Event()

    def lost(why: str) -> None:
        reasons.append(why)
        taken.set()

    async with loan.kept(tmp_path / "canaries", 200.0, lost):
        await lender.submit(EndDrill(id=loan.operation), by="bob")
        await taken.wait()
        await loan.end(1.0)
    assert reasons == ["the fleet was taken back: ended by bob"], "who did it, and not only that it is so"


async def test_who_has_lost_the_fleet_is_told_so_with_whatever_it_asks_for() -> None:
    """Before the next sign of life, and also where another drill has it by then: nothing is done to it."""
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    await loan.stands()
    assert (await loan.submit(Freeze(nodes=("seoul-1",)))).operation
    await lender.submit(EndDrill(id=loan.operation), by="bob")
    lender.snapshot = replace(lender.snapshot, fleet=replace(FLEET, seq=lender.snapshot.fleet.seq))
    await borrowed(lender)
    for refused in (loan.submit(Freeze(nodes=("seoul-2",))), loan.stands()):
        with pytest.raises(CommandRejected, match=r"^the fleet was taken back: ended by bob$") as error:
            await refused
        assert error.value.guard
    assert lender.snapshot.fleet.nodes["seoul-2"].frozen == ""


async def test_what_is_refused_to_a_drill_that_has_the_fleet_is_refused_for_what_it_is() -> None:
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    with pytest.raises(CommandRejected, match="no node 'nobody'"):
        await loan.submit(Freeze(nodes=("nobody",)))


async def test_a_daemon_that_is_away_has_taken_nothing() -> None:
    """As when the daemon is what was struck: the loan stands until somebody says otherwise."""
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    lender.failure = Unreachable("away")
    await loan.stands()


async def test_a_daemon_that_stays_away_is_not_waited_for_for_ever() -> None:
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    lender.reply = Unreachable("away")
    with pytest.raises(Unreachable):
        await loan.end(0.0)


async def test_a_ledger_that_cannot_be_written_is_the_end_of_it(tmp_path: Path) -> None:
    """An acknowledgement that nobody remembers proves nothing: whoever runs the drill hears of it and gives it back."""
    lender = Lender(FLEET)
    loan = await borrowed(lender)
    with pytest.raises(HactlError, match="the ledger of canaries cannot be written: no such file or directory"):
        async with loan.kept(tmp_path / "nowhere" / "canaries", 200.0, pytest.fail):
            pass
    reasons: list[str] = []
    told = asyncio.Event()

    def lost(why: str) -> None:
        reasons.append(why)
        told.set()

    async with loan.kept(Path("/dev/full"), 200.0, lost):
        await told.wait()
        await loan.end(1.0)
    assert reasons == ["the ledger of canaries cannot be written: no space left on device"]
