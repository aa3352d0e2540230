"""Somebody is to be told, and is slow, deaf, broken or away: the fleet never notices, and nothing is forgotten."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.fleet import TIRELESS, RunningFleet, kinds
from support.load import open_loop
from support.processes import ended
from support.receiver import NEVER, OK, Receiver, answer

from hactl.core.alert import AlertKind
from hactl.core.alert_events import AlertDelivered, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.commands import Apply, TryAlert
from hactl.core.events import (
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    OperationEnded,
)
from hactl.core.operation import Outcome

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

RATE = 300
NODES = ("local-1", "local-2", "local-3")


def alert(name: str, **keys: Any) -> str:
    """One `[[alert]]`."""
    lines = [f"{key} = {value if isinstance(value, int) else _literal(value)}" for key, value in keys.items()]
    return "\n".join([f'[[alert]]\nname = "{name}"', *lines, ""])


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, list) else f'"{value}"'


def stubborn_program(directory: Path) -> Path:
    """A program that says who it is and then stays, whoever asks it to go."""
    path = directory / "stay.sh"
    os.mkfifo(directory / "pid")
    path.write_text(f"#!/bin/sh\ntrap '' TERM INT HUP\necho $$ > {directory}/pid\nwhile :; do sleep 600; done\n")
    path.chmod(0o755)
    return path


async def test_receivers_that_hang_and_fail_cost_the_fleet_nothing(tmp_path: Path) -> None:
    """Three of four nodes die under load while nobody takes an alert but one: no GET is lost, each failover runs its
    course before the first receiver has been given up, and the one that listens hears of everything."""
    program = stubborn_program(tmp_path)
    async with Receiver(NEVER) as deaf, Receiver(answer("500 Oops")) as broken, Receiver(OK) as good:
        extra = TIRELESS + "".join(
            (
                alert("deaf", webhook=deaf.url, throttle="0s", timeout="1m"),
                alert("broken", webhook=broken.url, throttle="0s", retries=10),
                alert("program", exec=[str(program)], throttle="0s", timeout="1m"),
                alert("good", webhook=good.url, throttle="0s"),
            )
        )
        async with RunningFleet(extra=extra) as fleet:
            mark = fleet.seq
            async with open_loop(fleet.port, rate=RATE) as load:
                await load.answered(100)
                for name in NODES:
                    fleet.kill(name)
                    await fleet.happens(FailoverEnded, lambda event, name=name: event.node == name, after=mark)
                await load.answered(100)
            assert load.failed == 0, load
            await fleet.calm()
            events = fleet.since(mark)
            assert kinds(events, FailoverBegan, FailoverMoved, FailoverEnded) == 3 * [
                "FailoverBegan",
                "FailoverMoved",
                "FailoverEnded",
            ]
            settled = [event for event in events if isinstance(event, AlertDelivered | AlertFailed)]
            assert {event.to for event in settled} <= {"good"}, "everybody else was still at the first one"
            wanted = {event.alert.id for event in events if isinstance(event, AlertRaised) and event.alert.to == "good"}
            await good.until(lambda: len(good.requests) >= len(wanted))
            assert {each.json["id"] for each in good.requests} == wanted
            told = [(each.json["kind"], each.json["subject"]) for each in good.requests]
            assert told == [(kind, name) for name in NODES for kind in ("node-down", "failover", "node-back")]
            await deaf.until(lambda: len(deaf.requests) == 1)
            waiting = fleet.now.alerts
            assert [len(waiting.waiting(name)) for name in ("deaf", "program", "broken")] == [9, 9, 9]
            stubborn = os.pidfd_open(int(await asyncio.to_thread((tmp_path / "pid").read_text)))
        # The daemon has left: what it had in hand is gone with it, and stands in the journal.
        await ended(stubborn)
        os.close(stubborn)
        await deaf.until(lambda: deaf.open == 0)


async def test_what_a_killed_daemon_had_not_delivered_is_delivered_by_the_next_one() -> None:
    """At least once: the alert it was busy with comes again, under the same id."""
    async with (
        Receiver(NEVER, OK) as receiver,
        RunningFleet(extra=TIRELESS + alert("ops", webhook=receiver.url, timeout="1m")) as fleet,
    ):
        mark = fleet.seq
        fleet.kill("local-1")
        await fleet.happens(FailoverEnded, after=mark)
        await receiver.until(lambda: len(receiver.requests) == 1)
        owed = [each.id for each in fleet.now.alerts.waiting("ops")]
        assert len(owed) == 3
        await fleet.kill_daemon()
        await fleet.launch()
        await fleet.until(lambda now: not now.alerts.pending)
        raised = [event.alert for event in fleet.since(mark, AlertRaised)]
        assert [each.id for each in raised[:3]] == owed
        assert [each.kind for each in raised[3:]] == [AlertKind.SUPERVISION_GAP]
        assert [event.id for event in fleet.since(mark, AlertDelivered)] == [each.id for each in raised]
        assert [each.json["id"] for each in receiver.requests] == [owed[0], *(each.id for each in raised)]


async def test_a_node_that_dies_again_and_again_is_told_of_once_in_a_while() -> None:
    """And the journal says how often it was not."""
    async with Receiver(OK) as receiver:
        extra = TIRELESS + alert("ops", webhook=receiver.url, on=["node-down"], throttle="1h")
        async with RunningFleet(extra=extra) as fleet:
            mark = fleet.seq
            for _ in range(3):
                fleet.kill("local-1")
                await fleet.happens(FailoverEnded)
                await fleet.calm()
            assert [event.count for event in fleet.since(mark, AlertSuppressed)] == [1, 2]
            await receiver.until(lambda: len(receiver.requests) == 1)


async def test_a_receiver_can_be_added_while_the_fleet_serves() -> None:
    """Nothing restarts for it, and the next loss is told."""
    async with Receiver(OK) as receiver, RunningFleet(extra=TIRELESS) as fleet:
        before = fleet.pids()
        text = fleet.config.read_text() + alert("ops", webhook=receiver.url, on=["node-down"])
        await fleet.command(Apply(text=text, path=str(fleet.config), bake=0.0))
        assert fleet.pids() == before
        mark = fleet.seq
        fleet.kill("local-1")
        await fleet.happens(AlertDelivered, after=mark)
        assert [each.json["subject"] for each in receiver.requests] == ["local-1"]
        await fleet.calm()


async def test_no_secret_leaves_the_place_where_it_is(tmp_path: Path) -> None:
    """Not even when the receiver repeats it: neither in the journal, nor in a log, nor on a command line."""
    secret = "s3cr3t-" + os.urandom(8).hex()
    (tmp_path / "token").write_text(f"Bearer {secret}\n")
    with_secret = answer("403 Forbidden", f"Bearer {secret} may not".encode())
    async with Receiver(with_secret) as receiver:
        (tmp_path / "url").write_text(f"{receiver.url}/{secret}")
        keys = (
            alert("ops", webhook=f"file:{tmp_path}/url") + f'headers = {{ Authorization = "file:{tmp_path}/token" }}\n'
        )
        async with RunningFleet(extra=keys) as fleet:
            operation = await fleet.command(TryAlert(alert="ops"), wait=False)
            record = await fleet.ended(operation)
            assert isinstance(record.event, OperationEnded)
            assert record.event.outcome is Outcome.FAILED
            assert "answered 403: *** may not" in record.event.sentence
            assert receiver.requests[0].headers["authorization"] == f"Bearer {secret}"
            assert command_lines_with(secret) == []
            await fleet.down()
            assert files_with(secret, fleet.directory) == []
            await fleet.launch()


def command_lines_with(secret: str) -> list[bytes]:
    """Command lines of any process that have it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            line = path.read_bytes()
            found += [line] if secret.encode() in line else []
    return found


def files_with(secret: str, directory: Path) -> list[Path]:
    """Files below `directory` that have it."""
    return [path for path in directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
