"""The list of runs: what came of each, whoever ran it, and a report that cannot be read hides no other."""

from pathlib import Path

from support.courses import PROOF, filed, keep

from hactl.core.value import replace
from hactl.drill.history import Filed, Shelf
from hactl.drill.verdict import Verdict

PASSED, LEFT, BROKEN, FAILED = (f"2024010{day}-000000-node-kill" for day in range(1, 5))


def names(runs: tuple[Filed, ...]) -> list[tuple[str, str]]:
    return [(run.run, run.stands) for run in runs]


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none")
    assert shelf.look() == ()
    shelf = Shelf(tmp_path)
    keep(tmp_path, filed(run=PASSED))
    keep(tmp_path, filed(run=LEFT)).directory.joinpath("report.json").unlink()
    keep(tmp_path, filed(run=BROKEN)).directory.joinpath("report.json").write_text("{")
    keep(tmp_path, filed(Verdict.FAIL, run=FAILED, rto="810 ms", why="rto 810 ms, wanted <= 500 ms"))
    listed = shelf.look()
    assert names(listed) == [(FAILED, "fail"), (BROKEN, "unreadable"), (LEFT, "abandoned"), (PASSED, "pass")]
    assert listed[0].figures["rto"] == "810 ms"
    assert (listed[0].seed, listed[0].drill, listed[0].verdict) == (1, "node-kill", Verdict.FAIL)
    assert listed[2].why == "hactl drill recover"
    keep(tmp_path, filed(run="20240105-000000-node-kill"))
    again = shelf.look()
    assert [run.run for run in again][:2] == ["20240105-000000-node-kill", FAILED]
    assert again[1] is listed[0], "a report is read once"


def test_a_run_that_left_something_says_what(tmp_path: Path) -> None:
    report = filed(clean=False)
    left = replace(report, evidence=replace(report.evidence, leftovers=(f"{PROOF.node} is down",)))
    keep(tmp_path, left)
    (only,) = Shelf(tmp_path).look()
    assert (only.clean, only.why) == (False, "left behind: seoul-2 is down")
