"""Ports that somebody else holds."""

import os
import socket

from support.build import a_spec
from support.ports import free_port
from support.script import serving

from hactl.cli.checks import addresses
from hactl.cli.checks.finding import Finding, Subject
from hactl.core.node import Launch
from hactl.core.value import replace


def looked(port: int, *, ours: bool) -> Finding:
    """The edge port of a fleet that runs, whose processes are this one or another."""
    spec = a_spec(nodes=1, edges=1, edge={"port": port})
    fleet = serving(spec)
    launch = Launch(instance="f1/edge-1/1", pid=os.getpid() if ours else 1, ticks=1, boot="b", at=1.0)
    fleet = replace(fleet, nodes={name: replace(node, launch=launch) for name, node in fleet.nodes.items()})
    (finding,) = addresses.edge_port(Subject(chosen=None, spec=spec, fleet=fleet))
    return finding


def test_a_stranger_on_the_edges_port_is_found() -> None:
    """Edges share their port, so that nobody would notice: a part of the connections just goes elsewhere."""
    port = free_port()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        assert looked(port, ours=True).ok
        finding = looked(port, ours=False)
        assert not finding.ok
        assert f"(pid {os.getpid()})" in finding.found
        assert finding.mend == f"end it: kill {os.getpid()}"


def test_the_same_port_of_another_address_is_no_stranger() -> None:
    """Whoever listens there gets nothing that is meant for the edges, and nobody is told to end it."""
    port = free_port()
    with socket.create_server(("127.0.0.2", port)):
        finding = looked(port, ours=False)
    assert (finding.ok, finding.found) == (True, f"{port}, held by this fleet")


def ports(low: int, high: int, nodes: int) -> Finding:
    spec = replace(a_spec(nodes=nodes), ports=(low, high))
    (finding,) = addresses.node_ports(Subject(chosen=None, spec=spec))
    return finding


def test_a_range_among_the_ephemeral_ports_is_found() -> None:
    first = int(addresses.EPHEMERAL.read_text().split()[0])
    finding = ports(first - 10, first, 1)
    assert (finding.ok, finding.mend) == (False, f"set fleet.ports below {first}")


def test_a_range_that_is_used_up_is_found() -> None:
    port = free_port()
    assert ports(port, port, 1).ok
    with socket.create_server(("127.0.0.1", port)):
        finding = ports(port, port, 1)
    assert (finding.ok, finding.mend) == (False, "widen fleet.ports")
    assert "has 0 free for 1 nodes" in finding.found


def test_a_port_that_was_taken_meanwhile_is_told() -> None:
    """A fleet that is down gets another one when it starts: nothing to mend, but something to know."""
    port = free_port()
    spec = a_spec(nodes=1, edges=1)
    fleet = serving(spec)
    down = {name: replace(node, launch=None, port=port) for name, node in fleet.nodes.items()}
    subject = Subject(chosen=None, spec=spec, fleet=replace(fleet, nodes=down))
    with socket.create_server(("127.0.0.1", port)):
        (finding,) = addresses.node_ports(subject)
    assert finding.ok
    assert f"(pid {os.getpid()}) has {port}, seoul-1 will get another" in finding.found
