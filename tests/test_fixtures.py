"""Every case under `fixtures/`: what a pass makes of a file, and the laws that hold for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pipslim import Choice, Outcome, Report, rewrite
from pipslim.facts.known import Facts
from pipslim.facts.options import KEEP, Options
from pipslim.files.context import ContextFolder
from pipslim.passes import IDS, PASSES, Step
from pipslim.syntax.document import Document
from pipslim.syntax.edits import apply
from pipslim.syntax.parser import parse
from pipslim.syntax.source import BOM, decode, encode
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipslim.facts.context import Folder

FIXTURES = Path(__file__).parents[1] / "fixtures"
OPTIONS = frozenset(("assume_pip", "cache", "cache_id", "ignore", "images", "unsafe"))


class Case(NamedTuple):
    """A folder `fixtures/<pass-id>/<condition>`.

    `before.Dockerfile`; `after.Dockerfile`, missing where every byte must stay; `options.json`,
    what the user tells; `findings.json`, all that is to be reported, where the case fixes that.
    `context` is the folder it is built with, if any; `context-after` has those of its files that
    change, as they are then.
    """

    step: Step
    folder: Path

    @property
    def before(self) -> str:
        return read(self.folder / "before.Dockerfile")

    @property
    def after(self) -> str:
        path = self.folder / "after.Dockerfile"
        return read(path) if path.exists() else self.before

    @property
    def options(self) -> dict[str, object]:
        path = self.folder / "options.json"
        options = json.loads(path.read_bytes()) if path.exists() else {}
        assert options.keys() <= OPTIONS, path
        return dict(options)

    def choice(self, *passes: str) -> Choice:
        """Give what the engine is told: the options, and these passes; all where none is named."""
        options = self.options
        ignore = options.get("ignore", ())
        images = options.get("images", ())
        assert isinstance(ignore, (list, tuple))
        assert isinstance(images, (list, tuple))
        told = Options(
            assume_pip=str(options.get("assume_pip", "")),
            images=tuple((str(pattern), str(version)) for pattern, version in images),
            bytecode="bytecode" not in ignore,
            cache=str(options.get("cache", KEEP)),
            cache_id=str(options.get("cache_id", "")),
        )
        return Choice(frozenset(passes or IDS) - {*ignore}, bool(options.get("unsafe")), told)

    @property
    def context(self) -> Folder | None:
        """The folder that it is built with."""
        path = self.folder / "context"
        dockerfile = self.folder / "before.Dockerfile"
        return ContextFolder(str(dockerfile), str(path)) if path.is_dir() else None

    @property
    def changed(self) -> dict[str, str]:
        """The files of the context that change, as they are then."""
        top = self.folder / "context-after"
        files = [path for path in top.rglob("*") if path.is_file()]
        return {path.relative_to(top).as_posix(): read(path) for path in files}

    def alone(self, text: str, files: Mapping[str, str] | None = None) -> Outcome:
        """Rewrite with this case's pass alone; `files` replace those of the context."""
        return rewrite(text, self.choice(self.step.id), folder=over(self.context, files))


class Over(NamedTuple):
    """A build context, some of whose files have another text."""

    folder: Folder
    files: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.files[path] if path in self.files else self.folder.read(path)

    def is_folder(self, path: str) -> bool:
        return self.folder.is_folder(path)

    def match(self, pattern: str) -> list[str]:
        return self.folder.match(pattern)


def over(folder: Folder | None, files: Mapping[str, str] | None) -> Folder | None:
    """Give a build context with other texts for some of its files."""
    return Over(folder, files) if folder is not None and files else folder


def written(outcome: Outcome) -> dict[str, str]:
    """Give the other files that an outcome changes, as they are then."""
    found = {}
    for other in outcome.others:
        edits = [edit for report in other.reports for edit in report.edits]
        if edits:
            found[other.path] = apply(other.text, edits)
    return found


def read(path: Path) -> str:
    """Give a file's text, each byte of it."""
    return decode(path.read_bytes())


def folders(*parts: str) -> list[Path]:
    """Give the cases in a folder of `fixtures/`, by name."""
    return sorted(path for path in FIXTURES.joinpath(*parts).iterdir() if path.is_dir())


CASES = [
    pytest.param(Case(step, folder), id=f"{step.id}/{folder.name}")
    for step in PASSES
    for folder in folders(step.id)
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case) -> None:
    before, after = case.before, case.after
    if (case.folder / "after.Dockerfile").exists():
        assert after != before, "a case that stays as it is has no after.Dockerfile"

    document = parsed(before)
    assert "".join(document.pieces()) == before, "the pieces of the file are the file"

    outcome = case.alone(before)
    assert outcome.problem is None
    assert outcome.after == after, "the pass alone gives after"
    assert written(outcome) == case.changed, "and what it is built with"
    golden = case.folder / "findings.json"
    if golden.exists():
        assert told(outcome) == json.loads(golden.read_bytes())

    again = case.alone(after, case.changed)
    assert not any(report.fixed for report in reports(again)), "on after it offers nothing"
    assert again.problem is None
    assert again.after == after

    assert check(parsed(after)) is None, "after is a Dockerfile"

    facts = Facts(document, case.choice().options, case.context)
    findings = list(case.step.find(document, facts))
    assert list(case.step.find(document, facts)) == findings, "finding alone changes nothing"
    assert facts.document is document
    assert document == parsed(before)

    every = case.choice()
    settled = rewrite(before, every, folder=case.context)
    assert settled.problem is None, "with all passes it settles"
    twice = rewrite(settled.after, every, folder=over(case.context, written(settled)))
    assert twice.problem is None
    assert twice.after == settled.after, "a second run changes nothing"
    assert not written(twice)

    silent = case.alone(with_comment(document, f"# pipslim: ignore-file[{case.step.id}]"))
    assert not silent.changed, "an ignore comment silences it"
    assert silent.problem is None
    assert not reports(silent)
    mine = len(document.directives) + 1
    unused = any(position.line == mine for position, _ in silent.unused)
    assert unused == (not findings), "the comment is told to be of no use where it is of none"


@pytest.mark.parametrize("case", CASES)
def test_newlines_are_those_of_the_file(case: Case) -> None:
    before = case.before
    if any(instruction.heredocs for instruction in parsed(before).instructions):
        pytest.skip("the bodies of heredocs are data, newlines included")
    after = case.alone(before).after
    if before.count("\r\n") == before.count("\n"):
        assert after.count("\r\n") == after.count("\n")
        before, after = before.replace("\r\n", "\n"), after.replace("\r\n", "\n")
    elif "\r" in before:
        pytest.skip("newlines of both kinds")
    else:
        before, after = before.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    assert case.alone(before).after == after


def parsed(text: str) -> Document:
    """Parse a text that is known to be a Dockerfile."""
    document = parse(text)
    assert isinstance(document, Document), document
    return document


def with_comment(document: Document, comment: str) -> str:
    """Put a comment at the top of a file: behind its byte order mark and its directives."""
    text = document.text
    at = len(BOM) if text.startswith(BOM) else 0
    for _ in document.directives:
        at = text.index("\n", at) + 1
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:at]}{comment}{newline}{text[at:]}"


def reports(outcome: Outcome) -> list[Report]:
    """Give all reports of an outcome, those of other files behind those of the Dockerfile."""
    return [*outcome.reports, *(each for other in outcome.others for each in other.reports)]


def told(outcome: Outcome) -> list[dict[str, object]]:
    """Give what an outcome reports, as `findings.json` has it."""
    places = [(report, "") for report in outcome.reports]
    places += [(each, other.path) for other in outcome.others for each in other.reports]
    return [
        {
            **({"file": path} if path else {}),
            "message": report.message,
            "line": report.position.line,
            "column": report.position.column,
            "fixed": report.fixed,
            "held": report.held,
        }
        for report, path in places
    ]


@pytest.mark.parametrize("step", PASSES, ids=IDS)
def test_pass_does_what_its_description_shows(step: Step) -> None:
    about = step.about
    choice = Choice(frozenset((step.id,)), options=Options(cache=about.cache))
    outcome = rewrite(about.before, choice)
    assert outcome.problem is None
    assert outcome.reports
    assert outcome.after == about.after
    assert (outcome.after == about.before) == step.asked, "what is shown alone is asked for"


@pytest.mark.parametrize("folder", folders("_parse", "ok"), ids=lambda folder: folder.name)
def test_readable(folder: Path) -> None:
    text = read(folder / "before.Dockerfile")
    document = parsed(text)
    assert "".join(document.pieces()) == text
    assert encode(text) == (folder / "before.Dockerfile").read_bytes()
    assert check(document) is None
    found = []
    for each in document.instructions:
        row: dict[str, object] = {
            "keyword": each.keyword,
            "line": document.line(each.start),
            "end_line": document.line(each.end),
            "text": shown(each.view.text),
        }
        raw = text[each.start : each.end]
        if each.heredocs:
            row["heredocs"] = [
                [heredoc.name, raw[heredoc.body.start : heredoc.body.end]]
                for heredoc in each.heredocs
            ]
        found.append(row)
    assert found == json.loads((folder / "instructions.json").read_bytes())


@pytest.mark.parametrize("folder", folders("_parse", "bad"), ids=lambda folder: folder.name)
def test_unreadable(folder: Path) -> None:
    text = read(folder / "before.Dockerfile")
    outcome = rewrite(text)
    problem = outcome.problem
    assert problem is not None
    error = (folder / "error.txt").read_text(encoding="utf-8").rstrip("\n")
    assert shown(f"{problem.position}: {problem.reason}") == error
    assert not problem.pass_id
    assert outcome == Outcome(text, text, problem=problem)


def shown(text: str) -> str:
    """Give a text with what is not UTF-8 escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
