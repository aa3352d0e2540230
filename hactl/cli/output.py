"""stdout is data, stderr is talk. Text tables and JSON; colour only on a terminal whose user has not turned it off."""

import io
import os
import select
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from hactl.core.errors import ConfigError, HactlError, os_reason
from hactl.core.node import NodeState
from hactl.core.value import Value

_COLOUR = {
    "serving": "green",
    "slow": "yellow",
    "impaired": "yellow",
    "starting": "cyan",
    "draining": "yellow",
    "drained": "yellow",
    "stopping": "yellow",
    "backoff": "red",
    "unhealthy": "red",
    "failed": "red",
    "ok": "green",
    "degraded": "yellow",
    "down": "red",
    NodeState.STOPPED.value: "bright_black",
}


VERSION = 1
"""Of what `--json` prints: a field may be added to any document, none is taken away or means something else."""


def emit_json(value: Value | Mapping[str, Any]) -> None:
    """One JSON document on a line of its own, with the version of its contract."""
    click.echo(msgspec.json.encode({"version": VERSION, **msgspec.to_builtins(value)}))


def emit_schema(schema: Mapping[str, Any]) -> None:
    """A JSON schema on a line of its own: what it is a contract for is said in it."""
    click.echo(msgspec.json.encode(schema))


def put(target: Path, data: bytes) -> None:
    """Data into a file instead, and talk of where it is. Raises HactlError when it cannot be written."""
    write(target, data)
    say(str(target))


def write(target: Path, data: bytes) -> None:
    """Data into a file. Raises HactlError when it cannot be written."""
    try:
        target.write_bytes(data)
    except OSError as error:
        raise HactlError(f"cannot write {target}: {os_reason(error)}") from error


def say(text: str) -> None:
    """Talk: progress, outcomes, advice."""
    click.echo(text, err=True)


def complain(error: HactlError) -> None:
    """Talk: what failed and what to try."""
    say(f"hactl: {error.message}")
    if error.hint:
        say(f"  try: {error.hint}")
    for other in error.also if isinstance(error, ConfigError) else ():
        say(f"also: {other}")


def ensure_read() -> None:
    """For commands that may be silent for long. Raises BrokenPipeError when stdout has lost its reader."""
    try:
        fd = sys.stdout.fileno()
    except io.UnsupportedOperation:  # kept in memory: whoever reads that is here
        return
    poll = select.poll()
    poll.register(fd, 0)  # an error or a hang-up is always told
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
        raise BrokenPipeError


def tint(word: str, text: str | None = None) -> str:
    """`text` (or the word itself) in the colour of `word`, when stdout is for a person."""
    shown = word if text is None else text
    colour = _COLOUR.get(word)
    if colour is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return shown
    return click.style(shown, fg=colour)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Columns aligned by their widest cell; those in `right` to the right. The last column is never padded."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(click.unstyle(row[index])) for row in cells) for index in range(len(head))]
    return [_line(row, widths, right) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    parts = []
    for index, cell in enumerate(row):
        padding = " " * (widths[index] - len(click.unstyle(cell)))
        parts.append(padding + cell if index in right else cell + padding)
    return "  ".join(parts).rstrip()


def screen_width() -> int:
    """Columns of the terminal that stdout is; 0 when it is none, and nothing is left out."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0


def width(line: str) -> int:
    """Columns that a line takes, colours aside."""
    return len(click.unstyle(line))


def cut(line: str, columns: int) -> str:
    """`line` within so many columns, with a mark where it was cut."""
    surplus = width(line) - columns
    return line if surplus <= 0 else line[: -surplus - 1] + "\N{HORIZONTAL ELLIPSIS}"


def folded(line: str, columns: int) -> list[str]:
    """`line` in as many lines of so many columns as it takes; as it is when that is 0."""
    return textwrap.wrap(line, columns, subsequent_indent="  ") if columns else [line]
