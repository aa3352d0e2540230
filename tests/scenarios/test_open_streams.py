"""WebSockets and streams that stay open while work is planned: who is not touched goes on, and nobody is cut unsaid."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import grpc
import httpx
import pytest
import websockets
from support.fleet import RunningFleet
from support.grpc_service import TALK, UNARY, grpc_service
from support.raw import raw
from support.sockets import Socket, Sockets, echo_service

from hactl.core.commands import Drain, Restart, Resume, SetPolicy, SetWeight, Stop
from hactl.core.events import NodeChanged, OperationEnded
from hactl.core.node import NodeState
from hactl.core.reading import explain
from hactl.core.spec import Policy

pytestmark = pytest.mark.envoy
PATIENCE = 30.0
SHORT = '[gateway]\nstop_timeout = "1s"\n'
"""Drains that nobody has to wait for."""


def routes(port: int) -> str:
    return (
        f'[[service]]\nname = "app"\nendpoints = ["127.0.0.1:{port}"]\n\n'
        '[[route]]\nprefix = "/"\nservice = "app"\ntimeout = "60s"\n'
    )


@asynccontextmanager
async def chatting(*, extra: str = "", edges: int = 2) -> AsyncIterator[tuple[RunningFleet, Sockets]]:
    """A fleet before a service that echoes WebSockets, and a client's sockets."""
    async with (
        echo_service() as port,
        RunningFleet(routes=routes(port), extra=extra, edges=edges) as fleet,
        Sockets(fleet.port) as sockets,
    ):
        yield fleet, sockets


async def ended(fleet: RunningFleet, operation: str) -> OperationEnded:
    event: OperationEnded = (await fleet.ended(operation)).event
    return event


async def cut(socket: Socket) -> None:
    """Wait until the client learns that it has been cut off."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(websockets.ConnectionClosed):
            await socket.connection.recv()


async def test_whoever_is_not_touched_goes_on() -> None:
    """Weights, the policy, drains and restarts of other nodes do not touch an open WebSocket; new ones never fail."""
    async with chatting() as (fleet, sockets):
        old = await sockets.open()
        others = tuple(node.name for node in fleet.now.gateways if node.name != old.node)
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            comings = [group.create_task(coming_and_going(sockets, stop)) for _ in range(8)]
            for command in (
                SetWeight(nodes=(others[0],), weight=1),
                SetWeight(nodes=(old.node,), weight=0),
                SetPolicy(policy=Policy.ROUND_ROBIN),
                SetWeight(nodes=(old.node,), weight=100),
                Drain(nodes=(others[1],)),
                Resume(nodes=(others[1],)),
                Restart(nodes=others),
            ):
                await fleet.command(command)
                await old.echoes()
            stop.set()
        assert sum(task.result() for task in comings) > 20


WORK = (
    SetWeight(nodes=("local-1",), weight=1),
    Drain(nodes=("local-2",)),
    Resume(nodes=("local-2",)),
    SetPolicy(policy=Policy.ROUND_ROBIN),
    SetWeight(nodes=("local-1",), weight=100),
    Restart(nodes=("local-1", "local-2", "local-3", "local-4")),
)
"""What may be done to a fleet that serves, all its nodes among it."""


async def test_new_websockets_never_fail() -> None:
    """Whatever is done, and though every node is restarted."""
    async with chatting() as (fleet, sockets), asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        comings = [group.create_task(coming_and_going(sockets, stop)) for _ in range(8)]
        for command in WORK:
            await fleet.command(command)
        stop.set()
        await asyncio.gather(*comings)
        assert sum(task.result() for task in comings) > 20


async def test_new_grpc_calls_never_fail() -> None:
    """Unary ones and conversations, on one connection to an edge that lives through all of it."""
    with grpc_service() as port:
        async with RunningFleet(routes=routes(port)) as fleet, asyncio.TaskGroup() as group:
            stop = threading.Event()
            new = group.create_task(asyncio.to_thread(calls, fleet.port, stop))
            try:
                for command in WORK:
                    await fleet.command(command)
            finally:
                stop.set()
            assert await new > 20


async def test_new_requests_never_fail_in_any_http_version() -> None:
    """HTTP/1.0 and 1.1 and 2, on kept and on fresh connections, with bodies that nobody may send twice."""
    async with RunningFleet(routes=ROUTES_PATIENT) as fleet, AsyncExitStack() as stack:
        url = f"http://127.0.0.1:{fleet.port}/"
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(http1=not http2, http2=http2, timeout=PATIENCE))
            for http2 in (False, True)
        ]
        stop = asyncio.Event()

        async def ask(client: httpx.AsyncClient) -> int:
            count = 0
            while not stop.is_set():
                assert (await client.post(url, content=b"x")).status_code == 200
                count += 1
            return count

        async def ask_as_of_old() -> int:
            count = 0
            while not stop.is_set():
                async with raw(fleet.port) as old:
                    assert await old.ask(b"POST / HTTP/1.0\r\ncontent-length: 1\r\n\r\nx") == 200
                count += 1
            return count

        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(ask(client)) for client in clients] + [group.create_task(ask_as_of_old())]
            for command in WORK:
                await fleet.command(command)
            stop.set()
        assert min(task.result() for task in asking) > 20


async def coming_and_going(sockets: Sockets, stop: asyncio.Event) -> int:
    """Open, use and close WebSockets one after the other; how many. Any that fails is an error."""
    count = 0
    while not stop.is_set():
        socket = await sockets.open()
        if count % 4:
            socket.drop()
        else:
            await socket.close()
        count += 1
    return count


async def test_the_policy_changes_under_open_sockets_without_touching_them() -> None:
    """Also of the node that carries them: another policy means another cluster at the edges."""
    async with chatting() as (fleet, sockets):
        open_ = [await sockets.open() for _ in range(8)]
        for policy in (Policy.RANDOM, Policy.ROUND_ROBIN):
            await fleet.command(SetPolicy(policy=policy))
            await asyncio.gather(*(socket.echoes() for socket in open_))


async def test_what_is_cut_off_at_the_deadline_is_counted() -> None:
    """Two WebSockets stay open while their node is stopped: both clients are told, and so is the operator."""
    async with chatting(extra=SHORT) as (fleet, sockets):
        first, second = await sockets.on("local-1", 2)
        gone = await sockets.on("local-1", 1)
        operation = await fleet.command(Stop(nodes=("local-1",)), wait=False)
        await gone[0].close()
        await asyncio.gather(cut(first), cut(second))
        assert (await ended(fleet, operation)).sentence == (
            "stop local-1; 2 requests were cut off at the drain deadline"
        )
        told = [event.why for event in fleet.since(0, NodeChanged) if event.node.name == "local-1" and event.why]
        assert "asked to stop; 2 requests were cut off at the drain deadline" in told


async def test_a_rolling_restart_adds_up_what_it_cut_off() -> None:
    """Over all its targets; those that closed in time do not count."""
    async with chatting(extra=SHORT) as (fleet, sockets):
        stay = [*await sockets.on("local-1", 1), *await sockets.on("local-3", 2)]
        goes = await sockets.on("local-2", 1)
        operation = await fleet.command(Restart(nodes=("local-1", "local-2", "local-3")), wait=False)
        await fleet.happens(NodeChanged, lambda event: is_draining(event, "local-2"), after=0)
        await goes[0].close()
        await asyncio.gather(*(cut(socket) for socket in stay))
        assert (await ended(fleet, operation)).sentence == (
            "restarted 3, one at a time; 3 requests were cut off at the drain deadline"
        )


def is_draining(event: NodeChanged, name: str) -> bool:
    return event.node.name == name and event.node.state is NodeState.DRAINING


async def test_a_node_that_stays_up_keeps_its_sockets_beyond_the_deadline() -> None:
    """Drained is not stopped: the operator is told what is still open, it goes on, and is over when it closes."""
    async with chatting(extra=SHORT) as (fleet, sockets):
        open_ = await sockets.on("local-1", 3)
        operation = await fleet.command(Drain(nodes=("local-1",)))
        told = "3 requests still open at the drain deadline"
        assert (await ended(fleet, operation)).sentence == f"drain local-1; {told}"
        assert explain(fleet.now.nodes["local-1"]).endswith(f"test; {told}")
        await asyncio.gather(*(socket.echoes() for socket in open_))
        operation = await fleet.command(Stop(nodes=("local-1",)), wait=False)
        await open_[0].close()
        await asyncio.gather(cut(open_[1]), cut(open_[2]))
        assert (await ended(fleet, operation)).sentence == (
            "stop local-1; 2 requests were cut off at the drain deadline"
        )


async def test_a_drained_node_is_idle_when_the_last_one_has_closed() -> None:
    """Then it can be stopped at once, and nothing is said of what closed by itself."""
    async with chatting(extra=SHORT) as (fleet, sockets):
        (late,) = await sockets.on("local-1", 1)
        await fleet.command(Drain(nodes=("local-1",)))
        await late.close()
        await fleet.until(lambda now: now.nodes["local-1"].unfinished == 0)
        operation = await fleet.command(Stop(nodes=("local-1",)))
        assert (await ended(fleet, operation)).sentence == "stop local-1"


async def test_an_edge_counts_what_its_clients_lose() -> None:
    """An edge is restarted with a WebSocket open; connections on which nothing happens are no requests."""
    async with chatting(extra=SHORT, edges=1) as (fleet, sockets):
        socket = await sockets.open()
        async with httpx.AsyncClient() as idle:
            assert (await idle.get(f"http://127.0.0.1:{fleet.port}/-/ready")).status_code == 200
            operation = await fleet.command(Restart(nodes=("edge-1",)), wait=False)
            await cut(socket)
            assert (await ended(fleet, operation)).sentence == (
                "restarted 1, one at a time; 1 request was cut off at the drain deadline"
            )


async def test_down_says_what_it_cut_off() -> None:
    """The edges go first, with what their clients have open."""
    async with chatting(extra=SHORT, edges=1) as (fleet, sockets):
        open_ = [await sockets.open() for _ in range(2)]
        await asyncio.gather(fleet.down(), *(cut(socket) for socket in open_))
        assert fleet.since(0, OperationEnded)[-1].sentence == (
            "everything has stopped; 2 requests were cut off at the drain deadline"
        )
        await fleet.launch()


async def test_the_count_outlives_the_daemon() -> None:
    """The daemon is killed while a node drains: the next one counts, waits for the deadline and says the same."""
    async with chatting(extra='[gateway]\nstop_timeout = "4s"\n') as (fleet, sockets):
        open_ = await sockets.on("local-1", 2)
        operation = await fleet.command(Stop(nodes=("local-1",)), wait=False)
        await fleet.happens(NodeChanged, lambda event: is_draining(event, "local-1"), after=0)
        await fleet.kill_daemon()
        await fleet.launch()
        await asyncio.gather(*(cut(socket) for socket in open_))
        assert (await ended(fleet, operation)).sentence == (
            "stop local-1; 2 requests were cut off at the drain deadline"
        )


async def test_a_long_request_finishes_while_its_node_drains() -> None:
    """It has until the deadline; the stop waits for it and cuts nothing."""
    async with RunningFleet(routes=ROUTES_PATIENT) as fleet:
        fleet.upstream.hold()
        async with asyncio.TaskGroup() as group, httpx.AsyncClient(timeout=PATIENCE) as client:
            asked = group.create_task(client.post(f"http://127.0.0.1:{fleet.port}/", content=b"x"))
            await fleet.upstream.arrived(1)
            measured = await fleet.measured(lambda update: any(sample.active for sample in update.samples))
            (busy,) = [s.node for s in measured.samples if s.active and fleet.now.nodes[s.node].region]
            operation = await fleet.command(Stop(nodes=(busy,)), wait=False)
            await fleet.happens(NodeChanged, lambda event: is_draining(event, busy), after=0)
            fleet.upstream.release()
            answer = await asked
        assert (answer.status_code, answer.headers["x-hactl-node"]) == (200, busy)
        assert (await ended(fleet, operation)).sentence == f"stop {busy}"


ROUTES_PATIENT = (
    '[[service]]\nname = "app"\nendpoints = ["127.0.0.1:{upstream}"]\n\n'
    '[[route]]\nprefix = "/"\nservice = "app"\ntimeout = "60s"\n'
)


class Conversation:
    """A gRPC stream in both directions, driven from a thread."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers = channel.stream_stream(TALK)(iter(self._said.get, None), timeout=120.0)
        self.say(b"hello")
        metadata = dict(self._answers.initial_metadata())
        self.node = metadata["x-hactl-node"]

    def say(self, word: bytes) -> None:
        """Say something and hear it in capitals."""
        self._said.put(word)
        assert next(self._answers) == word.upper()

    def end(self) -> None:
        """Say no more; the service agrees."""
        self._said.put(None)
        assert list(self._answers) == []
        assert self._answers.code() is grpc.StatusCode.OK


@contextmanager
def channel_to(port: int) -> Iterator[grpc.Channel]:
    options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield channel


def calls(port: int, stop: threading.Event) -> int:
    """Unary calls, and short conversations, until told to stop; how many. Any that fails is an error."""
    count = 0
    with channel_to(port) as channel:
        while not stop.is_set():
            assert channel.unary_unary(UNARY)(b"hello", timeout=PATIENCE) == b"HELLO"
            Conversation(channel).end()
            count += 2
    return count


async def test_grpc_survives_planned_work() -> None:
    """A conversation on a node that is not touched goes on through all of it, and no new call fails."""
    with grpc_service() as port:
        async with RunningFleet(routes=routes(port)) as fleet:
            with channel_to(fleet.port) as channel:
                old = await asyncio.to_thread(Conversation, channel)
                others = tuple(node.name for node in fleet.now.gateways if node.name != old.node)
                stop = threading.Event()
                async with asyncio.TaskGroup() as group:
                    new = group.create_task(asyncio.to_thread(calls, fleet.port, stop))
                    try:
                        for command in (
                            SetWeight(nodes=(others[0],), weight=1),
                            Drain(nodes=(others[1],)),
                            Resume(nodes=(others[1],)),
                            SetPolicy(policy=Policy.ROUND_ROBIN),
                            Restart(nodes=others),
                        ):
                            await fleet.command(command)
                            await asyncio.to_thread(old.say, b"still here")
                    finally:
                        stop.set()
                await asyncio.to_thread(old.end)
                assert new.result() > 20
