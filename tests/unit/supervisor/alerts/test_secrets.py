"""A secret is looked up where it is, for each delivery, and is in no message."""

from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.supervisor.alerts.secrets import LONGEST, look_up, strike_out


def test_plain_text_is_itself() -> None:
    assert look_up("web: team") == "web: team"
    assert look_up("https://a") == "https://a"


def test_a_variable_is_read_at_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", " first ")
    assert look_up("env:TOKEN") == "first"
    monkeypatch.setenv("TOKEN", "second")
    assert look_up("env:TOKEN") == "second"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("TOKEN", value)
    with pytest.raises(HactlError, match="the daemon's environment has no TOKEN"):
        look_up("env:TOKEN")


def test_a_file_is_read_at_the_time_without_its_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    assert look_up(f"file:{path}") == "first"
    path.write_text("second\n")
    assert look_up(f"file:{path}") == "second"


def test_a_file_that_cannot_be_used_is_named_and_not_quoted(tmp_path: Path) -> None:
    wrong = {"missing": None, "empty": b"\n", "huge": b"x" * (LONGEST + 1), "binary": b"hunter2\xff"}
    for name, content in wrong.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(HactlError) as error:
            look_up(f"file:{path}")
        assert str(path) in error.value.message
        assert "hunter2" not in str(error.value)


def test_no_secret_and_no_longer_part_of_one_is_left_in_a_message() -> None:
    said = strike_out("401: 'Bearer s3cr3t-t0k3n' is wrong: s3cr3t-t0k3n; be a bear", ["Bearer s3cr3t-t0k3n", "be"])
    assert said == "401: '***' is wrong: ***; be a bear"
