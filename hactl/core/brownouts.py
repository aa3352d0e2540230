"""What a brown-out leads to: most of the region's traffic moves to the others at once, and returns in steps. Pure.

    degraded      all but a tenth of its share is moved, unless an obstacle would also make an operator's command fail
                  (`evacuating`): the remaining tenth shows when the region has recovered
    recovered     nothing for `region_failover.stable_for`, then a step every few seconds, once every edge has followed
    degraded again    all of it once more, and the wait doubles
    no use        the regions that took over do no better: it was not the region. All of it returns, and there is no
                  other attempt for some minutes, or for twice as long as the last time
    taken over    by an operator, who returns it or moves all of it: nothing until the region has recovered once

Not which region is degraded: that is judged outside (`supervisor.brownout`), where the measurements are. While the
fleet is paused or changes its configuration, or an operator moves traffic, nothing moves automatically, either way.
"""

from typing import assert_never

from hactl.core.brownout import Brownout
from hactl.core.brownout_events import BrownoutChanged, BrownoutForgotten
from hactl.core.draft import Draft
from hactl.core.evacuating import hands_off, leave, longer, obstacle, too_much
from hactl.core.evacuation import WHOLE, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.observations import RegionFaltered, RegionRecovered, TakersFaltered
from hactl.core.regions import kept
from hactl.core.traffic import confirmed
from hactl.core.value import replace

KEEP = 10
"""Per cent of its share that a region keeps while it is degraded: enough to see how it answers."""
STEPS = (25, 50, 75, WHOLE)
"""Per cent of its share that it has after each step back."""
STEP = 5.0
"""Seconds from one step to the next, at least: what goes wrong again is seen within so many."""
BARRED = 300.0
"""Seconds until another attempt after the first useless one."""
MEMORY = 600.0
"""Seconds after which a brown-out is forgotten, at least; a long waiting is remembered twice as long as it took."""


def observe(draft: Draft, saw: RegionFaltered | RegionRecovered | TakersFaltered) -> None:
    """Take news of a region; what follows is left to `follow`."""
    if not draft.fleet.spec.brownout or saw.region not in draft.fleet.spec.region_names:
        return
    known = draft.fleet.brownouts.get(saw.region)
    match saw:
        case RegionFaltered():
            if known is None or not known.faltering:
                falters = replace(_faltering(draft, known, saw), usual=saw.usual)
                _change(draft, falters, f"is degraded: {saw.why}")
            elif _fits_by_now(draft.fleet, known, saw.load):
                _change(
                    draft,
                    replace(known, load=saw.load),
                    "is still degraded, and the others could now carry its traffic",
                )
        case RegionRecovered(why=why):
            if known is not None and known.faltering:
                well = replace(known, faltering=False, why=why, heard=draft.now.mono, vain="", yielded=False)
                _change(draft, well, f"has recovered: {why}")
        case TakersFaltered(why=why):
            if known is not None and known.moved and not known.vain:
                _change(draft, replace(known, vain=why), f"is not helped by moving its traffic: {why}")
        case _:
            assert_never(saw)


def follow(draft: Draft) -> None:
    """Move what is due, one region after the other."""
    for brownout in tuple(draft.fleet.brownouts.values()):
        _follow_one(draft, brownout)


def impediment(fleet: Fleet, brownout: Brownout) -> str:
    """What keeps the traffic of a degraded region from being moved, for people; "" for nothing but time."""
    if fleet.moving is not None:
        return f"{fleet.moving.id} is in progress"
    if brownout.yielded:
        return "an operator has taken over, so nothing is moved until it has recovered"
    return _obstacle(fleet, brownout)


def fit_by_now(fleet: Fleet, load: float | None) -> list[Brownout]:
    """Those that were not moved for want of declared capacity alone, and would fit now: `load` is what all nodes carry,
    in requests per second."""
    return [brownout for brownout in fleet.brownouts.values() if _fits_by_now(fleet, brownout, load)]


def next_look(fleet: Fleet) -> float | None:
    """When something is due by time alone, in monotonic seconds; None when nothing is, or something else must come."""
    moments = [moment for brownout in fleet.brownouts.values() if (moment := _due(fleet, brownout)) is not None]
    return min(moments, default=None)


def take_up(draft: Draft, *, rebooted: bool) -> None:
    """A daemon takes charge: nobody has seen whether a region stayed well, and another boot knows no brown-out."""
    for brownout in tuple(draft.fleet.brownouts.values()):
        if rebooted:
            _forget(draft, brownout, "the machine was rebooted")
        elif brownout.moved and not brownout.faltering:
            again = replace(brownout, heard=draft.now.mono, resume=None)  # the wait, or the step, begins anew
            _change(draft, again, "has to prove healthy again: a daemon has just taken charge")


def _follow_one(draft: Draft, brownout: Brownout) -> None:
    fleet, now = draft.fleet, draft.now.mono
    if not fleet.spec.brownout or brownout.region not in fleet.spec.region_names:
        _forget(draft, brownout, "brown-outs are no longer handled")
    elif brownout.moved and not _ours(fleet, brownout.region) and not _on_loan(fleet, brownout.region):
        _let_go(draft, brownout)
    elif brownout.moved and brownout.vain and not hands_off(fleet):
        _give_up(draft, brownout)
    elif brownout.faltering:
        _move_away(draft, brownout)
    elif brownout.moved:
        _give_back(draft, brownout)
    elif brownout.over is None:
        _change(draft, replace(brownout, over=now), "is over its brown-out")
    elif now >= brownout.over + _memory(brownout):
        draft.emit(BrownoutForgotten(region=brownout.region))


def _move_away(draft: Draft, brownout: Brownout) -> None:
    fleet, region = draft.fleet, brownout.region
    if brownout.moved:
        # it came back too early
        if kept(fleet, region) > KEEP and not hands_off(fleet):
            leave(draft, region, KEEP, cause=EvacuationCause.FALTERED, why=brownout.why)
        return
    barred = brownout.barred is not None and draft.now.mono < brownout.barred
    if barred or brownout.yielded or hands_off(fleet) or _obstacle(fleet, brownout):
        return
    _change(draft, replace(brownout, moved=True, barred=None), "has had most of its traffic moved to the others")
    leave(draft, region, KEEP, cause=EvacuationCause.FALTERED, why=brownout.why)


def _give_back(draft: Draft, brownout: Brownout) -> None:
    fleet, region = draft.fleet, brownout.region
    if _on_loan(fleet, region):
        if brownout.resume is not None:  # when it is ours again, that step is counted again
            _change(draft, replace(brownout, resume=None), "is being moved by an operator")
        return
    if kept(fleet, region) > KEEP and brownout.resume is None and confirmed(fleet, fleet.plan.version):
        resume = draft.now.mono + STEP  # from when every edge follows: before, nothing is seen of this step
        _change(draft, replace(brownout, resume=resume), "has its larger share confirmed by every edge")
        return
    due = _due(fleet, brownout)
    if due is None or draft.now.mono < due:
        return
    keep = next(step for step in STEPS if step > kept(fleet, region))
    whole = keep == WHOLE
    well = f"healthy for {draft.now.mono - brownout.heard:.0f} s"
    over = draft.now.mono if whole else None
    _change(draft, replace(brownout, moved=not whole, resume=None, over=over), f"gets more traffic: {well}")
    why = well if whole else fleet.evacuations[region].why
    leave(draft, region, keep, cause=EvacuationCause.FALTERED, why=why)


def _faltering(draft: Draft, known: Brownout | None, saw: RegionFaltered) -> Brownout:
    now, stable_for = draft.now, draft.fleet.spec.stable_for
    if known is None:
        first = Brownout(region=saw.region, why=saw.why, load=saw.load, wait=stable_for)
        return replace(first, began=now.wall, heard=now.mono)
    wait = longer(known.wait, stable_for)
    began = known.began if known.over is None else now.wall
    again = replace(known, why=saw.why, load=saw.load, faltering=True, began=began, wait=wait)
    return replace(again, heard=now.mono, resume=None, over=None)


def _give_up(draft: Draft, brownout: Brownout) -> None:
    why = f"moving its traffic did not help: {brownout.vain}"
    bar = longer(brownout.bar, BARRED)
    barred = replace(brownout, moved=False, resume=None, vain="", bar=bar, barred=draft.now.mono + bar)
    _change(draft, barred, f"has its traffic back: {why}")
    leave(draft, brownout.region, WHOLE, cause=EvacuationCause.FALTERED, why=why)


def _let_go(draft: Draft, brownout: Brownout) -> None:
    """It is no longer ours to move. A region that was lost is judged anew when it is back: its nodes are others."""
    evacuation = draft.fleet.evacuations.get(brownout.region)
    if evacuation is not None and evacuation.cause is EvacuationCause.LOST:
        _forget(draft, brownout, evacuation.why)
        return
    yielded = replace(brownout, moved=False, resume=None, vain="", yielded=True)
    _change(draft, yielded, "has been taken over by someone else")


def _forget(draft: Draft, brownout: Brownout, why: str) -> None:
    draft.emit(BrownoutForgotten(region=brownout.region))
    if _ours(draft.fleet, brownout.region):
        leave(draft, brownout.region, WHOLE, cause=EvacuationCause.FALTERED, why=why)


def _due(fleet: Fleet, brownout: Brownout) -> float | None:
    if brownout.faltering:
        stuck = brownout.moved or brownout.yielded or hands_off(fleet) or _obstacle(fleet, brownout)
        return None if stuck else brownout.barred
    if not brownout.moved:
        return None if brownout.over is None else brownout.over + _memory(brownout)
    if hands_off(fleet) or not confirmed(fleet, fleet.plan.version):
        return None
    return brownout.heard + brownout.wait if kept(fleet, brownout.region) <= KEEP else brownout.resume


def _memory(brownout: Brownout) -> float:
    return max(MEMORY, 2 * brownout.wait, 2 * brownout.bar)


def _obstacle(fleet: Fleet, brownout: Brownout) -> str:
    return obstacle(fleet, brownout.region) or too_much(fleet, brownout.region, KEEP, brownout.load)


def _fits_by_now(fleet: Fleet, brownout: Brownout, load: float | None) -> bool:
    waits = brownout.faltering and not brownout.moved and load is not None
    if not waits or not too_much(fleet, brownout.region, KEEP, brownout.load):
        return False
    return not too_much(fleet, brownout.region, KEEP, load)


def _ours(fleet: Fleet, region: str) -> bool:
    evacuation = fleet.evacuations.get(region)
    return evacuation is not None and evacuation.cause is EvacuationCause.FALTERED


def _on_loan(fleet: Fleet, region: str) -> bool:
    """An operator moves it on from where we had it; until that is done it may be rolled back to that."""
    lent = None if fleet.moving is None else fleet.moving.evacuation
    return lent is not None and lent.region == region and lent.cause is EvacuationCause.FALTERED


def _change(draft: Draft, brownout: Brownout, what: str) -> None:
    draft.emit(BrownoutChanged(brownout=brownout, what=what))
