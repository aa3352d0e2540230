"""A theme in terms of the toolkit, for what its own widgets draw: inputs, borders, scroll bars, notices."""

from textual.theme import Theme as TextualTheme

from hactl.tui.theme import Theme


def for_textual(theme: Theme, name: str) -> TextualTheme:
    """What Textual's own widgets need to look alike; it will know it as `name`."""
    surface = theme.surface
    plain = "ansi_default"
    return TextualTheme(
        name=name,
        primary=surface.border or plain,
        background=surface.background or plain,
        surface=surface.background or plain,
        panel=surface.panel or plain,
        dark=theme.dark,
    )
