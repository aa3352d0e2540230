"""The static twin: what is shown to Envoy, and what is made of its answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.build import CERTIFICATE
from support.places import fleet_paths

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec
from hactl.engines.envoy.edge import documents
from hactl.engines.envoy.seat import Seat
from hactl.engines.envoy.twin import Twin, reason, static_twin
from hactl.paths import FleetPaths


def script(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "envoy"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return path


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[FleetPaths]:
    with fleet_paths(tmp_path) as given:
        yield given


def test_nothing_is_left_to_discover() -> None:
    """The twin has every listener, route and cluster inline, and the original is untouched."""
    fleet = Fleet(id="f1")
    original = documents(fleet, fleet.policy, Seat(name="e", directory=Path("/d"), sockets=Path("/s")))
    twin = static_twin(original)
    text = repr(twin)
    assert "path_config_source" not in text
    assert "rds" not in twin
    assert len(twin["static_resources"]["listeners"]) == 2
    assert text.count("'validate_clusters': True") == 2
    assert original == documents(fleet, fleet.policy, Seat(name="e", directory=Path("/d"), sockets=Path("/s")))


async def test_what_was_accepted_is_not_judged_again(tmp_path: Path, paths: FleetPaths) -> None:
    """One verdict per content, in memory: a new judge on the same directory asks again."""
    binary = script(tmp_path, f"echo asked >> {tmp_path}/log")
    fleet = Fleet(id="f1")
    seat = Seat.of(paths, ".twin")
    for judge in (Twin(seat), Twin(seat)):
        for _ in range(3):
            await judge.judge(binary, documents(fleet, fleet.policy, seat))
    assert (tmp_path / "log").read_text().split() == ["asked", "asked"]


async def test_a_refusal_is_told_in_envoys_words_and_not_remembered(tmp_path: Path, paths: FleetPaths) -> None:
    """The reason is one line, and the same documents are judged anew next time."""
    binary = script(tmp_path, f"echo asked >> {tmp_path}/log; echo '[1][critical] error: bad regex'; exit 1")
    fleet = Fleet(id="f1")
    judge = Twin(Seat.of(paths, ".twin"))
    for _ in range(2):
        with pytest.raises(HactlError, match="envoy rejects these documents: error: bad regex"):
            await judge.judge(binary, documents(fleet, fleet.policy, judge.seat))
    assert (tmp_path / "log").read_text().split() == ["asked", "asked"]


def test_the_reason_is_the_last_telling_line() -> None:
    """Prefixes go, other talk goes, and silence is said to be silence."""
    said = "[2026-01-01 00:00:00][1][critical][main] error initializing config 'x': no such field\nexiting\n"
    assert reason(said) == "error initializing config 'x': no such field"
    assert reason("") == "envoy gave no reason"


def test_a_certificate_is_judged_with_the_rest() -> None:
    """The twin has the secret itself where the original says where to look for it."""
    tls = EdgeTlsSpec(cert="/c", key="/k")
    fleet = Fleet(id="f1", spec=FleetSpec(edge=EdgeSpec(tls=tls)), certificate=CERTIFICATE)
    original = documents(fleet, fleet.policy, Seat(name="e", directory=Path("/d"), sockets=Path("/s")))
    twin = static_twin(original)
    assert twin["static_resources"]["secrets"] == list(original.secrets)
    assert "sds_config" not in repr(twin)
    assert "/d/keys/c1.pem" in repr(twin)
    assert "sds_config" in repr(original)


@pytest.mark.parametrize(
    "said",
    [
        "[1][critical] error initializing configuration '/x/bootstrap.json': no such field:  'colour'",
        "[1][critical] : no such field:   'colour'",
        """[1] error initializing configuration '/x': no such field: 'colour'): {"node":{"id":"e"}}""",
    ],
)
def test_the_reason_is_about_the_documents_alone(said: str) -> None:
    """Not about where they lie, and without all of them."""
    assert reason(said) == "no such field: 'colour'"
