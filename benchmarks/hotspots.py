"""Where the time of rewriting goes: cProfile over a sample of Dockerfiles.

usage: python benchmarks/hotspots.py [--every N] [--lines N] [FOLDER]

(Not called profile.py: that would be what the profiler itself imports as `profile`.)
"""

from __future__ import annotations

import argparse
import cProfile
import pstats

from measuring import dockerfiles

import pipslim
from pipslim.syntax.source import decode


def main() -> None:
    """Print the functions that take longest, by themselves."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", help="Dockerfiles to read instead of the corpus")
    parser.add_argument("--every", type=int, default=10, help="take every Nth file")
    parser.add_argument("--lines", type=int, default=40, help="print N functions")
    arguments = parser.parse_args()
    files = dockerfiles(arguments.folder)[:: arguments.every]
    texts = [decode(path.read_bytes()) for path in files]
    pipslim.rewrite(texts[0])
    profile = cProfile.Profile()
    profile.enable()
    for text in texts:
        pipslim.rewrite(text)
    profile.disable()
    print(f"{len(texts)} files")
    pstats.Stats(profile).sort_stats("tottime").print_stats(arguments.lines)


if __name__ == "__main__":
    main()
