"""Real processes share a real port: one leaves, and no connection is left waiting at its door."""

import asyncio
import os
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from support.build import a_node, a_spec, founded
from support.polling import wait_until
from support.ports import free_port
from support.processes import freeze, wait_until_dead

from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.value import replace
from hactl.supervisor import handover, shared_port
from hactl.supervisor.handover import Handover
from hactl.supervisor.process import Process

EDGE = """
import socket, sys, threading
def answer(client):
    while client.recv(1):
        client.sendall(b"{name}")
    client.close()
socks = []
for _ in range({threads}):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", {port}))
    s.listen(64)
    socks.append(s)
def serve(s):
    while True:
        try:
            client, _ = s.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(client,), daemon=True).start()
for s in socks:
    threading.Thread(target=serve, args=(s,), daemon=True).start()
import signal
signal.pause()
"""


class House:
    """A fleet whose edges are small programs on one port, each with so many sockets."""

    def __init__(self, nursery, edges: int = 2, threads: int = 1) -> None:
        self.nursery = nursery
        self.threads = threads
        self.port = free_port()
        self.fleet = founded(a_spec(edges=edges))
        self.processes: dict[str, Process] = {}
        for edge in self.fleet.edges:
            self.start(edge.name)

    def start(self, name: str) -> None:
        """A process for an edge, which listens by now."""
        before = len(shared_port.listeners("127.0.0.1", self.port))
        process = self.nursery.start(EDGE.format(name=name, port=self.port, threads=self.threads))
        listening = before + self.threads
        wait_until(lambda: process.state() == "Z" or len(shared_port.listeners("127.0.0.1", self.port)) >= listening)
        assert process.state() != "Z"
        self.processes[name] = process
        node = a_node(NodeState.SERVING, name, address="127.0.0.1", port=self.port, launch=process.launch)
        self.fleet = replace(self.fleet, nodes=self.fleet.nodes | {name: node})

    def end(self, name: str) -> None:
        """Its process is gone, with its sockets."""
        self.processes[name].signal("KILL")
        wait_until_dead(self.processes[name])

    def look(self) -> Fleet:
        return self.fleet

    def answers(self, count: int = 40) -> Counter[str]:
        """Who answers so many new connections."""
        found: Counter[str] = Counter()
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
                client.sendall(b"?")
                found[client.recv(100).decode()] += 1
        return found


@pytest.fixture(autouse=True)
def patient(monkeypatch) -> None:
    """On a busy machine it may take longer than a drain would wait for it; how long that is, has a test of its own."""
    monkeypatch.setattr(handover, "LONGEST", 30.0)
    monkeypatch.setattr(handover, "PART", 30.0)


@pytest.mark.parametrize(("edges", "threads"), [(2, 1), (3, 2)])
async def test_new_connections_go_to_the_others_until_it_has_closed(nursery, edges: int, threads: int) -> None:
    """Not one comes to the edge that leaves, and afterwards the kernel picks among all again, a new one among them."""
    house = House(nursery, edges, threads)
    leaving = house.fleet.nodes["edge-1"]
    others = {edge.name for edge in house.fleet.edges} - {"edge-1"}
    async with Handover(house.look, permitted=lambda: True).of(leaving) as steered:
        assert steered
        assert house.answers().keys() == others
        house.end("edge-1")
    house.start("edge-1")
    assert house.answers(200).keys() == others | {"edge-1"}


async def test_whoever_leaves_finds_nobody_waiting(nursery) -> None:
    """Connections that waited to be accepted have been when the block is entered."""
    house = House(nursery)
    waiting = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(20)]
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert steered
        assert not any(one.waiting for one in shared_port.listeners("127.0.0.1", house.port))
        house.end("edge-1")
    for one in waiting:
        one.close()


async def test_an_edge_that_stays_after_all_gets_its_share_again(nursery, monkeypatch) -> None:
    """It never stopped listening: after a while nobody is kept from it any longer."""
    monkeypatch.setattr(handover, "CLOSED", 0.0)
    house = House(nursery)
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert steered
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_when_another_edge_dies_meanwhile_the_kernel_picks_again(nursery) -> None:
    """Places have changed: better any edge than the wrong one, and the one that was to leave still answers."""
    house = House(nursery, edges=3)
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert steered
        house.end("edge-3")
        assert house.answers().keys() <= {"edge-1", "edge-2"}
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_what_a_daemon_left_behind_when_it_died_the_next_one_ends(nursery) -> None:
    house = House(nursery)
    assert handover.steer(handover.door_of(house.fleet), "edge-1")
    assert house.answers().keys() == {"edge-2"}
    await Handover(house.look, permitted=lambda: True).end()
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


@pytest.mark.parametrize("probes", range(7))
async def test_whoever_cancels_it_leaves_nothing_behind(nursery, monkeypatch, probes: int) -> None:
    """At whichever probe: when it is over, no thread goes on, and the kernel picks among all."""
    house, loop = House(nursery, edges=3, threads=2), asyncio.get_running_loop()
    reached, left, probing = asyncio.Event(), threading.Event(), handover.who_accepts
    made: list[str] = []

    def who_accepts(*args: object) -> str:
        if len(made) == probes:
            loop.call_soon_threadsafe(reached.set)
            left.wait(5)
        made.append(probing(*args))
        return made[-1]

    async def use() -> None:
        async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]):
            pytest.fail("it was cancelled before")

    monkeypatch.setattr(handover, "who_accepts", who_accepts)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(use())
        await reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # again: it is waited for all the same
        loop.call_soon(left.set)
    assert task.cancelled()
    assert len(made) == probes + 1
    assert house.answers(200).keys() == {"edge-1", "edge-2", "edge-3"}


async def test_the_door_that_was_steered_is_given_back_wherever_edges_listen_now(nursery) -> None:
    """The port may have been changed while it was under way."""
    house = House(nursery)
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert steered
        elsewhere = {name: replace(node, port=1) for name, node in house.fleet.nodes.items()}
        house.fleet = replace(house.fleet, nodes=elsewhere)
        house.end("edge-1")
    house.start("edge-1")
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_a_drain_the_next_daemon_goes_on_with_gets_its_handover_again(nursery) -> None:
    """It first ends what was begun, for every edge it takes over, and the order to drain comes at once behind that."""
    house = House(nursery)
    assert handover.steer(handover.door_of(house.fleet), "edge-1")
    successor = Handover(house.look, permitted=lambda: True)
    async with asyncio.TaskGroup() as group:
        for _ in house.fleet.edges:
            group.create_task(successor.end())
        await asyncio.sleep(0)  # they have begun
        async with successor.of(house.fleet.nodes["edge-1"]) as steered:
            assert steered
            assert house.answers().keys() == {"edge-2"}
            house.end("edge-1")
    async with successor.of(house.fleet.nodes["edge-2"]) as steered:
        assert not steered, "nobody else is left"


async def test_an_edge_that_does_not_accept_keeps_it_from_being_begun(nursery) -> None:
    """Whose place is whose cannot be found out: everything stays as it was."""
    house = House(nursery)
    freeze(house.processes["edge-2"])
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert not steered
    house.processes["edge-2"].signal("CONT")
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_while_it_is_found_out_who_hangs_the_others_get_their_share(nursery) -> None:
    """Only the connection that finds out is sent to an edge that does not accept, nobody else's."""
    house = House(nursery)
    freeze(house.processes["edge-2"])
    waiting: list[socket.socket] = []

    def knock() -> None:
        # until the frozen one has been asked
        wait_until(lambda: any(one.waiting for one in shared_port.listeners("127.0.0.1", house.port)))
        for _ in range(40):
            waiting.append(socket.create_connection(("127.0.0.1", house.port), timeout=10))
            waiting[-1].sendall(b"?")

    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(knock))
        assert await asyncio.to_thread(handover.steer, handover.door_of(house.fleet), "edge-1") is None
    served, _, _ = select.select(waiting, [], [], 1)
    for one in waiting:
        one.close()
    house.processes["edge-2"].signal("CONT")
    assert served


def without_others(fleet: Fleet) -> Fleet:
    return replace(fleet, nodes={name: node for name, node in fleet.nodes.items() if name != "edge-2"})


def with_one_elsewhere(fleet: Fleet) -> Fleet:
    return replace(fleet, nodes=fleet.nodes | {"edge-2": replace(fleet.nodes["edge-2"], port=1)})


def with_one_starting(fleet: Fleet) -> Fleet:
    return replace(fleet, nodes=fleet.nodes | {"edge-2": replace(fleet.nodes["edge-2"], state=NodeState.STARTING)})


def closing(fleet: Fleet) -> Fleet:
    return replace(fleet, closing=True)


@pytest.mark.parametrize("change", [without_others, with_one_elsewhere, with_one_starting, closing])
async def test_it_is_not_begun_without_somebody_to_take_over(nursery, change: Callable[[Fleet], Fleet]) -> None:
    house = House(nursery)
    house.fleet = change(house.fleet)
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert not steered


async def test_it_is_not_begun_where_the_next_daemon_could_not_end_it(nursery) -> None:
    """A kernel that only lets parents look into their children."""
    house = House(nursery)
    async with Handover(house.look, permitted=lambda: False).of(house.fleet.nodes["edge-1"]) as steered:
        assert not steered


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_a_kernel_that_tells_nothing_costs_nothing_but_the_handover(nursery, monkeypatch, when: str) -> None:
    """No descriptor left, or no leave to ask: edges stop as they would without, and the daemon goes on.

    Replaced, because neither can be brought about for a single call.
    """

    def deny(*_: object) -> None:
        raise PermissionError("not for you")

    house = House(nursery)
    if when == "before":
        monkeypatch.setattr(shared_port, "listeners", deny)
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert steered is (when == "meanwhile")
        monkeypatch.setattr(shared_port, "listeners", deny)
    monkeypatch.undo()
    await Handover(house.look, permitted=lambda: True).end()
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_finding_out_who_accepts_does_not_look_at_every_connection_there_is(nursery, monkeypatch) -> None:
    """Thousands of clients stay connected while places are found out: only what is new tells who accepted."""
    house = House(nursery)
    clients = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(100)]
    house.answers(20)  # whoever came before has been accepted, too
    looked_at: list[str] = []
    real = os.readlink

    def readlink(path: str) -> str:
        looked_at.append(path)
        return real(path)

    monkeypatch.setattr(os, "readlink", readlink)
    found = []
    for _ in range(10):
        looked_at.clear()
        assert handover.who_accepts(handover.door_of(house.fleet))
        found.append(len(looked_at))
    assert min(found) < 10, "not even where no number became free meanwhile, and was taken again"
    for client in clients:
        client.close()


async def test_a_drain_keeps_most_of_its_time(nursery) -> None:
    """Whoever has next to no time to finish what it serves is told to at once."""
    house = House(nursery)
    hurried = replace(house.fleet.spec.gateway, stop_timeout=0.0)
    house.fleet = replace(house.fleet, spec=replace(house.fleet.spec, gateway=hurried))
    async with Handover(house.look, permitted=lambda: True).of(house.fleet.nodes["edge-1"]) as steered:
        assert not steered
    assert house.answers(200).keys() == {"edge-1", "edge-2"}


async def test_two_at_a_time_are_one_too_many(nursery) -> None:
    """The second one leaves without: who else would take its connections?"""
    house = House(nursery, edges=3)
    crossing = Handover(house.look, permitted=lambda: True)
    async with crossing.of(house.fleet.nodes["edge-1"]) as first:
        async with crossing.of(house.fleet.nodes["edge-2"]) as second:
            assert (first, second) == (True, False)
        house.end("edge-1")


@pytest.mark.parametrize(
    ("scope", "capabilities", "permitted"),
    [
        ("0", "0000000000000000", True),
        ("1", "0000000000000000", False),
        ("1", "0000000000080000", True),
        ("2", "000001ffffffffff", True),
        ("3", "000001ffffffffff", False),
        (None, "0000000000000000", True),
    ],
)
def test_who_may_borrow(tmp_path, scope: str | None, capabilities: str, permitted: bool) -> None:
    """Whoever may look into adopted processes, too: without Yama's restriction, or with the capability it asks for."""
    if scope is not None:
        (tmp_path / "scope").write_text(f"{scope}\n")
    (tmp_path / "status").write_text(f"Name:\tpython\nCapEff:\t{capabilities}\n")
    assert handover.may_borrow(tmp_path / "scope", tmp_path / "status") is permitted
