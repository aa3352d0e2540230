"""The gate of `examples/04-drills` lets a fleet pass, or says why not; it leaves reports behind, and no fleet."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import PATIENCE, Home
from support.drills import UNHURRIED, options

EXAMPLE = Path(__file__).parents[2] / "examples" / "04-drills"
SUITE = 'schema = 1\nname = "one"\ntitle = "One drill"\n[[drill]]\nname = "node-kill"\n'


@pytest.mark.envoy
def test_the_gate_ends_as_its_drills_do_and_leaves_their_reports() -> None:
    """On other ports and with a suite of one short drill; a machine that is too busy to measure on is asked twice."""
    with Home() as home:
        shutil.copytree(EXAMPLE, home.directory, dirs_exist_ok=True)
        (home.directory / "one.toml").write_text(SUITE)
        path = home.directory / "hactl.toml"
        path.write_text(re.sub(r"(?m)^listen = .*$", f'listen = "127.0.0.1:{home.port}"', path.read_text()))
        done = subprocess.run(
            [home.directory / "gate.sh", "./one.toml", *options(*UNHURRIED, "canary.rate=100")],
            env=home.environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", SERVICE="sleep 600"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )
        assert done.returncode in (0, 10), (done.stdout, done.stderr)
        line, last = done.stdout.splitlines()
        assert line.startswith("node-kill  ")
        assert last.startswith("suite one: 1 passed" if done.returncode == 0 else "suite one: 1 inconclusive")
        runs = list((home.directory / "reports").glob("*-node-kill"))
        assert len(runs) == (1 if "drill 1 of 1, again" not in done.stderr else 2)
        assert all((run / "junit.xml").is_file() and (run / "report.html").is_file() for run in runs)
        assert '<testsuite name="drill.node-kill"' in (home.directory / "reports" / "junit.xml").read_text()
        assert "| node-kill | " in (home.directory / "reports" / "summary.md").read_text()
        assert home.strays() == []


def test_the_workflow_runs_the_gate_that_is_there() -> None:
    """Where it says, and it keeps what the gate leaves."""
    text = (EXAMPLE / "drills.yml").read_text()
    folder = EXAMPLE.relative_to(EXAMPLE.parents[1])
    assert f"working-directory: {folder}" in text
    assert f"path: {folder}/reports" in text
    assert "- run: ./gate.sh ci" in text
    assert f"cat {folder}/reports/summary.md" in text
    assert "rm -rf reports" in (EXAMPLE / "gate.sh").read_text()
