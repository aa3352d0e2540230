"""Hands one alert over once, to a webhook or to a program. Not when, not how often: that is the courier's."""

import socket

from hactl.core.alert import Alert, AlertFormat, AlertSpec
from hactl.supervisor.alerts import program
from hactl.supervisor.alerts.aside import Aside
from hactl.supervisor.alerts.payload import body
from hactl.supervisor.alerts.webhook import Webhook


class AlertDelivery:
    """The way to every receiver. `host` is what receivers are told that this machine is called."""

    def __init__(self, host: str = "") -> None:
        self._host = host or socket.gethostname()
        self._webhook = Webhook(Aside())

    async def prepare(self, to: AlertSpec) -> None:
        """Load what webhooks need, when there is one."""
        if to.webhook:
            await self._webhook.prepare()

    async def hand_over(self, alert: Alert, to: AlertSpec) -> None:
        """One attempt. Raises Undelivered, and HactlError for what no further attempt would change."""
        if to.webhook:
            await self._webhook.post(to, body(alert, self._host, to.format))
        else:
            line = body(alert, self._host, AlertFormat.JSON) + b"\n"
            await program.run(to.exec, line, program.variables(alert))
