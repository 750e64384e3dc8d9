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
# The whole of discovery: with the settings of each file, and the hosts and referrers read.
_JOBS = """
import sys
from pipslim.options import Arguments
from pipslim.runner.found import jobs
from pipslim.settings.book import Book
carriers = tuple(filter(None, sys.argv[1].split(",")))
for job in jobs(Book(Arguments(carriers=carriers)), []):
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
# Files that hold or name Dockerfiles, or might by their names: how many services have one. Of each
# kind, one in _UNUSUAL names a Dockerfile that no name tells of, or holds one.
_UNUSUAL = 20
_COMPOSE = """services:
  web:
    build:
      context: .
      dockerfile: {name}
    ports: ["8080:8080"]
    environment:
      LOG_LEVEL: info
      DATABASE_URL: postgres://db/app
    depends_on: [db]
  db:
    image: postgres:16
    volumes: [data:/var/lib/postgresql/data]
volumes:
  data: {{}}
"""
_INLINE = """services:
  web:
    build:
      context: .
      dockerfile_inline: |
        FROM python:3.12-slim
        RUN pip install flask
"""
_BAKE = """group "default" {{
  targets = ["web"]
}}
target "web" {{
  context = "."
  dockerfile = "{name}"
  tags = ["example/web:latest"]
}}
"""
_WORKFLOW = """on: [push]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-buildx-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: {folder}
          file: {folder}/{name}
          push: false
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest
"""
_SKAFFOLD = """apiVersion: skaffold/v4beta11
kind: Config
build:
  artifacts:
    - image: web
      context: .
      docker:
        dockerfile: {name}
"""
_DEVCONTAINER = """{{
  // what a service is written in
  "name": "service",
  "build": {{"dockerfile": "../{name}", "context": ".."}},
}}
"""
_CLOUDBUILD = """steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, -t, web, -f, {name}, .]
"""
_CHART = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{{{ .Values.name }}}}
spec:
  replicas: {{{{ .Values.replicas }}}}
"""
_TEMPLATE = """FROM python:{{{{ version }}}}
RUN pip install --no-cache-dir flask
"""
_HOSTS = {
    "compose.yaml": (6, _COMPOSE),
    ".devcontainer/devcontainer.json": (40, _DEVCONTAINER),
    "docker-bake.hcl": (40, _BAKE),
    "skaffold.yaml": (40, _SKAFFOLD),
    "cloudbuild.yaml": (100, _CLOUDBUILD),
    "Dockerfile.j2": (40, _TEMPLATE),
    "chart/templates/deployment.yaml": (2, _CHART),
    "chart/values.yaml": (2, _CHART),
}
_OF_AN_AREA = 10  # workflows, all in one folder of the top


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
            dockerfiles, hosts = _plant(folder, size, arguments.every)
            told = f"{size:,} files, {dockerfiles:,} Dockerfiles, one in {arguments.every} runs pip"
            print(f"{told}; the cheapest of {arguments.rounds} rounds")
            print("with " + ", ".join(f"{number:,} {name}" for name, number in hosts.items()))
            whole.append((size, _measure(folder, arguments.rounds)))
            print()
    (small, before), (large, after) = whole[0], whole[-1]
    if small != large:
        grown = after.cpu / before.cpu
        print(f"{small:,} → {large:,} files ({large / small:g} times): {grown:.1f} times the CPU")


def _plant(folder: Path, size: int, every: int) -> tuple[int, dict[str, int]]:
    """Make a work tree of so many files, the same each time; give the number of its Dockerfiles.

    With it that of the files which hold or name some, by their names: these take the places of
    others. Most are tracked; in every tenth folder they are not, or are ignored.
    """
    texts = [path.read_text("utf-8") for path in sorted(_EXAMPLES.rglob("Dockerfile"))]
    (folder / ".gitignore").write_text(_IGNORES["."], "utf-8")
    count = size // _OF_A_FOLDER
    hosts: dict[str, int] = {}
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
        texts_of_hosts = _hosts(number, service.relative_to(folder).as_posix())
        for path, content in texts_of_hosts.items():
            at = folder / path if path.startswith(".github/") else service / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(content, "utf-8")
            name = ".github/workflows/*.yml" if path.startswith(".github/") else path
            hosts[name] = hosts.get(name, 0) + 1
        for name in names[: _OF_A_FOLDER - 1 - len(texts_of_hosts)]:
            (service / name).touch()
        text = _OTHERS[number % len(_OTHERS)]
        if number % every == 0:
            text = texts[number // every % len(texts)]
        text = f"# the image of service {number}\n{text}"
        (service / "Dockerfile").write_text(text.replace("/app", f"/app{number}"), "utf-8")
    _git(folder, "init", "-q")
    _git(folder, "add", "--", *(f":(glob,exclude)**/service-*{at}/**" for at in (3,)), ".")
    return count, hosts


def _hosts(number: int, service: str) -> dict[str, str]:
    """Give the files of a service that hold or name Dockerfiles, or have such names.

    Those that one in _UNUSUAL names are there.
    """
    found: dict[str, str] = {}
    for at, (name, (every, text)) in enumerate(_HOSTS.items()):
        nth, rest = divmod(number + at, every)
        if not rest:
            unusual = nth % _UNUSUAL == 0
            text = _INLINE if unusual and nth % 2 and text is _COMPOSE else text
            found[name] = text.format(name="image.web" if unusual else "Dockerfile")
    if number % 200 < _OF_AN_AREA:
        name = "image.web" if number % _UNUSUAL == 0 else "Dockerfile"
        found[f".github/workflows/{number:04}.yml"] = _WORKFLOW.format(folder=service, name=name)
    if any("image.web" in text for text in found.values()):
        found["image.web"] = _OTHERS[-1]
    return found


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
    without = _time([python, "-c", _JOBS, "none"], folder, rounds)
    default = _time([python, "-c", _JOBS, ""], folder, rounds)
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
        ("all of discovery, --carriers none", without),
        ("all of discovery, by default", default),
        ("discovery by a walk: --no-gitignore", walks),
        ("discovery by a walk: no work tree", ignoring),
    ):
        print(f"{told:40} {each.cpu:8.3f} {each.wall:8.3f} {each.cpu / plain.cpu:7.2f}")
    print(f"carriers and references: discovery grows by {default.cpu / without.cpu - 1:.1%} of CPU")
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
