"""TLS from nodes to services."""

from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.core.routing import ServiceSpec, ServiceTlsSpec
from hactl.engines.envoy.tls import system_bundle, to_service


def context(*hosts: str, sni: str = "", http2: bool = False) -> dict:
    service = ServiceSpec(
        name="a", endpoints=tuple((host, 443) for host in hosts), tls=ServiceTlsSpec(ca="/ca.pem", sni=sni)
    )
    return to_service(service, http2=http2)["typed_config"]


def names(made: dict) -> list[tuple[str, str]]:
    wanted = made["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    return [(each["san_type"], each["matcher"]["exact"]) for each in wanted]


def test_the_certificate_must_bear_the_name_that_is_asked_for() -> None:
    """The sni when there is one, else the name of the endpoints, else their addresses; never just any name."""
    assert names(context("127.0.0.1", sni="a.test")) == [("DNS", "a.test")]
    assert names(context("a.test", "a.test")) == [("DNS", "a.test")]
    assert names(context("127.0.0.1", "127.0.0.2")) == [("IP_ADDRESS", "127.0.0.1"), ("IP_ADDRESS", "127.0.0.2")]
    assert context("a.test")["sni"] == "a.test"
    assert "sni" not in context("127.0.0.1")


def test_the_protocol_is_negotiated_as_the_cluster_speaks_it() -> None:
    """HTTP/2 for gRPC, HTTP/1.1 otherwise, and the file of authorities arrives."""
    for http2, spoken in ((True, "h2"), (False, "http/1.1")):
        common = context("127.0.0.1", http2=http2)["common_tls_context"]
        assert common["alpn_protocols"] == [spoken]
        assert common["validation_context"]["trusted_ca"] == {"filename": "/ca.pem"}


def test_the_authorities_of_this_machine_are_looked_for_where_systems_keep_them(tmp_path: Path) -> None:
    """The first file there is; an error that says what to do when there is none."""
    there = tmp_path / "ca.pem"
    there.touch()
    assert system_bundle((tmp_path / "none", there)) == there
    with pytest.raises(HactlError, match="no file of certificate authorities"):
        system_bundle((tmp_path / "none",))
