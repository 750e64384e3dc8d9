"""What the rewrite saves in real builds: the table of docs/savings.md, made anew.

usage: python benchmarks/savings.py [--check] [--engine-arg=WORD ...]

Builds each folder of fixtures/savings before and after, with `pipslim measure`, and times the
program that the image starts. Needs a container engine with the base images that those name.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from measuring import PIPSLIM

ROOT = Path(__file__).parents[1]
FOLDERS = ROOT / "fixtures" / "savings"
DOCUMENT = ROOT / "docs" / "savings.md"
# Folder, what it holds, and the command that its CMD starts.
CASES = (
    ("data-science", "Python 3.11, pip 24.0: numpy, pandas, flask", "python -c 'import pandas'"),
    ("web-app", "Python 3.11, pip 24.0: flask, requests", "python -c 'import flask, requests'"),
    ("old-python", "Python 3.6, pip 18.1: numpy, requests", "python -c 'import numpy'"),
    ("python-2", "Python 2.7, pip 9.0.1: flask, requests", "python -c 'import flask'"),
)
HEAD = (
    "| what is installed | size, MB | saved | files in pip's cache | `.pyc` files | start-up, s |",
    "|---|---|---|---|---|---|",
)
_MARK, _END = "<!-- savings -->", "<!-- end -->"
_RUNS = 5


def main() -> int:
    """Measure all cases; write the table, or with --check compare it and print what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--engine-arg", action="append", default=[], help="for the engine's build")
    arguments = parser.parse_args()
    rows = [row(told, measured(folder, run, arguments.engine_arg)) for folder, told, run in CASES]
    if arguments.check:
        wrong = differences(recorded(), rows)
        print("\n".join(wrong) or "as recorded")
        return 1 if wrong else 0
    write(rows)
    return 0


def measured(folder: str, run: str, engine_args: list[str]) -> dict[str, Any]:
    """Measure one folder; give its entry of the JSON. Raises CalledProcessError if it fails."""
    words = [f"--engine-arg={each}" for each in engine_args]
    command = [*PIPSLIM, "measure", "--output-format=json", f"--run={run}", f"--runs={_RUNS}"]
    done = subprocess.run(
        [*command, *words, str(FOLDERS / folder)], stdout=subprocess.PIPE, check=False
    )
    if not done.stdout:
        raise subprocess.CalledProcessError(done.returncode, command)
    entry: dict[str, Any] = json.loads(done.stdout)["files"][0]
    if entry["problem"]:
        sys.exit(f"{folder}: {entry['problem']}")
    return entry


def row(told: str, entry: dict[str, Any]) -> list[str]:
    """Give the cells of the table for one entry."""
    before, after = entry["before"], entry["after"]
    return [
        told,
        f"{before['size'] / 1e6:.1f} → {after['size'] / 1e6:.1f}",
        f"{entry['saved'] / 1e6:.1f} MB, {entry['saved'] / before['size']:.0%}",
        f"{before['cache']['files']} → {after['cache']['files']}",
        f"{before['bytecode']['files']} → {after['bytecode']['files']}",
        f"{before['start']['cpu_seconds']:.2f} → {after['start']['cpu_seconds']:.2f}",
    ]


def recorded() -> list[list[str]]:
    """Give the cells of the table in the document."""
    table = DOCUMENT.read_text("utf-8").partition(_MARK)[2].partition(_END)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[len(HEAD) :]]


def write(rows: list[list[str]]) -> None:
    """Put the table into the document."""
    text = DOCUMENT.read_text("utf-8")
    head, rest = text.partition(_MARK)[0], text.partition(_END)[2]
    lines = [*HEAD, *(f"| {' | '.join(cells)} |" for cells in rows)]
    DOCUMENT.write_text(f"{head}{_MARK}\n" + "\n".join(lines) + f"\n{_END}{rest}", "utf-8")


def differences(old: list[list[str]], new: list[list[str]]) -> list[str]:
    """Tell where figures differ by more than machines and new releases of packages explain.

    Sizes by 3 %, numbers of files by 10 %. Seconds are a machine's own: there only the sign of
    the change is compared.
    """
    if [cells[0] for cells in old] != [cells[0] for cells in new]:
        return ["the table has other rows"]
    found: list[str] = []
    for was, now in zip(old, new, strict=True):
        for column, allowed in ((1, 0.03), (3, 0.10), (4, 0.10)):
            for one, two in zip(_pair(was[column]), _pair(now[column]), strict=True):
                if abs(one - two) > max(one, two) * allowed:
                    found.append(f"{was[0]}: {was[column]} is recorded, {now[column]} measured")
        before, after = _pair(now[5])
        if after < before:
            found.append(f"{was[0]}: start-up got cheaper, {now[5]}")
    return found


def _pair(cell: str) -> tuple[float, float]:
    before, after = cell.split(" → ")
    return float(before), float(after)


if __name__ == "__main__":
    sys.exit(main())
