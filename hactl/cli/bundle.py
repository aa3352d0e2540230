"""`hactl bundle`: everything someone needs to help from a distance, in one archive, without secrets.

Collects the parts one by one; one that cannot be had is named in the archive and does not keep the others out.
"""

import io
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from hactl.cli import bundle_parts as parts
from hactl.cli import output
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value

_PREFACE = """\
A support archive of hactl, made {made} for fleet {fleet}.

Values of gateway.env and of headers, whatever references like env:NAME or file:PATH resolve to, and anything that
looks like a password, a token, a cookie, a key or a query value has been replaced by ***. Documents that processes
were given are listed, not included. A secret that looks like an ordinary word in a log cannot be recognised: look
through logs/ before you send this to anyone.

"""


class Member(Value):
    """One file in the archive."""

    name: str
    bytes: int
    about: str


class Missing(Value):
    """One part that could not be had."""

    name: str
    why: str


@click.command()
@fleet_option
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it (default: a new file in the current directory).",
)
@json_option
def bundle(file: Path | None, as_json: bool) -> int:
    """Make a support archive (tar.gz, readable only by you) without secrets. Also works without a daemon.

    It has the configuration in force, status, the last events and measurements, what doctor finds, the ends of the
    logs, versions, facts about the machine, and a list of the documents that processes were given.
    """
    about = parts.begin()
    name = f"hactl-bundle-{about.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    file = file or Path(f"{name}.tar.gz")
    with _made(file) as target:
        members, missing = _fill(target, name, about)
    if as_json:
        output.emit_json({"path": str(file.absolute()), "contents": members, "missing": missing})
        return Exit.OK
    click.echo(file)
    for line in output.table(
        ("", "BYTES", ""), [(m.name, str(m.bytes), m.about) for m in members], right=frozenset({1})
    ):
        output.say(line)
    for part in missing:
        output.say(f"left out: {part.name}: {part.why}")
    output.say(
        "secrets were masked where they could be recognised; look through the archive before you send it to anyone"
    )
    return Exit.OK


def _fill(target: BinaryIO, name: str, about: parts.Sources) -> tuple[list[Member], list[Missing]]:
    members: list[Member] = []
    missing: list[Missing] = []
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for part in parts.PARTS:
            try:
                for path, content in part.make(about):
                    _add(archive, f"{name}/{path}", content)
                    members.append(Member(name=path, bytes=len(content), about=part.about))
            except (HactlError, OSError, ValueError) as error:
                missing.append(Missing(name=part.about, why=str(error)))
        _add(archive, f"{name}/README.txt", _readme(about.name, members, missing).encode())
    return members, missing


def _readme(fleet: str, members: list[Member], missing: list[Missing]) -> str:
    made = time.strftime("%Y-%m-%d %H:%M:%S %z")
    lines = [f"{member.name}: {member.about}" for member in members]
    lines += [f"left out: {part.name}: {part.why}" for part in missing]
    return _PREFACE.format(made=made, fleet=fleet) + "\n".join(lines) + "\n"


def _add(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))


@contextmanager
def _made(file: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone; gone again when it could not be finished. Raises HactlError."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise HactlError(f"{file} already exists", "choose another name: hactl bundle --output FILE") from None
    except OSError as error:
        why = os_reason(error)
        raise HactlError(f"cannot write {file}: {why}", "hactl bundle --output FILE") from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            yield target
    except BaseException as error:
        file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise HactlError(f"cannot write {file}: {os_reason(error)}") from error
        raise
