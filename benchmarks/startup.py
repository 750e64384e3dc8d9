"""CPU milliseconds of a whole process on one 20-line Dockerfile, and what its imports take.

usage: python benchmarks/startup.py [--runs N]
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import PIPSLIM, cost, environment, program

_DOCKERFILE = """\
FROM python:3.12-slim AS build
# the tools that compiled wheels need
RUN apt-get update \\
    && apt-get install -y --no-install-recommends gcc libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN pip install --upgrade pip \\
    && pip install -r requirements.txt

FROM python:3.12-slim
ENV LANG=C.UTF-8
ENV APP_HOME=/app
ENV PATH=$APP_HOME/bin:$PATH
WORKDIR /app
COPY --from=build /usr/local /usr/local
COPY . .
RUN pip3 install gunicorn
EXPOSE 8000
CMD ["gunicorn", "app:app"]
"""
_SHOWN = 12


def main() -> None:
    """Print the median of each command, then the imports that take longest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20, help="the median of N runs counts")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="startup-") as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text(_DOCKERFILE, "utf-8")
        fix = ["fix", "Dockerfile"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
            "python -m pipslim fix": [*PIPSLIM, *fix],
        }
        script, hadolint = program("pipslim"), program("hadolint")
        if script is not None:
            commands["pipslim fix"] = [script, *fix]
        commands["pipslim --version"] = [*PIPSLIM, "--version"]
        if hadolint is not None:
            commands["hadolint"] = [hadolint, "Dockerfile"]
        print(f"CPU ms of the whole process, median of {runs} runs")
        for told, command in commands.items():
            cost(command, folder)
            found = [cost(command, folder) for _ in range(runs)]
            median = statistics.median(each.cpu for each in found)
            peak = max(each.peak for each in found)
            print(f"{told:24} {median * 1e3:7.1f} ms {peak / 1e6:7.1f} MB")
        _imports([sys.executable, "-X", "importtime", *PIPSLIM[1:], *fix], folder)


def _imports(command: list[str], folder: Path) -> None:
    """Print the modules that take longest to import, by themselves."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    times = re.findall(r"^import time: +(\d+) \| +(\d+) \| *(\S+)$", done.stderr, re.MULTILINE)
    own = sorted(((int(alone), name) for alone, _, name in times), reverse=True)
    print(f"\n{len(own)} modules imported; ms by themselves (measured while being traced)")
    for alone, name in own[:_SHOWN]:
        print(f"{alone / 1e3:7.2f}  {name}")


if __name__ == "__main__":
    main()
