"""Envoys as witnesses: what edges count and are set to, before and after the faults, and what nodes send to services.

They explain, and judge nothing.
"""

import asyncio
from collections.abc import Collection, Mapping

from hactl.core.model import Fleet
from hactl.engines.envoy.account import Account
from hactl.engines.envoy.accounting import read, sent
from hactl.paths import FleetPaths


async def hear(paths: FleetPaths, fleet: Fleet) -> dict[str, Account]:
    """What each edge says that runs and answers, by name."""
    found = [await read(paths, edge.name, edge.launch.pid) for edge in fleet.edges if edge.launch is not None]
    return {account.edge: account for account in found if account is not None}


async def arrived(paths: FleetPaths, fleet: Fleet, services: Collection[str]) -> dict[str, int]:
    """How many requests each node that runs and answers has sent to `services`, by its name and pid."""
    asked = [(node.name, node.launch.pid) for node in fleet.gateways if services and node.launch is not None]
    found = await asyncio.gather(*(sent(paths, name, pid, services) for name, pid in asked))
    return {f"{name}:{pid}": count for (name, pid), count in zip(asked, found, strict=True) if count is not None}


def meanwhile(before: Mapping[str, Account], after: Mapping[str, Account]) -> tuple[Account, ...]:
    """What each edge counted in between."""
    return tuple(account.since(before.get(name)) for name, account in after.items())
