"""The whole program on thousands of real files: complete, stable, and nothing else touched.

The checks here share no code with the program's own proof: they read files before and after with
BuildKit's parser (PyPI `dockerfile`) and with hadolint.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import dockerfile
import pytest
from untouched import comments, difference, is_run

import pipslim
from pipslim.syntax.source import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from corpus import Corpus

pytestmark = pytest.mark.corpus

_PROCESSES = 2


class Rewritten(NamedTuple):
    """A file of the corpus and its copy, rewritten by the command line, with both outcomes.

    `first` is that of the text before, `second` that of the text after.
    """

    before: Path
    after: Path
    first: pipslim.Outcome
    second: pipslim.Outcome


class Run(NamedTuple):
    """The corpus rewritten, and what the command line said: when writing, and when asked again."""

    files: list[Rewritten]
    writing: subprocess.CompletedProcess[str]
    again: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def run(corpus: Corpus) -> Iterator[Run]:
    """Rewrite a copy of the corpus with `fix --write`, ask again, and rewrite as a library."""
    # in memory where that can be: thousands of files are forced to disk one by one
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(
        prefix="corpus-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        yield _run(corpus, Path(folder))


def _run(corpus: Corpus, folder: Path) -> Run:
    copies = [folder / path.parent.name / path.name for path in corpus.in_time]
    for kind in ("pip", "nopip"):
        (folder / kind).mkdir()
    for path, copy in zip(corpus.in_time, copies, strict=True):
        shutil.copyfile(path, copy)
    texts = [decode(path.read_bytes()) for path in corpus.in_time]
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        first = list(pool.map(pipslim.rewrite, texts, chunksize=200))
        second = list(pool.map(pipslim.rewrite, [each.after for each in first], chunksize=200))
    files = list(map(Rewritten, corpus.in_time, copies, first, second))
    return Run(files, _fix("--write", folder), _fix("--check", folder))


def _fix(option: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipslim", "fix", option, str(folder)]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False
    )


def test_no_rewrite_fails_its_proof(run: Run, tell: Callable[[str], None]) -> None:
    problems = [each.first.problem or each.second.problem for each in run.files]
    failed = [str(problem) for problem in problems if problem is not None and problem.pass_id]
    unread = sum(problem is not None for problem in problems)
    changed = sum(each.first.changed for each in run.files)
    tell(
        f"corpus: {len(run.files)} files, {changed} changed, {unread} cannot be read,"
        f" {len(failed)} failed proofs"
    )
    assert not failed
    assert unread < len(run.files) * 0.05


def test_a_second_run_changes_nothing(run: Run) -> None:
    changed = [each.before.name for each in run.files if each.second.changed]
    assert not changed
    unread = any(each.first.problem for each in run.files)
    assert run.again.returncode == (3 if unread else 0)
    assert run.again.stdout == ""


def test_the_command_line_writes_what_the_library_gives(run: Run) -> None:
    unread = [each for each in run.files if each.first.problem]
    assert run.writing.returncode == (3 if unread else 0)
    assert "Traceback" not in run.writing.stderr
    for each in run.files:
        assert each.after.read_bytes() == encode(each.first.after), each.before.name
    for each in unread:
        told = f"{each.after}:{each.first.problem.position}: " if each.first.problem else ""
        assert told in run.writing.stderr


# -- nothing else is touched -----------------------------------------------------------------------


def test_no_instruction_or_comment_is_lost(run: Run, tell: Callable[[str], None]) -> None:
    wrong: list[str] = []
    compared = 0
    for each in run.files:
        if not each.first.changed:
            continue
        before, after = each.first.before, each.first.after
        if comments(before) != comments(after):
            wrong.append(f"{each.before.name}: a comment is lost or new")
        try:
            old = dockerfile.parse_file(str(each.before))
        except dockerfile.GoParseError:
            continue
        new = dockerfile.parse_file(str(each.after))
        compared += 1
        reason = difference(old, new)
        if reason:
            wrong.append(f"{each.before.name}: {reason}")
    tell(f"untouched: {compared} changed files compared, {len(wrong)} differ elsewhere")
    assert not wrong


# -- hadolint --------------------------------------------------------------------------------------

_HADOLINT = Path(sys.executable).parent / ("hadolint.exe" if os.name == "nt" else "hadolint")
_TOGETHER = 250
_SHOWN = ("FROM", "ENV", "SHELL")


# Where hadolint is wrong: there is no cache, and with the flag the build would break.
_CACHELESS = "this pip is older than 6.0: it has no cache, and rejects the flag"
# pip takes any unambiguous beginning of an option
_ABBREVIATED = re.compile(r"pip[\d.]*\s[^&|;]*--no-ca(?:c(?:h(?:e(?:-(?:d(?:i)?)?)?)?)?)?(?![-\w])")


def test_hadolint_finds_no_cache_left(
    run: Run, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    files = [each for each in run.files if b"pip" in each.before.read_bytes()]
    changed = [each for each in files if each.first.changed]
    before = _flagged([each.before for each in files], tmp_path / "before")
    after = _flagged([each.after for each in changed], tmp_path / "after")
    new: list[str] = []
    unexplained: list[str] = []
    reasons: Counter[str] = Counter()
    flagged = clean = cacheless = 0
    for each in files:
        old = before.get(each.before.name, set())
        lines = after.get(each.before.name, set()) if each.first.changed else old
        if lines and not old:
            new.append(each.before.name)
        if not old:
            continue
        flagged += 1
        clean += not lines
        told = {line: _reason(each, line) for line in lines}
        reasons.update(set(told.values()))
        cacheless += set(told.values()) == {_CACHELESS}
        unexplained += [f"{each.before.name}:{line}" for line in told if not told[line]]
    rest = len({line.partition(":")[0] for line in unexplained})
    tell(
        f"DL3042: {len(files)} files, {flagged} flagged before, {flagged - clean} after:"
        f" {clean / flagged:.2%} clean ({clean / (flagged - cacheless):.2%} of those whose pip has"
        f" a cache), {1 - rest / flagged:.2%} clean or held back with a reason; {len(new)} new"
    )
    for reason, count in reasons.most_common():
        tell(f"  {count:4} {reason or 'no reason given'}")
    for line in unexplained:
        tell(f"  unexplained: {line}")
    assert not new
    assert clean > (flagged - cacheless) * 0.95
    assert rest < flagged * 0.01


def _flagged(files: Sequence[Path], folder: Path) -> dict[str, set[int]]:
    """Give the lines of each file where hadolint finds that pip leaves its cache (DL3042)."""
    folder.mkdir()
    for path in files:
        (folder / path.name).write_bytes(_reduced(path))
    batches = [files[at : at + _TOGETHER] for at in range(0, len(files), _TOGETHER)]
    found: dict[str, set[int]] = {}

    def lint(batch: Sequence[Path]) -> str:
        command = [str(_HADOLINT), "--no-fail", "--format=json", *(path.name for path in batch)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout

    with ThreadPoolExecutor(_PROCESSES) as pool:
        for answer in pool.map(lint, batches):
            for each in json.loads(answer):
                if each["code"] == "DL3042":
                    found.setdefault(each["file"], set()).add(each["line"] - 1)
    return found


def _reduced(path: Path) -> bytes:
    """Give a file with what this rule looks at, line by line, the rest blank.

    Most of hadolint's time goes elsewhere; it also gives up on a whole file for an instruction
    that only it cannot read, and would find nothing there. The pragma spares its shell rules.
    """
    lines = path.read_bytes().split(b"\n")
    kept = [b""] * len(lines)
    try:
        commands = dockerfile.parse_file(str(path))
    except dockerfile.GoParseError:
        kept = lines
        commands = ()
    escape = b"# escape=`\n" if re.match(rb"\s*#\s*escape\s*=\s*`", lines[0]) else b""
    for each in commands:
        own = slice(each.start_line - 1, each.end_line)
        if each.cmd.upper() in _SHOWN or (is_run(each) and b"pip" in b"\n".join(lines[own])):
            kept[own] = lines[own]
    pragma = b"# hadolint shell=pwsh\n"
    return escape + pragma + b"\n".join(kept[1:] if escape else kept)


def _reason(each: Rewritten, line: int) -> str:
    """Give the reason why a line that hadolint flags was left as it is, or nothing."""
    outcome = each.second
    if outcome.problem is not None:
        return "the file cannot be read"
    command = next(
        c for c in dockerfile.parse_file(str(each.after)) if c.start_line <= line <= c.end_line
    )
    for report in outcome.reports:
        if report.pass_id == "pip-cache" and report.held:
            if command.start_line <= report.position.line <= command.end_line:
                return report.held
    if _ABBREVIATED.search(command.original):
        return "the flag stands there, in an abbreviation that hadolint does not know"
    if any(re.search("type=(cache|tmpfs)", flag) for flag in command.flags):
        return "a mount that hadolint does not see keeps the cache out of the image"
    if "PIP_NO_CACHE_DIR" in outcome.after:
        return "a variable that hadolint does not see turns the cache off"
    if "--cache-dir" in command.original and "rm -rf" in command.original:
        return "the same RUN removes the cache that it asks for"
    return ""
