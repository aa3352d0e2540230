"""The processes' own log files: page through them, keep them from growing for ever. Not the daemon's own logging.

Writers hold their file open with O_APPEND, so a file can be copied and cut under them: they go on at its new end.
"""

import os
import shutil
import time
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value

PAGE = 256 << 10
"""Bytes read for one page at most."""
LINE = 8 << 10
"""Bytes of one line at most; a longer one is given in pieces."""
_QUIET = 1.0
"""Seconds without a write after which an unfinished last line counts as a line."""


class Page(Value):
    """Lines of a log and where to go on."""

    lines: tuple[str, ...]
    after: int
    """Offset to ask from next time."""
    truncated: bool = False
    """The file was cut since the last page: some lines may be missing."""


def read_page(path: Path, *, after: int, lines: int) -> Page:
    """At most `lines` lines from offset `after` on; -1 asks for the last ones. A missing file is an empty one.

    Bytes that are no UTF-8 are replaced. Raises HactlError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            quiet = time.time() - status.st_mtime > _QUIET
            cut = after > status.st_size
            start = max(0, status.st_size - PAGE) if after < 0 else (0 if cut else after)
            file.seek(start)
            data = file.read(min(PAGE, status.st_size - start))
    except FileNotFoundError:
        return Page(lines=(), after=0, truncated=after > 0)
    except OSError as error:
        raise HactlError(f"cannot read the log {str(path)!r}: {os_reason(error)}") from error
    at_end = start + len(data) >= status.st_size
    pieces = _pieces(data, unfinished=quiet and at_end)
    if after < 0:
        if start > 0:
            pieces = pieces[1:]  # the page began inside a line
        end = pieces[-1][1] if pieces else (data.rfind(b"\n") + 1)
        pieces = pieces[-lines:] if lines > 0 else []
    else:
        pieces = pieces[: max(0, lines)]
        end = pieces[-1][1] if pieces else 0
    texts = tuple(text.rstrip(b"\r").decode(errors="replace") for text, _ in pieces)
    return Page(lines=texts, after=start + end, truncated=cut)


def _pieces(data: bytes, *, unfinished: bool) -> list[tuple[bytes, int]]:
    """Lines without their ends, each with the offset behind it; the last, unfinished one only when asked for."""
    pieces: list[tuple[bytes, int]] = []
    at = 0
    while at < len(data):
        newline = data.find(b"\n", at, at + LINE + 1)
        if newline >= 0:
            pieces.append((data[at:newline], newline + 1))
        elif len(data) - at >= LINE or unfinished:
            pieces.append((data[at : at + LINE], min(at + LINE, len(data))))
        else:
            break
        at = pieces[-1][1]
    return pieces


def rotate(path: Path, *, max_size: int, keep: int) -> bool:
    """Move what a log holds to PATH.1 (and PATH.1 to PATH.2, ... `keep` of them) when it exceeds `max_size` bytes.

    Returns True when it did. Lines written between the copy and the cut are lost: that is some microseconds. Copies
    up to `max_size` and more, so call it in a thread. Raises HactlError when the disk does not take the copy; the log
    then stays as it is.
    """
    try:
        if path.stat().st_size <= max_size:
            return False
    except FileNotFoundError:
        return False
    try:
        _shift(path, keep)
        with path.open("rb") as source:
            if keep > 0:
                _copy(source.fileno(), _old(path, 1))
            os.truncate(path, 0)
    except OSError as error:
        raise HactlError(f"cannot rotate the log {str(path)!r}: {os_reason(error)}") from error
    return True


def expire(path: Path, *, older_than: float, keep: int) -> None:
    """Remove what was rotated out of a log before `older_than` (Unix time), or is beyond the `keep` newest.

    The log itself stays. Raises OSError when something cannot be removed.
    """
    for old in path.parent.glob(f"{path.name}.*"):
        number = old.suffix[1:]
        if number.isdigit() and (int(number) > keep or old.lstat().st_mtime < older_than):
            old.unlink(missing_ok=True)


def _shift(path: Path, keep: int) -> None:
    beyond = keep + 1
    while _old(path, beyond).exists():  # more were kept once
        _old(path, beyond).unlink()
        beyond += 1
    for number in range(keep, 0, -1):
        old = _old(path, number)
        if not old.exists():
            continue
        if number == keep:
            old.unlink()  # first of all: it may be the room the copy needs
        else:
            old.rename(_old(path, number + 1))


def _copy(source: int, target: Path) -> None:
    try:
        with open(source, "rb", closefd=False) as reader, target.open("wb") as writer:
            target.chmod(0o600)
            # Until its end, which moves: what is written while copying is copied as well.
            shutil.copyfileobj(reader, writer, 1 << 20)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _old(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
