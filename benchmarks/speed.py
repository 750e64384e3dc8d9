"""CPU seconds for the same files in the same run: pipslim, dockerfmt, hadolint, plain reading.

usage: python benchmarks/speed.py [--rounds N] [FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measuring import PIPSLIM, Cost, cost, dockerfiles, program

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOGETHER = 400  # files that dockerfmt and hadolint get at once
_HADOLINT_FILES = 250  # it is slow: its rate is taken from a sample
_READING = """
import os
for entry in os.scandir("."):
    with open(entry.path, "rb") as file:
        file.read().decode("utf-8", "surrogateescape")
"""


class Line(NamedTuple):
    """A tool's result: on how many files, and the cheapest of its rounds."""

    tool: str
    files: int
    cost: Cost


def main() -> None:
    """Measure each tool that is found, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", help="Dockerfiles to read instead of the corpus")
    parser.add_argument("--rounds", type=int, default=3, help="the cheapest of N rounds counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speed-") as name:
        folder = Path(name)
        for number, path in enumerate(dockerfiles(arguments.folder)):
            shutil.copyfile(path, folder / f"{number:05}.Dockerfile")
        _measure(folder, arguments.rounds)


def _measure(folder: Path, rounds: int) -> None:
    every = sorted(path.name for path in folder.iterdir())
    size = sum(path.stat().st_size for path in folder.iterdir())
    cost([*PIPSLIM, "--version"])  # so that its bytecode is there
    print(f"all {len(every)} files ({size / 1e6:.1f} MB), the cheapest of {rounds} rounds")
    _table(
        [
            _line("pipslim fix", len(every), [[*PIPSLIM, "fix", "--jobs=1", "."]], folder, rounds),
            _line("plain reading", len(every), [[sys.executable, "-c", _READING]], folder, rounds),
        ]
    )
    dockerfmt = program("dockerfmt", "PIPSLIM_DOCKERFMT")
    if dockerfmt is None:
        print("dockerfmt is not here: put it on PATH or name it in PIPSLIM_DOCKERFMT")
    else:
        done = _survived(dockerfmt, every, folder)
        for name in set(every) - set(done):
            (folder / name).unlink()
        print(f"\nthe {len(done)} files that dockerfmt does not panic at")
        _table(
            [
                _line(
                    "pipslim fix", len(done), [[*PIPSLIM, "fix", "--jobs=1", "."]], folder, rounds
                ),
                _line("dockerfmt", len(done), _batches([dockerfmt], done), folder, rounds),
            ]
        )
    hadolint = program("hadolint")
    if hadolint is None:
        print("hadolint is not here")
    else:
        left = sorted(path.name for path in folder.iterdir())
        sample = left[:: max(1, len(left) // _HADOLINT_FILES)]
        for name in set(left) - set(sample):
            (folder / name).unlink()
        batches = _batches([hadolint, "--no-fail"], sample)
        print(f"\na sample of {len(sample)} files")
        _table(
            [
                _line(
                    "pipslim fix", len(sample), [[*PIPSLIM, "fix", "--jobs=1", "."]], folder, rounds
                ),
                _line("hadolint", len(sample), batches, folder, 1),
            ]
        )


def _line(
    tool: str, files: int, commands: Sequence[Sequence[str]], folder: Path, rounds: int
) -> Line:
    """Run the commands of a tool, `rounds` times; give the cheapest round."""
    best: Cost | None = None
    for _ in range(rounds):
        costs = [cost(command, folder) for command in commands]
        total = Cost(sum(each.cpu for each in costs), max(each.peak for each in costs), 0)
        if best is None or total.cpu < best.cpu:
            best = total
    assert best is not None
    return Line(tool, files, best)


def _batches(command: list[str], names: Sequence[str]) -> list[list[str]]:
    return [[*command, *names[at : at + _TOGETHER]] for at in range(0, len(names), _TOGETHER)]


def _survived(dockerfmt: str, names: Sequence[str], folder: Path) -> list[str]:
    """Give the files at which dockerfmt does not end: one that panics costs it all behind it."""
    done = subprocess.run(
        [dockerfmt, *names],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == 0:
        return list(names)
    if len(names) == 1:
        return []
    parts = 2 if len(names) <= _TOGETHER else -(-len(names) // _TOGETHER)
    step = -(-len(names) // parts)
    found: list[str] = []
    for at in range(0, len(names), step):
        found += _survived(dockerfmt, names[at : at + step], folder)
    return found


def _table(lines: Sequence[Line]) -> None:
    print(f"{'':15} {'CPU s':>8} {'files per CPU s':>16} {'times pipslim':>14} {'peak MB':>8}")
    first = lines[0].cost.cpu
    for line in lines:
        rate = line.files / line.cost.cpu
        print(
            f"{line.tool:15} {line.cost.cpu:8.2f} {rate:16,.0f} {line.cost.cpu / first:14.2f}"
            f" {line.cost.peak / 1e6:8.1f}"
        )


if __name__ == "__main__":
    main()
