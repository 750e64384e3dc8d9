"""What installers leave on disk, and which setting stops it: the tables of docs/installers.md.

usage: python benchmarks/installers.py [--tools FOLDER] [--write] [--only TOOL ...] [--told]

Installs released versions of each installer into FOLDER (by pip, from the index that pip uses: the
network is needed for that alone), then runs each command below in a new HOME and a new environment
against an index on the loopback interface, with packages that it makes itself, and lists what
is there afterwards that was not there before.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from installer_commands import TOOLS, Tool, Version
from loopback import Index, channel, packages

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "installers.md"
_LIMIT = 180  # seconds for one command
# What was asked for lies below these; all else is left over.
_WANTED = (
    ".local/bin",
    ".local/lib",
    ".local/share/uv/tools",
    ".local/share/pipx/venvs",
    ".local/pipx/venvs",
)


class Left(NamedTuple):
    """Files of one folder: how many, their bytes, and the bytes shared with the environment."""

    files: int
    size: int
    shared: int


class Outcome(NamedTuple):
    """What a command did: exit code, what it left by folder, and what it compiled.

    `build` tells that a requirement of the isolated build lies in what was left; `compiled` is the
    number of new `.pyc` files in environments; `warned` that it could not link files; `told` is the
    end of what it said.
    """

    code: int
    left: dict[str, Left]
    build: bool
    compiled: int
    warned: bool
    told: str


class Place(NamedTuple):
    """Where one command runs: its home, the environment to install into, its folder."""

    home: Path
    environment: Path
    folder: Path


def main() -> int:
    """Run the commands of all tools, or of those named; print the tables or write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tools", type=Path, help="where the tools are, or get, installed")
    parser.add_argument("--only", action="append", choices=TOOLS, help="these tools alone")
    parser.add_argument("--write", action="store_true", help="put the tables into the document")
    parser.add_argument("--told", action="store_true", help="tell what each command said last")
    parser.add_argument("--get-pip", type=Path, help="a get-pip.py, which no index has")
    parser.add_argument("--match", default="", help="only commands that hold this text")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="installers-") as name:
        folder = Path(name).resolve()
        tools = (arguments.tools or folder / "tools").resolve()
        tools.mkdir(exist_ok=True)
        with Index({**packages(), **pips(tools)}, channel()) as index:
            for title in arguments.only or TOOLS:
                bench = Bench(index, tools, folder, title, arguments)
                lines = bench.table(TOOLS[title])
                print(f"\n## {title}\n", *lines, sep="\n", flush=True)
                if arguments.write:
                    write(title, lines)
    return 0


def pips(tools: Path) -> dict[str, bytes]:
    """Give the wheels that tools install beside what they are asked for: pip and its like."""
    folder = tools / "wheels"
    if not folder.is_dir():
        words = ("download", "--quiet", "--no-deps", "--dest", folder)
        _pip(Path(sys.executable), *words, "pip==26.3", "setuptools==80.9.0", "wheel==0.45.1")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


class Bench:
    """Installs the versions of tools and runs their commands, each in a place of its own."""

    def __init__(self, index: Index, tools: Path, folder: Path, title: str, arguments: Any) -> None:
        self.title, self.index, self.tools, self.folder, self.arguments = (
            title,
            index,
            tools,
            folder,
            arguments,
        )
        self._number = itertools.count()

    def table(self, tool: Tool) -> list[str]:
        """Give the lines of a tool's table: a row for each command, a column for each version."""
        tried = {name: self.install(version) for name, version in tool.versions.items()}
        there = {name: found for name, found in tried.items() if found is not None}
        lines = [f"| command | {' | '.join(there)} |", "|---" * (len(there) + 1) + "|"]
        projects = {name: self.project(tool, name, found) for name, found in there.items()}
        for command in tool.commands.strip().splitlines():
            if self.arguments.match not in command:
                continue
            cells = []
            for name, found in there.items():
                outcome = self.run(tool, found, projects[name], command)
                cells.append(cell(outcome))
                if self.arguments.told:
                    print(f"{name}: {command}\n  {cells[-1]}\n  {outcome.told}", flush=True)
            lines.append(f"| `{command.replace('|', chr(92) + '|')}` | {' | '.join(cells)} |")
        return lines

    def install(self, version: Version) -> Path | None:
        """Give the environment that has a version of a tool; None, and say so, if it can't be."""
        folder = self.tools / version.requirements[0].replace("==", "-")
        if (folder / "ok").exists():
            return folder
        python = interpreter(version.python)
        if python is None:
            print(f"{version.requirements[0]}: there is no Python {version.python}")
            return None
        subprocess.run([python, "-m", "venv", folder], check=True)
        try:
            _pip(folder / "bin" / "python", "install", "--quiet", *version.requirements)
        except subprocess.CalledProcessError:
            print(f"{version.requirements[0]}: pip's index does not have it")
            return None
        (folder / "ok").touch()
        return folder

    def project(self, tool: Tool, name: str, found: Path) -> Path:
        """Lay a tool's project once, with what `prepare` makes of it, to be copied."""
        place = self.place(tool, found, None)
        for path, text in tool.files.items():
            for old, new in (("INDEX", f"{self.index.root}/simple/"), *tool.spelled(name).items()):
                text = text.replace(old, new)
            (place.folder / path).write_text(text)
        if tool.get_pip and self.arguments.get_pip:
            shutil.copy(self.arguments.get_pip, place.folder / "get-pip.py")
        if tool.prepare:
            done = self.shell(place, found, tool.prepare)
            if done.returncode != 0:
                print(f"{name}: {tool.prepare}: {_end(done)}")
        return place.folder

    def place(self, tool: Tool, found: Path, project: Path | None) -> Place:
        """Make a new place: an empty home, an environment, a copy of the project."""
        top = self.folder / f"{self.title}-{next(self._number)}"
        place = Place(top / "home", top / "venv", top / "project")
        place.home.mkdir(parents=True)
        (top / "tmp").mkdir()
        if tool.inside:
            _move(found, place.environment)
        else:
            words = ("-m", "venv", "--without-pip", place.environment)
            subprocess.run([found / "bin" / "python", *words], check=True)
        if project is None:
            place.folder.mkdir()
        else:
            shutil.copytree(project, place.folder, symlinks=True)
        return place

    def shell(self, place: Place, found: Path, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in a place, with nothing of this process's own settings."""
        home, venv = str(place.home), str(place.environment)
        variables = {
            "PATH": f"{venv}/bin:{found}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": str(place.home.parent / "tmp"),
            "LANG": "C.UTF-8",
            "VENV": venv,
            "TOOL": str(found),
            "VIRTUAL_ENV": venv,
            "INDEX": f"{self.index.root}/simple/",
            "PIP_INDEX_URL": f"{self.index.root}/simple/",
            "PIP_TRUSTED_HOST": "127.0.0.1",
            "UV_INDEX_URL": f"{self.index.root}/simple/",
            "UV_PYTHON_DOWNLOADS": "never",
            "PDM_CHECK_UPDATE": "false",
            "VIRTUALENV_NO_PERIODIC_UPDATE": "1",
            "OTHER_DISK": "/dev/shm/" + place.home.parent.name,
            "CONDA_PKGS_DIRS": f"{home}/pkgs",
            "CONDA_SOLVER": "classic",  # the other one is on no index of pip's
            "CONDA_CHANNELS": f"{self.index.root}/channel",
            "CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false",
            "PREFIX": f"{home}/.local/lib/e",
            "DEMO_PYTHON": f"{found}/bin/python",
        }
        return subprocess.run(
            ["sh", "-c", command],
            cwd=place.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_LIMIT,
            check=False,
        )

    def run(self, tool: Tool, found: Path, project: Path, command: str) -> Outcome:
        """Run a command in a new place; tell what it did, and remove the place."""
        place = self.place(tool, found, project)
        before = set(_files(place.home.parent))
        done = self.shell(place, found, f"{tool.preamble}\n{command}")
        outcome = look(place, before, done)
        shutil.rmtree(place.home.parent, ignore_errors=True)
        shutil.rmtree(Path("/dev/shm", place.home.parent.name), ignore_errors=True)
        return outcome


def look(place: Place, before: set[Path], done: subprocess.CompletedProcess[str]) -> Outcome:
    """Compare a place with what was there before."""
    top = place.home.parent
    new = [path for path in _files(top) if path not in before]
    folders = {path: _folder(path.relative_to(top)) for path in new}
    wanted = [path for path in new if folders[path] is None]
    kept = {path.stat().st_ino for path in wanted}
    left: dict[str, list[Path]] = {}
    for path, folder in folders.items():
        if folder is not None:
            left.setdefault(folder, []).append(path)
    counted = {}
    for folder, paths in sorted(left.items()):
        sizes = {path: path.stat().st_size for path in paths}
        shared = sum(size for path, size in sizes.items() if path.stat().st_ino in kept)
        counted[folder] = Left(len(paths), sum(sizes.values()), shared)
    build = any(
        path.name == "demo_backend.py" or b"demo_backend.py" in path.read_bytes()
        for path in new
        if folders[path] is not None
    )
    compiled = sum(path.suffix == ".pyc" for path in wanted)
    warned = "hardlink" in done.stderr
    return Outcome(done.returncode, counted, build, compiled, warned, _end(done))


def cell(outcome: Outcome) -> str:
    """Give an outcome as the cell of a table."""
    parts = [f"**exit {outcome.code}**"] if outcome.code else []
    for folder, left in outcome.left.items():
        linked = f" ({_kilobytes(left.shared)} linked)" if left.shared else ""
        parts.append(f"`{folder}` {left.files}, {_kilobytes(left.size)}{linked}")
    if not outcome.left and not outcome.code:
        parts.append("nothing")
    if outcome.build:
        parts.append("*build*")
    if outcome.compiled:
        parts.append(f"{outcome.compiled} `.pyc`")
    if outcome.warned:
        parts.append("*warns*")
    return "; ".join(parts)


def write(title: str, lines: list[str]) -> None:
    """Put a table into the document."""
    text = DOCUMENT.read_text("utf-8")
    mark, end = f"<!-- {title} -->\n", "<!-- end -->"
    head, _, rest = text.partition(mark)
    if not rest:
        sys.exit(f"{DOCUMENT}: there is no place for {title}")
    DOCUMENT.write_text(
        head + mark + "\n".join(lines) + f"\n{end}" + rest.partition(end)[2], "utf-8"
    )


def interpreter(version: str) -> str | None:
    """Give the Python of a version, such as 3.8: one on PATH, or one of pyenv's; None without."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for program in (
        f"python{version}",
        *map(str, sorted(root.glob(f"versions/{version}.*/bin/python"))),
    ):
        try:
            done = subprocess.run([program, "--version"], capture_output=True, check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return program
    return None


def _move(environment: Path, target: Path) -> None:
    """Copy an environment to where its programs find it."""
    shutil.copytree(environment, target, symlinks=True)
    for program in (target / "bin").iterdir():
        body = program.read_bytes() if not program.is_symlink() else b""
        if body.startswith(b"#!"):
            program.write_bytes(body.replace(bytes(environment), bytes(target)))


def _pip(python: Path, *words: str | Path) -> None:
    subprocess.run([python, "-m", "pip", *words], check=True)


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path  # a process left behind may still be at work on others


def _folder(path: Path) -> str | None:
    """Give the folder that a file is told under; None if it belongs to what was asked for."""
    top, *parts = path.parts
    if top == "venv" or (top == "project" and parts[0] in (".venv", "uv.lock")):
        return None
    if top != "home":
        return "$TMPDIR" if top == "tmp" else f"./{parts[0]}"
    inside = "/".join(parts)
    if inside.startswith(_WANTED):
        return None
    deep = parts[0] == ".local" and parts[1] in ("share", "state")
    depth = 4 if deep else {".cache": 2, ".config": 2, ".local": 3}.get(parts[0], 1)
    return "/".join(parts[: min(depth, len(parts) - 1) or 1])


def _kilobytes(size: int) -> str:
    return f"{size / 1000:,.0f} kB" if size >= 1000 else f"{size} B"


def _end(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return " / ".join(lines[-3:])[:400]


if __name__ == "__main__":
    sys.exit(main())
