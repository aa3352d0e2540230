"""The kernel says who is at the other end of a Unix socket."""

import os
import socket

from hactl.control.credentials import credentials


def test_both_ends_are_told_who_the_other_is() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        for end in (ours, theirs):
            assert credentials(end) == (os.getpid(), os.geteuid(), os.getegid())
