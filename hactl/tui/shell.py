"""The headless verbs, run from inside the console exactly as in a shell: the same command, as a separate process.

What it prints is shown, its exit code is told. Nothing is re-implemented here, so that `:kill seoul-1` and
`hactl kill seoul-1` can never differ.
"""

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.tui.spelling import PROGRAM

READS: dict[str, frozenset[str]] = {
    "status": frozenset(), "events": frozenset(), "logs": frozenset(), "where": frozenset(), "doctor": frozenset(),
    "wait": frozenset(), "watch": frozenset(), "fleets": frozenset(),
    "config": frozenset({"check", "show", "diff", "history"}),
    "drill": frozenset({"list", "show", "plan", "report", "compare", "board"}),
    "alert": frozenset({"list"}),
}  # fmt: skip
"""Verbs that change nothing; of those that have verbs of their own, which do not."""
_NO_MORE: Mapping[str, str] = {}
LONGEST = 30.0
"""Seconds a command may take; whoever waits or follows for longer does that in a shell."""
_LONGER = {"up": 75.0}
"""Of verbs that wait for longer by themselves."""
SHORT = 6
"""Lines of output that fit into a notice."""
MOST = 200_000
"""Bytes of output that are shown, the last ones."""


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
        if len(said) == 1 and not self.code:
            return f"$ {self.shell}   {said[0]}"
        return "\n".join([f"$ {self.shell}", *said, *([f"exit code {self.code}"] if self.code else [])])


Run = Callable[[Sequence[str], str], Awaitable[Ran]]
"""Runs the words of a command for the fleet of that name."""


def parse(typed: str, fleet: str = "") -> list[str]:
    """The words of a command for `fleet` as it was typed, or as it was spelt here and pasted.

    Raises HactlError for quotes that do not end.
    """
    try:
        words = shlex.split(typed.strip().removeprefix("hactl "))
    except ValueError as error:
        raise HactlError(f"'{typed}': {str(error).lower()}") from error
    return words[2:] if words[:2] == ["--fleet", fleet] else words


async def run(
    words: Sequence[str],
    fleet: str,
    *,
    env: Mapping[str, str] = _NO_MORE,
    longest: float | None = None,
    program: Sequence[str] = PROGRAM,
) -> Ran:
    """Run `hactl --fleet FLEET WORDS` without a terminal until it has ended, or for `longest` seconds
    (without them: as long as its verb may take).

    `env` is what it has in its environment beside our own, `program` what it begins with where it is shown.
    """
    process = await asyncio.create_subprocess_exec(
        *command(words, fleet),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1", **env},
    )
    if longest is None:
        longest = _LONGER.get(words[0], LONGEST) if words else LONGEST
    said = bytearray()
    late = ""
    try:
        async with asyncio.timeout(longest):
            while process.stdout is not None and (piece := await process.stdout.read(1 << 16)):
                said += piece
                del said[:-MOST]
            await process.wait()
    except TimeoutError:
        late = f"\n-- stopped after {longest:g} s: run it in a shell --"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = said.decode(errors="replace").rstrip() + late
    return Ran(shell=spelt(words, program), code=process.returncode or 0, text=text)


def command(words: Sequence[str], fleet: str) -> list[str]:
    """The process that runs the words of a command for the fleet of that name; of what lies in the directory one is in
    nothing is taken for a part of it."""
    return [sys.executable, "-P", "-m", "hactl", "--fleet", fleet, *words]


def spelt(words: Sequence[str], program: Sequence[str] = PROGRAM) -> str:
    """A command as it would be typed in a shell, where it begins with `program`."""
    return shlex.join([*program, *words])


def only_reads(words: Sequence[str]) -> bool:
    """Whether a command changes nothing, whatever stands behind its verb."""
    verb, *rest = [*words, ""]
    if verb not in READS:
        return False
    return not READS[verb] or rest[0] in READS[verb]


def complete(typed: str, verbs: Sequence[str], names: Sequence[str]) -> str | None:
    """How what was typed so far may go on: the first word is a verb, any other a node or a region."""
    before, _, last = typed.rpartition(" ")
    known = names if before else verbs
    found = next((name for name in known if last and name.startswith(last) and name != last), None)
    if found is None:
        return None
    return f"{before} {found}" if before else found
