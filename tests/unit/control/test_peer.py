"""Who somebody is, and what can be made of a name."""

import grp
import os
import pwd
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hactl.control.peer import BY_LIMIT, Allowed, Peer, group_id, owners, peer_of
from hactl.core.errors import HactlError


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


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_label_can_change_the_user(label: str) -> None:
    """Whatever the label, the part before the first @ is the user; the whole is printable and short."""
    signature = Peer(pid=1, uid=3_999_999_999, gid=0).signature(label)
    assert signature.partition("@")[0] == "uid-3999999999"
    assert signature.isprintable()
    assert len(signature) <= BY_LIMIT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose its groups")
def test_the_kernel_tells_the_groups_of_who_connected(tmp_path: Path) -> None:
    """Those it had when it connected: what it does to itself afterwards, and what databases say, count for nothing."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "s"))
        door.listen()
        groups = os.getgroups()
        with socket.socket(socket.AF_UNIX) as caller:
            os.setgroups([7, 4711])
            try:
                caller.connect(str(tmp_path / "s"))
            finally:
                os.setgroups(groups)
            connection, _ = door.accept()
            with connection:
                assert peer_of(connection).groups == (7, 4711)


def test_members_of_the_group_are_admitted() -> None:
    """By their own group or a supplementary one; nobody by group when there is none."""
    member, named = Peer(pid=1, uid=7, gid=100), Peer(pid=1, uid=7, gid=7, groups=(5, 100))
    other, owner = Peer(pid=1, uid=7, gid=7, groups=(5,)), Peer(pid=1, uid=8, gid=7)
    shared = Allowed(uids=frozenset({8}), group=100)
    assert [shared.admits(peer) for peer in (member, named, other, owner)] == [True, True, False, True]
    alone = Allowed(uids=frozenset({8}))
    assert [alone.admits(peer) for peer in (member, named, other, owner)] == [False, False, False, True]


def test_a_group_is_found_by_its_name() -> None:
    """No name is no group; a name that nobody knows is an error that says where it stands."""
    group = grp.getgrgid(os.getegid())
    assert group_id(group.gr_name) == group.gr_gid
    assert group_id("") is None
    with pytest.raises(HactlError, match=r"fleet\.group: there is no group 'no-such-group'"):
        group_id("no-such-group")
