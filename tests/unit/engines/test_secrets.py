"""Secrets that are found, and what is said of those that are not: the key and the place, never a value."""

import os
from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.core.secrets import Secret, reference
from hactl.engines.secrets import LARGEST, resolve


def found(text: str, directory: Path) -> Secret:
    where = reference(text)
    assert where is not None
    return resolve("TOKEN", where, str(directory))


def refusal(text: str, directory: Path) -> str:
    with pytest.raises(HactlError) as caught:
        found(text, directory)
    return str(caught.value)


def test_a_secret_is_read_from_the_environment_or_a_file(tmp_path: Path, monkeypatch):
    """Of a file the last line end does not count, whoever wrote it; it does not show itself."""
    monkeypatch.setenv("HACTL_TEST_TOKEN", " a=b ")
    assert found("env:HACTL_TEST_TOKEN", tmp_path) == " a=b "
    for written, meant in ((b"x\n", "x"), (b"x\r\n", "x"), (b"x\n\n", "x\n"), (b"", ""), (b" x", " x")):
        (tmp_path / "key").write_bytes(written)
        assert found("file:key", tmp_path) == meant
        assert found(f"file:{tmp_path}/key", Path("/")) == meant
    assert repr(found("env:HACTL_TEST_TOKEN", tmp_path)) == "'***'"


def test_bytes_that_are_no_text_arrive_as_they_are(tmp_path: Path):
    """A variable is bytes in the end."""
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    assert os.fsencode(found("file:key", tmp_path)) == b"\xff\xfe"


def test_what_cannot_be_read_is_named_with_its_key(tmp_path: Path, monkeypatch):
    """Missing, a directory, a pipe that nobody writes to (which would hold the daemon up), too much, no text."""
    monkeypatch.delenv("HACTL_TEST_TOKEN", raising=False)
    assert refusal("env:HACTL_TEST_TOKEN", tmp_path).startswith(
        "gateway.env.TOKEN: the daemon has no variable 'HACTL_TEST_TOKEN' in its environment (set it where `hactl up`"
    )
    key = tmp_path / "key"
    assert refusal("file:key", tmp_path) == (
        f"gateway.env.TOKEN: cannot read '{key}': no such file or directory (ls -l {key})"
    )
    os.mkfifo(tmp_path / "pipe")
    for name in ("file:.", "file:pipe", "file:/dev/zero"):
        assert "is not a regular file (keep the secret in a file)" in refusal(name, tmp_path)
    key.write_bytes(b"hidden" + b"x" * LARGEST)
    assert refusal("file:key", tmp_path).endswith("is larger than 64KiB (is this the right file?)")
    key.write_bytes(b"hid\0den")
    assert "holds a NUL" in refusal("file:key", tmp_path)
    assert "hid" not in refusal("file:key", tmp_path).replace(str(tmp_path), "")
