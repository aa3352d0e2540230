"""How the console says a thing in passing. Foreign text, never markup."""

from textual.app import App

from hactl.core.errors import HactlError

ONLY_READS = "this console is read-only: open one without --read-only"


def say_error(host: App[None], error: HactlError) -> None:
    """What went wrong, and what to try."""
    text = f"{error.message}\ntry: {error.hint}" if error.hint else error.message
    host.notify(text, severity="error", markup=False)


def warn(host: App[None], text: str) -> None:
    """Why nothing is done."""
    host.notify(text, severity="warning", markup=False)
