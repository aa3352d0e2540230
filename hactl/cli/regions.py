"""The verbs that move the traffic of a whole region: `failover` takes it away, `failback` gives it back."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hactl.cli.choice import choose
from hactl.cli.nodes import submit
from hactl.cli.options import changing, duration
from hactl.core.commands import Failback, Failover
from hactl.core.errors import HactlError
from hactl.core.model import Fleet

F = TypeVar("F", bound=Callable[..., Any])


def _stepwise(function: F) -> F:
    """How fast it goes, spelt alike for both."""
    steps = click.option("--steps", type=int, default=4, show_default=True, help="Number of steps, 1 to 100.")
    pause = click.option(
        "--step-time",
        "pause",
        type=duration,
        metavar="DURATION",
        default="2s",
        show_default=True,
        help="How long to watch the traffic after each step, once every edge has proved it.",
    )
    at_once = click.option("--now", "at_once", is_flag=True, help="Move everything at once, without watching.")
    return steps(pause(at_once(function)))


@click.command()
@click.argument("region")
@_stepwise
@changing
def failover(region: str, steps: int, pause: float, at_once: bool, **options: Any) -> int:
    """Move the traffic of REGION to the next regions, step by step.

    Its nodes stay up as a last resort until: hactl failback REGION. The move is rolled back automatically if clients
    start seeing worse responses, or if no other region is able to take over. During the move, failback reverses it.
    """
    steps, pause = (1, 0.0) if at_once else (steps, pause)
    return submit(choose(), Failover(region=region, steps=steps, pause=pause), **options)


@click.command()
@click.argument("region", required=False)
@_stepwise
@changing
def failback(region: str | None, steps: int, pause: float, at_once: bool, **options: Any) -> int:
    """Give REGION its traffic back, step by step: after a failover, or after it was lost and has recovered.

    REGION may be omitted if only one has less than its normal traffic. During the move, failover reverses it.
    """
    chosen = choose()
    steps, pause = (1, 0.0) if at_once else (steps, pause)
    region = region or _the_one(chosen.client.fleet().fleet)
    return submit(chosen, Failback(region=region, steps=steps, pause=pause), **options)


def _the_one(fleet: Fleet) -> str:
    """The only region that could be meant, so that it need not be named."""
    evacuated = list(fleet.evacuations)
    if not evacuated:
        raise HactlError("every region has all its traffic", "hactl status")
    if len(evacuated) > 1:
        raise HactlError("more than one region has less than its normal traffic", f"name one: {', '.join(evacuated)}")
    return evacuated[0]
