"""When several processes pay: what it costs to start them, what they spare, and where the line is.

usage: python benchmarks/jobs.py [--rounds N] [--every N] [FOLDER]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from measuring import dockerfiles, environment

# Starts a pool of two as pipslim does, gives each a chunk without files, and takes it down.
_START = """
import json, multiprocessing, os, sys, time
import pipslim.fixing
from pipslim.runner.interrupts import Interrupts
if __name__ == "__main__":
    cpu, wall = os.times(), time.perf_counter()
    from pipslim.runner import pool
    pool._context = lambda: multiprocessing.get_context(sys.argv[1])
    with Interrupts() as interrupts, pool._Pool(2, interrupts) as processes:
        for future in [processes.submit((), write=False) for _ in range(2)]:
            processes.result(future)
    wall, after = time.perf_counter() - wall, os.times()
    print(json.dumps([wall, *(new - old for new, old in zip(after[:4], cpu[:4]))]))
"""
# Runs the command line; tells the time of it, of this process and of those that it started.
_RUN = """
import json, os, sys, time
from pipslim.__main__ import collect_rarely
from pipslim.cli import main
collect_rarely()
cpu, wall = os.times(), time.perf_counter()
main(["fix", "-q", *sys.argv[1:]])
wall, after = time.perf_counter() - wall, os.times()
print(json.dumps([wall, *(new - old for new, old in zip(after[:4], cpu[:4]))]), file=sys.stderr)
"""


class Spent(NamedTuple):
    """Seconds: by the clock, and of the processors for the first process and for the others."""

    wall: float
    own: float
    others: float

    @property
    def cpu(self) -> float:
        """CPU seconds of all together."""
        return self.own + self.others


def main() -> None:
    """Measure, and print where the line is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", help="Dockerfiles to read instead of the corpus")
    parser.add_argument("--rounds", type=int, default=3, help="the cheapest of N rounds counts")
    parser.add_argument("--every", type=int, default=5, help="take every Nth file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobs-") as name:
        for number, path in enumerate(dockerfiles(arguments.folder)[:: arguments.every]):
            shutil.copyfile(path, Path(name, f"{number:05}.Dockerfile"))
        _measure(Path(name), arguments.rounds)


def _measure(folder: Path, rounds: int) -> None:
    sizes = [path.stat().st_size for path in folder.iterdir()]
    files, size = len(sizes), sum(sizes)
    one = _cheapest(_RUN, ["--jobs=1", str(folder)], rounds)
    two = _cheapest(_RUN, ["--jobs=2", str(folder)], rounds)
    print(f"{files} files, {size / 1e6:.1f} MB; the cheapest of {rounds} rounds, CPU seconds")
    print(f"{'':10} {'first process':>14} {'others':>8} {'all':>8} {'by the clock':>13}")
    for name, each in (("--jobs 1", one), ("--jobs 2", two)):
        print(f"{name:10} {each.own:14.2f} {each.others:8.2f} {each.cpu:8.2f} {each.wall:13.2f}")
    spared = 1 - two.cpu / 2 / one.cpu
    print(f"two processors spare {spared:.2f} s of each second of work")
    if two.own:
        print(f"the first process is the brake from {two.cpu / two.own:.0f} processes on")
    print(
        f"\nto start two {'CPU s':>8} {'by the clock':>13} {'pays from':>10} {'files':>6} {'MB':>5}"
    )
    for method in multiprocessing.get_all_start_methods():
        start = _cheapest(_START, [method], max(rounds, 5))
        line = start.wall / spared if spared > 0 else float("inf")
        share = line / one.cpu
        print(
            f"{method:12} {start.cpu:8.3f} {start.wall:13.3f} {line:8.2f} s"
            f" {files * share:6.0f} {size * share / 1e6:5.2f}"
        )


def _cheapest(program: str, words: list[str], rounds: int) -> Spent:
    """Run a program some times; give the least that it took of each."""
    taken: list[Spent] = []
    with tempfile.TemporaryDirectory(prefix="jobs-") as name:
        script = Path(name, "measured.py")  # a file, for new processes may have to read it again
        script.write_text(program, encoding="utf-8")
        for _ in range(rounds + 1):  # the first one is for the bytecode
            done = subprocess.run(
                [sys.executable, script, *words],
                env=environment(),
                capture_output=True,
                check=True,
            )
            answer = (done.stderr or done.stdout).splitlines()[-1]
            wall, *cpu = json.loads(answer)
            taken.append(Spent(wall, sum(cpu[:2]), sum(cpu[2:])))
    return Spent(*map(min, zip(*taken[1:], strict=True)))


if __name__ == "__main__":
    main()
