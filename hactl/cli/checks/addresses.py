"""Ports: who holds those that the fleet means to use."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import HactlError
from hactl.core.founding import node_names
from hactl.supervisor import procfs
from hactl.supervisor.listening import ensure_free, holder, holders, is_free
from hactl.supervisor.process_table import free_ports

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def edge_port(subject: Subject) -> Iterator[Finding]:
    """The address that clients know. Edges share it on purpose, so a stranger among them takes requests unnoticed."""
    edge = subject.fleet.spec.edge if subject.pids else subject.spec.edge
    if subject.pids:
        strangers = sorted(holders(edge.port, procfs.pids(), host=edge.host) - set(subject.pids.values()))
        if strangers:
            named = ", ".join(f"'{procfs.name(pid)}' (pid {pid})" for pid in strangers)
            found = f"{edge.port} is also held by {named}, which may get some of the connections"
            yield Finding(check="edge port", ok=False, found=found, mend=f"end it: kill {strangers[0]}")
        else:
            yield Finding(check="edge port", ok=True, found=f"{edge.port}, held by this fleet")
        return
    try:
        ensure_free(((edge.host, edge.port),))
        yield Finding(check="edge port", ok=True, found=f"{edge.port} is free")
    except HactlError as error:
        yield Finding(check="edge port", ok=False, found=error.message, mend=error.hint)


def node_ports(subject: Subject) -> Iterator[Finding]:
    """The range that nodes get their ports from: apart from the kernel's own, and large enough."""
    low, high = subject.spec.ports
    first = int(EPHEMERAL.read_text().split()[0])
    if high >= first:
        found = f"{low}-{high} overlaps the ephemeral ports, from {first}: any outgoing connection may take one"
        yield Finding(check="node ports", ok=False, found=found, mend=f"set fleet.ports below {first}")
        return
    wanted = len(node_names(subject.spec)) - len(subject.pids)
    try:
        free = len(
            list(itertools.islice(free_ports(range(low, high + 1), subject.spec.regions[0].bind), max(1, wanted)))
        )
    except HactlError as error:
        yield Finding(
            check="node ports", ok=False, found=error.message, mend="set region.bind to an address of this machine"
        )
        return
    if free < wanted:
        found = f"{low}-{high} has {free} free for {wanted} nodes"
        yield Finding(check="node ports", ok=False, found=found, mend="widen fleet.ports")
        return
    taken = "" if subject.pids else _taken(subject)
    yield Finding(check="node ports", ok=True, found=f"{low}-{high}, ephemeral from {first}{taken}")


def _taken(subject: Subject) -> str:
    """Ports of nodes that are down which somebody else has by now. The nodes will get others."""
    told = []
    for node in subject.fleet.gateways:
        if node.port and not is_free(node.address, node.port):
            pid = holder(node.address, node.port)
            who = f"'{procfs.name(pid)}' (pid {pid})" if pid else "somebody"
            told.append(f"; {who} has {node.port}, {node.name} will get another")
    return "".join(told)
