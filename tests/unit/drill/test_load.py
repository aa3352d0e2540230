"""The generator against small servers that misbehave on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from hactl.drill.load import Load, hang_up, open_session
from hactl.drill.load_plan import LoadPlan
from hactl.drill.measure import judge
from hactl.drill.records import UNSENT, Records, Row
from hactl.drill.retrying import RetryPolicy

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-hactl-node: n1\r\n\r\nok"
Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


async def generate(plan: LoadPlan) -> Records:
    """Warm up and run a whole plan in this event loop."""
    async with open_session(plan) as session:
        load = Load(plan, session)
        await load.warm()
        await load.run()
        return load.records


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that calls `answer(number of the request, writer)`; yields its URL and the requests per connection."""
    seen: list[int] = []
    handlers: set[asyncio.Task[None] | None] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        connection = len(seen)
        seen.append(0)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                seen[connection] += 1
                await answer(sum(seen) - 1, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/", seen
        for handler in handlers:
            if handler:
                handler.cancel()


async def well(number: int, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def test_every_request_is_sent_and_attributed() -> None:
    """A plan of rate x duration requests is sent whole, each with the node that answered."""
    async with server(well) as (url, _):
        records = await generate(LoadPlan(url=url, rate=200, duration=0.25))
    report = judge(records)
    assert (report.requests, report.ok, report.failed) == (50, 50, 0)
    assert report.shares == {"n1": 1.0}


async def test_requests_are_due_on_a_grid_whatever_happens() -> None:
    """Open loop: intended times are t0 + i/rate exactly, sending never happens before."""
    async with server(well) as (url, _):
        rows = sorted(await generate(LoadPlan(url=url, rate=500, duration=0.1)))
    assert [row.intended - rows[0].intended for row in rows] == pytest.approx([i / 500 for i in range(50)])
    assert all(row.intended <= row.sent <= row.done for row in rows)


async def test_a_hanging_server_does_not_stop_the_questions() -> None:
    """No coordinated omission: while nothing is answered, every request is still sent, and each one times out."""

    async def mute(number: int, writer: asyncio.StreamWriter) -> None:
        return

    async with server(mute) as (url, seen):
        plan = LoadPlan(url=url, rate=100, duration=0.3, timeout=0.4, connections=1)
        records = await generate(plan)
    assert [row.error for row in records] == ["timeout"] * 30
    assert len(seen) == 30 + 1
    assert judge(records).longest_gap_ms >= 300


async def test_a_kept_connection_that_breaks_is_a_failure_and_is_not_repeated() -> None:
    """A request lost with its connection counts as failed: the client library must not quietly send it again."""

    async def dies_on_the_fifth(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 5:
            writer.close()
        else:
            writer.write(OK)

    async with server(dies_on_the_fifth) as (url, seen):
        report = judge(await generate(LoadPlan(url=url, rate=100, duration=0.2, connections=1)))
    assert report.causes == {"closed without an answer": 1}
    assert sum(seen) == 20 + 1


async def test_a_truncated_answer_is_a_failure() -> None:
    """Half a body is no answer, even when its status was 200."""

    async def half(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])
        writer.close()

    async with server(half) as (url, _):
        report = judge(await generate(LoadPlan(url=url, rate=50, duration=0.1)))
    assert report.ok == 0
    assert report.causes == {"answer cut short": 5}


async def test_statuses_and_redirects_are_answers_but_no_successes() -> None:
    """Anything but 2xx fails, and a redirect is not followed."""

    async def various(number: int, writer: asyncio.StreamWriter) -> None:
        status = (b"503 Sorry", b"302 Found\r\nlocation: /")[number % 2]
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")

    async with server(various) as (url, _):
        report = judge(await generate(LoadPlan(url=url, rate=50, duration=0.2, connections=1)))
    assert set(report.causes) == {"status 503", "status 302"}
    assert report.failed == 10


async def test_nobody_listening_is_counted_as_refused() -> None:
    """A dead address is a measurement, not an exception."""
    async with server(well) as (url, _):
        pass
    report = judge(await generate(LoadPlan(url=url, rate=50, duration=0.1)))
    assert report.causes == {"refused": 5}


async def test_fresh_connections_are_fresh() -> None:
    """With `fresh_connections` each request opens its own connection; without, they are kept and take turns."""
    async with server(well) as (url, seen):
        await generate(LoadPlan(url=url, rate=100, duration=0.1, connections=2, fresh_connections=True))
        assert seen == [1] * 12
    async with server(well) as (url, seen):
        await generate(LoadPlan(url=url, rate=100, duration=0.5, connections=4))
        assert len(seen) >= 4
        assert min(seen[:4]) > 5


async def test_in_flight_is_bounded_and_what_is_given_up_is_said() -> None:
    """Beyond the bound requests are recorded as never sent, which makes the report inconclusive."""

    async def mute(number: int, writer: asyncio.StreamWriter) -> None:
        return

    async with server(mute) as (url, seen):
        plan = LoadPlan(url=url, rate=1000, duration=0.05, timeout=1.0, in_flight=10)
        async with open_session(plan) as session:
            load = Load(plan, session)
            await load.run()
    report = judge(load.records)
    assert sum(row.error == UNSENT for row in load.records) == report.unsent == 40
    assert (report.causes, report.late) == ({"timeout": 10}, True)
    assert sum(seen) == 10


async def test_stop_ends_early_and_keeps_what_is_under_way() -> None:
    """After `stop` nothing more is sent, and the answers already asked for are still taken."""
    third, release = asyncio.Event(), asyncio.Event()

    async def later(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 2:
            third.set()
        await release.wait()
        writer.write(OK)

    async with server(later) as (url, _):
        plan = LoadPlan(url=url, rate=100, duration=60)
        async with open_session(plan) as session, asyncio.TaskGroup() as group:
            load = Load(plan, session)
            group.create_task(load.run())
            await third.wait()
            load.stop()
            release.set()
    assert judge(load.records).failed == 0
    assert 3 <= len(load.records) < 100


async def test_cancelling_a_run_leaves_no_task_behind() -> None:
    """A run that is cancelled takes every request under way with it."""
    fifth = asyncio.Event()

    async def mute(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 4:
            fifth.set()

    async with server(mute) as (url, _):
        plan = LoadPlan(url=url, rate=100, duration=60)
        async with open_session(plan) as session:
            run = asyncio.get_running_loop().create_task(Load(plan, session).run())
            await fifth.wait()
            run.cancel()
            await asyncio.wait([run])
            names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
    assert run.cancelled()
    assert not [name for name in names if name.startswith("Load.")]


async def test_the_body_arrives_with_its_method() -> None:
    """A plan may post: method and body reach the server."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(5))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        plan = LoadPlan(url=url, rate=10, duration=0.1, method="POST", body=b"hello", connections=1)
        report = judge(await generate(plan))
    assert report.ok == 1
    assert heads[-1].startswith(b"POST / HTTP/1.1\r\n")
    assert heads[-1].endswith(b"\r\n\r\nhello")


async def ask_again(
    answer: Answer, *, retries: int = 2, timeout: float = 0.6, method: str = "GET"
) -> tuple[list[Row], int]:
    """Rows of clients that try again, and how many requests the server has had besides the warm-up's."""
    async with server(answer) as (url, seen):
        plan = LoadPlan(url=url, rate=50, duration=0.2, timeout=timeout, connections=1, retries=retries, method=method)
        async with open_session(plan) as session:
            load = Load(plan, session, plan.policy)
            await load.warm()
            await load.run()
    return sorted(load.records), sum(seen) - 1


async def test_clients_that_try_again_get_what_one_attempt_did_not() -> None:
    """Refused twice, by whomever, each request succeeds in the end, and counts from when it was due."""

    async def at_first(number: int, writer: asyncio.StreamWriter) -> None:
        sorry = b"HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n"
        writer.write(sorry if number in (1, 2) else OK)  # 0 is the warm-up's

    rows, asked = await ask_again(at_first)
    assert [row.status for row in rows] == [200] * 10
    assert sum(row.attempts for row in rows) == asked == 12
    assert all(row.intended <= row.sent <= row.done for row in rows)


async def test_clients_that_try_again_give_up_in_time() -> None:
    """A server that hangs: each attempt has its part of the deadline, and none is made beyond it."""

    async def mute(number: int, writer: asyncio.StreamWriter) -> None:
        return

    rows, _ = await ask_again(mute, timeout=0.3)
    assert {row.error for row in rows} == {"timeout"}
    assert 1 < max(row.attempts for row in rows) <= 3  # pauses are drawn, and may leave no time for the third
    assert min(row.done - row.sent for row in rows) < 0.3 + 0.2


async def test_whoever_wakes_too_late_asks_no_more() -> None:
    """A machine that stalls during a pause: the deadline is over, and what failed before is the outcome."""

    class Oversleeping(RetryPolicy):
        def pause(self, method: str, attempts: int, status: int, spent: float, chance: Random) -> float | None:
            return self.deadline if super().pause(method, attempts, status, spent, chance) is not None else None

    async def mute(number: int, writer: asyncio.StreamWriter) -> None:
        return

    async with server(mute) as (url, seen):
        plan = LoadPlan(url=url, rate=20, duration=0.1, timeout=0.2)
        async with open_session(plan) as session, asyncio.timeout(20.0):
            load = Load(plan, session, Oversleeping(retries=1, deadline=0.2, base=0.01))
            await load.run()
    assert [(row.attempts, row.error) for row in load.records] == [(1, "timeout")] * 2
    assert sum(seen) == 2


async def test_what_is_not_safe_twice_is_asked_once() -> None:
    async def sorry(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n")

    rows, asked = await ask_again(sorry, method="POST")
    assert ({row.attempts for row in rows}, asked) == ({1}, 10)


async def test_those_who_were_cut_off_come_back_all_at_once() -> None:
    """Connected and answered before, then cut off together; each comes back on a connection of its own, with a request
    that is due in the same moment as the first of all others."""
    async with server(well) as (url, seen):
        plan = LoadPlan(url=url, rate=50, duration=0.2, connections=1, burst=20)
        assert await hang_up(plan)
        assert seen == [1] * 20
        async with open_session(plan) as session:
            load = Load(plan, session)
            await load.run()
        assert len(seen) >= 2 * 20, "nobody found a connection that was open still"
    rows = sorted(load.records)
    assert len(rows) == 20 + 10
    assert {row.intended for row in rows[:21]} == {load.began}
    assert judge(rows).failed == 0


async def test_those_who_never_got_an_answer_were_not_connected() -> None:
    async with server(well) as (url, _):
        pass
    assert not await hang_up(LoadPlan(url=url, burst=3))
