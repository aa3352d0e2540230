"""Ports that are free and stay reserved for this test process. Not a server: nothing listens on them yet.

Two test runs on one machine must never be given the same port. Each port handed out is therefore also held as an
abstract Unix socket name, which the kernel gives to one process only and frees when that process ends.
"""

import os
import random
import socket

_RANGE = range(10_000, 20_000)
"""Below the kernel's ephemeral range, so that no outgoing connection takes a port between choice and use."""


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on, different from every other one handed out to any running test process."""
    chooser = random.Random(os.urandom(8))
    for _ in range(1000):
        port = chooser.choice(_RANGE)
        if _reserve(port) and _bindable(host, port):
            return port
    raise RuntimeError(f"no free port in {_RANGE}")


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different free ports."""
    return [free_port(host) for _ in range(count)]


def _bindable(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0hactl-test-port-{port}")
    except OSError:
        holder.close()
        return False
    holder.detach()  # the descriptor itself is the reservation; it ends with this process
    return True
