"""What the kernel tells about sockets that share a port, and does with a program that picks among them."""

import os
import socket
from collections.abc import Iterator

import pytest
from support.processes import wait_until_dead

from hactl.supervisor import shared_port


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets of this process that listen on one port; nobody accepts by himself."""
    first, second = (sharing(0, "127.0.0.1"), None)
    second = sharing(first.getsockname()[1], "127.0.0.1")
    with first, second:
        yield first, second


def sharing(port: int, host: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(256)
    return listener


def inode(of: socket.socket) -> int:
    return os.fstat(of.fileno()).st_ino


def came(to: socket.socket) -> int:
    """How many wait to be accepted there."""
    host, port = to.getsockname()[:2]
    return next(one.waiting for one in shared_port.listeners(host, port) if one.inode == inode(to))


def knock(at: socket.socket, times: int) -> None:
    for _ in range(times):
        socket.create_connection(at.getsockname()[:2]).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_listens_and_who_waits(host: str) -> None:
    """On exactly that address; of a connection it is known who has accepted it, and that nobody has yet."""
    with sharing(0, host) as listener, sharing(listener.getsockname()[1], "127.0.0.2"):
        port = listener.getsockname()[1]
        assert shared_port.listeners(host, port) == (shared_port.Listener(inode=inode(listener), waiting=0),)
        with socket.create_connection((host, port)) as client:
            assert came(listener) == 1
            near = client.getsockname()[:2]
            assert shared_port.acceptor(host, port, near) == 0
            served, _ = listener.accept()
            with served:
                assert shared_port.acceptor(host, port, near) == inode(served)
                assert shared_port.open_sockets(os.getpid())[inode(served)] == served.fileno()
    assert shared_port.listeners(host, port) == ()
    assert shared_port.acceptor(host, port, ("127.0.0.1" if "." in host else "::1", 1)) == 0


def test_a_program_picks_who_gets_new_connections(pair) -> None:
    """One alone, some of them, and all again when it is taken away; taking away none is fine."""
    first, second = pair
    shared_port.attach(second, [0])
    knock(first, 20)
    assert (came(first), came(second)) == (20, 0)
    shared_port.attach(second, [0, 1])
    knock(first, 40)
    assert came(first) > 20
    assert came(second) > 0
    shared_port.attach(first, [1])
    before = came(first)
    knock(first, 10)
    assert came(first) == before
    for _ in range(2):
        shared_port.detach(second)
    knock(first, 60)
    assert came(first) > before


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_program_for_one_client_leaves_all_others_alone(host: str) -> None:
    """Connections from one port go to one place; the kernel picks as ever for the rest."""
    first = sharing(0, host)
    second = sharing(first.getsockname()[1], host)
    with first, second:
        for place, there in enumerate((first, second)):
            for _ in range(8):
                with socket.socket(first.family) as client:
                    client.bind((host, 0))
                    shared_port.attach_for(first, place, client.getsockname()[1])
                    before = came(there)
                    client.connect((host, first.getsockname()[1]))
                    assert came(there) == before + 1
            before = came(first), came(second)
            knock(first, 60)
            assert came(first) > before[0]
            assert came(second) > before[1]


def test_a_place_that_does_not_exist_turns_nobody_away(pair) -> None:
    """The kernel picks as it would without a program: places that have become wrong cost no connection."""
    first, second = pair
    shared_port.attach(first, [7])
    knock(first, 60)
    assert came(first) + came(second) == 60
    assert came(first) > 0
    assert came(second) > 0


def test_a_socket_of_another_process_is_borrowed_for_a_moment(nursery, pair) -> None:
    """It is the same socket; of a process that is gone nothing can be had."""
    first, _ = pair
    with shared_port.borrowed(os.getpid(), first.fileno(), inode(first)) as copy:
        assert inode(copy) == inode(first)
    assert copy.fileno() == -1
    process = nursery.start()
    process.signal("KILL")
    wait_until_dead(process)
    with pytest.raises(OSError), shared_port.borrowed(process.launch.pid, 0, 0):
        pass


def test_what_has_taken_the_place_of_a_socket_is_not_borrowed(tmp_path, pair) -> None:
    """Neither another socket nor a file, which may have the same number in another file system; nothing stays open."""
    first, second = pair
    with (tmp_path / "file").open("w") as file:
        before = shared_port.descriptors(os.getpid())
        for descriptor, expected in ((second.fileno(), inode(first)), (file.fileno(), os.fstat(file.fileno()).st_ino)):
            with pytest.raises(OSError), shared_port.borrowed(os.getpid(), descriptor, expected):
                pytest.fail("it is another one")
        assert len(shared_port.descriptors(os.getpid())) == len(before)
