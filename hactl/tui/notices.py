"""Short notices in the console. Foreign text, never markup."""

from textual.app import App

from hactl.core.errors import HactlError
from hactl.core.plain import plain
from hactl.core.plural import counted


def say_error(host: App[None], error: HactlError) -> None:
    """What went wrong, and what to try."""
    text = f"{error.message}\ntry: {error.hint}" if error.hint else error.message
    host.notify(text, severity="error", markup=False)


def turn(host: App[None], before: str, text: str, *, well: bool) -> None:
    """What became of the thing that `before` said: said in its place, if that still stands on the screen."""
    for notice in [notice for notice in host._notifications if before and notice.message == plain(before)]:
        host._unnotify(notice, refresh=False)
    host.notify(text, severity="information" if well else "error", markup=False)


def warn(host: App[None], text: str) -> None:
    """Why nothing is done."""
    host.notify(text, severity="warning", markup=False)


def copy(host: App[None], text: str) -> None:
    """Give `text` to the clipboard of the terminal, and say so; "" is nothing to copy."""
    if text:
        host.copy_to_clipboard(text)
        first, *others = text.splitlines()
        more = f"\nand {counted(len(others), 'more line')}" if others else ""
        host.notify(f"copied: {first}{more}", markup=False)
    else:
        warn(host, "there is nothing to copy here")
