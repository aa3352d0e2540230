"""`hactl` and `python -m hactl`."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from hactl.cli.main import main as run
    except KeyboardInterrupt:  # before there is anybody who could say so
        sys.exit(130)
    sys.exit(run())


if __name__ == "__main__":
    main()
