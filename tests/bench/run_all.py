"""Run every benchmark one after the other and print one JSON array of their results; takes about half an hour."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

BESIDE = (
    ("p12_cpu.py", "--kind", "command", "--nodes", "100"),
    ("p14_console.py", "--rows", "1000"),
    ("console_memory.py",),
    ("brownout.py",),
    ("edge_restart.py",),
    ("hop_proxy.py",),
)
"""What has no promise of its own, or is asked of another fleet as well."""


def commands() -> list[tuple[str, ...]]:
    """Each script with its arguments, in the order of the promises."""
    promises = sorted(path.name for path in Path(__file__).parent.glob("p[0-9]*.py"))
    return [*((name,) for name in promises), *BESIDE]


def main() -> int:
    """Run them; the exit code is 1 when one could not be measured, and says nothing about targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="beginnings of script names, like p02")
    options = parser.parse_args()
    results, broken = [], 0
    for name, *arguments in commands():
        if options.only and not name.startswith(tuple(options.only)):
            continue
        script = Path(__file__).with_name(name)
        done = subprocess.run(
            [sys.executable, script, "--runs", str(options.runs), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            broken += 1
            results.append({"script": [name, *arguments], "error": f"ended with {done.returncode}"})
        else:
            results.append({"script": [name, *arguments], **json.loads(done.stdout)})
    print(json.dumps(results, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
