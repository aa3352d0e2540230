"""The words of Envoy documents."""

from pathlib import Path

from hactl.engines.envoy.document import CLUSTER, discovery, extension, pipe_address, seconds


def test_durations_keep_their_milliseconds() -> None:
    """Envoy reads decimals with a unit."""
    assert [seconds(value) for value in (0.25, 10.0, 0.0501)] == ["0.250s", "10.000s", "0.050s"]


def test_a_resource_file_names_its_version_and_types() -> None:
    """Each resource says what it is."""
    assert discovery("v1", CLUSTER, {"name": "a"}) == {
        "version_info": "v1",
        "resources": [{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "a"}],
    }


def test_extensions_carry_their_type() -> None:
    """A named extension has its configuration under its own type."""
    assert extension("x", "a.b.C", k=1) == {"name": "x", "typed_config": {"@type": "type.googleapis.com/a.b.C", "k": 1}}


def test_sockets_are_private() -> None:
    """Mode 0600, in the decimal that JSON has."""
    assert pipe_address(Path("/s"))["pipe"] == {"path": "/s", "mode": 384}
