"""`hactl` and `python -m hactl`."""

import gc
import sys

LOADED = 50_000
"""New objects between two collections: what is loaded stays for good, and looking through it again and again while it
is being loaded takes a tenth of the time of a `hactl status`."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(LOADED)
    try:
        from hactl.cli.main import main as run
    except KeyboardInterrupt:  # before there is anybody who could say so
        sys.exit(130)
    sys.exit(run())


if __name__ == "__main__":
    main()
