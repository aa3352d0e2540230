"""Stories of files that cannot be read."""

import os
from pathlib import Path

import pytest

from hactl.config import digest, dump, load, parse, portable
from hactl.core.errors import ConfigError


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_a_file_is_read_and_its_errors_begin_with_its_path(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    path.write_text('[fleet]\nname = "shop"\n')
    assert load(path).name == "shop"

    path.write_text("[fleet]\nnme = 1\n")
    assert refusal(path) == f'{path}: fleet.nme: unknown key (did you mean "name"?)'


def test_a_command_runs_beside_its_file_whoever_starts_it_from_where(tmp_path: Path, monkeypatch):
    """The directory is a part of what is taken into force; an Envoy needs none, and a given one stays."""
    path = tmp_path / "hactl.toml"
    command = '[gateway]\nkind = "command"\ncommand = ["./serve", "{port}"]\n'
    path.write_text(command)
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in (path, Path("hactl.toml"), tmp_path / "link" / "hactl.toml"):
        assert load(name).gateway.directory == str(tmp_path)
    path.write_text(command + 'directory = "/srv"\n')
    assert load(path).gateway.directory == "/srv"
    path.write_text("")
    assert load(path).gateway.directory == ""


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    path.write_bytes(b'\xef\xbb\xbf[fleet]\r\nname = "shop"\r\n')
    assert load(path).name == "shop"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    assert refusal(path) == f"{path}: no such file (write one with: hactl init)"


def test_a_directory_is_refused_with_the_file_that_was_meant(tmp_path: Path):
    assert refusal(tmp_path) == f"{tmp_path}: is a directory (name the file in it: {tmp_path / 'hactl.toml'})"


def test_a_path_through_a_file_and_an_impossible_path_are_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert "cannot be read: not a directory" in refusal(tmp_path / "file" / "hactl.toml")
    assert "cannot be read: " in refusal(tmp_path / "a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    path.write_text("")
    path.chmod(0)
    assert refusal(path) == f"{path}: cannot be read: permission denied"


def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    path.write_bytes(b'[fleet]\nname = "\xff"\n')
    assert refusal(path) == f"{path}:2:9: not UTF-8 text (byte 0xff) (save the file as UTF-8)"


def test_an_endless_file_is_refused_and_not_read_to_its_end(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(path) == f"{path}: larger than 1MiB (is this the right file?)"


def test_what_is_there_only_once_is_refused_before_it_is_read(tmp_path: Path):
    """The second reader of a pipe would find an empty configuration, which is a valid one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null"), Path("/dev/zero")):
        assert refusal(path).startswith(f"{path}: not a regular file (it is read more than once")


OVERLAID = '[gateway]\nenvoy_overlay = "envoy/more.json"\n'


@pytest.fixture
def overlaid(tmp_path: Path) -> Path:
    """A configuration whose overlay lies in a folder beside it."""
    (tmp_path / "envoy").mkdir()
    (tmp_path / "hactl.toml").write_text(OVERLAID)
    return tmp_path / "hactl.toml"


def test_an_overlay_is_read_with_the_configuration_that_names_it(overlaid: Path):
    """What stands in it is part of the configuration: a change of the file is a change of the configuration."""
    more = overlaid.parent / "envoy" / "more.json"
    more.write_text('{"edge": {"http": {"via": "one"}}}')
    one = load(overlaid)
    assert one.gateway.envoy_overlay == '{"edge":{"http":{"via":"one"}}}'
    more.write_text('\n{ "edge" : {"http": {"via": "one"}}}\n')
    assert digest(load(overlaid)) == digest(one)
    more.write_text('{"edge": {"http": {"via": "two"}}}')
    assert digest(load(overlaid)) != digest(one)
    assert parse(dump(one)) == one


def test_what_is_sent_elsewhere_takes_its_overlay_along(overlaid: Path):
    """A file without one goes as it is."""
    (overlaid.parent / "envoy" / "more.json").write_text('{"edge": {"http": {"via": "x"}}}')
    spec = load(overlaid)
    assert parse(portable(overlaid, spec)) == spec
    overlaid.write_text("# mine\n[fleet]\n")
    assert portable(overlaid, load(overlaid)) == "# mine\n[fleet]\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "{path}: cannot be read: no such file or directory"),
        (b"", '{path}: wants a JSON object, found ""'),
        (b"[]", '{path}: wants a JSON object, found "[]"'),
        (b'{"edge": }', "{path}: not valid JSON: expecting value (line 1, column 10)"),
        (b'{"edge": "\xff"}', "{path}:1:11: not UTF-8 text (byte 0xff) (save the file as UTF-8)"),
        (b'{"edgy": {}}', '{path}: "edgy": unknown key (did you mean "edge"?)'),
        (b"{" + b" " * (1 << 20) + b"}", "{path}: larger than 1MiB (is this the right file?)"),
    ],
)
def test_a_wrong_overlay_is_refused_with_its_path_and_what_is_wrong(overlaid: Path, content: bytes | None, said: str):
    more = overlaid.parent / "envoy" / "more.json"
    if content is not None:
        more.write_bytes(content)
    assert refusal(overlaid) == f"{overlaid}: gateway.envoy_overlay: " + said.replace("{path}", str(more))


def test_no_path_of_an_overlay_breaks_the_reading(tmp_path: Path):
    path = tmp_path / "hactl.toml"
    for named in (".", "a\\u0000b", "x" * 300, "hactl.toml/x"):
        path.write_text(f'[gateway]\nenvoy_overlay = "{named}"\n')
        assert refusal(path).startswith(f"{path}: gateway.envoy_overlay: ")
