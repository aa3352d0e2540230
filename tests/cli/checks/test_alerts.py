"""What an alert will need, looked for before it is needed."""

from pathlib import Path

from support.build import a_spec

from hactl.cli.checks import alerts
from hactl.cli.checks.finding import Finding, Subject
from hactl.core.spec import AlertSpec
from hactl.core.value import replace


def looked(alert: AlertSpec) -> Finding:
    (finding,) = alerts.receivers(Subject(chosen=None, spec=replace(a_spec(), alerts=(alert,))))
    return finding


def test_a_program_that_is_not_there_is_found() -> None:
    finding = looked(AlertSpec(name="page", exec=("no-such-pager",)))
    assert (finding.check, finding.ok, "no-such-pager" in finding.found) == ("alert page", False, True)
    there = looked(AlertSpec(name="page", exec=("sh", "-c", "true")))
    assert (there.ok, there.mend) == (True, "hactl alert test page")


def test_a_secret_that_is_not_there_is_found(tmp_path: Path) -> None:
    """In a file; what is in the environment only the daemon knows."""
    secret = tmp_path / "token"
    alert = AlertSpec(name="hook", webhook="env:HOOK", headers={"authorization": f"file:{secret}"})
    assert str(secret) in looked(alert).found
    assert not looked(alert).ok
    secret.write_text("s3cret")
    assert looked(alert).ok
