"""The systemd unit of a fleet: whether there is one, and whether it leaves nodes and edges alone."""

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hactl.cli.checks.finding import Finding, Subject
from hactl.cli.choice import Chosen

BOOTED = Path("/run/systemd/system")
"""There when systemd is what runs the machine."""
_MENDS = {
    "KillMode": ("process", "control-group", "systemd kills nodes and edges together with the daemon"),
    "OOMPolicy": ("continue", "stop", "systemd stops all processes when one runs out of memory"),
}
"""What a unit must say, what it means when it does not, and what then happens."""


def unit(subject: Subject, *, booted: Path = BOOTED) -> Iterator[Finding]:
    """Each unit that starts this fleet, and the one that its daemon runs in."""
    if subject.chosen is None:
        return
    home = _unit_of(subject.snapshot.pulse.pid) if subject.snapshot is not None else ""
    units: dict[str, dict[str, str]] = {home: {}} if home else {}
    units |= _units(home)
    meant = {name: said for name, said in units.items() if name == home or _starts(said, subject.chosen)}
    for name, said in sorted(meant.items()):
        wrong = [
            (f"{key}={said.get(key, usual)}: {why}", f"{key}={needed}")
            for key, (needed, usual, why) in _MENDS.items()
            if said.get(key, usual) != needed
        ]
        mend = f"systemctl edit {name}: [Service] {' '.join(line for _, line in wrong)}; or hactl init --systemd"
        found = f"{name}: " + ("; ".join(text for text, _ in wrong) or "leaves nodes and edges alone")
        yield Finding(check="systemd", ok=not wrong, found=found, mend=mend if wrong else "")
    if not meant and booted.exists():
        yield Finding(
            check="systemd",
            ok=True,
            found="no systemd unit starts this fleet after a reboot",
            mend="hactl init --systemd",
        )


def _units(also: str) -> dict[str, dict[str, str]]:
    """The [Service] settings of every unit that runs hactl, and of `also`, by name; with those of their drop-ins."""
    texts: dict[str, list[str]] = {}
    for directory in reversed(_directories()):  # the first directory of the search path has the last word
        with suppress(OSError):
            for file in sorted(directory.glob("*.service")):
                with suppress(OSError, UnicodeDecodeError):
                    text = file.read_text()
                    if "hactl" in text or file.name == also:
                        texts[file.name] = [text]
    for directory in reversed(_directories()):
        for name, found in texts.items():
            with suppress(OSError):
                found += [file.read_text(errors="replace") for file in sorted((directory / f"{name}.d").glob("*.conf"))]
    return {name: settings("\n".join(found)) for name, found in texts.items()}


def settings(text: str) -> dict[str, str]:
    """What the [Service] sections of a unit say; the last one of a name counts."""
    found: dict[str, str] = {}
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and "=" in stripped and stripped[0] not in "#;":
            name, _, value = stripped.partition("=")
            found[name.strip()] = value.strip()
    return found


def _directories() -> list[Path]:
    """Where systemd looks for units: of this user and of the machine."""
    given = os.environ.get("SYSTEMD_UNIT_PATH")
    if given:
        return [Path(part) for part in given.split(":") if part]
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    places = ("/etc", "/run", "/usr/local/lib", "/usr/lib")
    usual = [f"{place}/systemd/{kind}" for kind in ("system", "user") for place in places]
    return [home / "systemd" / "user", *map(Path, usual), Path("/run/systemd/transient")]


def _starts(said: dict[str, str], chosen: Chosen) -> bool:
    """True for a unit that runs this fleet: by its name, or by its file."""
    try:
        words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(said.get("ExecStart", ""))]
    except ValueError:
        return False
    if "up" not in words:
        return False
    given = {words[at]: words[at + 1] for at in range(len(words) - 1) if words[at].startswith("--")}
    if "--fleet" in given:
        return given["--fleet"] == chosen.name
    return chosen.config is not None and given.get("--config") == str(chosen.config)


def _unit_of(pid: int) -> str:
    """The service that a process runs in; "" when it is none."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            last = line.rpartition("/")[2]
            if last.endswith(".service"):
                return last
    return ""
