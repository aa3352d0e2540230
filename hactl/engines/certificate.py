"""An operator's certificate and key: read, and found usable or not. Nothing about Envoy, and no watching.

Whether the two match, and are in date, is not worked out here but tried: the standard library completes a handshake
with itself in memory, trusting that one certificate. The key is in memory only.
"""

import contextlib
import hashlib
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError, os_reason
from hactl.core.spec import EdgeTlsSpec

LARGEST = 1 << 20
"""Bytes of a file; beyond this it is taken for something else."""
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_KEYS = (b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY")
_ENCRYPTED = b"ENCRYPTED"


class Pair:
    """A certificate with its key, which fit each other. Never printed: it holds the key."""

    def __init__(self, certificate: Certificate, pem: bytes) -> None:
        self.certificate = certificate
        self.pem = pem
        """The whole chain and then the key, as one PEM file."""


def read(tls: EdgeTlsSpec) -> Pair:
    """The pair in the files that `tls` names. Raises HactlError that begins with the path of the one that is wrong."""
    chain = _chain(_content(tls.cert), tls.cert)
    key = _key(_content(tls.key), tls.key)
    shown = _tried(chain, key, tls)
    names = [value for kind, value in shown.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    common = [value for part in shown.get("subject", ()) for kind, value in part if kind == "commonName"]
    return Pair(
        Certificate(
            digest=hashlib.sha256(b"".join(_der(block, tls.cert) for block in chain)).hexdigest(),
            fingerprint=fingerprint(_der(chain[0], tls.cert)),
            names=tuple(names or common),
            not_after=float(ssl.cert_time_to_seconds(shown["notAfter"])),
        ),
        b"\n".join([*chain, key, b""]),
    )


def fingerprint(der: bytes) -> str:
    """Of one certificate in DER, as handshakes show it."""
    return hashlib.sha256(der).hexdigest()


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise HactlError(f"{path}: no such file", "name certificate and key in [edge] tls") from None
    except OSError as error:
        why = os_reason(error)
        raise HactlError(f"{path}: cannot be read: {why}", f"ls -l {path}") from error
    if len(content) > LARGEST:
        raise HactlError(f"{path}: larger than {LARGEST >> 20}MiB", "is this the right file?")
    return content


def _blocks(content: bytes, *kinds: bytes) -> list[bytes]:
    return [found[0].replace(b"\r\n", b"\n") for found in _BLOCK.finditer(content) if found[1] in kinds]


def _chain(content: bytes, path: str) -> list[bytes]:
    if chain := _blocks(content, b"CERTIFICATE"):
        return chain
    if _blocks(content, *_KEYS):
        raise HactlError(f"{path}: holds a key and no certificate", "are cert and key the wrong way round?")
    raise HactlError(f"{path}: holds no certificate in PEM", "one begins with -----BEGIN CERTIFICATE-----")


def _key(content: bytes, path: str) -> bytes:
    if _blocks(content, b"ENCRYPTED PRIVATE KEY") or (_ENCRYPTED in content and _blocks(content, *_KEYS)):
        hint = "hactl never asks for a passphrase: openssl pkey -in KEY -out PLAIN"
        raise HactlError(f"{path}: the key is encrypted", hint)
    if keys := _blocks(content, *_KEYS):
        return keys[0]
    if _blocks(content, b"CERTIFICATE"):
        raise HactlError(f"{path}: holds a certificate and no key", "are cert and key the wrong way round?")
    raise HactlError(f"{path}: holds no private key in PEM", "one begins with -----BEGIN PRIVATE KEY-----")


def _der(block: bytes, path: str) -> bytes:
    try:
        return ssl.PEM_cert_to_DER_cert(block.decode())
    except ValueError as error:
        raise _damaged(path) from error


def _damaged(path: str) -> HactlError:
    return HactlError(f"{path}: a certificate in it is damaged", "was it copied completely?")


def _tried(chain: list[bytes], key: bytes, tls: EdgeTlsSpec) -> dict[str, Any]:
    """What a client is told of the certificate, once a handshake with it has been completed."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(cadata=b"".join(_der(block, tls.cert) for block in chain))
    except ssl.SSLError as error:
        raise _damaged(tls.cert) from error
    try:
        with _in_memory(b"\n".join([*chain, key, b""])) as path:
            server.load_cert_chain(path, password=b"")
    except ssl.SSLError as error:
        raise _unfit(error, tls) from error
    try:
        return _handshake(server, client)
    except ssl.SSLCertVerificationError as error:
        raise HactlError(f"{tls.cert}: {_wrong(error)}", "renew it") from error
    except ssl.SSLError as error:
        raise HactlError(f"{tls.cert}: a TLS handshake with it fails: {_said(error)}", "renew it") from error


def _unfit(error: ssl.SSLError, tls: EdgeTlsSpec) -> HactlError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return HactlError(f"{tls.key}: the key does not fit the certificate {tls.cert}", "were both files renewed?")
    if error.reason in ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"):
        return HactlError(f"{tls.cert}: too weak: {_said(error)}", "at least RSA with 2048 bits, or P-256; and SHA-256")
    if error.reason is None or error.reason == "PEM_LIB":
        return HactlError(f"{tls.key}: the key in it is damaged", "was it copied completely?")
    return HactlError(f"{tls.key}: certificate and key cannot be used: {_said(error)}", f"with {tls.cert}")


def _wrong(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:  # X509_V_ERR_...
        case 9:
            return "the certificate is not valid yet"
        case 10:
            return "the certificate has expired"
        case _:
            return f"clients would not accept the certificate: {error.verify_message.lower()}"


def _said(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


@contextlib.contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A path to `content` that leads to no disk."""
    descriptor = os.memfd_create("pair")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    shows = server.wrap_bio(up, down, server_side=True)
    looks = client.wrap_bio(down, up)
    for _ in range(4):  # each side has its turn twice, once more to be told so
        done = [_turn(looks), _turn(shows)]
        if all(done):
            return dict(looks.getpeercert() or {})
    raise ssl.SSLError("it does not complete")


def _turn(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
