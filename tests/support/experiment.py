"""Experiments of the Chaos Toolkit in a fleet's directory, run and checked by the real `chaos`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.command import Home
from support.drills import options

CHAOS = (str(Path(sys.executable).with_name("chaos")), "--no-version-check", "run")


class Experiment:
    """One experiment in a fleet's directory."""

    def __init__(self, home: Home, document: dict[str, Any]) -> None:
        self.home = home
        self.path = home.directory / "experiment.json"
        self.path.write_text(json.dumps(document))
        self.journal = home.directory / "journal.json"
        self.journal.unlink(missing_ok=True)

    def start(self) -> "subprocess.Popen[str]":
        """`chaos run`; the caller sees to its end."""
        return subprocess.Popen(
            [*CHAOS, f"--journal-path={self.journal}", str(self.path)],
            cwd=self.home.directory,
            env=self.home.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self) -> tuple[int, dict[str, Any]]:
        """Run it to its end: exit code and journal."""
        process = self.start()
        _, said = process.communicate(timeout=90)
        assert self.journal.exists(), said
        return process.returncode, json.loads(self.journal.read_text())


def exported(home: Home, name: str, *settings: str) -> dict[str, Any]:
    """Without what clients see before and after: a busy machine cannot measure that, and this is about the faults."""
    document: dict[str, Any] = json.loads(home.ok("drill", "export", name, "--seed", "1", *options(*settings)))
    hypothesis = document["steady-state-hypothesis"]
    hypothesis["probes"] = [one for one in hypothesis["probes"] if one["provider"]["func"] != "check"]
    return document


def failed(journal: dict[str, Any]) -> list[str]:
    """What was not done, and what was not so, with what was said of it; of probes of clients no more than that they
    were asked: a busy machine measures nothing."""
    states = [journal["steady_states"][when] or {} for when in ("before", "after")]
    probes = [probe for state in states for probe in state.get("probes", [])]
    wrong = [done for done in (*journal["run"], *journal["rollbacks"]) if done["status"] != "succeeded"]
    wrong += [probe for probe in probes if not probe.get("tolerance_met")]
    return [f"{one['activity']['name']}: {''.join(one.get('exception') or [])[-300:]}" for one in wrong]
