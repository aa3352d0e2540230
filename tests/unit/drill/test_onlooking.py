"""Whoever looks on sees the newest run as it grows on disk, whoever runs it."""

from pathlib import Path

import pytest
from support.courses import BEGAN, begin, filed, keep, said

from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.onlooking import Onlooker
from hactl.drill.phases import Phase
from hactl.drill.progress import Feed
from hactl.drill.report import Ending


def test_a_run_is_followed_from_its_first_moment_to_its_report(tmp_path: Path) -> None:
    looker = Onlooker(tmp_path / "drills")
    assert looker.look() is None
    run = begin(tmp_path / "drills")
    first = looker.look()
    assert first is not None
    assert (first.run, first.phase, first.operation, first.going) == (run.name, Phase.PLAN, "op-9", True)
    feed = Feed(run.progress)
    for step in said(BEGAN + 10.0):
        feed.say(step)
    run.ledger.write_text("1 5.0 5.1\n2 5.2 -\nnonsense in it\n3 5.3 5.4\n4 5.5")
    grown = looker.look()
    assert grown is not None
    assert (grown.phase, grown.acknowledged, grown.newest) == (Phase.OBSERVE, 2, 5.4)
    again = looker.look()
    assert again is not None
    assert (again.asked, again.acknowledged) == (grown.asked, 2), "nothing is read twice"
    run.finish(filed(run=run.name))
    done = looker.look()
    assert done is not None
    assert done.report is not None
    assert not done.going
    assert looker.look() is done, "a report does not change any more"


def test_the_newest_run_is_the_one(tmp_path: Path) -> None:
    keep(tmp_path, filed(run="20240101-000000-node-kill"))
    looker = Onlooker(tmp_path)
    old = looker.look()
    assert old is not None
    assert old.run == "20240101-000000-node-kill"
    begin(tmp_path, "20240101-000001-region-loss")
    new = looker.look()
    assert new is not None
    assert (new.run, new.entered, new.report) == ("20240101-000001-region-loss", (), None)


def test_a_run_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    run = begin(tmp_path)
    (run.directory / "run.json").write_text("{")
    with pytest.raises(HactlError, match="cannot read"):
        Onlooker(tmp_path).look()


def test_why_a_run_does_not_go_on_is_seen_before_its_report(tmp_path: Path) -> None:
    run = begin(tmp_path)
    looker = Onlooker(tmp_path)
    before = looker.look()
    run.mark(replace(run.read(), ending=Ending(stopped="ended by ann")))
    after = looker.look()
    assert before is not None
    assert after is not None
    assert (before.ending.stopped, after.ending.stopped, after.going) == ("", "ended by ann", True)
