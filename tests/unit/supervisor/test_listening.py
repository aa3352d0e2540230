import asyncio
import os
import socket
from contextlib import AsyncExitStack

import pytest
from support.ports import free_port

from hactl.core.errors import HactlError
from hactl.supervisor import procfs
from hactl.supervisor.listening import PortTaken, addresses, claimed, ensure_free, holder, holders, is_free


def test_the_holder_of_a_taken_port_is_named():
    """Nobody has to search for who sits on the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken) as refusal:
            ensure_free([("127.0.0.1", port)])
    assert (refusal.value.host, refusal.value.port, refusal.value.pid) == ("127.0.0.1", port, os.getpid())
    assert f"(pid {os.getpid()})" in refusal.value.message


def test_a_port_shared_by_others_is_taken_all_the_same():
    """A node's port is its own: a stranger that would share it would get its requests."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other, pytest.raises(PortTaken):
        ensure_free([other.getsockname()])


def test_a_listener_on_every_address_holds_each_one():
    """Somebody who listens everywhere is found as the holder of one address."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken):
            ensure_free([("0.0.0.0", port)])


def test_who_shares_its_port_makes_room_at_every_address():
    """Edges do: they can move from one address to all of them, and back, but not to where a stranger listens."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as edge:
        port = edge.getsockname()[1]
        ensure_free([("0.0.0.0", port), ("127.0.0.1", port)], shared=True)
    with socket.create_server(("127.0.0.2", port)), pytest.raises(PortTaken):
        ensure_free([("0.0.0.0", port)], shared=True)


def test_a_port_whose_connections_have_only_just_ended_is_free():
    """TIME_WAIT is no reason to refuse a restart."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        address = server.getsockname()
        client = socket.create_connection(address)
        accepted, _ = server.accept()
        accepted.close()  # closing first, the server's side waits
        client.close()
    ensure_free([address])


def test_an_address_of_another_machine_is_refused():
    """A wrong bind address is an error before the start, not a process that cannot listen."""
    with pytest.raises(HactlError, match=r"cannot listen on 192\.0\.2\.1"):
        ensure_free([("192.0.2.1", 9)])


def test_where_a_process_listens_is_found_in_every_family():
    """As an operator would write it, by port; and who holds a port, among those that are asked about."""
    me, other = os.getpid(), os.getppid()
    before = addresses([me])
    ports = free_port(), free_port("::1")
    four, six = ("127.0.0.1", ports[0]), ("::1", ports[1])
    with socket.create_server(four), socket.create_server(six, family=socket.AF_INET6):
        assert set(addresses([me])) - set(before) == {f"127.0.0.1:{ports[0]}", f"[::1]:{ports[1]}"}
        assert [holders(port, [me, other]) for port in ports] == [{me}, {me}]
        assert holders(ports[0], [other]) == set()
    assert addresses([me]) == before
    assert holders(ports[0], [me]) == set()


@pytest.mark.parametrize(
    ("where", "asked", "held"),
    [
        ("127.0.0.2", "127.0.0.1", False),
        ("127.0.0.2", "127.0.0.2", True),
        ("127.0.0.2", "0.0.0.0", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.2", "::1", False),
        ("127.0.0.2", "::", True),
        ("::1", "127.0.0.1", False),
        ("::1", "0.0.0.0", False),
        ("::", "127.0.0.1", True),
        ("::ffff:127.0.0.2", "127.0.0.2", True),
        ("::ffff:127.0.0.2", "127.0.0.1", False),
    ],
)
def test_the_holder_of_an_address_is_who_could_get_its_connections(where: str, asked: str, held: bool):
    """The same port of another address is nobody's business."""
    family = socket.AF_INET6 if ":" in where else socket.AF_INET
    with socket.create_server((where, 0), family=family, dualstack_ipv6=":" in where) as server:
        port = server.getsockname()[1]
        assert (holder(asked, port) == os.getpid()) is held
        assert holders(port, [os.getpid()]) == {os.getpid()}


def test_nobody_holds_a_free_port():
    """No holder is made up."""
    assert holder("127.0.0.1", free_port()) is None


def test_free_is_what_could_be_bound_now():
    """Asked for port after port, it only says yes or no."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


def test_all_that_share_a_port_are_known():
    """The kernel lets several listen on one port: every process is named that has a part of the requests."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as one:
        assert holders(one.getsockname()[1], procfs.pids()) == {os.getpid()}
    assert holders(free_port(), procfs.pids()) == set()


async def test_an_address_is_claimed_by_one_fleet_at_a_time():
    """Before anybody listens on it: two that start at once must not both find it free."""
    port = free_port()
    async with claimed("127.0.0.1", port):
        with pytest.raises(HactlError, match=rf"port {port} on 127\.0\.0\.1 is taken by the daemon of another fleet"):
            async with claimed("127.0.0.1", port):
                pass
        async with claimed("127.0.0.2", port):
            pass
    async with claimed("127.0.0.1", port):
        pass


async def test_a_daemon_that_is_just_ending_is_waited_for():
    """Its lock goes first; the next daemon is there before everything else has gone."""
    port = free_port()
    async with AsyncExitStack() as ending, asyncio.TaskGroup() as tasks:
        await ending.enter_async_context(claimed("127.0.0.1", port))

        async def start() -> None:
            async with claimed("127.0.0.1", port):
                pass

        starting = tasks.create_task(start())
        await asyncio.sleep(0)  # so far that it has been refused once
        assert not starting.done()
        await ending.aclose()
