"""Edges as witnesses: what they count, and run with, before the faults and after. They explain, and judge nothing."""

from collections.abc import Mapping

from hactl.core.model import Fleet
from hactl.engines.envoy.account import Account
from hactl.engines.envoy.accounting import read
from hactl.paths import FleetPaths


async def hear(paths: FleetPaths, fleet: Fleet) -> dict[str, Account]:
    """What each edge says that runs and answers, by name."""
    found = [await read(paths, edge.name, edge.launch.pid) for edge in fleet.edges if edge.launch is not None]
    return {account.edge: account for account in found if account is not None}


def meanwhile(before: Mapping[str, Account], after: Mapping[str, Account]) -> tuple[Account, ...]:
    """What each edge counted in between."""
    return tuple(account.since(before.get(name)) for name, account in after.items())
