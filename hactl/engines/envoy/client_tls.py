"""How an edge speaks TLS to clients: the context, the secret it is made with, its private copies, what it really shows.

Of a secret Envoy's documents hold the name of a file only. That file, chain and key in one, bears the digest of the
chain: what it means never changes, and the two can never be of different age.
"""

import asyncio
import contextlib
import os
import ssl
import time
from pathlib import Path

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError, os_reason
from hactl.core.model import Fleet
from hactl.core.running import PlanRefused
from hactl.core.spec import EdgeTlsSpec
from hactl.engines import certificate as certificates
from hactl.engines.envoy.document import Document, extension, source
from hactl.engines.envoy.seat import Seat, place_bytes, private

NAME = "clients"
"""Of the one secret."""
GRACE = 60.0
"""Seconds a copy is kept that nobody uses: between its being taken and its first use nobody does."""


def to_clients(seat: Seat) -> Document:
    """The TLS of the public listener: HTTP/2 for those who ask for it, TLS 1.2 at least."""
    return extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificate_sds_secret_configs": [{"name": NAME, "sds_config": source(seat.secrets)}],
        },
    )


def secrets(fleet: Fleet, seat: Seat) -> tuple[Document, ...]:
    """What the edge at `seat` is given to show; nothing without TLS. Raises HactlError when there is none yet."""
    if not fleet.spec.edge.tls.cert:
        return ()
    if fleet.certificate is None:
        raise HactlError(f"no certificate has been loaded from {fleet.spec.edge.tls.cert} yet", "hactl doctor")
    copy = {"filename": str(copy_in(seat, fleet.certificate))}
    return ({"name": NAME, "tls_certificate": {"certificate_chain": copy, "private_key": copy}},)


def copy_in(seat: Seat, certificate: Certificate) -> Path:
    """Where `seat` has its private copy."""
    return seat.keys / f"{certificate.digest}.pem"


class Vault:
    """Private copies (0600) of what has been taken: the first in a seat of its own, from there to the edges' seats.

    They are why an edge or a daemon that starts again does not depend on what has become of the operator's files.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def keep(self, tls: EdgeTlsSpec) -> Certificate:
        """Read the operator's files and keep a copy. Raises HactlError when they are of no use."""
        pair = certificates.read(tls)
        _put(self._seat, copy_in(self._seat, pair.certificate), pair.pem, durable=True)
        return pair.certificate

    def hand_out(self, certificate: Certificate, seat: Seat) -> None:
        """Put a copy into `seat`, unless it has one. Raises HactlError when there is none to be had."""
        copy = copy_in(seat, certificate)
        if copy.exists():
            return
        kept = copy_in(self._seat, certificate)
        try:
            pem = kept.read_bytes()
        except OSError as error:
            why = os_reason(error)
            raise HactlError(f"the private copy {str(kept)!r} of the certificate cannot be read: {why}") from error
        _put(seat, copy, pem)

    def forget(self, *but: Certificate) -> None:
        """Let go of its copies, but for those of some certificates and those that somebody may just be about to use."""
        forget(self._seat, *but, older_than=GRACE)

    def drop(self, certificate: Certificate) -> None:
        """Let go of one copy."""
        copy_in(self._seat, certificate).unlink(missing_ok=True)


def forget(seat: Seat, *but: Certificate, older_than: float = 0.0) -> None:
    """Remove the copies that `seat` has of any but some certificates: keys are kept for as long as they are of use.

    Only those that were taken `older_than` seconds ago or before.
    """
    kept = {copy_in(seat, certificate) for certificate in but}
    with contextlib.suppress(OSError):
        for copy in [*seat.keys.glob("*.pem")]:
            if copy not in kept and time.time() - copy.stat().st_mtime >= older_than:
                copy.unlink(missing_ok=True)


async def show(seat: Seat, timeout: float) -> bytes:
    """The certificate that the edge at `seat` shows, in DER: a real handshake, by the door that is its alone.

    On the port that all edges share another one could answer. Raises OSError, and TimeoutError after `timeout` seconds.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is compared with the one that is expected
    async with asyncio.timeout(timeout):
        _, writer = await asyncio.open_unix_connection(str(seat.proof_tls), ssl=context, server_hostname="")
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.transport.abort()


async def prove(seat: Seat, certificate: Certificate, within: float) -> None:
    """Return once the edge at `seat` shows `certificate`. Raises PlanRefused when it does not within some seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    wrong = ""
    while True:
        try:
            shown = await show(seat, max(0.05, deadline - loop.time()))
            if certificates.fingerprint(shown) == certificate.fingerprint:
                return
            wrong = "another certificate"
        except OSError as error:  # a time-out in the end is less telling than what was seen before
            wrong = wrong or str(error) or type(error).__name__
        if loop.time() >= deadline:
            raise PlanRefused(f"{seat.name!r} accepted the certificate, but a handshake shows otherwise: {wrong}")
        await asyncio.sleep(0.005)


def _put(seat: Seat, copy: Path, pem: bytes, *, durable: bool = False) -> None:
    try:
        for directory in (seat.directory, seat.directory / "new", seat.keys):
            private(directory)
    except OSError as error:
        raise HactlError(f"cannot store {str(copy)!r}: {error}", "check the disk") from error
    if not copy.exists():
        place_bytes(seat, copy, pem, durable=durable)
    os.utime(copy)  # taken again is taken now
