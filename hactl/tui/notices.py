"""How the console says a thing in passing. Foreign text, never markup."""

from typing import Any

from textual.app import App

from hactl.core.errors import HactlError


def say_error(host: App[None], error: HactlError) -> None:
    """What went wrong, and what to try."""
    text = f"{error.message}\ntry: {error.hint}" if error.hint else error.message
    host.notify(text, severity="error", markup=False)


def turn(host: App[Any], before: str, text: str, *, well: bool) -> None:
    """What became of the thing that `before` said: said in its place, if that still stands on the screen."""
    for notice in [notice for notice in host._notifications if before and notice.message == before]:
        host._unnotify(notice, refresh=False)
    host.notify(text, severity="information" if well else "error", markup=False)


def stumbled(host: App[Any], error: BaseException, where: str) -> None:
    """Something inside went wrong, and the console goes on; said once for as long as it stands on the screen."""
    text = f"the console stumbled ({type(error).__name__} in {where}) and goes on"
    if not any(notice.message == text for notice in host._notifications):
        host.notify(text, severity="error", markup=False)


def warn(host: App[None], text: str) -> None:
    """Why nothing is done."""
    host.notify(text, severity="warning", markup=False)


def copy(host: App[None], text: str) -> None:
    """Give `text` to the clipboard of the terminal, and say so; "" is nothing to copy."""
    if text:
        host.copy_to_clipboard(text)
        first, *others = text.splitlines()
        host.notify(f"copied: {first}" + (f"\nand {len(others)} more lines" if others else ""), markup=False)
    else:
        warn(host, "there is nothing to copy here")
