"""The core touches nothing: what it may import is a short list, and so is what loading it brings along."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hactl.core

ROOM = Path(hactl.core.__file__).parent
MODULES = sorted(ROOM.glob("*.py"))
ALLOWED = {"collections", "datetime", "enum", "hashlib", "msgspec", "typing"}
"""hashlib makes repeatable chance out of names, datetime is a calendar whose clock nobody may ask: nothing here has a
clock, a file, a socket or a source of chance."""
CLOCK = {"now", "today", "utcnow"}
BANNED_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def imports(tree: ast.AST) -> set[str]:
    """Every module a module asks for, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_of_the_core_imports_only_what_is_allowed(module: Path) -> None:
    """Values and decisions need little; anything else belongs to the shell."""
    tree = ast.parse(module.read_text())
    outside = {name.split(".")[0] for name in imports(tree) if not name.startswith("hactl.core")}
    assert outside <= ALLOWED
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called.isdisjoint(BANNED_CALLS)
    methods = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert methods.isdisjoint(CLOCK)


def test_no_module_of_the_core_has_grown_too_big() -> None:
    """One idea each; the vocabulary of the fleet is the one long list."""
    longest = {path.name: len(path.read_text().splitlines()) for path in MODULES}
    assert {name: lines for name, lines in longest.items() if lines > 300} == {}


def test_the_core_keeps_no_state_of_its_own() -> None:
    """No `global`, and no mutable value that a function of the core could fill at module level."""
    for module in MODULES:
        tree = ast.parse(module.read_text())
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)], module.name


def test_loading_the_core_loads_no_loop_no_socket_and_no_screen() -> None:
    """In a fresh interpreter: importing every module of the core brings none of these along."""
    names = [f"hactl.core.{path.stem}" for path in MODULES if path.stem != "__init__"]
    heavy = ["asyncio", "socket", "ssl", "subprocess", "threading", "logging", "sqlite3", "textual", "httpx", "click"]
    script = (
        "import importlib, sys, typing\n"
        "import msgspec, msgspec.json, msgspec.structs\n"
        "before = set(sys.modules)\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert set(names) <= loaded
    assert loaded.isdisjoint(heavy)
    assert {name for name in loaded if name.startswith("hactl.") and not name.startswith("hactl.core")} == set()
