"""A daemon at the other end of its socket, for a command line: synchronous, and as light as Python allows.

Not the client of a program that lives long: that is `aclient`. What goes over the socket is `framing`. No asyncio, no
http package: a status must be on the screen within 120 ms, and loading `http.client` alone would take 17 of them.
"""

import io
import os
import socket as sockets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from hactl.control import api, framing
from hactl.control.api import CommandBody, HistoryParams, LogParams, RecordPage, WatchParams, read_error, target
from hactl.control.credentials import credentials
from hactl.core.codec import decode, encode
from hactl.core.commands import Command
from hactl.core.errors import Absent, Unreachable
from hactl.core.events import Record
from hactl.core.talk import Hello, LogPage, Query, Receipt, Snapshot, Update

T = TypeVar("T")


class Client:
    """The Controller's verbs, each a blocking call.

    Every call raises Unreachable when no daemon answers within `timeout` seconds, CommandRejected when the core
    says no, and HactlError for whatever else the daemon has to say.
    """

    def __init__(self, socket: Path, *, owner: int | None = None, timeout: float = 5.0) -> None:
        """`owner` is the user whose daemon is expected, if that is somebody else who has let our group in."""
        self._socket = socket
        self._owner = owner
        self._timeout = timeout

    def hello(self) -> Hello:
        """Who is there."""
        return self._ask("GET", api.HELLO, Hello)

    def fleet(self) -> Snapshot:
        """Everything now, with the newest measurements."""
        return self._ask("GET", api.FLEET, Snapshot)

    def submit(
        self, command: Command, *, by: str = "", reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        """Ask for something. `by` is only a label: the daemon puts the user it knows from the kernel before it."""
        body = CommandBody(command=command, reason=reason, confirm=confirm, label=by, dry_run=dry_run)
        return self._ask("POST", api.COMMANDS, Receipt, encode(body))

    def history(self, query: Query) -> list[Record]:
        """Journal records that match, oldest first."""
        return list(self._ask("GET", target(api.HISTORY, HistoryParams.of(query)), RecordPage).records)

    def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        """Lines of a process's own log ("daemon" names the daemon's)."""
        return self._ask("GET", target(api.LOG, LogParams(node=node, after=after, lines=lines)), LogPage)

    def watch(self, after: int = 0) -> Iterator[Update]:
        """Updates until the daemon ends the stream: call again with the last `seq`. Close it to leave early."""
        with self._exchange("GET", target(api.WATCH, WatchParams(after=after)), b"", api.QUIET_LIMIT) as (answer, _):
            for line in answer:
                if line.endswith(b"\n"):  # else the daemon went in the middle of it
                    yield decode(line, Update)  # type: ignore[arg-type]

    def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"") -> T:
        with self._exchange(method, path, body, self._timeout) as (answer, length):
            content = answer.read(length)
            if len(content) < length:
                raise ConnectionResetError
            return decode(content, kind)

    @contextmanager
    def _exchange(self, method: str, path: str, body: bytes, timeout: float) -> Iterator[tuple[io.BufferedReader, int]]:
        """The body of a 200, to be read, and its length (-1: until the end). Raises what any other status means."""
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            try:
                connection.connect(str(self._socket))
                ensure_trusted(connection, self._socket, self._owner)
                _send(connection, framing.request(method, path, body))
                with connection.makefile("rb") as answer:
                    status, length = _head(answer)
                    if status != 200:
                        raise read_error(status, answer.read(length))
                    yield answer, length
            except OSError as error:
                raise unreachable(self._socket, error) from error


def listener(socket: Path) -> tuple[int, int]:
    """Pid and user of the process that listens on `socket`, as the kernel says: whatever it speaks, if it speaks.

    Raises Unreachable when nobody listens there.
    """
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
        try:
            connection.connect(str(socket))
            there = credentials(connection)
        except OSError as error:
            raise unreachable(socket, error) from error
    return there.pid, there.uid


def unreachable(socket: Path, error: Exception) -> Unreachable:
    """What it means that the operating system failed to talk over `socket`."""
    if isinstance(error, PermissionError):
        hint = "run as the user who started the fleet, as a member of its fleet.group, or as root"
        return Unreachable(f"no permission to open '{socket}'", hint)
    if isinstance(error, TimeoutError):
        return Unreachable(f"the daemon on '{socket}' does not answer in time", "hactl logs daemon")
    if isinstance(error, ConnectionResetError | BrokenPipeError | EOFError):
        return Unreachable(f"the daemon on '{socket}' went away before it answered", "hactl events")
    kind = Absent if isinstance(error, FileNotFoundError | ConnectionRefusedError) else Unreachable
    return kind(f"no daemon answers on '{socket}'", "hactl up")


def ensure_trusted(connection: sockets.socket, socket: Path, owner: int | None) -> None:
    """A socket may lie below /tmp, where somebody else could have been first: the kernel says who listens.

    Raises Unreachable for a stranger. Root may drive anybody's fleet; `owner` is one whose socket a group of ours owns.
    """
    uid = credentials(connection).uid
    if os.geteuid() not in (uid, 0) and uid != 0 and not (uid == owner and _is_shared(socket)):
        raise Unreachable(f"what answers on '{socket}' belongs to user {uid}, not to you", f"ls -l {socket}")


def _is_shared(socket: Path) -> bool:
    """True when the socket was opened to a group that we are in."""
    found = socket.stat()
    return found.st_mode & 0o060 == 0o060 and found.st_gid in (os.getegid(), *os.getgroups())


def _send(connection: sockets.socket, request: bytes) -> None:
    # A daemon that refuses a request reads no further, and its refusal is there to be read.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request)


def _head(answer: io.BufferedReader) -> tuple[int, int]:
    """Status and content-length (-1: until the end) of the answer, read up to its body."""
    status, length = framing.status(answer.readline(framing.LONGEST)), -1
    while (line := answer.readline(framing.LONGEST)) not in framing.END:
        said = framing.length(line)
        length = length if said is None else said
    return status, length
