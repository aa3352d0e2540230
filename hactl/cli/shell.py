"""`hactl completion`: the script that makes a shell complete verbs and options."""

import click
from click.shell_completion import get_completion_class

from hactl.cli.exits import Exit


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script for SHELL; for bash: eval "$(hactl completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows bash, zsh and fish"
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "hactl", "_HACTL_COMPLETE").source())
    return Exit.OK
