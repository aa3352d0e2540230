"""While no daemon answers one reads for how long, why, and above all what to try."""

import pytest

from hactl.tui.banner import banner
from hactl.tui.lines import length, plain

TROUBLE = "no daemon answers on '/run/user/1000/a-longer-folder/hactl/default/hactl.sock' (hactl up)"


def said(width: int, trouble: str = TROUBLE, since: float = 12.0) -> str:
    return plain(banner(trouble, since, width))


def test_with_room_everything_is_said():
    assert said(160) == f" retrying twice a second for 12s: {TROUBLE}"


def test_a_path_gives_way_to_what_one_can_do():
    assert said(80) == " retrying twice a second for 12s: no daemon answers on '…/hactl.sock' (hactl up)"


@pytest.mark.parametrize("width", [20, 60, 70, 80, 100, 120])
def test_the_hint_is_there_to_the_end(width):
    assert said(width).endswith(" (hactl up)")
    assert length(banner(TROUBLE, 12.0, width)) <= width


def test_where_nobody_ever_answered_there_is_no_age_and_a_reason_may_have_no_hint():
    assert said(80, "the disk is gone", 0.0) == " retrying twice a second: the disk is gone"
