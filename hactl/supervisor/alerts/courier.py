"""One worker per receiver: what is owed to it, one alert at a time, with tries and pauses. Knows no HTTP, no process.

The queue is the fleet itself, so nothing is lost with this worker; a receiver that hangs holds up only its own alerts.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from hactl.core.alert import Alert, AlertKind, AlertSpec
from hactl.core.alert_queue import is_too_old
from hactl.core.errors import HactlError
from hactl.core.jitter import fraction
from hactl.core.model import Fleet, Now
from hactl.core.observations import AlertTooOld, AlertTried, Observation

BREATH = 0.5
"""Seconds that an alert waits before it is sent: first comes the failover it is about, then the news of it."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two attempts: after the first, doubled after each, and at most."""


class Undelivered(HactlError):
    """One attempt has failed; neither message nor hint has any secret in it."""

    def __init__(self, message: str, hint: str = "", *, again: bool = True, after: float = 0.0) -> None:
        """`again`: another attempt may do better, though not before `after` seconds."""
        super().__init__(message, hint)
        self.again = again
        self.after = after


class Delivery(Protocol):
    """Hands alerts over."""

    async def prepare(self, to: AlertSpec) -> None:
        """Get ready what deliveries to this receiver will need, so that the first costs no more than the others."""
        ...

    async def hand_over(self, alert: Alert, to: AlertSpec) -> None:
        """One attempt, which may take as long as the receiver likes: it is cancelled when it is too long.

        Raises Undelivered, and HactlError for what no further attempt would change.
        """
        ...


class Courier:
    """Delivers what is owed to one receiver, and reports what became of it."""

    def __init__(
        self,
        name: str,
        delivery: Delivery,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        clock: Callable[[], Now],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name = name
        self._delivery = delivery
        self._look = look
        self._deliver = deliver
        self._clock = clock
        self._sleep = sleep
        self._news = asyncio.Event()
        self._dismissed = False

    def tell(self) -> None:
        """Something may be owed: look again."""
        self._news.set()

    def dismiss(self) -> None:
        """The receiver has been removed and is owed nothing; one that has its name later has another courier."""
        self._dismissed = True
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled or dismissed."""
        to = self._look().spec.alert(self._name)
        if to is not None:
            with contextlib.suppress(Exception):  # met again, and told, by the first delivery
                await self._delivery.prepare(to)
        while not self._dismissed:
            await self._news.wait()
            self._news.clear()
            while not self._dismissed and (owed := self._look().alerts.waiting(self._name)):
                self._deliver(await self._outcome(owed[0]))
                if owed[0].id in self._look().alerts.pending:
                    break  # nobody takes reports any more: the daemon leaves, and the next one delivers it again

    async def _outcome(self, alert: Alert) -> Observation:
        """Try until it is delivered, or until it makes no sense to go on."""
        attempt = 0
        if alert.kind is not AlertKind.TEST:
            await self._sleep(min(BREATH, max(0.0, alert.at + BREATH - self._clock().wall)))
        while True:
            if is_too_old(alert, self._clock()):
                return AlertTooOld(id=alert.id)
            attempt += 1
            to = self._look().spec.alert(self._name)
            failed = await self._failure(alert, to)
            if failed is None:
                return AlertTried(id=alert.id, delivered=True, attempts=attempt)
            again = isinstance(failed, Undelivered) and failed.again
            if to is None or not again or attempt > to.retries:
                why, hint = failed.message, failed.hint
                return AlertTried(id=alert.id, delivered=False, attempts=attempt, why=why, hint=hint)
            await self._sleep(pause(alert.id, attempt, failed))

    async def _failure(self, alert: Alert, to: AlertSpec | None) -> HactlError | None:
        """What went wrong with one attempt; None when nothing did."""
        if to is None:
            return HactlError("it is no longer in the configuration")
        try:
            async with asyncio.timeout(to.timeout):
                await self._delivery.hand_over(alert, to)
        except TimeoutError:
            return Undelivered(f"no answer within {to.timeout:g} s", f"raise alert[{to.name}].timeout if it is slow")
        except HactlError as failed:
            return failed
        except OSError as failed:  # no descriptor left, certificates that cannot be read
            return Undelivered(
                f"cannot send from this machine: {failed.strerror or type(failed).__name__}", "hactl doctor"
            )
        except Exception as defect:  # a fleet does not die of an alert; more than its kind could have a secret in it
            return HactlError(f"internal error in the daemon: {type(defect).__name__}", "please report this")
        return None


def pause(alert: str, attempt: int, failed: HactlError) -> float:
    """Seconds until the next attempt after attempt number `attempt`: half of it random, or as the receiver asked."""
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
    asked = failed.after if isinstance(failed, Undelivered) else 0.0
    return max(min(asked, LONGEST_PAUSE), ceiling * (1 + fraction(alert, str(attempt))) / 2)
