"""`python -m pipslim`, and the console script."""

from __future__ import annotations

import gc
import sys

from pipslim.cli import INTERRUPTED, main


def collect_rarely() -> None:
    """Look for garbage less often: among trees of tuples without cycles there is none to find."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def entry() -> None:
    """Run the command line and leave with its exit code."""
    collect_rarely()
    try:
        code = main(sys.argv[1:])
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    entry()
