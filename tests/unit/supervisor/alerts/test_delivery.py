"""To a webhook or to a program, in the form each understands."""

from pathlib import Path

import msgspec
from support.alerts import a_receiver, an_alert
from support.receiver import Receiver

from hactl.core.alert import AlertFormat, AlertSpec
from hactl.supervisor.alerts.delivery import AlertDelivery


async def test_a_webhook_gets_json_or_what_slack_understands() -> None:
    delivery = AlertDelivery("gw-1")
    async with Receiver() as receiver:
        for form in AlertFormat:
            to = a_receiver(webhook=receiver.url, format=form)
            await delivery.prepare(to)
            await delivery.hand_over(an_alert(), to)
        plain, slack = receiver.requests
    assert (plain.json["id"], plain.json["host"]) == ("f1-1043", "gw-1")
    assert list(slack.json) == ["text"]


async def test_a_program_gets_the_same_json(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text(f'#!/bin/sh\ncat > {tmp_path}/in; echo "$HACTL_ALERT_SUBJECT" > {tmp_path}/subject\n')
    path.chmod(0o755)
    to = AlertSpec(name="pager", exec=(str(path),))
    delivery = AlertDelivery("gw-1")
    await delivery.prepare(to)
    await delivery.hand_over(an_alert(), to)
    assert msgspec.json.decode((tmp_path / "in").read_bytes())["host"] == "gw-1"
    assert (tmp_path / "subject").read_text() == "eu-2\n"
