"""An open-loop load generator: requests are sent when they are due, whatever became of earlier ones.

A closed loop waits for a slow server and so never asks the questions that would have gone unanswered. Here request i
is due at t0 + i/rate; it is sent then even when earlier ones still wait, and everything counts from that moment.
Run it in a process of its own (`hactl.processes.load`): an event loop it had to share would add its own delays.
"""

import asyncio
import errno
import time
from random import Random

import aiohttp

from hactl.core import codec
from hactl.core.value import Value, replace
from hactl.drill.load_plan import LoadPlan
from hactl.drill.records import UNSENT, Records, Row
from hactl.drill.retrying import RetryPolicy

_NAP = 0.1
"""Longest sleep between two looks at whether to stop, in seconds."""
_ERRNO_NAMES = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EADDRNOTAVAIL: "no local port left",
    errno.EMFILE: "no file descriptor left",
}


class Load:
    """One run of a plan: `warm`, `run` once, read `records`; `stop` ends it early, cancelling drops it."""

    def __init__(self, plan: LoadPlan, session: aiohttp.ClientSession, policy: RetryPolicy | None = None) -> None:
        """`policy` is what its clients do about a request that fails; None: they ask once."""
        self.plan = plan
        self.records = Records()
        self.began = 0.0
        """Monotonic seconds at which the first request was due; 0.0 before `run`."""
        self.sent = 0
        self._session = session
        self._policy = policy or RetryPolicy(retries=0, deadline=plan.timeout)
        self._chance = Random()
        self._in_flight = 0
        self._stopped = False

    async def warm(self) -> bool:
        """Open the kept connections with one request each; true when all were answered. Nothing of it is recorded."""
        scratch = Load(self.plan, self._session)
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, self.plan.connections)):
                group.create_task(scratch._send(time.monotonic()))
        return scratch.records.failed == 0

    async def run(self, after: float = 0.0) -> None:
        """Send everything, the first in `after` seconds, and wait for every answer, at most `timeout` longer than
        `duration`."""
        plan = self.plan
        self.began = time.monotonic() + after
        async with asyncio.TaskGroup() as group:
            for _ in range(plan.burst):
                group.create_task(self._send(self.began))
            for number in range(plan.count):
                due = self.began + number / plan.rate
                if not await self._until(due):
                    break
                if self._in_flight >= plan.in_flight:
                    now = time.monotonic()
                    self.records.add(Row(due, now, now, 0, "", UNSENT))
                    continue
                group.create_task(self._send(due))

    def stop(self) -> None:
        """Send nothing more; `run` still waits for the answers under way."""
        self._stopped = True

    async def _until(self, due: float) -> bool:
        # Sleeps even when late: a generator that cannot keep up must still let answers in.
        while not self._stopped:
            left = due - time.monotonic()
            await asyncio.sleep(max(0.0, min(left, _NAP)))
            if left <= _NAP:
                return not self._stopped
        return False

    async def _send(self, due: float) -> None:
        self.sent += 1
        self._in_flight += 1
        sent, attempts = time.monotonic(), 0
        while True:
            attempts += 1
            status, node, error = await self._attempt(self._policy.attempt(time.monotonic() - sent))
            done = time.monotonic()
            pause = self._policy.pause(self.plan.method, attempts, status, done - sent, self._chance)
            if pause is None:
                break
            await asyncio.sleep(pause)
            if not self._policy.attempt(time.monotonic() - sent):
                break  # woken too late: nothing is left of the deadline, and no time at all would mean any time
        self.records.add(Row(due, sent, done, status, node, error, attempts))
        self._in_flight -= 1

    async def _attempt(self, timeout: float) -> tuple[int, str, str]:
        """Ask once: status, node, and what went wrong."""
        plan = self.plan
        try:
            async with self._session.request(
                plan.method,
                plan.url,
                data=plan.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
            ) as response:
                await response.read()
                return response.status, response.headers.get(plan.node_header, ""), ""
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            return 0, "", cause(failure)


async def hang_up(plan: LoadPlan) -> bool:
    """Connect every client of the burst, and cut all of them off; true when each had got an answer before."""
    async with open_session(plan) as session:
        return await Load(replace(plan, connections=plan.burst), session).warm()


def open_session(plan: LoadPlan) -> aiohttp.ClientSession:
    """A client session fit for measuring; close it with `async with`."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=plan.fresh_connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
    )
    # aiohttp silently repeats an idempotent request on a connection the server closed. A client may; one that
    # measures must not: it would hide exactly the failures it is here to count. There is no public switch.
    session._retry_connection = False
    return session


def cause(failure: Exception) -> str:
    """What went wrong, in one or two words that can be counted."""
    if isinstance(failure, TimeoutError):
        return "timeout"
    if isinstance(failure, OSError) and failure.errno is not None:
        return _ERRNO_NAMES.get(failure.errno) or errno.errorcode.get(failure.errno, f"errno {failure.errno}")
    if isinstance(failure, aiohttp.ServerDisconnectedError):
        return "closed without an answer"
    if isinstance(failure, aiohttp.ClientPayloadError):
        return "answer cut short"
    return type(failure).__name__


def line(value: Value) -> str:
    """A value as one line of NDJSON."""
    return codec.encode(value).decode()
