"""A whole run over a large work tree, beside `git ls-files` and reading the Dockerfiles it lists.

usage: python benchmarks/bulk.py [--rounds N] [--sizes N,N,…] [--every N]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measuring import PIPSLIM, cost

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = Path(__file__).parents[1] / "fixtures" / "examples"
_OF_A_FOLDER = 25  # files, one of them a Dockerfile
_LIST = ("git", "ls-files", "-co", "--exclude-standard", "-z")
_READING = f"""
import subprocess
listed = subprocess.run({_LIST}, stdout=subprocess.PIPE, check=True).stdout.split(b"\\0")
for path in listed:
    if path.rpartition(b"/")[2].startswith(b"Dockerfile"):
        with open(path, "rb") as file:
            file.read()
"""
_FINDING = """
import sys
from pipslim.files.find import Search, find
for path in find(["."], lambda folder: Search(gitignore=sys.argv[1] == "ignores")):
    pass
"""
_IGNORES = {
    ".": "*.log\n/out/\n__pycache__/\n.env.*\n*.py[cod]\n/*/*/tmp/\n!keep.log\n",
    "area": "dist/\nbuild-*/\n!build-tools/\n",
    "service": "/generated/\n*.tmp\n",
}
# What a monorepo holds beside images of Python.
_OTHERS = (
    """FROM node:20-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
COPY . .
RUN npm run build
FROM nginx:1.27
COPY --from=build /app/dist /usr/share/nginx/html
""",
    """FROM golang:1.23 AS build
ENV CGO_ENABLED=0
WORKDIR /app
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -o /app/server ./cmd/server
FROM gcr.io/distroless/static
COPY --from=build /app/server /server
USER nonroot
ENTRYPOINT ["/server"]
""",
    """FROM debian:bookworm-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends ca-certificates curl openjdk-17-jre-headless \\
    && rm -rf /var/lib/apt/lists/*
COPY target/app.jar /app/app.jar
EXPOSE 8080
CMD ["java", "-jar", "/app/app.jar"]
""",
)


class Time(NamedTuple):
    """What a process took: CPU seconds, with those of the programs it ran, and wall seconds."""

    cpu: float
    wall: float


def main() -> None:
    """Measure trees of several sizes; print a table for each, and how the whole run grows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="the cheapest of N rounds counts")
    parser.add_argument("--sizes", default="1000,10000,100000", help="files of the trees")
    parser.add_argument("--every", type=int, default=4, help="one in N Dockerfiles runs pip")
    arguments = parser.parse_args()
    if shutil.which("git") is None:
        sys.exit("there is no git on PATH")
    whole: list[tuple[int, Time]] = []
    for size in map(int, arguments.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="bulk-") as name:
            folder = Path(name)
            dockerfiles = _plant(folder, size, arguments.every)
            told = f"{size:,} files, {dockerfiles:,} Dockerfiles, one in {arguments.every} runs pip"
            print(f"{told}; the cheapest of {arguments.rounds} rounds")
            whole.append((size, _measure(folder, arguments.rounds)))
            print()
    (small, before), (large, after) = whole[0], whole[-1]
    if small != large:
        grown = after.cpu / before.cpu
        print(f"{small:,} → {large:,} files ({large / small:g} times): {grown:.1f} times the CPU")


def _plant(folder: Path, size: int, every: int) -> int:
    """Make a work tree of so many files, the same each time; give the number of its Dockerfiles.

    Most are tracked; in every tenth folder they are not, or are ignored.
    """
    texts = [path.read_text("utf-8") for path in sorted(_EXAMPLES.rglob("Dockerfile"))]
    (folder / ".gitignore").write_text(_IGNORES["."], "utf-8")
    count = size // _OF_A_FOLDER
    for number in range(count):
        area = folder / f"area-{number // 200:02}"
        service = area / f"team-{number // 10 % 20:02}" / f"service-{number:04}"
        (service / "src" / "parts").mkdir(parents=True)
        if number % 200 == 0:
            (area / ".gitignore").write_text(_IGNORES["area"], "utf-8")
        names = ["README.md", "setup.cfg", "app.py"]
        names += [f"src/module_{each}.py" for each in range(8)]
        names += [f"src/parts/part_{each}.py" for each in range(9)]
        if number % 10 == 0:
            (service / "generated" / "deep").mkdir(parents=True)
            (service / ".gitignore").write_text(_IGNORES["service"], "utf-8")
            names += ["generated/a.py", "generated/deep/b.py", "run.log", "x.tmp"]
        else:
            names += ["tests.py", "pyproject.toml", "notes.txt", "data.json"]
        for name in names[: _OF_A_FOLDER - 1]:
            (service / name).touch()
        text = _OTHERS[number % len(_OTHERS)]
        if number % every == 0:
            text = texts[number // every % len(texts)]
        text = f"# the image of service {number}\n{text}"
        (service / "Dockerfile").write_text(text.replace("/app", f"/app{number}"), "utf-8")
    _git(folder, "init", "-q")
    _git(folder, "add", "--", *(f":(glob,exclude)**/service-*{at}/**" for at in (3,)), ".")
    return count


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _measure(folder: Path, rounds: int) -> Time:
    """Print a row for each way to get at the files; give what the whole run took."""
    python = sys.executable
    check = [*PIPSLIM, "fix", "--check", "--no-diff"]
    lists = _time(_LIST, folder, rounds)
    plain = _time([python, "-c", _READING], folder, rounds)
    finds = _time([python, "-c", _FINDING, "ignores"], folder, rounds)
    whole = _time(check, folder, rounds)
    walks = _time([python, "-c", _FINDING, "all"], folder, rounds)
    all_of_it = _time([*check, "--no-gitignore"], folder, rounds)
    shutil.rmtree(folder / ".git")
    ignoring = _time([python, "-c", _FINDING, "ignores"], folder, rounds)
    rest = Time(whole.cpu - finds.cpu, whole.wall - finds.wall)
    print(f"{'':40} {'CPU s':>8} {'wall s':>8} {'ratio':>7}")
    for told, each in (
        ("git ls-files alone", lists),
        ("git ls-files, reading the Dockerfiles", plain),
        ("pipslim fix --check --no-diff", whole),
        ("  of which discovery", finds),
        ("  of which reading and rewriting", rest),
        ("pipslim fix … --no-gitignore", all_of_it),
        ("discovery by a walk: --no-gitignore", walks),
        ("discovery by a walk: no work tree", ignoring),
    ):
        print(f"{told:40} {each.cpu:8.3f} {each.wall:8.3f} {each.cpu / plain.cpu:7.2f}")
    return whole


def _time(command: Sequence[str], folder: Path, rounds: int) -> Time:
    """Run a command, so many times; give the least CPU and wall seconds."""
    times: list[Time] = []
    for _ in range(rounds):
        start = time.perf_counter()
        cpu = cost(command, folder).cpu
        times.append(Time(cpu, time.perf_counter() - start))
    return Time(min(each.cpu for each in times), min(each.wall for each in times))


if __name__ == "__main__":
    main()
