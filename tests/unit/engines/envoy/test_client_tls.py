"""The documents and the private copies that an edge's TLS is made of."""

import json
import os
import time
from pathlib import Path

import pytest
from support.certificates import Files, issue, renew
from support.places import fleet_paths

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec
from hactl.engines.envoy.client_tls import GRACE, Vault, copy_in, forget, secrets, to_clients
from hactl.engines.envoy.seat import Seat


def tls(files: Files) -> EdgeTlsSpec:
    return EdgeTlsSpec(cert=str(files.cert), key=str(files.key))


def test_documents_name_files_and_hold_no_key(tmp_path: Path) -> None:
    """Chain and key come from one file, whose name changes with the chain."""
    files = issue(tmp_path / "tls")
    with fleet_paths(tmp_path) as paths:
        certificate = Vault(Seat.of(paths, ".twin-edge")).keep(tls(files))
        seat = Seat.of(paths, "edge-1")
        fleet = Fleet(spec=FleetSpec(edge=EdgeSpec(tls=tls(files))), certificate=certificate)
        (secret,) = secrets(fleet, seat)
        copy = str(seat.keys / f"{certificate.digest}.pem")
        assert secret["tls_certificate"] == {
            "certificate_chain": {"filename": copy},
            "private_key": {"filename": copy},
        }
        assert "PRIVATE" not in json.dumps([secret, to_clients(seat)])


def test_without_tls_there_are_no_secrets() -> None:
    """And with TLS that has no certificate yet there is nothing an edge could be given."""
    seat = Seat(name="edge-1", directory=Path("/d"), sockets=Path("/s"))
    assert secrets(Fleet(), seat) == ()
    spec = FleetSpec(edge=EdgeSpec(tls=EdgeTlsSpec(cert="/c.pem", key="/k.pem")))
    with pytest.raises(HactlError, match=r"no certificate has been loaded from /c.pem yet"):
        secrets(Fleet(spec=spec), seat)


def test_copies_are_private_and_handed_out_when_the_files_are_gone(tmp_path: Path) -> None:
    """From the vault's seat to an edge's, readable by their owner only, also by a daemon that knows nothing yet."""
    files = issue(tmp_path / "tls")
    with fleet_paths(tmp_path) as paths:
        own, seat = Seat.of(paths, ".twin-edge"), Seat.of(paths, "edge-1")
        certificate = Vault(own).keep(tls(files))
        pem = files.cert.read_bytes().strip() + b"\n" + files.key.read_bytes().strip() + b"\n"
        files.cert.unlink()
        Vault(own).hand_out(certificate, seat)
        for place in (own, seat):
            copy = copy_in(place, certificate)
            assert copy.read_bytes() == pem
            assert copy.stat().st_mode & 0o777 == 0o600
            assert copy.parent.stat().st_mode & 0o777 == 0o700


def test_a_copy_that_is_gone_is_missed(tmp_path: Path) -> None:
    """By name and cause."""
    files = issue(tmp_path / "tls")
    with fleet_paths(tmp_path) as paths:
        own = Seat.of(paths, ".twin-edge")
        vault = Vault(own)
        certificate = vault.keep(tls(files))
        vault.drop(certificate)
        with pytest.raises(HactlError, match=f"private copy '{copy_in(own, certificate)}' .* no such file"):
            vault.hand_out(certificate, Seat.of(paths, "edge-1"))


def test_keys_of_no_use_are_let_go(tmp_path: Path) -> None:
    """All but those of the certificates in use."""
    files = issue(tmp_path / "tls")
    with fleet_paths(tmp_path) as paths:
        seat = Seat.of(paths, "edge-1")
        vault = Vault(seat)
        first = vault.keep(tls(files))
        second = vault.keep(tls(renew(files)))
        assert len(list(seat.keys.iterdir())) == 2
        forget(seat, second)
        assert [*seat.keys.iterdir()] == [copy_in(seat, second)]
        assert first.digest != second.digest
        forget(seat)
        assert [*seat.keys.iterdir()] == []


def test_a_copy_that_was_only_just_taken_is_kept(tmp_path: Path) -> None:
    """Whoever took it is about to use it, and nobody knows of that yet."""
    files = issue(tmp_path / "tls")
    with fleet_paths(tmp_path) as paths:
        vault = Vault(Seat.of(paths, ".twin-edge"))
        copy = copy_in(Seat.of(paths, ".twin-edge"), vault.keep(tls(files)))
        vault.forget()
        assert copy.exists()
        os.utime(copy, (0, time.time() - GRACE))
        vault.keep(tls(files))
        vault.forget()
        assert copy.exists(), "it was taken again"
        os.utime(copy, (0, time.time() - GRACE))
        vault.forget()
        assert not copy.exists()


def test_files_of_no_use_leave_no_copy(tmp_path: Path) -> None:
    """What is refused is not kept."""
    files = issue(tmp_path / "tls", days=-0.5)
    with fleet_paths(tmp_path) as paths:
        seat = Seat.of(paths, ".twin-edge")
        with pytest.raises(HactlError, match="has expired"):
            Vault(seat).keep(tls(files))
        assert not seat.keys.exists()
