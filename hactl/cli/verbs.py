"""A group of verbs that loads one when it is used, and lists them without loading any. Not which there are: `main`."""

import importlib
from typing import Any

import click

Table = dict[str, tuple[str, str]]
"""Verbs in the order of the help: the module that has it under the same name, or `module:name`, and its line there."""


class Verbs(click.Group):
    """The group."""

    def __init__(self, *, table: Table, **attrs: Any) -> None:
        super().__init__(**attrs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every verb, in the order of the help."""
        return list(self._table)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The verb called `name`."""
        if name not in self._table:
            return None
        module, _, attribute = self._table[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute or name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest verb in the error."""
        name = args[0]
        if name not in self._table and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name, self._table, 1)
            guess = f"Did you mean '{near[0]}'?" if near else f"See: {ctx.command_path} --help"
            raise click.UsageError(f"No such command '{name}'. {guess}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of verbs, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._table.items()])
