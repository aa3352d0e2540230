"""`hactl config`: says everything that is wrong, and shows what is in force."""

import json
import tomllib

import msgspec
import pytest
from support.command import Home

from hactl.config import load
from hactl.core.spec import FleetSpec


def test_check_counts_what_a_good_file_describes(fleet: Home) -> None:
    path = fleet.directory / "hactl.toml"
    assert fleet.ok("config", "check") == f"{path}: fleet t: 2 regions, 4 nodes, 2 edges, 0 services, 1 route\n"
    assert fleet.json("config", "check")["fleet"] == "t"


def test_check_tells_all_problems_and_not_only_the_first(home: Home) -> None:
    home.configure('[edg]\nx = 1\n\n[restart]\nbase = "soon"\n')
    done = home.run("config", "check")
    assert done.returncode == 2
    assert done.stdout == ""
    first, hint, second = done.stderr.splitlines()
    assert first == f"hactl: {home.directory}/hactl.toml: edg: unknown key"
    assert hint == '  try: did you mean "edge"?; 1 more problem in this file'
    assert second.startswith(f"also: {home.directory}/hactl.toml: restart.base: wants a duration")


def test_check_asks_envoy_about_an_overlay(home: Home) -> None:
    """What is wrong with the file comes first, then what Envoy says of the result; `show` has the content in it."""
    path = home.configure('[gateway]\nenvoy_overlay = "more.json"\n')
    more = home.directory / "more.json"
    for text, said in (
        ('{"edge": {"htp": {}}}', f'{more}: edge."htp": unknown part'),
        ('{"edge": {"http": {"colour": 1}}}', "envoy rejects these documents: "),
    ):
        more.write_text(text)
        done = home.run("config", "check")
        assert done.returncode == 2
        assert done.stderr.startswith(f"hactl: {path}: gateway.envoy_overlay: {said}")
        assert home.run("up").stderr == done.stderr
        assert not home.paths.state.exists()
    more.write_text('{"edge": {"http": {"via": "x"}}}')
    home.ok("config", "check")
    shown = home.ok("config", "show")
    more.unlink()
    path.write_text(shown)  # the content stands in it, so that it needs no other file
    assert home.ok("config", "show") == shown
    assert tomllib.loads(shown)["gateway"]["envoy_overlay"] == '{"edge":{"http":{"via":"x"}}}'


def test_a_schedule_of_a_drill_that_is_not_there_is_refused_before_the_night_in_which_it_would_run(home: Home) -> None:
    """By `check` and by `apply`, with the file, the key and what was probably meant. No fleet stays down for it."""
    schedule = '[[schedule]]\nname = "{}"\n{}\nat = "02:00"\n'
    path = home.configure(
        schedule.format("nightly", 'drill = "nod-kill"') + schedule.format("mine", 'suite = "x.toml"')
    )
    said = (
        f"hactl: {path}: schedule[nightly].drill: no drill 'nod-kill'\n"
        '  try: did you mean "node-kill"?; for your own file: ./FILE.toml; 1 more problem in this file\n'
        f"also: {path}: schedule[mine].suite: {home.directory}/x.toml: cannot be read: no such file or directory"
    )
    done = home.run("config", "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    up = home.run("up")
    assert up.returncode == 0
    assert said in up.stderr
    assert "no drill 'nod-kill'" in home.run("drill", "schedule").stderr
    path.write_text(path.read_text().replace("hello", "good day"))
    applied = home.run("config", "apply", "--wait", "--bake", "0s")
    assert applied.returncode == 2
    assert applied.stderr.startswith(said)
    assert home.snapshot().fleet.revision == 1
    suite = 'schema = 1\nname = "x"\ntitle = "X"\n[[drill]]\nname = "node-kill"\n'
    (home.directory / "x.toml").write_text(suite)
    path.write_text(path.read_text().replace("nod-kill", "node-kill"))
    home.ok("config", "check")
    home.ok("config", "apply", "--wait", "--bake", "0s")
    assert (
        home.run("drill", "schedule").stderr == "none of them is run: safety.scheduled_drills = false in hactl.toml\n"
    )


def test_without_a_file_check_says_how_to_get_one(home: Home) -> None:
    done = home.run("config", "check")
    assert (done.returncode, done.stderr) == (
        2,
        "hactl: no hactl.toml in this directory or above\n  try: hactl init writes one\n",
    )


def test_show_prints_a_file_that_means_the_same(fleet: Home) -> None:
    """Every default filled in; written back and read again, it is the same configuration."""
    text = fleet.ok("config", "show")
    assert tomllib.loads(text)["edge"]["count"] == 2
    again = fleet.directory / "again.toml"
    again.write_text(text)
    assert load(again) == load(fleet.directory / "hactl.toml")
    assert fleet.ok("config", "show", "--config", str(again)) == text


def test_show_json_is_the_specification(fleet: Home) -> None:
    shown = msgspec.json.decode(fleet.ok("config", "show", "--json"), type=FleetSpec)
    assert shown == load(fleet.directory / "hactl.toml")


@pytest.mark.parametrize("as_json", [True, False])
def test_show_masks_literal_variables_and_what_it_prints_cannot_be_taken_for_a_value(home: Home, as_json: bool) -> None:
    """They may be secrets; references are shown as they are written. Read again, the mask is an error."""
    env = 'env = { PASSWORD = "hunter2", TOKEN = "env:TOKEN" }\n'
    home.configure('[gateway]\nkind = "command"\ncommand = ["./gw", "{port}"]\n' + env)
    shown = home.ok("config", "show", *(["--json"] if as_json else []))
    assert "hunter2" not in shown
    assert '"***"' in shown
    assert '"env:TOKEN"' in shown
    if not as_json:
        (home.directory / "hactl.toml").write_text(shown)
        done = home.run("config", "check")
        assert done.returncode == 2
        assert "gateway.env: variable PASSWORD is masked" in done.stderr


def test_show_running_is_what_is_in_force_and_not_the_file(fleet: Home) -> None:
    path = fleet.directory / "hactl.toml"
    good, in_force = path.read_text(), fleet.ok("config", "show")
    path.write_text(good.replace("nodes = 2", "nodes = 3"))
    try:
        assert fleet.ok("config", "show") != in_force
        assert fleet.ok("config", "show", "--running") == in_force
    finally:
        path.write_text(good)


def test_the_schema_is_one_for_editors(home: Home) -> None:
    schema = json.loads(home.ok("config", "show", "--schema"))
    assert schema["properties"]["edge"]["properties"]["listen"]["type"] == "string"
