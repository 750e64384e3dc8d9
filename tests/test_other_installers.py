"""Installers other than pip, as a user meets them: what is proposed, told, and imported."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipslim import Choice, cli, rewrite
from pipslim.facts.installers import cache_dir, find_calls
from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.facts.uv import UV
from pipslim.passes import IDS, PASSES, USUAL
from pipslim.syntax.document import Document
from pipslim.syntax.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

OWN = ("pipenv-cache", "pip-tools-cache", "pipx-cache", "get-pip-cache", "uv-cache")


def facts(text: str) -> Facts:
    document = parse(text)
    assert isinstance(document, Document)
    return Facts(document, Options())


def test_a_fix_of_uv_is_shown_as_a_diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM debian:12\nRUN uv sync --locked\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["fix", "--check", "--select=uv-cache", "Dockerfile"]) == cli.WOULD_CHANGE
    diff, summary = capfd.readouterr()
    assert "-RUN uv sync --locked\n+RUN uv sync --no-cache --locked\n" in diff
    assert "  uv-cache: 1 to fix\n" in summary


def test_a_program_kept_in_the_cache_is_told_and_waits_for_unsafe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM debian:12\nRUN uvx ruff check\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["fix", "Dockerfile"]) == cli.OK
    diff, summary = capfd.readouterr()
    assert "--no-cache" not in diff
    assert "Dockerfile:2:5: uv-cache: `uvx` leaves its cache in the layer, with the" in summary
    assert cli.main(["fix", "--unsafe", "--select=uv-cache", "Dockerfile"]) == cli.OK
    assert "+RUN uvx --no-cache ruff check\n" in capfd.readouterr().out


@pytest.mark.parametrize("pass_id", OWN)
def test_a_pass_is_explained(pass_id: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", pass_id]) == cli.OK
    told = " ".join(capfd.readouterr().out.split())
    about = next(step.about for step in PASSES if step.id == pass_id)
    assert pass_id in told
    assert " ".join(about.why.split())[:60] in told
    assert pass_id in USUAL


@pytest.mark.parametrize("pass_id", OWN)
def test_what_serves_other_installers_is_imported_for_them_alone(
    pass_id: str, tmp_path: Path
) -> None:
    """A file that calls none of them costs nothing, one with another's name next to nothing."""
    text = "FROM python:3.12-slim\nRUN pip install uvicorn && uvicorn --version\n"
    program = (
        "import sys\n"
        "from pipslim.cli import main\n"
        "main(['fix', '--quiet', 'Dockerfile'])\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    for more, there in (("", False), (_text(pass_id), True)):
        (tmp_path / "Dockerfile").write_text(text + more, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        modules = done.stderr.split()
        assert (f"pipslim.passes.{pass_id.replace('-', '_')}" in modules) is there
        assert ("pipslim.facts.installers" in modules) is there


def _text(pass_id: str) -> str:
    before = next(step.about for step in PASSES if step.id == pass_id).before
    return before[before.index("RUN ") :]


def test_all_settle_together() -> None:
    text = (
        "FROM python:3.12-slim\n"
        "ENV A=1\n"
        "ENV B=2\n"
        "RUN pip install pipx pipenv pip-tools && pipx install uv && pipenv sync && pip-sync\n"
        "RUN curl -s https://bootstrap.pypa.io/get-pip.py | python\n"
        "USER app\n"
        "RUN uv sync && uv pip compile requirements.in\n"
    )
    outcome = rewrite(text)
    assert outcome.problem is None
    again = rewrite(outcome.after)
    assert not again.changed
    assert outcome.after.count("PIP_NO_CACHE_DIR=1") == 1
    assert "uv sync --no-cache &&" in outcome.after
    assert "| python - --no-cache-dir\n" in outcome.after


@pytest.mark.parametrize("pass_id", OWN)
def test_one_alone_changes_what_it_says_and_no_more(pass_id: str) -> None:
    about = next(step.about for step in PASSES if step.id == pass_id)
    every = frozenset(IDS)
    assert rewrite(about.before, Choice(frozenset([pass_id]))).after == about.after
    assert rewrite(about.after, Choice(every - {pass_id})).problem is None


@pytest.mark.parametrize(
    ("before", "folder"),
    [
        ("RUN uv sync\n", "/root/.cache/uv"),
        ("ENV UV_CACHE_DIR=/c/\nRUN uv sync\n", "/c"),
        ("ENV XDG_CACHE_HOME=/x\nRUN uv sync\n", "/x/uv"),
        ("ENV HOME=/home/me\nRUN uv sync\n", "/home/me/.cache/uv"),
        ("USER me\nRUN uv sync\n", None),
        ("USER me\nENV HOME=/home/me UV_CACHE_DIR=/c\nRUN sudo uv sync\n", "/root/.cache/uv"),
        ("RUN export UV_CACHE_DIR=/c && uv sync\n", "/c"),
        ("RUN UV_CACHE_DIR=/c XDG_CACHE_HOME=/x uv sync\n", "/c"),
    ],
)
def test_a_cache_is_where_its_user_and_variables_say(before: str, folder: str | None) -> None:
    known = facts("FROM debian:12\n" + before)
    (call,) = find_calls(known, known.stages.all[0], UV).calls
    assert cache_dir(known, call) == folder


@pytest.mark.parametrize(
    ("script", "places"),
    [
        ("uv sync", ["uv sync"]),
        ("cd /x && sudo -E /bin/uv -q sync", ["/bin/uv -q sync"]),
        ("python3 -I -m uv pip install x", ["python3 -I -m uv pip install"]),
        ("bash -c 'uv --directory /x lock'", ["uv --directory /x lock"]),
        ("uv run -- uv sync", ["uv run", "uv sync"]),
        ("find . -name uv.lock -execdir uv sync ';'", ["uv sync"]),
        ("uv pip list; uv; uv --version", []),
    ],
)
def test_a_call_stands_where_its_words_are(script: str, places: list[str]) -> None:
    known = facts(f"FROM debian:12\nRUN {script}\n")
    found = find_calls(known, known.stages.all[0], UV)
    text = known.document.text
    assert [text[slice(*call.span())] for call in found.calls] == places
    assert found.undecided == ()
