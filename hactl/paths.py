"""Where things are: a fleet's own, and those that come with hactl.

Apart from `config`, so that a broken hactl.toml never locks an operator out.

One directory per fleet holds everything: journal, documents, logs, lock. Only sockets move to a short directory when
their path would not fit into a socket address (108 bytes on Linux, the last one a NUL); that directory lies under
/tmp and not under the login session's run directory, because it must outlive the session.
"""

import os
from pathlib import Path

SOCKET_PATH_LIMIT = 103
"""The smaller of Linux's 107 usable bytes and macOS's 103."""
_LONGEST_SOCKET = len("/nodes/" + "x" * 40 + "/admin.sock")


def state_home() -> Path:
    """The directory that holds one directory per fleet: HACTL_STATE_DIR, else XDG_STATE_HOME/hactl."""
    given = os.environ.get("HACTL_STATE_DIR")
    if given:
        return Path(given)
    xdg = os.environ.get("XDG_STATE_HOME")
    return Path(xdg) / "hactl" if xdg else Path.home() / ".local" / "state" / "hactl"


def themes() -> Path:
    """The directory of the themes that come with hactl: inside an installed package, beside one that is edited."""
    package = Path(__file__).parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


class FleetPaths:
    """Every path of one fleet, all derived from its state directory."""

    def __init__(self, state: Path) -> None:
        self.state = state

    @classmethod
    def of(cls, name: str) -> "FleetPaths":
        """The paths of the fleet called `name` below the default state home."""
        return cls(state_home() / name)

    @property
    def journal(self) -> Path:
        """The journal's database."""
        return self.state / "journal.db"

    @property
    def has_journal(self) -> bool:
        """True when there is a journal that this user may read. Whoever may only talk to the daemon may not."""
        return os.access(self.journal, os.R_OK)

    @property
    def journal_files(self) -> tuple[Path, ...]:
        """Those that SQLite keeps the journal in, the database last."""
        return tuple(self.journal.with_name(f"{self.journal.name}{part}") for part in ("-wal", "-shm", ""))

    @property
    def samples(self) -> Path:
        """The directory of the segments that measurements are kept in."""
        return self.state / "samples"

    @property
    def lock(self) -> Path:
        """Held for as long as a daemon runs."""
        return self.state / "daemon.lock"

    @property
    def daemon_log(self) -> Path:
        """What the daemon itself has to say."""
        return self.state / "daemon.log"

    @property
    def drills(self) -> Path:
        """What drills have measured: beside the state directory, so that it outlives whatever happens to that."""
        real = Path(os.path.realpath(self.state))  # a fleet that is found through a link has the same drills
        return real.with_name(f"{real.name}.drills")

    @property
    def ballast(self) -> Path:
        """Given up when the disk is full, so that endpoint files can still be written."""
        return self.state / "ballast"

    @property
    def sockets(self) -> Path:
        """Where sockets go: the state directory, or a short one when its path is too long."""
        if len(os.fsencode(self.state)) + _LONGEST_SOCKET <= SOCKET_PATH_LIMIT:
            return self.state
        import hashlib  # noqa: PLC0415 - most state directories are short, and it takes 3 ms to load

        # By its real place: a fleet that is found through a link has the same sockets.
        digest = hashlib.sha256(os.fsencode(os.path.realpath(self.state))).hexdigest()[:12]
        return Path("/tmp") / f"hactl-{self.owner}-{digest}"

    @property
    def owner(self) -> int:
        """The user whose fleet it is: who has its state directory, or will."""
        try:
            return self.state.stat().st_uid
        except OSError:
            return os.getuid()

    @property
    def control(self) -> Path:
        """The control socket."""
        return self.sockets / "control.sock"

    @property
    def control_read_only(self) -> Path:
        """The control socket that only answers questions."""
        return self.sockets / "view.sock"

    def kept(self) -> tuple[Path, ...]:
        """Everything there is now of what a fleet keeps in its state directory, the journal last.

        What else lies there is somebody's own.
        """
        logs = sorted(self.state.glob("daemon.log*"))
        rest = (self.state / "nodes", self.samples, self.ballast, self.control, self.control_read_only)
        return tuple(path for path in (*logs, *rest, self.lock, *self.journal_files) if os.path.lexists(path))

    def node(self, name: str) -> Path:
        """One process's own directory: documents and log."""
        return self.state / "nodes" / name

    def processes(self) -> list[str]:
        """Every process that has a directory, whether or not it is there still."""
        try:
            return sorted(found.name for found in self.node("").iterdir() if not found.name.startswith("."))
        except OSError:
            return []

    def node_log(self, name: str) -> Path:
        """One process's own log."""
        return self.node(name) / "process.log"

    def node_logs(self, name: str) -> tuple[Path, ...]:
        """Everything one process writes line after line: what it prints, and the *.jsonl its engine gave it."""
        return (self.node_log(name), *sorted(self.node(name).glob("*.jsonl")))

    def node_sockets(self, name: str) -> Path:
        """Where one process's sockets go."""
        return self.sockets / "nodes" / name
