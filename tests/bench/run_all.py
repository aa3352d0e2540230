"""Run every benchmark one after the other and print one JSON array of their results; takes about half an hour."""

import argparse
import json
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them; the exit code is 1 when one could not be measured, and says nothing about targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="beginnings of script names, like p02")
    options = parser.parse_args()
    results, broken = [], 0
    for script in sorted(Path(__file__).parent.glob("p[0-9]*.py")):
        if options.only and not script.name.startswith(tuple(options.only)):
            continue
        done = subprocess.run(
            [sys.executable, script, "--runs", str(options.runs)], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            broken += 1
            results.append({"script": script.name, "error": f"ended with {done.returncode}"})
        else:
            results.append({"script": script.name, **json.loads(done.stdout)})
    print(json.dumps(results, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
