"""Parse, dispatch, turn errors into exit codes. Loads a verb's module only when that verb is typed.

Not a place for what verbs do: one file per group of verbs stands beside this one.
"""

import os
import sys
from typing import Any

import click

from hactl import __version__
from hactl.cli import output
from hactl.cli.exits import Exit, exit_for
from hactl.cli.verbs import Table, Verbs
from hactl.core.errors import HactlError

VERBS: Table = {
    "demo": ("hactl.cli.demo", "Demonstrate a failover: a whole fleet, real load, one node killed, all measured."),
    "init": ("hactl.cli.run", "Write a commented hactl.toml."),
    "up": ("hactl.cli.run", "Start the fleet and wait until it serves."),
    "down": ("hactl.cli.run", "Stop the fleet: edges first, then nodes, then the daemon."),
    "fleets": ("hactl.cli.run", "List the fleets of this user."),
    "status": ("hactl.cli.status", "Show what runs, what serves and what does not, and why."),
    "events": ("hactl.cli.see", "Show past events."),
    "logs": ("hactl.cli.see", "Show the log of one process."),
    "watch": ("hactl.cli.watch", "Describe what happens in plain sentences, for screen readers, logs and pipes."),
    "replay": ("hactl.cli.replay", "Open the console on recorded history."),
    "wait": ("hactl.cli.see", "Wait for the fleet, nodes or an operation."),
    "where": ("hactl.cli.see", "Show where this fleet keeps its files."),
    "doctor": ("hactl.cli.doctor", "Check the machine and the configuration for problems."),
    "kill": ("hactl.cli.nodes", "Kill nodes with SIGKILL, as a crash would."),
    "stop": ("hactl.cli.nodes", "Drain and stop nodes; they stay down."),
    "start": ("hactl.cli.nodes", "Start nodes."),
    "restart": ("hactl.cli.nodes", "Restart nodes one at a time, without losing a request."),
    "freeze": ("hactl.cli.nodes", "Stop nodes with SIGSTOP, as a hang would."),
    "thaw": ("hactl.cli.nodes", "Let frozen nodes continue."),
    "drain": ("hactl.cli.nodes", "Take nodes out of rotation; they stay up."),
    "resume": ("hactl.cli.nodes", "Put drained nodes back into rotation."),
    "weight": ("hactl.cli.nodes", "Change the weight of nodes or regions."),
    "policy": ("hactl.cli.nodes", "Change how the edges choose among nodes."),
    "scale": ("hactl.cli.nodes", "Change how many nodes a region has."),
    "failover": ("hactl.cli.regions", "Move the traffic of a region to the others."),
    "failback": ("hactl.cli.regions", "Give a region its traffic back."),
    "pause": ("hactl.cli.pausing", "Pause automatic repairs; traffic continues."),
    "unpause": ("hactl.cli.pausing", "Resume automatic repairs."),
    "daemon": ("hactl.cli.daemon", "Replace the daemon under a running fleet."),
    "drill": ("hactl.cli.drill", "Break the fleet on purpose, measure what clients saw, restore everything."),
    "chaos": ("hactl.cli.chaos", "Inject random faults, within limits, as a drill that can be run again."),
    "alert": ("hactl.cli.alert", "List the alert receivers and send them test alerts."),
    "config": ("hactl.cli.config", "Check, show and change the configuration; roll it back."),
    "bundle": ("hactl.cli.bundle", "Make a support archive without secrets."),
    "purge": ("hactl.cli.purge", "Remove all state of a stopped fleet."),
    "completion": ("hactl.cli.shell", "Print the completion script for a shell."),
}
"""Every verb."""


class Root(Verbs):
    """The whole command."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. That a reader has what it wanted (`| head`) and closes the pipe is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Keep Python from complaining again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.OK


def _no_color(ctx: click.Context, param: click.Parameter, given: bool) -> None:  # noqa: ARG001
    if given:
        os.environ["NO_COLOR"] = "1"


def _fleet(ctx: click.Context, param: click.Parameter, name: str | None) -> None:  # noqa: ARG001
    ctx.obj = name


@click.group(
    cls=Root,
    table=VERBS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 unhealthy or degraded, 4 timeout,"
    " 5 refused by a guard, 6 daemon unreachable, 130 interrupted. Drills: 10 inconclusive, 11 aborted, 12 not clean.",
)
@click.option(
    "--fleet",
    metavar="NAME",
    expose_value=False,
    callback=_fleet,
    help="The fleet to work on (default: HACTL_FLEET, the nearest hactl.toml's, the only running one).",
)
@click.option(
    "--no-color", is_flag=True, expose_value=False, callback=_no_color, help="No colors (as NO_COLOR=1, or a pipe)."
)
@click.option("--theme", metavar="NAME", envvar="HACTL_THEME", default="", help="Theme of the console (HACTL_THEME).")
@click.option("--read-only", is_flag=True, help="Open the console without any way to change the fleet.")
@click.version_option(__version__, prog_name="hactl", message="%(prog)s %(version)s")
@click.pass_context
def hactl(ctx: click.Context, theme: str, read_only: bool) -> int:
    """Run a highly available API gateway, watch it, break it on purpose, and prove that it came back.

    Without a command: the console on a terminal, else the status of the fleet.
    """
    if ctx.invoked_subcommand is not None:
        return Exit.OK
    from hactl.cli import console
    from hactl.cli.choice import choose

    if console.possible():
        return console.open_console(choose(), verbs=tuple(VERBS), theme=theme, read_only=read_only)
    from hactl.cli.status import status

    result: int = ctx.invoke(status)
    if sys.stdout.isatty():
        output.say("this terminal cannot show the console: hactl watch reports what happens next")
    return result


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        result = hactl.main(args=argv, prog_name="hactl", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except HactlError as error:
        output.complain(error)
        return exit_for(error)
    return result if isinstance(result, int) else Exit.OK
