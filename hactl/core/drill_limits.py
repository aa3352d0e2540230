"""Whether a fleet may be lent to a drill, and for how long: checked before anything is done. Pure; raises or returns.

Whether too few nodes would be left to serve is checked for each fault, as for any other command: `safety`.
"""

from hactl.core.commands import BeginDrill
from hactl.core.drill_lock import forbid
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.operation import Verb

SHORTEST_TERM, LONGEST_TERM = 1.0, 120.0
"""Seconds that a sign of life may be good for."""


def free(fleet: Fleet) -> None:
    """Raises CommandRejected when a fleet is not fit to be lent: what happens to it would prove nothing."""
    forbid(fleet)
    for operation in fleet.operations.values():
        if operation.verb is Verb.DRILL:
            who = f" by {operation.by}" if operation.by else ""
            raise CommandRejected(
                f"{operation.sentence} is in progress{who} ({operation.id})",
                "one at a time: hactl drill stop",
                guard=True,
            )
        raise CommandRejected(
            f"{operation.id} is in progress: {operation.sentence}",
            f"hactl wait --operation {operation.id}",
            guard=True,
        )
    if fleet.paused is not None:
        raise CommandRejected(f"{fleet.paused.who}: nothing would be repaired", "hactl unpause", guard=True)
    if fleet.proposal is not None:
        raise CommandRejected("a configuration change is in progress", "hactl status", guard=True)


def within_limits(fleet: Fleet, command: BeginDrill) -> None:
    """Raises CommandRejected when a drill would go on for longer, or touch more, than `hactl.toml` allows."""
    rules = fleet.spec.safety
    if not SHORTEST_TERM <= command.lease <= LONGEST_TERM:
        raise CommandRejected(
            f"a lease of {command.lease:g} s is outside {SHORTEST_TERM:g}..{LONGEST_TERM:g} s", "15 s is usual"
        )
    if not 0 < command.longest <= rules.max_drill:
        raise CommandRejected(
            f"the drill may take {command.longest:g} s, but safety.max_drill allows only {rules.max_drill:g} s",
            "make its phases shorter, or raise safety.max_drill in hactl.toml",
            guard=True,
        )
    for role, what in ((Role.GATEWAY, "nodes"), (Role.EDGE, "edges")):
        among = [node for node in fleet.nodes.values() if node.role is role]
        struck = sum(node.name in command.nodes for node in among)
        struck += any(node.name in command.in_turn and node.name not in command.nodes for node in among)
        if struck and struck > rules.max_faulted_share * len(among) + 1e-9:
            raise CommandRejected(
                f"the drill would touch {struck} of {len(among)} {what}, more than"
                f" safety.max_faulted_share = {rules.max_faulted_share:.2f} allows",
                "choose fewer, or raise safety.max_faulted_share in hactl.toml",
                guard=True,
            )
