"""Tells a service manager how the daemon is, as sd_notify(3) does: datagrams to the socket in NOTIFY_SOCKET.

By hand, because that is all there is to it. Without such a socket nothing is sent. Never waits and never fails: what
the service manager does not take now is told again on the next beat.
"""

import asyncio
import socket
from collections.abc import Callable, MutableMapping

from hactl.core.model import Fleet
from hactl.core.reading import is_serving, read

BEAT = 1.0
"""Seconds between two looks at the fleet, at most."""
PATIENCE = 30.0
"""Seconds in charge after which a fleet that does not serve yet counts as started: to end and start the daemon again,
as a service manager would, helps no node."""


class Notifier:
    """What the service manager has been told, and what it is to be told next."""

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        """`address` is a path, "@" and an abstract name, or "" for nobody; `watchdog` is its limit in seconds, or 0."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog = watchdog
        self._in_charge: float | None = None
        self._ready = False
        self._status = ""
        self._alive_at = 0.0

    @classmethod
    def of(cls, environment: MutableMapping[str, str], pid: int) -> "Notifier":
        """As `environment` says, for the process `pid`; the variables are taken out: they are not for children."""
        address = environment.pop("NOTIFY_SOCKET", "")
        limit = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", str(pid))
        watched = limit.isascii() and limit.isdigit() and meant == str(pid)
        return cls(address if address[:1] in ("/", "@") else "", int(limit) / 1e6 if watched else 0.0)

    def in_charge(self) -> None:
        """A daemon has taken charge; it is ready once the fleet serves, or has had its time to."""
        self._in_charge = asyncio.get_running_loop().time()

    def stopping(self) -> None:
        """The daemon leaves."""
        self._send("STOPPING=1")

    async def run(self, look: Callable[[], Fleet]) -> None:
        """Tell until cancelled. Runs in the loop it vouches for: when that is stuck, nothing is sent."""
        while self._address:
            self._beat(look(), asyncio.get_running_loop().time())
            await asyncio.sleep(min(BEAT, self._watchdog / 2) if self._watchdog else BEAT)

    def _beat(self, fleet: Fleet, now: float) -> None:
        if self._watchdog and now - self._alive_at >= self._watchdog / 2 - BEAT / 10 and self._send("WATCHDOG=1"):
            self._alive_at = now
        if self._in_charge is None:
            return
        status = sentence(fleet)
        if status != self._status and self._send(f"STATUS={status}"):
            self._status = status
        if not self._ready and (is_serving(fleet) or now - self._in_charge >= PATIENCE):
            self._ready = self._send("READY=1")

    def _send(self, message: str) -> bool:
        """True when it was taken."""
        if not self._address:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(message.encode(), self._address)
            except OSError:  # full, or gone
                return False
        return True


def sentence(fleet: Fleet) -> str:
    """How the fleet is, in one line."""
    trouble = f"; hactl.toml cannot be used: {fleet.config_trouble}" if fleet.config_trouble else ""
    return " ".join(f"fleet {fleet.name}: {read(fleet).sentence}{trouble}".split())
