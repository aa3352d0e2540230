"""The headless verbs, run from inside the console exactly as in a shell: the same command, in a process of its own.

What it prints is shown, its exit code is told. Nothing is re-implemented here, so that `:kill seoul-1` and
`hactl kill seoul-1` can never differ.
"""

import asyncio
import os
import shlex
import sys
from collections.abc import Sequence

from hactl.core.errors import HactlError
from hactl.core.value import Value

LONGEST = 600.0
"""Seconds a command may take; whoever waits longer does that in a shell."""
SHORT = 6
"""Lines of output that fit into a notice."""
MOST = 200_000
"""Bytes of output that are shown."""


class Ran(Value):
    """A command that has ended."""

    shell: str
    """As it would be typed in a shell."""
    code: int
    text: str
    """All it said, data and talk."""

    @property
    def notice(self) -> str | None:
        """All of it in a few lines; None when it is too long for that."""
        said = self.text.splitlines()
        if len(said) > SHORT:
            return None
        return "\n".join([f"$ {self.shell}", *said, *([f"exit code {self.code}"] if self.code else [])])


def parse(typed: str) -> list[str]:
    """The words of a command as it was typed. Raises HactlError for quotes that do not end."""
    try:
        return shlex.split(typed.strip().removeprefix("hactl "))
    except ValueError as error:
        raise HactlError(f"'{typed}': {str(error).lower()}") from error


async def run(words: Sequence[str], fleet: str) -> Ran:
    """Run `hactl --fleet FLEET WORDS` until it has ended, without a terminal. Raises HactlError after too long."""
    argv = [sys.executable, "-m", "hactl", "--fleet", fleet, *words]
    environment = os.environ | {"NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    shell = shlex.join(["hactl", *words])
    try:
        async with asyncio.timeout(LONGEST):
            said, _ = await process.communicate()
    except TimeoutError:
        raise HactlError(f"'{shell}' has not ended after {LONGEST:g} s", "run it in a shell") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(shell=shell, code=process.returncode or 0, text=said[:MOST].decode(errors="replace").rstrip())


def complete(typed: str, verbs: Sequence[str], names: Sequence[str]) -> str | None:
    """How what was typed so far may go on: the first word is a verb, any other a node or a region."""
    before, _, last = typed.rpartition(" ")
    known = names if before else verbs
    found = next((name for name in known if last and name.startswith(last) and name != last), None)
    if found is None:
        return None
    return f"{before} {found}" if before else found
