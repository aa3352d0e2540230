"""How a drill ended, as an exit code: a contract with scripts."""

import pytest

from hactl.cli.drill_outcome import exit_of, worst
from hactl.cli.exits import Exit
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport, Identity
from hactl.drill.verdict import Verdict

EXITS = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.INCONCLUSIVE: 10,
    Verdict.ABORTED: 11,
    Verdict.ERROR: 1,
}
"""As they stand in the help of the command."""


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("verdict", Verdict)
def test_how_a_run_ended_is_its_exit_code(verdict: Verdict, clean: bool, interrupted: bool) -> None:
    """What was left behind wins over all, and Ctrl-C over what was shown until then."""
    identity = Identity(run="r", fleet="t", by="a", host="h", version="0", began=0.0, revision=1)
    definition = Definition(name="d", title="t")
    report = DrillReport(
        verdict=verdict, why="", clean=clean, interrupted=interrupted, identity=identity, definition=definition
    )
    assert exit_of(report) == (12 if not clean else 130 if interrupted else EXITS[verdict])


def test_several_drills_end_as_the_worst_of_them() -> None:
    """What was left behind wins, then what was missed, what shows nothing, what was ended."""
    order = [Exit.OK, Exit.INTERRUPTED, Exit.ABORTED, Exit.INCONCLUSIVE, Exit.FAILED, Exit.NOT_CLEAN]
    for number, exit_code in enumerate(order):
        assert worst(order[: number + 1]) is exit_code
        assert worst(reversed(order[: number + 1])) is exit_code
    assert worst(()) is Exit.OK
