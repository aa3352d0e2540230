"""A theme in the toolkit's terms: its own colours, or the terminal's where it has none."""

from hactl.tui.theme import read, shipped
from hactl.tui.toolkit import for_textual


def test_the_colours_of_a_theme_are_those_of_inputs_and_borders():
    theme = for_textual(read(shipped()["light"]), "light")
    assert (theme.name, theme.dark, theme.background) == ("light", False, "#ffffff")


def test_a_theme_without_colours_leaves_the_terminals():
    theme = for_textual(read(shipped()["mono"]), "mono")
    assert {theme.primary, theme.background, theme.surface, theme.panel} == {"ansi_default"}
