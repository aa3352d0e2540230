"""Where one Envoy lives: its directory, its documents, its sockets. Writes files so that no reader sees half of one.

Not a judge of what is in them.
"""

import os
import stat
from pathlib import Path

import msgspec

from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.engines.envoy.document import CLUSTER, LISTENER, ROUTES, SECRET, Document, Documents, discovery
from hactl.paths import SOCKET_PATH_LIMIT, FleetPaths

_DIRECTORIES = ("lds", "rds", "cds", "eds", "sds", "keys", "new")


class Seat(Value):
    """The places of one process."""

    name: str
    directory: Path
    sockets: Path

    @classmethod
    def of(cls, paths: FleetPaths, name: str) -> "Seat":
        """The seat of the process called `name`."""
        return cls(name=name, directory=paths.node(name).absolute(), sockets=paths.node_sockets(name).absolute())

    @property
    def bootstrap(self) -> Path:
        """What the process is started with."""
        return self.directory / "bootstrap.json"

    @property
    def listeners(self) -> Path:
        """Its listeners. Each resource has a directory of its own: Envoy re-reads on any move into a directory."""
        return self.directory / "lds" / "lds.json"

    @property
    def routes(self) -> Path:
        """Its routes."""
        return self.directory / "rds" / "rds.json"

    @property
    def clusters(self) -> Path:
        """Its clusters."""
        return self.directory / "cds" / "cds.json"

    @property
    def endpoints(self) -> Path:
        """An edge's endpoints."""
        return self.directory / "eds" / "gw.json"

    @property
    def secrets(self) -> Path:
        """What an edge's TLS is made with."""
        return self.directory / "sds" / "sds.json"

    @property
    def keys(self) -> Path:
        """Private copies of certificates and keys."""
        return self.directory / "keys"

    @property
    def errors(self) -> Path:
        """One line for each request that ended badly."""
        return self.directory / "errors.jsonl"

    @property
    def log(self) -> Path:
        """Its own log, written by whoever starts it."""
        return self.directory / "process.log"

    @property
    def admin(self) -> Path:
        """The admin socket."""
        return self.sockets / "admin.sock"

    @property
    def proof(self) -> Path:
        """The private listener of an edge, for probes and proofs."""
        return self.sockets / "edge.sock"

    @property
    def proof_tls(self) -> Path:
        """The same with the TLS that clients get."""
        return self.sockets / "tls.sock"

    @property
    def all_sockets(self) -> tuple[Path, ...]:
        """Every socket it may have."""
        return (self.admin, self.proof, self.proof_tls)


def take(seat: Seat) -> None:
    """Make the seat's directories (0700) and remove sockets a dead process left. Raises HactlError."""
    for path in seat.all_sockets:
        if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
            raise HactlError(f"the socket path {str(path)!r} is too long", "choose a shorter state_dir")
    try:
        for directory in (seat.directory, *(seat.directory / name for name in _DIRECTORIES)):
            private(directory)
        _owned(seat.sockets.parent.parent)  # may lie in a directory that everybody can write to
        private(seat.sockets.parent)
        private(seat.sockets)
        for path in seat.all_sockets:
            _remove_socket(path)
    except OSError as error:
        raise HactlError(f"cannot make the directory of {seat.name!r}: {error}") from error


def place(seat: Seat, path: Path, document: Document) -> None:
    """Put `document` at `path` in one step, readable by its owner only. Raises HactlError.

    Written elsewhere on the same file system and moved, because Envoy ignores edits in place. Not synced to the disk:
    after a power cut no process is left that could read it. The old file goes first: ext4 writes a file out at once
    when a rename replaces another (0.1 ms, on a busy disk over 1 ms, against 0.005), and Envoy does not mind the gap.
    """
    place_bytes(seat, path, msgspec.json.encode(document))


def place_bytes(seat: Seat, path: Path, content: bytes, *, durable: bool = False) -> None:
    """The same with content that is no document, and that with `durable` outlives a power cut. Raises HactlError."""
    new = seat.directory / "new" / path.name
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        path.unlink(missing_ok=True)
        os.rename(new, path)  # noqa: PTH104 - the one call Envoy watches for, named as itself
    except OSError as error:
        raise HactlError(f"{str(path)!r} cannot be written: {error}", "check the disk") from error


def furnish(seat: Seat, documents: Documents, version: str) -> None:
    """Put everything in place that a process needs before it starts, endpoints aside. Raises HactlError."""
    place(seat, seat.routes, discovery(version, ROUTES, documents.routes))
    place(seat, seat.clusters, discovery(version, CLUSTER, *documents.clusters))
    if documents.secrets:
        place(seat, seat.secrets, discovery(version, SECRET, *documents.secrets))
    place(seat, seat.listeners, discovery(version, LISTENER, *documents.listeners))
    place(seat, seat.bootstrap, documents.bootstrap)


def fleet_of(seat: Seat) -> str:
    """The id of the fleet whose process was last furnished here; "" when none was. Raises OSError if it cannot tell."""
    try:
        return str(msgspec.json.decode(seat.bootstrap.read_bytes())["node"]["cluster"])
    except (FileNotFoundError, msgspec.DecodeError, KeyError, TypeError):
        return ""


def private(directory: Path) -> None:
    """Make `directory`, for its owner only (0700). Raises OSError, and HactlError when it is somebody else's."""
    _owned(directory)
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)


def _owned(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise HactlError(
            f"{str(directory)!r} is not a directory of this user", "remove it, or choose another state_dir"
        )


def _remove_socket(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise HactlError(f"{str(path)!r} is not a socket", "move it away")
        path.unlink()
    except FileNotFoundError:
        return
