"""The floors of the house hold: the linter's contracts are kept, and each of them could be broken."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LINTER = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on the tree below `root`, and on that one only."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {LINTER}", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def copy_of_the_house(place: Path) -> Path:
    """The tree, to be spoiled."""
    shutil.copytree(ROOT / "hactl", place / "hactl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_every_contract_is_kept() -> None:
    """No room knows one above it, no wing another, no folder has a circle inside."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = re.search(r"Contracts: (\d+) kept, 0 broken", done.stdout)
    assert kept is not None, done.stdout
    assert int(kept.group(1)) == len(CONTRACTS)


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("store/journal.py", "import hactl.supervisor", "The floors of the house"),
        ("core/traffic.py", "import hactl.paths", "The floors of the house"),
        ("core/traffic.py", "import time", "The core touches nothing"),
        ("drill/load.py", "import hactl.cli", "The floors of the house"),
        ("supervisor/feed.py", "import textual", "Only the TUI knows Textual"),
        ("core/causes.py", "import hactl.core.lifecycle", "No folder has a circle inside"),
    ],
)
def test_a_contract_would_notice(where: str, line: str, contract: str, tmp_path: Path) -> None:
    """A line that should not be there breaks exactly the contract that is meant to catch it."""
    root = copy_of_the_house(tmp_path)
    spoiled = root / "hactl" / where
    spoiled.write_text(f"{spoiled.read_text()}\n{line}\n")
    done = lint(root)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [said for said in done.stdout.splitlines() if said.endswith("BROKEN")]
    assert any(said.startswith(contract) for said in broken), done.stdout


def test_a_new_room_needs_a_floor(tmp_path: Path) -> None:
    """A top-level module nobody has given a floor to is an error until somebody does."""
    root = copy_of_the_house(tmp_path)
    (root / "hactl" / "attic.py").write_text('"""Nobody knows what it is."""\n')
    assert lint(root).returncode == 1
