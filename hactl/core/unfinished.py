"""Requests that a drain did not see the end of, in words. WebSockets and streams are requests, too."""

from hactl.core.plural import counted


def requests(number: int) -> str:
    """So many of them."""
    return counted(number, "request")


def cut_off(number: int) -> str:
    """What becomes of them when their process is stopped; "" for none."""
    return f"{requests(number)} {'was' if number == 1 else 'were'} cut off at the drain deadline" if number else ""


def still_open(number: int) -> str:
    """What becomes of them when it stays up; "" for none."""
    return f"{requests(number)} still open at the drain deadline" if number else ""


def sentence(*parts: str) -> str:
    """What happened, and what is to be added, if anything."""
    return "; ".join(part for part in parts if part)
