"""How time grows with ten times the files, the lines of one RUN, the ENV instructions.

usage: python benchmarks/growth.py [--scale N]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import PIPSLIM, cost

import pipslim
from pipslim.__main__ import collect_rarely
from pipslim.facts import runs

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 3
_LONG = 5.0  # seconds; what takes longer is not measured again
_FILE = """\
FROM python:3.12-slim
# number {number}
ENV A={number}
ENV B=two
WORKDIR /app
COPY . .
RUN apt-get update && apt-get install -y gcc \\
    && pip install -r requirements.txt package{number}
CMD ["python", "app.py"]
"""


def main() -> None:
    """Print the times of a size and of ten times that size, and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="all sizes times N")
    scale = parser.parse_args().scale
    collect_rarely()  # as the program itself does
    print(f"{'':45} {'small s':>9} {'large s':>9} {'ratio':>7}   (CPU, the cheapest of {_ROUNDS})")
    _row("files (whole process)", int(1_000 * scale), _files)
    _row("lines of one RUN", int(10_000 * scale), lambda size: _text(_run(size)))
    _row("pip calls in one RUN", int(1_000 * scale), lambda size: _text(_calls(size)))
    _row("ENV instructions", int(1_000 * scale), lambda size: _text(_env(size)))
    _row("ENV with references back", int(1_000 * scale), lambda size: _text(_chain(size)))
    _row("RUN instructions with pip", int(100 * scale), lambda size: _text(_runs(size)))
    _row("stages", int(100 * scale), lambda size: _text(_stages(size)))
    _row("bytes of one line", int(1_000_000 * scale), lambda size: _text(_line(size)))


def _row(told: str, size: int, measure: Callable[[int], float]) -> None:
    small, large = measure(size), measure(10 * size)
    sizes = f"{size:,} → {10 * size:,} "
    print(f"{sizes + told:45} {small:9.3f} {large:9.3f} {large / small:7.2f}")


def _files(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        for number in range(count):
            folder = Path(name, f"{number // 1000:03}")
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.Dockerfile").write_text(_FILE.format(number=number), "utf-8")
        best = min(cost([*PIPSLIM, "fix", "--jobs=1", "."], Path(name)).cpu for _ in range(_ROUNDS))
        shutil.rmtree(name)
        Path(name).mkdir()
    return best


def _text(text: str) -> float:
    """Give the seconds that rewriting a text takes; it must be one that can be rewritten."""
    best = float("inf")
    for _ in range(_ROUNDS):
        runs.forget()  # what is remembered of a RUN counts once
        start = time.process_time()
        outcome = pipslim.rewrite(text)
        best = min(best, time.process_time() - start)
        assert outcome.problem is None, outcome.problem
        if best > _LONG:
            break
    return best


def _run(lines: int) -> str:
    body = "".join(f"    && echo line {number} \\\n" for number in range(lines))
    return f"FROM python:3.12-slim\nRUN pip install x \\\n{body}    && true\n"


def _calls(calls: int) -> str:
    body = "".join(f"    && pip install package{number} \\\n" for number in range(calls))
    return f"FROM python:3.12-slim\nRUN true \\\n{body}    && true\n"


def _env(count: int) -> str:
    pairs = "".join(f"ENV NAME{number}=value{number}\n" for number in range(count))
    return f"FROM python:3.12-slim\n{pairs}RUN pip install x\n"


def _chain(count: int) -> str:
    pairs = "".join(f"ENV NAME{number + 1}=$NAME{number}\n" for number in range(count))
    return f"FROM python:3.12-slim\nENV NAME0=x\n{pairs}RUN pip install x\n"


def _runs(count: int) -> str:
    runs = "".join(f"RUN pip install package{number}\n" for number in range(count))
    return f"FROM python:3.12-slim\n{runs}"


def _stages(count: int) -> str:
    return "".join(
        f"FROM python:3.12-slim AS stage{number}\nENV A=1\nENV B=2\nRUN pip install x\n"
        for number in range(count)
    )


def _line(size: int) -> str:
    return f"FROM python:3.12-slim\nRUN pip install x && echo {'word ' * (size // 5)}\n"


if __name__ == "__main__":
    main()
