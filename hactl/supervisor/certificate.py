"""Checks whether the files of the edges' certificate have changed, and has them validated. Puts nothing into use.

The files are polled, not watched: a look every half second costs nothing, and notices a rename, a rewrite in place and
a link that now leads elsewhere alike. A file that is being written in place gets time to be finished, and so does a
renewal of certificate and key one after the other: only what has stayed the same for two looks is validated.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.observations import CertificateFit, CertificateUnfit, Observation
from hactl.core.spec import EdgeTlsSpec
from hactl.core.value import Value
from hactl.supervisor.ports import EdgeEngine

LOOK = 0.5
"""Seconds between two looks at the files."""
AGAIN = 60.0
"""Seconds after which files that were refused are judged again: a certificate may only have been too young."""


class Stamp(Value):
    """What two files looked like: equal as long as nobody has touched them."""

    tls: EdgeTlsSpec
    files: tuple[tuple[int, ...], ...]


class CertificateWatch:
    """Watches the certificate of one fleet.

    look          the fleet now
    engine        judges
    deliver       takes what came of it
    clock, sleep  monotonic seconds, and how to wait for some of them
    """

    def __init__(
        self,
        *,
        look: Callable[[], Fleet],
        engine: EdgeEngine,
        deliver: Callable[[Observation], None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._look = look
        self._engine = engine
        self._deliver = deliver
        self._clock = clock
        self._sleep = sleep
        self._seen: Stamp | None = None
        self._judged: Stamp | None = None
        self._again: float | None = None
        """When to judge the same files once more; None when they were fit."""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            tls = self._look().spec.edge.tls
            if tls.cert:
                await self._glance(tls)
            await self._sleep(LOOK)

    async def _glance(self, tls: EdgeTlsSpec) -> None:
        stamp = Stamp(tls=tls, files=(_of(tls.cert), _of(tls.key)))
        moving = self._seen not in (None, stamp)
        self._seen = stamp
        due = self._again is not None and self._clock() >= self._again
        if not moving and (stamp != self._judged or due):
            await self._judge(stamp)

    async def _judge(self, stamp: Stamp) -> None:
        saw: Observation
        try:
            saw = CertificateFit(certificate=await self._engine.certify(self._look()))
        except (HactlError, OSError) as error:  # also a machine that has no descriptor left
            saw = CertificateUnfit(why=str(error))
        if self._look().spec.edge.tls != stamp.tls:
            return  # a configuration with other files came into force meanwhile, and with it their certificate
        self._judged = stamp
        self._again = self._clock() + AGAIN if isinstance(saw, CertificateUnfit) else None
        self._deliver(saw)


def _of(path: str) -> tuple[int, ...]:
    """Of the file that is there in the end, whatever links lead to it; () when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of a path that may be anything
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
