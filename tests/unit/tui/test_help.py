"""Who asks for keys asks for those of what is looked at; all others are there as well."""

import pytest

from hactl.tui.bindings import PAGES
from hactl.tui.help import help_lines
from hactl.tui.lines import plain


def said(page: str) -> list[str]:
    return [plain(each) for each in help_lines(page)]


@pytest.mark.parametrize(
    ("page", "first"),
    [
        ("fleet", "in tables"),
        ("node", "about one process"),
        ("events", "in texts"),
        ("logs", "in texts"),
        ("drills", "drills"),
        ("reports", "drills"),
    ],
)
def test_keys_of_the_screen_come_first(page, first):
    assert said(page)[0].startswith(first)


@pytest.mark.parametrize("page", PAGES)
def test_every_screen_tells_of_every_key(page):
    assert sorted(each.partition("   on this")[0] for each in said(page)) == sorted(said(""))
