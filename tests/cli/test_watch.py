"""`hactl watch`: plain sentences through everything that happens, restarts of the daemon included."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.build import a_spec, founded
from support.command import HACTL, Home, finish
from support.courses import begin, filed
from support.pictures import AT, a_snapshot
from support.world import MemoryWorld

from hactl.cli.following import Away
from hactl.cli.watch import Drills, Listener
from hactl.core.commands import Kill
from hactl.core.events import Record
from hactl.core.narrating import Said
from hactl.core.talk import Measured, News, Snapshot
from hactl.core.value import replace
from hactl.drill.progress import Feed, Told


class Ear:
    """Somebody who listens, to a fleet in memory."""

    def __init__(self, every: float | None = None) -> None:
        self.world = MemoryWorld(founded(a_spec(regions=1, nodes=3))).begin()
        self.heard: list[Said] = []
        self.listener = Listener(self.snapshot, self.heard.append, every=every)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(fleet=self.world.fleet, at=AT, mono=self.world.mono)

    @property
    def said(self) -> list[str]:
        found = [each.text for each in self.heard]
        self.heard.clear()
        return found

    def news(self) -> News:
        """Everything behind what was heard."""
        seq = self.listener.seq
        self.world.run(200)
        new = self.world.journal[seq - self.world.fleet.seq :] if seq < self.world.fleet.seq else []
        return News(
            records=tuple(Record(seq=at, wall=AT, mono=0.0, event=event) for at, event in enumerate(new, seq + 1))
        )


class TestListener:
    def test_records_wait_for_the_next_measurement_so_that_a_burst_is_told_as_one(self):
        ear = Ear()
        ear.world.submit(Kill(nodes=("seoul-1",)))
        ear.listener.take(ear.news(), AT)
        assert ear.said == []
        ear.listener.take(Measured(at=AT + 1.0), AT + 1.0)
        assert len(ear.said) == 2
        assert ear.listener.seq == ear.world.fleet.seq

    def test_a_daemon_that_goes_is_said_once_and_that_it_is_back_with_how_long_it_was_away(self):
        ear = Ear()
        for second in range(3):
            ear.listener.take(Away(), AT + 2.0 + second)
        assert ear.said == ["the daemon does not answer, the last report is 2s old; waiting for it"]
        ear.listener.take(Measured(at=AT + 9.0), AT + 9.0)
        assert ear.said == ["the daemon answers again after 7s"]

    def test_what_was_missed_is_older_than_that_it_is_back_and_is_said_before(self):
        ear = Ear()
        ear.listener.take(Away(), AT + 2.0)
        ear.world.die("seoul-1")
        ear.listener.take(ear.news(), AT + 5.0)
        ear.listener.take(Measured(at=AT + 5.0), AT + 5.0)
        away, *missed, again = ear.said
        assert away.startswith("the daemon does not answer")
        assert any("seoul-1" in text for text in missed)
        assert again == "the daemon answers again after 3s"

    def test_what_waited_is_said_before_that_the_daemon_is_away(self):
        ear = Ear()
        ear.world.die("seoul-1")
        ear.listener.take(ear.news(), AT)
        ear.listener.take(Away(), AT)
        assert ear.said[0].startswith("seoul-1: capacity lost")

    def test_a_picture_that_nobody_could_explain_is_at_least_a_verdict(self):
        ear = Ear()
        ear.world.unready.add("seoul-1")
        ear.world.die("seoul-1")
        ear.world.run(30)
        ear.listener.take(ear.snapshot, AT)
        assert ear.said == ["fleet default is degraded: 1 of 5 out: seoul-1"]

    def test_figures_come_every_so_often(self):
        ear = Ear(every=30.0)
        for second in range(1, 95):
            ear.listener.take(Measured(at=AT + second), AT + second)
        assert len(ear.said) == 3

    def test_how_things_stand_names_what_is_on_purpose(self):
        heard: list[Said] = []
        snapshot = a_snapshot()
        Listener(replace(snapshot, pulse=replace(snapshot.pulse, read_only=True)), heard.append).open()
        assert [each.text.partition(":")[0] for each in heard] == ["fleet default is ok", "READ-ONLY"]


def test_a_drill_is_told_as_it_goes(tmp_path: Path) -> None:
    """By what its run says on disk, whoever runs it; what was before is not said again."""
    heard: list[Said] = []
    drills = Drills(tmp_path, heard.append)
    run = begin(tmp_path)
    feed = Feed(run.progress)
    feed.say(Told(at=1.0, text="baseline: 6 s"))
    drills.listen(lent=False)
    assert heard == [], "nobody drills here"
    drills.listen(lent=True)
    assert [each.text for each in heard] == ["drill node-kill is in progress: phase plan"]
    feed.say(Told(at=7.0, text="inject: process.kill of seoul-1"))
    drills.listen(lent=True)
    run.finish(filed(run=run.name))
    drills.listen(lent=False)
    drills.listen(lent=False)
    assert [each.text for each in heard][1:] == [
        "drill node-kill: inject: process.kill of seoul-1",
        "drill node-kill ended: pass: all 6 objectives met; RTO 310 ms, RPO 0 of 500 lost",
    ]


@pytest.fixture
def watching(fleet: Home) -> Iterator["subprocess.Popen[str]"]:
    process = fleet.start("watch")
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.envoy
class TestVerb:
    def until(self, process: "subprocess.Popen[str]", wanted: str) -> list[str]:
        """Lines up to the one that has this."""
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if wanted in line:
                return lines
        raise AssertionError(f"{wanted!r} was never said: {lines}")

    def test_a_kill_is_heard_in_plain_sentences(self, fleet: Home, watching: "subprocess.Popen[str]") -> None:
        self.until(watching, f"fleet {fleet.fleet} is ok")
        fleet.ok("kill", "a-1", "--wait", "--confirm", fleet.fleet)
        lines = self.until(watching, "capacity back after")
        if not any("kill a-1 with SIGKILL" in line for line in lines):
            lines += self.until(watching, "kill a-1 with SIGKILL")
        assert all(line.isprintable() and line for line in lines)
        watching.send_signal(signal.SIGINT)
        code, _, said = finish(watching)
        assert code == 130
        assert said.strip() == "interrupted"

    def test_a_reader_that_has_heard_enough_ends_it_without_a_word(self, fleet: Home) -> None:
        done = subprocess.run(
            ["sh", "-c", '"$@" watch --every 100ms | head -n 2', "sh", *HACTL],
            cwd=fleet.directory,
            env=fleet.environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert len(done.stdout.splitlines()) == 2
        assert done.stderr == ""

    def test_times_stand_in_front_when_wanted(self, fleet: Home) -> None:
        process = fleet.start("watch", "--times")
        try:
            (line,) = self.until(process, "is ok")
            date, clock, *_ = line.split()
            assert (len(date), len(clock)) == (10, 8)
        finally:
            process.kill()
            process.communicate()

    def test_without_a_daemon_it_waits_for_one(self, home: Home) -> None:
        home.configure()
        process = home.start("watch")
        try:
            assert self.until(process, "waiting for one") == [
                f"no daemon is running for fleet {home.fleet}: waiting for one (hactl up starts it)"
            ]
            home.ok("up")
            self.until(process, f"fleet {home.fleet} is ")
        finally:
            process.kill()
            process.communicate()

    def test_a_fleet_that_nobody_knows_is_refused(self, home: Home) -> None:
        done = home.run("--fleet", "nowhere", "watch")
        assert done.returncode == 6
        assert done.stdout == ""
        assert "no fleet 'nowhere'" in done.stderr

    def test_a_reader_that_goes_is_noticed_without_anything_to_say(self, home: Home) -> None:
        """As with `| head`, which is not to hang until something happens."""
        home.configure()
        process = home.start("watch")
        self.until(process, "waiting for one")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stderr.close()

    def test_a_daemon_that_dies_and_its_successor_are_heard(self, home: Home) -> None:
        home.configure()
        home.ok("up")
        process = home.start("watch")
        try:
            self.until(process, "is ok")
            home.kill_daemon()
            self.until(process, "the daemon does not answer")
            home.ok("up")
            lines = self.until(process, "the daemon answers again after")
            assert any("in charge" in line for line in lines)
        finally:
            process.kill()
            process.communicate()
