"""`hactl` and `python -m hactl`."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from hactl.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
