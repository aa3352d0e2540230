"""Which certificate a daemon begins with: the files', the one in use, or none and no start."""

import pytest

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec
from hactl.processes.certifying import Certified, certify

HELD = Certificate(digest="held", fingerprint="f", names=("a.test",), not_after=2e9)
NEW = Certificate(digest="new", fingerprint="f", names=("a.test",), not_after=2e9)
TLS = FleetSpec(edge=EdgeSpec(tls=EdgeTlsSpec(cert="/c", key="/k")))
OTHER = FleetSpec(edge=EdgeSpec(tls=EdgeTlsSpec(cert="/other", key="/k")))
LIVING = Fleet(id="f1", spec=TLS, certificate=HELD)


def good(tls: EdgeTlsSpec) -> Certificate:
    return NEW


def bad(tls: EdgeTlsSpec) -> Certificate:
    raise HactlError(f"{tls.cert}: no such file", "name one")


def test_without_tls_nothing_is_read() -> None:
    """The files may be whatever they are."""
    assert certify(LIVING, FleetSpec(), bad, runs=False, was_down=True) == Certified()


def test_a_fleet_that_runs_keeps_what_it_has() -> None:
    """Its daemon looks at the files soon enough, with an engine that can judge them."""
    assert certify(LIVING, TLS, bad, runs=True, was_down=False) == Certified(certificate=HELD)


@pytest.mark.parametrize("was_down", [False, True])
def test_a_fleet_that_does_not_run_takes_the_files(was_down: bool) -> None:
    """They may have been renewed meanwhile."""
    expected = Certified(certificate=NEW, fresh=True)
    assert certify(LIVING, TLS, good, runs=False, was_down=was_down) == expected


def test_damaged_files_are_no_outage() -> None:
    """A machine that was rebooted goes on with the copy it has, and says why."""
    expected = Certified(certificate=HELD, refused="/c: no such file (name one)")
    assert certify(LIVING, TLS, bad, runs=False, was_down=False) == expected


@pytest.mark.parametrize(
    ("fleet", "spec", "was_down"),
    [(LIVING, TLS, True), (LIVING, OTHER, False), (Fleet(id="f1", spec=TLS), TLS, False), (Fleet(), TLS, True)],
    ids=["was taken down", "other files", "never had one", "founded"],
)
def test_without_a_copy_that_counts_there_is_no_start(fleet: Fleet, spec: FleetSpec, was_down: bool) -> None:
    """The error is that of the files."""
    with pytest.raises(HactlError, match=f"^{spec.edge.tls.cert}: no such file"):
        certify(fleet, spec, bad, runs=False, was_down=was_down)
