"""Who somebody is, and what can be made of a name."""

import os
import pwd
import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from hactl.control.peer import BY_LIMIT, Peer, owners, peer_of


def test_the_kernel_tells_who_connected() -> None:
    """Pid, uid and gid of the other end, here ourselves."""
    near, far = socket.socketpair(socket.AF_UNIX)
    with near, far:
        assert peer_of(near) == Peer(pid=os.getpid(), uid=os.geteuid(), gid=os.getegid())
    assert owners() == {0, os.geteuid()}


def test_a_signature_is_the_user_then_the_label() -> None:
    """The usual case, and the bare user when a client calls itself nothing."""
    peer = Peer(pid=1, uid=os.geteuid(), gid=0)
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert peer.signature("pts/3") == f"{name}@pts/3"
    assert peer.signature(" \n\x1b ") == name


def test_a_user_without_a_name_is_a_number() -> None:
    """A container's user is often in no database."""
    assert Peer(pid=1, uid=3_999_999_999, gid=0).signature("x") == "uid-3999999999@x"


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=200))
def test_no_label_can_change_the_user(label: str) -> None:
    """Whatever the label, the part before the first @ is the user; the whole is printable and short."""
    signature = Peer(pid=1, uid=3_999_999_999, gid=0).signature(label)
    assert signature.partition("@")[0] == "uid-3999999999"
    assert signature.isprintable()
    assert len(signature) <= BY_LIMIT
