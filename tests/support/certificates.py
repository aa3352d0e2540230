"""Certificates for tests, made here and trusted by nobody else.

files = issue(tmp_path, "app.test")         # files.cert and files.key, in PEM
renew(files)                                # another certificate in their place
"""

import datetime
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Files:
    """Where a certificate and its key are."""

    cert: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """A server with them."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    @property
    def trust(self) -> ssl.SSLContext:
        """A client that trusts nothing but this certificate."""
        return ssl.create_default_context(cafile=str(self.cert))

    @property
    def der(self) -> bytes:
        """The certificate as a handshake shows it."""
        return ssl.PEM_cert_to_DER_cert(self.cert.read_text())


def ec_key() -> Key:
    """P-256, which every Envoy takes."""
    return ec.generate_private_key(ec.SECP256R1())


def ed25519_key() -> Key:
    """Which OpenSSL takes, and Envoy does not."""
    return ed25519.Ed25519PrivateKey.generate()


def small_rsa_key() -> Key:
    """Which nobody should take any more."""
    return rsa.generate_private_key(65537, 1024)


def issue(
    directory: Path,
    *names: str,
    days: float = 60.0,
    since: float = -1.0,
    key: Key | None = None,
    clients_only: bool = False,
    passphrase: bytes = b"",
) -> Files:
    """A self-signed certificate for `names`, good from `since` to `days` days from now, with its key (0600)."""
    key = key or ec_key()
    cert = _certificate(key, names or ("app.test",), days, since, clients_only=clients_only)
    directory.mkdir(parents=True, exist_ok=True)
    files = Files(directory / "cert.pem", directory / "key.pem")
    secret = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    _replace(files.cert, cert.public_bytes(serialization.Encoding.PEM))
    _replace(files.key, pem)
    return files


def renew(files: Files, *names: str, in_place: bool = False, **options: float) -> Files:
    """Another certificate and key at the place of `files`: moved there, or written over them."""
    new = issue(files.cert.parent / "new", *(names or ("app.test",)), **options)
    for source, target in ((new.cert, files.cert), (new.key, files.key)):
        if in_place:
            target.write_bytes(source.read_bytes())
        else:
            source.rename(target)
    return files


def _certificate(
    key: Key, names: tuple[str, ...], days: float, since: float, *, clients_only: bool
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    # no two by the same name: whoever trusts both would look for the issuer by it
    serial = x509.random_serial_number()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{names[0]} {serial:x}"[:64])])
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if clients_only else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now + datetime.timedelta(days=since))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}")
    new.write_bytes(content)
    new.chmod(0o600)
    os.replace(new, path)  # noqa: PTH105
