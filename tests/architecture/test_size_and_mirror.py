"""Modules are small, functions are smaller, and each module with something to decide has tests of its own."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {str(path.relative_to(ROOT / "hactl")): path for path in sorted((ROOT / "hactl").rglob("*.py"))}
LONGEST_MODULE = 350
LONGEST_FUNCTION = 60
ELSEWHERE = {
    "cli/checks/certificate.py": "cli/test_doctor.py",
    "cli/checks/faults.py": "cli/test_doctor.py",
    "__main__.py": "cli/test_main.py",
    "cli/drill_asking.py": "cli/test_drill.py",
    "cli/drill_list.py": "cli/test_drill.py",
    "cli/drill_notices.py": "cli/test_drills_overtaken.py",
    "cli/drill_options.py": "cli/test_drill.py",
    "cli/drill_plan.py": "cli/test_drill.py",
    "cli/drill_recover.py": "cli/test_drill.py",
    "cli/drill_run.py": "cli/test_drill.py",
    "cli/drill_running.py": "scenarios/test_drills.py",
    "cli/drill_sheets.py": "cli/test_drill_suite.py",
    "cli/drill_schedule.py": "cli/test_drill.py",
    "cli/verbs.py": "cli/test_main.py",
    "config/kinds.py": "unit/config/test_reading.py",
    "config/table.py": "unit/config/test_schema.py",
    "config/traffic_keys.py": "unit/config/test_schema.py",
    "config/unfit.py": "unit/config/test_reading.py",
    "core/causes.py": "unit/core/test_lifecycle.py",
    "core/configured.py": "unit/core/test_rollout.py",
    "core/leaving.py": "unit/core/test_rollout.py",
    "core/model.py": "unit/core/test_traffic.py",
    "core/node.py": "unit/core/test_lifecycle.py",
    "core/operation.py": "unit/core/test_operations.py",
    "core/plan.py": "unit/core/test_traffic.py",
    "core/proposals.py": "unit/core/test_rollout.py",
    "core/spec.py": "unit/core/test_traffic.py",
    "core/hop.py": "unit/core/test_hops.py",
    "core/drill_limits.py": "unit/core/test_drills.py",
    "core/hop_limits.py": "unit/core/test_hops.py",
    "engines/envoy/account.py": "unit/drill/test_witness.py",
    "engines/hop/flow.py": "unit/engines/hop/test_relay.py",
    "processes/hop_proxy.py": "unit/engines/hop/test_proxy.py",
    "supervisor/performing.py": "unit/supervisor/test_loop.py",
    "ctk/acting.py": "cli/test_drill_export.py",
    "ctk/borrowing.py": "cli/test_drill_export.py",
    "ctk/finding.py": "cli/test_drill_export.py",
    "ctk/probing.py": "cli/test_drill_export.py",
    "ctk/running.py": "cli/test_drill_export.py",
    "drill/counting.py": "unit/drill/test_arrivals.py",
    "drill/life_signs.py": "unit/drill/test_burden_process.py",
    "drill/limit_keys.py": "unit/drill/test_reading.py",
    "drill/ratios.py": "unit/drill/test_judging.py",
    "drill/keys.py": "unit/drill/test_reading.py",
    "drill/tables.py": "unit/drill/test_reading.py",
    "drill/judged.py": "unit/drill/test_judging.py",
    "drill/markdown.py": "unit/drill/test_report.py",
    "drill/candidates.py": "unit/drill/test_monkey.py",
    "drill/taking_stock.py": "unit/drill/test_runner.py",
    "processes/demo.py": "cli/test_demo.py",
    "processes/tied.py": "cli/test_drill_export.py",
    "supervisor/pidfd.py": "unit/supervisor/test_process.py",
    "tui/app.py": "tui/test_app.py",
    "tui/appearance.py": "tui/test_looks.py",
    "tui/look.py": "tui/test_looks.py",
    "tui/lifetime.py": "tui/test_lifetime.py",
    "tui/messages.py": "tui/test_lifetime.py",
    "tui/remembering.py": "tui/test_remembering.py",
    "tui/screens/choice.py": "tui/test_lifetime.py",
    "cli/demo_console.py": "cli/test_demo.py",
    "tui/acting.py": "tui/test_changes.py",
    "tui/asking.py": "tui/test_changes.py",
    "tui/changing.py": "tui/test_changes.py",
    "tui/command_line.py": "tui/test_app.py",
    "tui/commanding.py": "tui/test_app.py",
    "tui/following.py": "tui/test_trouble.py",
    "tui/paging.py": "tui/test_app.py",
    "tui/notices.py": "tui/test_app.py",
    "tui/steady.py": "tui/test_trouble.py",
    "tui/log_reading.py": "tui/test_pages.py",
    "tui/offering.py": "tui/test_offering.py",
    "tui/screens/confirm.py": "tui/test_changes.py",
    "tui/screens/dial.py": "tui/test_dial.py",
    "tui/drill_desk.py": "tui/test_drills.py",
    "tui/drill_keys.py": "tui/test_drills.py",
    "tui/drills.py": "tui/test_drills.py",
    "tui/screens/drill_choice.py": "tui/test_drills.py",
    "tui/screens/drills.py": "tui/test_drills.py",
    "tui/screens/reports.py": "tui/test_drills.py",
    "tui/screens/fleet.py": "tui/test_pages.py",
    "tui/screens/node.py": "tui/test_pages.py",
    "tui/screens/one.py": "tui/test_pages.py",
    "tui/screens/page.py": "tui/test_app.py",
    "tui/screens/palette.py": "tui/test_offering.py",
    "tui/screens/reading.py": "tui/test_app.py",
    "tui/walking.py": "tui/test_replay.py",
    "tui/widgets/line_table.py": "tui/test_line_table.py",
    "tui/widgets/lines_view.py": "tui/test_app.py",
    "tui/screens/sheet.py": "tui/test_app.py",
    "tui/widgets/prompt.py": "tui/test_app.py",
    "tui/widgets/reader.py": "tui/test_reader.py",
    "tui/widgets/typing_line.py": "tui/test_app.py",
}
"""Modules whose tests stand under another name, because they make sense in that company only."""


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def decides(path: Path) -> bool:
    """True for a module with logic: not for values with properties, and not for protocols."""
    for function in functions(path):
        kinds = {node.id for node in function.decorator_list if isinstance(node, ast.Name)}
        empty = isinstance(last := function.body[-1], ast.Expr) and isinstance(last.value, ast.Constant)
        if not kinds & {"property", "classmethod"} and not function.name.startswith("__") and not empty:
            return True
    return False


def mirror(module: str) -> Path:
    """Where the tests of a module are looked for."""
    path = Path(module)
    folder = path.parent if path.parts[0] == "cli" else Path("unit") / path.parent
    return ROOT / "tests" / folder / f"test_{path.name}"


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if decides(path)])
def test_a_module_with_logic_has_tests_of_its_own(module: str) -> None:
    expected = ROOT / "tests" / ELSEWHERE[module] if module in ELSEWHERE else mirror(module)
    assert expected.is_file()


def test_the_exceptions_are_still_needed() -> None:
    assert [module for module in ELSEWHERE if module not in MODULES or mirror(module).exists()] == []


def test_a_module_is_short_and_says_what_it_is() -> None:
    for module, path in MODULES.items():
        text = path.read_text()
        assert len(text.splitlines()) <= LONGEST_MODULE, module
        assert ast.get_docstring(ast.parse(text)), module


def test_no_function_is_long() -> None:
    lengths = {
        f"{module}: {function.name}": (function.end_lineno or 0) - function.lineno
        for module, path in MODULES.items()
        for function in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length >= LONGEST_FUNCTION} == {}
