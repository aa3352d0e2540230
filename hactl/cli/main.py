"""Parse, dispatch, turn errors into exit codes. Loads a verb's module only when that verb is typed.

Not a place for what verbs do: one file per group of verbs stands beside this one.
"""

import importlib
import os
import sys

import click

from hactl import __version__
from hactl.cli.exits import Exit
from hactl.core.errors import CommandRejected, ConfigError, HactlError, TimedOut, Unreachable

VERBS: dict[str, str] = {
    "demo": "hactl.cli.demo",
    "init": "hactl.cli.run",
    "up": "hactl.cli.run",
    "down": "hactl.cli.run",
    "fleets": "hactl.cli.run",
    "status": "hactl.cli.status",
    "events": "hactl.cli.see",
    "logs": "hactl.cli.see",
    "wait": "hactl.cli.see",
    "where": "hactl.cli.see",
    "doctor": "hactl.cli.doctor",
    "kill": "hactl.cli.nodes",
    "stop": "hactl.cli.nodes",
    "start": "hactl.cli.nodes",
    "restart": "hactl.cli.nodes",
    "drain": "hactl.cli.nodes",
    "resume": "hactl.cli.nodes",
    "weight": "hactl.cli.nodes",
    "policy": "hactl.cli.nodes",
    "config": "hactl.cli.config",
    "completion": "hactl.cli.shell",
}
"""Every verb, in the order of the help, and the module that has it under the same name."""

SUMMARIES: dict[str, str] = {
    "demo": "Show a failover: a whole fleet, real load, one node killed, everything measured.",
    "init": "Write a commented hactl.toml.",
    "up": "Start the fleet and wait until it serves.",
    "down": "Stop the fleet: edges first, then nodes, then the daemon.",
    "fleets": "List the fleets of this user.",
    "status": "Show what runs, what serves and what does not, and why.",
    "events": "Show what happened.",
    "logs": "Show a process's own log.",
    "wait": "Wait until the fleet, nodes or an operation are where they should be.",
    "where": "Show where this fleet keeps its things.",
    "doctor": "Check the machine for what will bite.",
    "kill": "Kill nodes with SIGKILL, as a crash would.",
    "stop": "Drain and stop nodes; they stay down.",
    "start": "Start nodes.",
    "restart": "Restart nodes one at a time, without losing a request.",
    "drain": "Take nodes out of rotation; they stay up.",
    "resume": "Put drained nodes back into rotation.",
    "weight": "Change the weight of nodes or regions.",
    "policy": "Change how the edges choose among nodes.",
    "config": "Check and show the configuration.",
    "completion": "Print the completion script for a shell.",
}


class Verbs(click.Group):
    """A group that imports a verb when it is used, and lists verbs without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every verb, in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The verb called `name`."""
        module = VERBS.get(name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest verb in the error."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in VERBS:
            import difflib

            near = difflib.get_close_matches(name, VERBS, 1)
            guess = f" Did you mean '{near[0]}'?" if near else " See: hactl --help"
            raise click.UsageError(f"No such command '{name}'.{guess}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of verbs, from the summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 unhealthy or degraded, 4 timeout, 5 refused by a guard,"
    " 6 daemon unreachable, 130 interrupted.",
)
@click.option(
    "--fleet", metavar="NAME", help="The fleet to work on (default: HACTL_FLEET, else the nearest hactl.toml)."
)
@click.version_option(__version__, prog_name="hactl", message="%(prog)s %(version)s")
@click.pass_context
def hactl(ctx: click.Context, fleet: str | None) -> None:
    """Run a highly available API gateway, watch it, break it on purpose, and prove that it came back.

    Without a command: the status of the fleet.
    """
    ctx.obj = fleet
    if ctx.invoked_subcommand is None:
        from hactl.cli.status import status

        ctx.invoke(status)


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
        complain(error)
        return exit_for(error)
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); keep Python from complaining again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return result if isinstance(result, int) else Exit.OK


def complain(error: HactlError) -> None:
    """Say on stderr what failed and what to try."""
    click.echo(f"hactl: {error.message}", err=True)
    if error.hint:
        click.echo(f"  try: {error.hint}", err=True)


def exit_for(error: HactlError) -> Exit:
    """The exit code for an error."""
    if isinstance(error, CommandRejected):
        return Exit.REFUSED if error.guard else Exit.FAILED
    if isinstance(error, ConfigError):
        return Exit.USAGE
    if isinstance(error, TimedOut):
        return Exit.TIMEOUT
    return Exit.UNREACHABLE if isinstance(error, Unreachable) else Exit.FAILED
