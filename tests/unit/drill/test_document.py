"""What a report says: whether it means anything first, nothing made up, a knob for what was missed."""

from support.filed import WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.canary import Losses
from hactl.drill.document import Bullets, Section, Table, Text, document, heading
from hactl.drill.report import DrillReport, Ending

LOST = Losses(
    store="journal", acknowledged=200, before=120, kept=140, lost=tuple(range(50)), lost_count=60, ghosts=1,
    rejected=2, duplicates=0, window=0.5, resolution=0.05,
)  # fmt: skip


def section(report: DrillReport, title: str, *earlier: DrillReport) -> Section:
    (found,) = [one for one in document(report, earlier) if one.title == title]
    return found


def table(one: Section) -> Table:
    return next(block for block in one.blocks if isinstance(block, Table))


def said(one: Section) -> str:
    return " ".join(block.text for block in one.blocks if isinstance(block, Text))


def test_the_verdict_comes_first_and_then_whether_it_means_anything() -> None:
    report = filed(bad=3.0)
    titles = [one.title for one in document(report)]
    assert heading(report) == "Drill node-kill: FAIL"
    assert titles[:3] == ["", "Validity", "Objectives"]
    assert "Objectives met: 2 of 4." in said(document(report)[0])


def test_a_missed_objective_leads_to_a_cause_and_a_knob() -> None:
    (bullets,) = [block for block in section(filed(bad=3.0), "Objectives").blocks if isinstance(block, Bullets)]
    assert [item.partition(":")[0] for item in bullets.items] == ["rto", "availability"]
    assert "region.spares" in bullets.items[0]


def test_whether_clients_came_anew_is_said() -> None:
    """What they notice of an edge depends on it."""
    kept = filed()
    assert kept.plan is not None
    fresh = replace(kept, plan=replace(kept.plan, load=replace(kept.plan.load, fresh_connections=True)))
    for report, said_so in ((kept, False), (fresh, True)):
        (bullets,) = section(report, "What was done").blocks
        assert isinstance(bullets, Bullets)
        assert any(", each on a connection of its own, open loop" in item for item in bullets.items) is said_so


def test_what_clients_noticed_is_said_in_one_sentence() -> None:
    """As seconds of a full outage too, which compare with runs of other rates."""
    assert "No client noticed anything" in said(section(filed(), "What clients saw"))
    told = said(section(filed(bad=3.0), "What clients saw"))
    assert "300 requests failed; the service recovered for good 3000 ms after the fault" in told
    assert "of a full outage at this rate" in told
    assert "0.058 % of the error budget of 99.9 % in 30 days" in told


def test_of_several_faults_that_is_told_which_was_the_worst() -> None:
    worse = replace(WELL, times=replace(WELL.times, struck=(80.0, 110.0)))
    assert "After fault 2 of 2, 300 requests failed" in said(section(a_report(stream(3.0), worse), "What clients saw"))


def test_a_thousandth_is_told_of_a_thousand_requests_and_more() -> None:
    rows = {row[0]: row for row in table_of_latencies(filed())}
    assert rows["before the fault"][5] == "n < 1000"
    assert rows["whole run"][5] == "1.0"


def table_of_latencies(report: DrillReport) -> tuple[tuple[str, ...], ...]:
    (found,) = [
        block
        for block in section(report, "What clients saw").blocks
        if isinstance(block, Table) and "p99.9 ms" in block.head
    ]
    return found.rows


def test_what_was_lost_is_listed_by_number() -> None:
    (row,) = table(section(a_report(stream(), replace(WELL, losses=(LOST,))), "What was lost")).rows
    assert row[:5] == ("journal", "200", "140", "60", "500 ms")
    assert row[-1].endswith("48, 49 and 10 more")
    altered = replace(LOST, lost=(3,), lost_count=1, altered=(2,), altered_count=1)
    (row,) = table(section(a_report(stream(), replace(WELL, losses=(altered,))), "What was lost")).rows
    assert row[-2:] == ("1", "3, 2")


def test_a_run_is_compared_with_the_median_of_those_before_it() -> None:
    report = filed("now", bad=0.5)
    found = section(report, "Compared with earlier runs", filed("a", bad=1.0), filed("b", bad=2.0))
    rows = {row[0]: row for row in table(found).rows}
    assert table(found).head[2] == "median of the last 2"
    assert rows["rto"][1:] == ("500 ms", "1500 ms", "1000 ms .. 2000 ms", "2")
    assert "proves no trend" in said(found)
    assert "There is no earlier conclusive run" in said(section(report, "Compared with earlier runs"))


def test_a_run_that_never_began_says_so() -> None:
    report = replace(a_report([], ending=Ending(error="no region")), gate=(), timeline=())
    assert "Nothing was checked" in said(section(report, "Validity"))
    assert "The journal has nothing" in said(section(report, "Timeline"))
