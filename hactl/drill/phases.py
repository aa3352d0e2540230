"""The phases of a drill: their order, and where each continues if it fails. A table, no I/O.

    PLAN GATE | BASELINE UNDO INJECT CONFIRM OBSERVE SETTLE | FAILBACK VERIFY | REPORT OVER

The fleet is borrowed at the end of GATE, which also locks it and journals what is to be restored: from there on every
way leads through FAILBACK and VERIFY. UNDO looks once more whether that record is in the journal and still true; no
fault is injected before it is. Canaries are written under the lease, so that they can begin with the baseline.
"""

from enum import StrEnum
from itertools import pairwise


class Phase(StrEnum):
    """What a drill is doing."""

    PLAN = "plan"
    """Who is struck is drawn and said."""
    GATE = "gate"
    """Whether the drill may be run, and would show anything."""
    BASELINE = "baseline"
    """How clients are served before it."""
    UNDO = "undo"
    """What is to be restored is in the journal, and true."""
    INJECT = "inject"
    CONFIRM = "confirm"
    """Each fault is read back, of the process that was meant."""
    OBSERVE = "observe"
    SETTLE = "settle"
    """Whether what came back stays."""
    FAILBACK = "failback"
    VERIFY = "verify"
    """Whether everything is as it was."""
    REPORT = "report"
    OVER = "over"


class Way(StrEnum):
    """How a phase ended."""

    ON = "on"
    BACK = "back"
    """Nothing more is begun: it was stopped, or could not do what it is for. Which one, the report says; the way is the
    same."""


_ORDER = tuple(Phase)
BORROWED = (Phase.BASELINE, Phase.UNDO, Phase.INJECT, Phase.CONFIRM, Phase.OBSERVE, Phase.SETTLE)
"""Phases in which the fleet is lent to the drill and faults may be in it."""


def _bad_end(phase: Phase) -> Phase:
    if phase in BORROWED:
        return Phase.FAILBACK
    if phase is Phase.FAILBACK:
        return Phase.VERIFY
    return Phase.OVER if phase is Phase.REPORT else Phase.REPORT


NEXT: dict[Phase, dict[Way, Phase]] = {
    phase: {Way.ON: after, Way.BACK: _bad_end(phase)} for phase, after in pairwise(_ORDER)
}
"""Every phase x every way it can end: what comes next."""
