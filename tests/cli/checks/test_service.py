"""Units as people write them: which of them start this fleet, and which of those will kill it."""

from pathlib import Path

import pytest

from hactl.cli import systemd
from hactl.cli.checks import service
from hactl.cli.checks.finding import Finding, Subject
from hactl.cli.choice import Chosen
from hactl.core.spec import FleetSpec

CONFIG = Path("/srv/a b/hactl.toml")


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine has its units: two directories, the first of which has the last word."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("SYSTEMD_UNIT_PATH", f"{tmp_path}/first:{tmp_path}/second:{tmp_path}/missing")
    return tmp_path


def found(booted: Path = Path("/no/systemd/here")) -> list[Finding]:
    chosen = Chosen(name="shop", state=Path("/srv/state"), config=CONFIG)
    return list(service.unit(Subject(chosen=chosen, spec=FleetSpec()), booted=booted))


def test_the_unit_that_hactl_makes_is_fine(units: Path) -> None:
    text = systemd.unit("shop", CONFIG, Path("/srv/state"), user=False, owner="me")
    (units / "second" / "hactl-shop.service").write_text(text)
    (finding,) = found()
    assert finding.ok
    assert finding.found == "hactl-shop.service: leaves nodes and edges alone"


@pytest.mark.parametrize(
    "start",
    [
        "/usr/bin/hactl --fleet shop up --foreground",
        "/usr/bin/hactl up --foreground --fleet shop",
        '/usr/bin/hactl up --foreground --config "/srv/a b/hactl.toml"',
        "/usr/bin/hactl up \\\n   --foreground --fleet shop",
    ],
)
def test_a_unit_without_killmode_is_a_trap(units: Path, start: str) -> None:
    """With systemd's default every restart of the daemon is an outage."""
    (units / "first" / "gateway.service").write_text(f"[Unit]\nKillMode=process\n[Service]\nExecStart={start}\n")
    (finding,) = found()
    assert not finding.ok
    assert "KillMode=control-group: systemd kills nodes and edges together with the daemon" in finding.found
    assert "OOMPolicy=stop" in finding.found
    assert finding.mend == (
        "systemctl edit gateway.service: [Service] KillMode=process OOMPolicy=continue; or hactl init --systemd"
    )


@pytest.mark.parametrize(
    "start",
    [
        "/usr/bin/hactl --fleet other up --foreground",
        "/usr/bin/hactl --fleet shop status",
        "/usr/bin/hactl --fleet other up --config '/srv/a b/hactl.toml'",
        "/usr/bin/nginx",
        'unbalanced "quotes up',
    ],
)
def test_a_unit_of_something_else_is_none_of_ours(units: Path, start: str) -> None:
    (units / "first" / "other.service").write_text(f"[Service]\n# hactl\nExecStart={start}\n")
    assert found() == []


def test_a_drop_in_mends_it_and_a_drop_in_breaks_it(units: Path) -> None:
    """What systemd would do: the last word counts, wherever it was said."""
    bare = "[Service]\nExecStart=/usr/bin/hactl --fleet shop up --foreground\n"
    (units / "second" / "g.service").write_text(bare)
    (units / "first" / "g.service.d").mkdir()
    drop_in = units / "first" / "g.service.d" / "10-kill.conf"
    drop_in.write_text("[Service]\nKillMode = process\nOOMPolicy=continue\n")
    assert [finding.ok for finding in found()] == [True]
    drop_in.with_name("20-kill.conf").write_text("[Service]\nKillMode=mixed\n")
    (finding,) = found()
    assert "KillMode=mixed" in finding.found


def test_the_first_directory_has_the_last_word(units: Path) -> None:
    bare = "[Service]\nExecStart=/usr/bin/hactl --fleet shop up --foreground\n"
    (units / "second" / "g.service").write_text(bare)
    (units / "first" / "g.service").write_text(f"{bare}KillMode=process\nOOMPolicy=continue\n")
    assert [finding.ok for finding in found()] == [True]


def test_where_systemd_runs_a_fleet_without_a_unit_is_told(units: Path) -> None:
    """Advice, and no fault."""
    (finding,) = found(booted=units)
    assert (finding.ok, finding.mend) == (True, "hactl init --systemd")
