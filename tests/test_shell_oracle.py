"""The commands of real RUNs, and the pip calls among them, against what `shfmt` reads."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
import shfmt

from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.syntax.document import Document, Instruction, Unparsable
from pipslim.syntax.parser import parse
from pipslim.syntax.script import Opaque
from pipslim.syntax.shell import scan
from pipslim.syntax.source import View, decode, position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from corpus import Corpus

    from pipslim.facts.pipcalls import PipCall

_RUN = re.compile(r"(?:ONBUILD\s+)?RUN\s+(?:--[a-z]+(?:=\S*)?\s+)*", re.IGNORECASE)
_WRITERS = ("install", "wheel", "download")


class Script(NamedTuple):
    """A shell script of a RUN as the shell gets it, with its heredocs behind the first `own`.

    `view` leads into its instruction, which begins at `origin` in the file.
    """

    name: str
    line: int
    text: str
    own: int
    view: View
    origin: int


class ExecForm(NamedTuple):
    """The words of a RUN in exec form."""

    name: str
    line: int
    words: tuple[shfmt.Word, ...]
    instruction: Instruction


class Seen(NamedTuple):
    """All RUNs of the corpus that mention pip and are run by a POSIX shell, or by none."""

    scripts: list[Script]
    exec_forms: list[ExecForm]
    facts: dict[str, Facts]
    trees: dict[str, list[shfmt.Call] | None]
    skipped: int


@lru_cache(maxsize=1)
def seen(corpus: Corpus) -> Seen:
    """Read the corpus, and have shfmt read its scripts, once."""
    scripts: list[Script] = []
    exec_forms: list[ExecForm] = []
    known: dict[str, Facts] = {}
    skipped = 0
    for path in corpus.files:
        document = parse(decode(path.read_bytes()))
        if isinstance(document, Unparsable):
            continue
        facts = known[path.name] = Facts(document, Options())
        for index, instruction in enumerate(document.instructions):
            raw = document.text[instruction.start : instruction.end]
            run = _RUN.match(instruction.view.text)
            if run is None or "pip" not in raw.lower():
                continue
            start = run.end()
            words = _exec_form(instruction.view.text, start)
            if words:
                where = path.name, document.line(instruction.start)
                exec_forms.append(ExecForm(*where, words, instruction))
            elif not facts.posix(index):
                skipped += 1
            else:
                scripts.append(_script(path.name, document, index, start))
    texts = list(dict.fromkeys(script.text for script in scripts))
    trees = dict(zip(texts, shfmt.read(texts), strict=True))
    return Seen(scripts, exec_forms, known, trees, skipped)


def _exec_form(text: str, start: int) -> tuple[shfmt.Word, ...]:
    try:
        values = json.loads(text[start:])
    except ValueError:
        return ()
    literals = re.finditer(r'"(?:[^"\\]|\\.)*"', text[start:])
    return tuple(
        shfmt.Word(start + each.start(), start + each.end(), value)
        for each, value in zip(literals, values, strict=True)
    )


def _script(name: str, document: Document, index: int, start: int) -> Script:
    instruction = document.instructions[index]
    where = name, document.line(instruction.start)
    origin = instruction.start
    text = instruction.view.text[start:]
    view = instruction.view.part(start, len(instruction.view.text))
    if not instruction.heredocs:
        return Script(*where, text, len(text), view, origin)
    if re.fullmatch(r"<<-?\S+\s*", text):  # the heredoc is the script
        body = instruction.heredocs[0].body
        text = document.text[origin + body.start : origin + body.end]
        view = View(text, ((0, body.start, len(text)),))
        return Script(*where, text, len(text), view, origin)
    behind = document.text[origin + instruction.heredocs[0].body.start : instruction.end]
    return Script(*where, f"{text}\n{behind}\n", len(text), view, origin)


# -- commands --------------------------------------------------------------------------------------

# Two subshells to any shell, but shfmt takes them for arithmetic: `(( find x -empty ))`.
_NO_ARITHMETIC = re.compile(r"\(\(\s*\w+\s+[/\w-]")
# A negated subshell in a subshell to /bin/sh; shfmt, reading bash, takes it for a pattern.
_NO_PATTERN = re.compile(r"(?:^|[\s;&|(])\(!\(")


@pytest.mark.corpus
def test_the_commands_of_real_runs_are_those_that_shfmt_reads(
    corpus: Corpus, tell: Callable[[str], None]
) -> None:
    found = seen(corpus)
    wrong: list[str] = []
    refused: list[str] = []
    commands = both_refuse = 0
    for script in found.scripts:
        expected = found.trees[script.text]
        own = script.text[: script.own]
        ours = scan(own, bodies=script.own == len(script.text))
        where = f"{script.name}:{script.line}"
        if isinstance(ours, Opaque):
            if expected is None:
                both_refuse += 1
            else:
                refused.append(f"{where}: {ours.reason}")
            continue
        mine = sorted(
            tuple((w.start, w.end) for w in each.words) for each in ours.commands if each.words
        )
        if expected is None:
            if not _NO_ARITHMETIC.search(own):
                wrong.append(f"{where}: read, but shfmt refuses it")
            continue
        theirs = sorted(
            tuple((w.start, w.end) for w in each) for each in expected if each[0].start < script.own
        )
        commands += len(theirs)
        if mine != theirs and not _NO_PATTERN.search(own):
            wrong.append(f"{where}: {_first_difference(own, mine, theirs)}")
    tell(
        f"shell: {len(found.scripts)} RUNs, {commands} commands, {len(wrong)} RUNs read wrongly,"
        f" {len(refused)} refused, {both_refuse} that both refuse,"
        f" {found.skipped} not for a POSIX shell"
    )
    for line in refused:
        tell(f"  refused: {line}")
    assert not wrong
    assert len(refused) < len(found.scripts) * 0.005


def _first_difference(
    text: str, mine: Sequence[tuple[tuple[int, int], ...]], theirs: Sequence[object]
) -> str:
    only = [" ".join(text[start:end] for start, end in call) for call in mine if call not in theirs]
    lost = [call for call in theirs if call not in mine]
    return f"only here {only[:2]}, lost {lost[:2]}"


# -- pip calls -------------------------------------------------------------------------------------

_PIP = re.compile(r"(?:.*/)?pip(?:-?[\d.]+)?")
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)[\d.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def subcommand(values: Sequence[str]) -> int | None:
    """Give the place of `install`, `wheel` or `download` in the words of a pip call, or None.

    A second, simple reader of calls: sudo and env off, then pip or `python … -m pip`, then the
    first word that is no option, or the one behind it, which an option's value may precede.
    """
    at = 0
    while at < len(values) and values[at] in ("sudo", "env"):
        at += 1
        while at < len(values) and (values[at].startswith("-") or _ASSIGNMENT.match(values[at])):
            at += 2 if values[at] in ("-u", "--user") else 1
    if at >= len(values):
        return None
    if _PYTHON.fullmatch(values[at]):
        at += 1
        while at < len(values) and values[at] in ("-u", "-I", "-E", "-s", "-B"):
            at += 1
        if values[at : at + 2] == ["-m", "pip"]:
            at += 2
        elif values[at : at + 1] == ["-mpip"]:
            at += 1
        else:
            return None
    elif _PIP.fullmatch(values[at]):
        at += 1
    else:
        return None
    plain = [i for i in range(at, len(values)) if not values[i].startswith("-")][:2]
    for i in plain:
        if values[i] in _WRITERS:
            return i
        if i == at or not values[i - 1].startswith("--"):
            return None  # another subcommand
    return None


def _expected(found: Seen) -> Iterator[tuple[str, int, int]]:
    """Give file, line and place in the file of each pip call's subcommand, as shfmt leads to it."""
    for script in found.scripts:
        for call in found.trees[script.text] or ():
            at = subcommand([word.value for word in call])
            if at is not None and call[at].start < script.own:
                yield script.name, script.line, script.origin + script.view.at(call[at].end - 1)
    for form in found.exec_forms:
        at = subcommand([word.value for word in form.words])
        if at is not None:
            yield form.name, form.line, form.instruction.at(form.words[at].end - 1)


def _lines(found: Seen) -> set[tuple[str, int]]:
    scripts = {(each.name, each.line) for each in found.scripts}
    return scripts | {(each.name, each.line) for each in found.exec_forms}


def _found(found: Seen) -> tuple[dict[tuple[str, int], PipCall], set[tuple[str, int]]]:
    """Give pipslim's pip calls by file and place, and file and line of what it leaves undecided."""
    calls: dict[tuple[str, int], PipCall] = {}
    undecided: set[tuple[str, int]] = set()
    for name, facts in found.facts.items():
        text = facts.document.text
        for stage in facts.stages.all:
            try:
                pips = facts.pips(stage)
            except ValueError:  # a variable that no builder can expand
                break
            for use in pips.uses:
                if use.call.subcommand in _WRITERS:
                    calls[name, use.after(use.call.anchor) - 1] = use.call
            for offset, _ in pips.undecided:
                undecided.add((name, _line(facts.document, position(text, offset).line)))
    return calls, undecided


def _line(document: Document, line: int) -> int:
    """Give the first line of the instruction that a line is a part of."""
    lines = [document.line(each.start) for each in document.instructions]
    return max(each for each in lines if each <= line)


@pytest.mark.corpus
def test_all_pip_calls_of_real_runs_are_found(corpus: Corpus, tell: Callable[[str], None]) -> None:
    found = seen(corpus)
    calls, undecided = _found(found)
    expected = {(name, offset): line for name, line, offset in _expected(found)}
    missed = [
        f"{name}:{line} at {offset}"
        for (name, offset), line in expected.items()
        if (name, offset) not in calls and (name, line) not in undecided
    ]
    lines = _lines(found)
    tell(
        f"pip calls: {len(calls)} found, {len(expected)} expected, {len(missed)} missed,"
        f" {len(undecided)} of {len(lines)} RUNs with one that is left undecided"
    )
    for name, line in sorted(undecided):
        tell(f"  undecided: {name}:{line}")
    assert not missed
    assert len(undecided) < len(lines) * 0.005


@pytest.mark.corpus
def test_no_other_words_are_taken_for_pip_calls(
    corpus: Corpus, tell: Callable[[str], None]
) -> None:
    found = seen(corpus)
    calls, _ = _found(found)
    expected = {(name, offset) for name, _, offset in _expected(found)}
    further = {key: call for key, call in calls.items() if key not in expected}
    # each stands in a wrapper or a variable; shfmt must see the same words in the script it is in
    shell = {key: call for key, call in further.items() if not call.program.exec_form}
    texts = list(dict.fromkeys(call.program.view.text for call in shell.values()))
    trees = dict(zip(texts, shfmt.read(texts), strict=True))
    wrong = []
    for (name, offset), call in shell.items():
        tree = trees[call.program.view.text]
        span = (call.anchor.start, call.anchor.end)
        if tree is None:
            continue  # shfmt cannot read the script; the commands above were compared where it can
        if not any(span == (word.start, word.end) for words in tree for word in words):
            wrong.append(f"{name} at {offset}: {call.spelling} {call.subcommand}")
        elif not call.program.wrappers and "$" not in call.spelling:
            raw = call.program.view.text[call.program.words[0].start : call.anchor.end]
            if "$" not in raw:
                wrong.append(f"{name} at {offset}: {raw!r}")
    tell(f"pip calls: {len(further)} behind further wrappers or variables, {len(wrong)} wrong")
    assert not wrong


# -- heredocs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruction", "commands"),
    [
        ("RUN cat <<EOF > /install.sh\npip install a\nEOF", 0),
        ("RUN cat > /x <<'EOF'\n$(pip install a)\nEOF", 0),
        ("RUN tee /x <<-EOF && pip install b\n\tpip install a\n\tEOF", 1),
        ("RUN cat <<A > /a && cat <<B > /b\npip install a\nA\npip install b\nB", 0),
        ("RUN python3 - <<EOF\npip install a\nEOF", 0),
        ("RUN python3 <<'EOF'\nimport os\nprint('pip install a')\nEOF", 0),
        ("RUN <<EOF\n#!/usr/bin/env python3\npip install a\nEOF", 0),
        ("RUN <<EOF cat > /x\npip install a\nEOF", 0),
        ("COPY <<EOF /install.sh\npip install a\nEOF", 0),
        ("ADD <<pip /install.sh\npip install a\npip", 0),
        ("RUN <<EOF\ncat <<INNER > /x\npip install a\nINNER\npip install b\nEOF", 1),
        ("RUN cat <<EOF | sort\npip install a\nEOF\nRUN pip install b", 1),
        ("RUN <<EOF\npip install a\npip wheel b\nEOF", 2),
        ("RUN bash <<EOF\npip install a\nEOF", 1),
        ("RUN bash -s -- x <<'EOF'\npip install a\nEOF", 1),
        ("RUN bash -c 'cat' <<EOF\npip install a\nEOF", 0),
        ("RUN bash /script.sh <<EOF\npip install a\nEOF", 0),
        ("RUN cat <<<'pip install a' && pip install b", 1),
    ],
)
def test_data_of_heredocs_is_never_taken_for_commands(instruction: str, commands: int) -> None:
    document = parse(f"FROM python:3.12\n{instruction}\n")
    assert isinstance(document, Document)
    facts = Facts(document, Options())
    uses = [use for stage in facts.stages.all for use in facts.pips(stage).uses]
    assert len(uses) == commands
