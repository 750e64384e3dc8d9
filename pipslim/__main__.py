"""`python -m pipslim`, and the console script."""

from __future__ import annotations

import sys

from pipslim.cli import main


def entry() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = main(sys.argv[1:])
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    entry()
