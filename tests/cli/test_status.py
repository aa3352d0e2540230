"""`hactl status`: its text, its JSON contract, and how little it loads."""

import os
import pty
import signal
import subprocess

from support.build import a_spec
from support.certificates import issue, renew
from support.command import HACTL, Home, finish, read_until
from support.polling import wait_until
from support.script import drilling, serving

from hactl.cli.following import until_true
from hactl.cli.status import StatusReport, lines
from hactl.control.client import Client
from hactl.core import codec
from hactl.core.draft import evolve
from hactl.core.drill_events import DrillAsked
from hactl.core.load import measured
from hactl.core.model import EdgeLoss, EdgeUse, Sample
from hactl.core.node import Reason, ReasonCode
from hactl.core.reading import Verdict
from hactl.core.talk import Snapshot
from hactl.core.value import replace

COLOR = b"\x1b["


def test_the_text_answers_what_runs_what_serves_and_why_not(fleet: Home) -> None:
    wait_until(lambda: measured((now := fleet.snapshot()).fleet, now.samples, now.at) is not None)
    lines = fleet.ok("status").splitlines()
    proved = fleet.snapshot().fleet.sustained  # tests before this one may have sent requests
    assert lines[0] == "fleet t: ok, 4 nodes and 2 edges serve"
    assert "survives any one loss: yes" in lines[1]
    one = f"{proved:.0f}/s seen" if proved else "capacity not known yet"
    assert lines[2] == f"headroom: no traffic now (one node: {one})"
    assert f"edges on http://127.0.0.1:{fleet.port}" in lines[3]
    table = lines[lines.index("") + 1 :]
    assert table[0].split()[:4] == ["NAME", "STATE", "FOR", "WEIGHT"]
    assert [line.split()[0] for line in table[1:]] == ["edge-1", "edge-2", "a-1", "a-2", "b-1", "b-2"]
    assert all(line.split()[1] == "serving" for line in table[1:])


def test_a_narrow_screen_leaves_out_what_matters_least(fleet: Home) -> None:
    """Nothing wraps at 80 columns, and name, state, share and requests stay to the last."""
    shown = lines(fleet.snapshot(), 80)
    assert max(len(line) for line in shown) <= 80
    head = next(line for line in shown if line.startswith("NAME"))
    assert {"NAME", "STATE", "SHARE", "REQ/S", "WHY"} <= set(head.split())
    assert "MEM" not in head
    assert any("MEM" in line for line in lines(fleet.snapshot(), 160))


def test_the_headroom_does_not_wrap_either() -> None:
    """Not with the longest words there are for it."""
    fleet = replace(serving(a_spec(regions=3, nodes=30)), sustained=123.0)
    samples = tuple(Sample(node=node.name, at=100.0, requests=999.9) for node in fleet.nodes.values())
    snapshot = Snapshot(fleet=fleet, at=100.0, mono=1000.0, samples=samples)
    whole = "headroom: N-1 unproved (89 nodes at up to 1034/s, 123/s seen); without seoul: unproved"
    assert whole in lines(snapshot)
    assert max(len(line) for line in lines(snapshot, 80) if "headroom" in line or "unproved" in line) <= 80


def test_a_drained_node_says_who_took_it_out(fleet: Home) -> None:
    fleet.ok("drain", "b-2", "--wait")
    row = next(line for line in fleet.ok("status").splitlines() if line.startswith("b-2"))
    assert row.split()[1] == "drained"
    assert "drained by" in row
    fleet.ok("resume", "b-2", "--wait")


def test_json_decodes_back_into_the_vocabulary(fleet: Home) -> None:
    """The contract: version 1, and the very values the daemon holds."""
    report = codec.decode(fleet.ok("status", "--json"), StatusReport)
    assert report.fleet == "t"
    assert report.reading.verdict is Verdict.OK
    assert report.reading.n_minus_1
    assert report.snapshot.fleet.spec == fleet.snapshot().fleet.spec
    assert report.snapshot.pulse.pid == fleet.snapshot().pulse.pid
    assert list(report.shares) == ["a-1", "a-2", "b-1", "b-2"]
    assert sum(report.shares.values()) == 1


def test_json_has_these_fields(fleet: Home) -> None:
    """Fields are added to the contract, never renamed."""
    report = fleet.json("status")
    assert {"version", "fleet", "reading", "snapshot", "shares", "headroom"} <= report.keys()
    assert {"version", "load", "capacity", "basis", "n_minus_1", "n_minus_region", "region"} <= report[
        "headroom"
    ].keys()
    left = report["headroom"]["n_minus_1"]
    assert {"verdict", "sentence", "without", "nodes", "node", "part", "needed", "capacity", "basis"} <= left.keys()
    assert {"verdict", "sentence", "n_minus_1"} <= report["reading"].keys()
    assert {"fleet", "at", "mono", "samples", "pulse"} <= report["snapshot"].keys()
    node = report["snapshot"]["fleet"]["nodes"]["a-1"]
    assert {"name", "role", "region", "address", "port", "state", "goal", "health", "weight", "reason"} <= node.keys()


def test_watch_repeats_until_the_reader_has_enough(fleet: Home) -> None:
    """`hactl status --watch --json | head -3`: one document for each measurement, and no noise at the end."""
    watching = fleet.start("status", "--watch", "--json")
    assert watching.stdout is not None
    reports = [codec.decode(watching.stdout.readline(), StatusReport) for _ in range(3)]
    watching.stdout.close()
    watching.stdout = None
    code, _, said = finish(watching)
    assert (code, said) == (0, "")
    assert reports[0].snapshot.at < reports[1].snapshot.at < reports[2].snapshot.at


def test_watch_goes_on_with_the_next_daemon(home: Home) -> None:
    """Nobody takes the end of a daemon for the end of the fleet; that nobody answers meanwhile is said."""
    home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    watching = home.start("status", "--watch", "--json")
    assert watching.stdout is not None
    first = codec.decode(watching.stdout.readline(), StatusReport)
    home.kill_daemon()
    assert read_until(watching, "waiting for one") == "no daemon is running; waiting for one\n"
    home.ok("up")
    last = first
    while last.snapshot.pulse.pid == first.snapshot.pulse.pid:
        last = codec.decode(watching.stdout.readline(), StatusReport)
    watching.send_signal(signal.SIGINT)
    assert finish(watching)[0] == 130
    assert last.snapshot.fleet.seq > first.snapshot.fleet.seq


def on_a_terminal(home: Home, *args: str, **more: str) -> bytes:
    """What `hactl ARGS` writes to a terminal."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [*HACTL, *args], cwd=home.directory, env=home.environment(**more), stdout=theirs, stdin=subprocess.DEVNULL
        ) as process:
            os.close(theirs)
            seen = b""
            try:
                while part := os.read(ours, 65536):
                    seen += part
            except OSError:  # how a terminal says that the last writer has gone
                pass
            assert process.wait() == 0
        return seen
    finally:
        os.close(ours)


def test_colors_are_for_terminals_only(fleet: Home) -> None:
    """And not even there when the operator has said no."""
    assert COLOR in on_a_terminal(fleet, "status")
    assert COLOR not in on_a_terminal(fleet, "status", NO_COLOR="1")
    assert COLOR not in on_a_terminal(fleet, "--no-color", "status")
    assert COLOR not in on_a_terminal(fleet, "status", TERM="dumb")
    assert COLOR not in fleet.ok("status").encode()


def test_json_is_never_colored(fleet: Home) -> None:
    assert COLOR not in on_a_terminal(fleet, "status", "--json")


def test_edges_that_speak_tls_are_reached_by_https(home: Home) -> None:
    """With whom the certificate is for and its end; what is wrong with it is a warning, and no reason to fail."""
    files = issue(home.directory / "tls", "app.test", days=60.5)
    home.configure(edge=f'tls = {{ cert = "{files.cert}", key = "{files.key}" }}')
    home.ok("up")
    home.ok("wait")
    text = home.ok("status")
    assert f"edges on https://127.0.0.1:{home.port}, policy" in text
    assert "\ncertificate for app.test: expires in 60 d\n" in text
    client, first = Client(home.paths.control), home.snapshot().fleet.certificate
    renew(files, "app.test", days=13.5)
    until_true(client, lambda fleet: fleet.certificate != first, 30.0, "another certificate")
    assert "\nWARNING: certificate for app.test: expires in 13 d\n" in home.ok("status")
    files.key.write_text("")
    until_true(client, lambda fleet: bool(fleet.certificate_refused), 30.0, "a refusal")
    assert f"\nWARNING: the new certificate files are not used: {files.key}: holds no private key" in home.ok("status")


def test_a_start_without_a_certificate_is_one_line(home: Home) -> None:
    """Path, cause and hint; nothing was started."""
    home.configure(edge='tls = { cert = "/nowhere/cert.pem", key = "/nowhere/key.pem" }')
    done = home.run("up")
    assert done.returncode == 1
    assert done.stderr.startswith("hactl: /nowhere/cert.pem: no such file\n")
    assert home.strays() == []


def test_the_last_edge_that_was_lost_and_what_that_cost() -> None:
    """For as long as there was none, nothing is said; what nobody knows is not made up."""
    fleet = serving()
    assert not any("edge lost" in line for line in lines(Snapshot(fleet=fleet, at=1030.0, mono=30.0)))
    use = EdgeUse(edge="edge-1", connections=12, requests=3, age=0.3)
    cause = Reason(code=ReasonCode.EXITED, text="killed by signal 9")
    loss = EdgeLoss(edge="edge-1", cause=cause, seen=25.0, wall=1025.0, use=use, others=("edge-2",), back_ms=128.4)

    def shown(loss: EdgeLoss) -> str:
        said = lines(Snapshot(fleet=replace(fleet, last_edge_loss=loss), at=1030.0, mono=30.0))
        return next(line for line in said if "edge lost" in line)

    assert shown(loss) == "last edge lost: edge-1 5s ago (12 connections, 3 requests), back in 128 ms"
    assert shown(replace(loss, use=None, back_ms=None)) == (
        "last edge lost: edge-1 5s ago (clients unknown), not back yet"
    )


def test_what_a_drill_waits_for_is_told_and_cannot_drive_a_terminal() -> None:
    """Its file may come from anybody."""
    story, drill = drilling("seoul-1")
    fleet = evolve(story.fleet, DrillAsked(id=drill, question="pull the\x1b[2J plug"))
    (line,) = (line for line in lines(Snapshot(fleet=fleet, at=1030.0, mono=30.0)) if line.startswith(drill))
    assert "; WAITING for a manual step: pull the\N{REPLACEMENT CHARACTER}[2J plug (then: hactl drill continue)" in line
