"""The shape of the package: who may import whom, who may touch what, and how large things grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pipslim
from pipslim.passes import IDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(pipslim.__file__).parent

# Room by room, what each may import of the package. Data flows from reading to the command line.
SYNTAX = frozenset(("syntax",))
FACTS = SYNTAX | {"facts"}
FIXES = FACTS | {"fixes"}
PASSES = FIXES | {"passes"}
REWRITE = PASSES | {"rewrite"}
CARRIERS = REWRITE | {"carriers"}
RUNNER = CARRIERS | {"runner", "files", "settings", "options"}
COMMANDS = RUNNER | {"report", "cli"}
MAY_IMPORT = {
    "syntax": SYNTAX,
    "facts": FACTS,
    "fixes": FIXES,
    "passes": PASSES,
    "rewrite": REWRITE,
    "carriers": CARRIERS,
    "__init__": REWRITE,
    "files": SYNTAX | {"files"},
    "options": SYNTAX,
    "settings": REWRITE | {"options", "files", "settings"},
    "runner": RUNNER,
    "measure": RUNNER | {"measure"},
    "estimate": RUNNER | {"estimate"},
    "report": RUNNER | {"report", "measure", "estimate"},
    "review": RUNNER | {"report", "review"},
    "cli": COMMANDS | {"app", "fixing", "__init__"},
    "app": COMMANDS | {"app", "configuring", "fixing", "measuring", "__init__"},
    "configuring": COMMANDS | {"configuring"},
    "outputs": RUNNER | {"report", "review", "outputs"},
    "fixing": COMMANDS | {"fixing", "outputs", "review"},
    "measuring": COMMANDS | {"measure", "estimate", "measuring"},
    "__main__": frozenset(("cli",)),
}

DISK = frozenset(("fileinput", "glob", "io", "linecache", "os", "pathlib", "shutil", "tempfile"))
PROCESSES = frozenset(
    ("_thread", "asyncio", "concurrent", "multiprocessing", "signal", "subprocess", "threading")
)
NETWORK = frozenset(("ftplib", "http", "requests", "smtplib", "socket", "ssl", "urllib"))
# What estimates asks a package index, reads its answers and the build context.
ESTIMATE = frozenset(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("estimate/*.py"))
MAY_USE_THE_NETWORK = frozenset(("estimate/index.py",))
FILES = frozenset(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("files/*.py"))
MAY_TOUCH_DISK = ESTIMATE | FILES | {"measure/engine.py"}
# the data files beside them
MAY_OPEN = MAY_TOUCH_DISK | {"facts/images.py", "report/page.py"}
MAY_START_PROCESSES = frozenset(
    ("runner/pool.py", "runner/interrupts.py", "measure/engine.py", "files/git.py")
)
TERMINAL = frozenset(("curses", "msvcrt", "pty", "readline", "termios", "tty"))
# It sets how keys are read, and hears the signals on which it has to set that back.
MAY_SET_THE_TERMINAL = frozenset(("review/keys.py",))
MAY_USE_STREAMS = frozenset(("__main__.py", "cli.py"))
# Of modules that can touch the disk, what does not.
HARMLESS = frozenset([
    "io.BytesIO", "io.StringIO", "os.environ", "os.environ.get", "os.sep",
    "pathlib.PurePath", "os.fsencode", "os.path.basename", "os.path.commonpath", "os.path.dirname",
    "os.path.isabs", "os.path.join", "os.path.normpath", "os.path.relpath",
    "os._exit", "os.cpu_count", "os.get_terminal_size", "os.kill", "os.sched_getaffinity",
])  # fmt: skip

MOST_LINES = 400
MOST_LINES_OF_A_PASS = 200

# What a plain `pipslim fix FILE` must do without: each costs more than rewriting the file.
HEAVY = (
    "asyncio",
    "click",
    "concurrent",
    "configparser",
    "configupdater",
    "dataclasses",
    "difflib",
    "dockerfile_parse",
    "hashlib",
    "inspect",
    "json",
    "libcst",
    "markdown_it",
    "multiprocessing",
    "packaging",
    "pathlib",
    "pathspec",
    "pydantic",
    "rich",
    "ruamel",
    "signal",
    "subprocess",
    "tempfile",
    "termios",
    "threading",
    "tomli",
    "tomllib",
    "tree_sitter",
    "tree_sitter_hcl",
    "typer",
    "urllib",
    "xml",
    "yaml",
)


def name_of(path: Path) -> str:
    """Give a module's path within the package."""
    return path.relative_to(PACKAGE).as_posix()


MODULES = sorted(PACKAGE.rglob("*.py"))
every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """Give the full name of each module that a module imports, also late and for types alone."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name_of(path)} imports relatively"
            assert node.module is not None
            yield node.module
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def own_imports(path: Path) -> set[str]:
    """Give the modules of the package that a module imports, as paths within the package."""
    found: set[str] = set()
    for each in imports(path):
        top, _, rest = each.partition(".")
        if top != "pipslim":
            continue
        inner = PACKAGE.joinpath(*rest.split(".")) if rest else PACKAGE
        for file in (inner.with_suffix(".py"), inner / "__init__.py"):
            if file.is_file():
                found.add(name_of(file))
    return found


def room(name: str) -> str:
    """Give the room of a module: its folder, or itself at the top of the package."""
    folder, slash, _ = name.partition("/")
    return folder if slash else name.removesuffix(".py")


@every_module
def test_imports_run_one_way(path: Path) -> None:
    allowed = MAY_IMPORT[room(name_of(path))]
    back = {each for each in own_imports(path) if room(each) not in allowed}
    # importing any module of a package imports the package itself
    assert not back - {"__init__.py"}


def test_passes_know_nothing_of_each_other() -> None:
    names = {f"passes/{each.replace('-', '_')}.py" for each in IDS}
    for path in MODULES:
        if name_of(path) == "passes/__init__.py":
            continue
        assert not names & own_imports(path), name_of(path)


def test_every_pass_is_listed() -> None:
    found = {path.stem for path in (PACKAGE / "passes").glob("*.py")} - {"__init__"}
    assert found == {each.replace("-", "_") for each in IDS}


@cache
def uses(path: Path) -> frozenset[str]:
    """Give the dotted names that a module uses, those that it calls and those that it reads."""
    return frozenset(_names(path))


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            parts = [node.attr]
            value = node.value
            while isinstance(value, ast.Attribute):
                parts.append(value.attr)
                value = value.value
            if isinstance(value, ast.Name):
                yield ".".join((value.id, *reversed(parts)))


@every_module
def test_disk_is_touched_by_few(path: Path) -> None:
    name = name_of(path)
    if name not in MAY_OPEN:
        assert "open" not in uses(path)
    if name in MAY_TOUCH_DISK:
        return
    imported = {each.partition(".")[0] for each in imports(path)} & DISK
    for module in imported:
        assert module in imports(path), f"{module} is imported by name"
        touched = {each for each in uses(path) if each.startswith(f"{module}.")}
        ahead = {each.rpartition(".")[0] for each in HARMLESS}
        assert touched - HARMLESS - ahead == set()


@every_module
def test_processes_are_started_by_few(path: Path) -> None:
    if name_of(path) not in MAY_START_PROCESSES:
        found = {each.partition(".")[0] for each in imports(path)} & PROCESSES
        assert not found - ({"signal"} if name_of(path) in MAY_SET_THE_TERMINAL else set())


@every_module
def test_the_terminal_is_set_for_keys_alone(path: Path) -> None:
    if name_of(path) not in MAY_SET_THE_TERMINAL:
        assert not {each.partition(".")[0] for each in imports(path)} & TERMINAL


@every_module
def test_the_network_is_used_for_package_indexes_alone(path: Path) -> None:
    if name_of(path) in MAY_USE_THE_NETWORK:
        return
    assert not {each.partition(".")[0] for each in imports(path)} & NETWORK


@every_module
def test_streams_are_those_of_the_command_line(path: Path) -> None:
    if name_of(path) in MAY_USE_STREAMS:
        return
    found = uses(path)
    assert not {"print", "input", "sys.stdin", "sys.stdout", "sys.stderr"} & found
    assert not any(each.startswith(("sys.std", "sys.__std")) for each in found)


@every_module
def test_size(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    is_pass = path.parent.name == "passes" and path.stem.replace("_", "-") in IDS
    assert lines <= (MOST_LINES_OF_A_PASS if is_pass else MOST_LINES)


@every_module
def test_what_is_public_says_what_it_gives(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "a module says what it gives"
    missing = [
        f"{name_of(path)}:{node.lineno}: {node.name}"
        for node in public(module)
        if not ast.get_docstring(node)
    ]
    assert not missing


def public(
    scope: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give the classes and functions of a module that others may use, methods too."""
    for node in scope.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name.startswith("_"):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


PLAIN = r"""# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
ENV LANG=C.UTF-8
ENV TZ=UTC
RUN pip install \
    flask
RUN ["pip", "install", "gunicorn"]
RUN <<EOF
pip install uvicorn
EOF
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y python3-pip && pip3 install flask
CMD ["python3", "-m", "flask", "run"]
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Give the modules that a plain `pipslim fix FILE` imports."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "Dockerfile").write_text(PLAIN, encoding="utf-8")
    program = (
        "import sys; there = set(sys.modules)\n"
        "from pipslim.cli import main\n"
        "code = main(['fix', 'Dockerfile'])\n"
        "print(*sorted(set(sys.modules) - there), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"--- a/Dockerfile\n+++ b/Dockerfile\n")
    return frozenset(done.stderr.decode().splitlines()[-1].split())


@pytest.mark.parametrize("name", HEAVY)
def test_plain_fix_imports_nothing_heavy(imported: frozenset[str], name: str) -> None:
    assert "pipslim.cli" in imported
    assert not {each for each in imported if each.partition(".")[0] == name}
