"""The certificate that edges show to their clients: what the fleet knows of it. Never the key."""

from hactl.core.value import Value

DAY = 86_400.0
EXPIRES_SOON = 14 * DAY
"""Seconds before its end from which a certificate is worth a word."""


class Certificate(Value):
    """One chain of certificates, the edges' own first."""

    digest: str
    """SHA-256 of the whole chain, in hex; names the private copies of chain and key."""
    fingerprint: str
    """SHA-256 of the edges' own, in hex: what a client can see of it."""
    names: tuple[str, ...]
    """The host names and addresses it is made for."""
    not_after: float
    """Unix time of its end."""


def expires_soon(certificate: Certificate, wall: float) -> bool:
    """True when it has ended at `wall` (Unix time), or will within EXPIRES_SOON."""
    return certificate.not_after - wall < EXPIRES_SOON


def lifetime(certificate: Certificate, wall: float) -> str:
    """How long it is good for from `wall` (Unix time) on, for people."""
    left = certificate.not_after - wall
    if left < 0:
        return f"expired {_span(-left)} ago"
    return f"expires in {_span(left)}"


def bearers(certificate: Certificate) -> str:
    """Whom it is made for, in a few words."""
    first, rest = certificate.names[:3], len(certificate.names) - 3
    return ", ".join(first) + (f" and {rest} more" if rest > 0 else "") or "no names"


def _span(seconds: float) -> str:
    return f"{seconds / DAY:.0f} d" if seconds >= 2 * DAY else f"{seconds / 3600:.0f} h"
