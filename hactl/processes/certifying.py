"""Which certificate a daemon starts with: that of the files, or the one in use when the files are not usable.

When a fleet that is down is started, somebody is there to read what is wrong. A fleet that runs, or should (its machine
was rebooted, its daemon was killed), keeps the one it has: damaged files must not become an outage.
"""

from collections.abc import Callable

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.spec import EdgeTlsSpec, FleetSpec
from hactl.core.value import Value

Keep = Callable[[EdgeTlsSpec], Certificate]
"""Takes a private copy of the files. Raises HactlError when they are of no use."""


class Certified(Value):
    """What to begin with."""

    certificate: Certificate | None = None
    """None without TLS."""
    refused: str = ""
    """Why it is not that of the files."""
    fresh: bool = False
    """It has just been read: Envoy has not judged it yet."""


def certify(fleet: Fleet, spec: FleetSpec, keep: Keep, *, runs: bool, was_down: bool) -> Certified:
    """For `fleet` as the journal has it, and the configuration that comes into force.

    `runs`: some of its processes do. `was_down`: its last daemon left after an orderly `down`. Raises HactlError when
    there is no certificate to begin with.
    """
    tls = spec.edge.tls
    if not tls.cert:
        return Certified()
    held = fleet.certificate if tls == fleet.spec.edge.tls else None
    if held is not None and runs:
        return Certified(certificate=held)  # whether the files have changed is looked at soon enough
    try:
        return Certified(certificate=keep(tls), fresh=True)
    except HactlError as error:
        if held is None or was_down:
            raise
        return Certified(certificate=held, refused=str(error))
