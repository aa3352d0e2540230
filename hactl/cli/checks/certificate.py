"""The certificate of the edges: of the files as they are; a fleet that runs may have an older one in use."""

import time
from collections.abc import Iterator
from pathlib import Path

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.certificate import bearers, expires_soon, lifetime
from hactl.core.errors import HactlError


def files(subject: Subject) -> Iterator[Finding]:
    """Whether they can be used, for how long, and who else may use the key."""
    tls = subject.spec.edge.tls
    if not tls.cert:
        return
    from hactl.engines.certificate import read

    try:
        certificate = read(tls).certificate
    except HactlError as error:
        yield Finding(check="certificate", ok=False, found=error.message, mend=error.hint)
        return
    now = time.time()
    soon = expires_soon(certificate, now)
    found = f"for {bearers(certificate)}, {lifetime(certificate, now)}"
    mend = "renew it; edges pick up the new files automatically" if soon else ""
    yield Finding(check="certificate", ok=not soon, found=found, mend=mend)
    if Path(tls.key).stat().st_mode & 0o007:
        yield Finding(check="private key", ok=False, found=f"everyone may read {tls.key}", mend=f"chmod o= {tls.key}")
