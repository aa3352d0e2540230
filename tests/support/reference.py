"""The reference of keys and verbs, made from the code: `python tests/support/reference.py > examples/REFERENCE.md`."""

import click

from hactl.cli.main import hactl
from hactl.config import reference
from hactl.config.keys import TABLES

PREFACE = """\
# Reference

Every key of `hactl.toml` and every verb of `hactl`, made from the code; a test checks that it says what the code says.

## hactl.toml

An empty file is a working fleet. Unknown keys are errors that name the nearest known one. Durations are texts like
`"250ms"`, `"5s"`, `"2m"`, `"1h"`; sizes are texts like `"1MiB"`. `hactl init` writes a file with every key in it,
`hactl config check` says what is wrong with one, `hactl config show --schema` is a JSON schema for editors.
"""
_SHARED = {"--help", "--fleet", "--json"}
"""Options that stand once, above all verbs."""
_CHANGING = {"--dry-run", "--wait", "--timeout", "--reason", "--confirm"}


def document() -> str:
    """All of it."""
    return "\n".join([PREFACE, *_keys(), *_verbs()]).rstrip() + "\n"


def _keys() -> list[str]:
    lines: list[str] = []
    table = ""
    for key in reference():
        of, name = key.path.rsplit(".", 1)
        if of != table:
            table = of
            plain = of.removesuffix("[]")
            header = f"[[{plain}]]" if of.endswith("[]") else f"[{plain}]"
            lines += ["", f"### `{header}`", "", TABLES[plain].doc, "", "| key | accepts | default |", "|---|---|---|"]
        default = f"`{_cell(key.default)}`" if key.default else "*must be given*"
        lines.append(f"| `{name}` | {_cell(key.meaning)}<br>{_cell(key.accepts)} | {default} |")
    return [*lines, ""]


def _verbs() -> list[str]:
    lines = [
        "## Verbs",
        "",
        "Every verb takes `--help`; those about one fleet take `--fleet NAME`, and most take `--json`. Every verb that",
        "changes nodes, edges, regions, traffic or the configuration takes `--dry-run`, `--wait`, `--timeout`,",
        "`--reason` and `--confirm`; what the others take is in their `--help`.",
        "",
        "| verb | what it does | its own options |",
        "|---|---|---|",
    ]
    root = click.Context(hactl, info_name="hactl")
    return [*lines, *_rows(hactl, root)]


def _rows(group: click.Group, context: click.Context) -> list[str]:
    rows: list[str] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            rows += _rows(command, inner)
        else:
            rows.append(_row(command, inner))
    return rows


def _row(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)]).replace(" [OPTIONS]", "")
    options = [
        f"`{parameter.opts[0]}` {_cell(parameter.help or '')}"
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and not set(parameter.opts) & (_SHARED | _CHANGING)
    ]
    return f"| `{usage}` | {_cell(command.help or '')} | {'<br>'.join(options)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(document(), end="")
