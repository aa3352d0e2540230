"""How a node speaks TLS to a service: whom it trusts and which name it asks for. Reads no certificate: Envoy does."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.routing import SYSTEM_CA, ServiceSpec
from hactl.engines.envoy.document import Document, extension

BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
"""Where Debian, Fedora, SUSE, and Alpine or macOS keep the authorities they trust."""


def to_service(service: ServiceSpec, *, http2: bool) -> Document:
    """The TLS of a service's cluster. Raises HactlError when this machine has no file of authorities."""
    hosts = sorted({host for host, _ in service.endpoints})
    asked = service.tls.sni or next((host for host in hosts if not is_ip(host)), "")
    trusted = str(system_bundle()) if service.tls.ca == SYSTEM_CA else service.tls.ca
    names = [asked] if asked else hosts
    return extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        **({"sni": asked} if asked else {}),
        common_tls_context={
            "alpn_protocols": ["h2" if http2 else "http/1.1"],
            "validation_context": {
                "trusted_ca": {"filename": trusted},
                # without it any certificate of a trusted authority would do, whoever it was made for
                "match_typed_subject_alt_names": [_bears(name) for name in names],
            },
        },
    )


def system_bundle(places: Iterable[Path] = BUNDLES) -> Path:
    """The first of `places` that exists. Raises HactlError when none does."""
    for place in places:
        if place.is_file():
            return place
    raise HactlError(
        "this machine has no file of certificate authorities", 'name one: tls = { ca = "/path/to/ca.pem" }'
    )


def is_ip(host: str) -> bool:
    """True for an address, false for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bears(name: str) -> Document:
    return {"san_type": "IP_ADDRESS" if is_ip(name) else "DNS", "matcher": {"exact": name}}
