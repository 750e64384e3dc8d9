"""The proof: passes broken on purpose, each of which it must catch and name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from made import made

from pipslim import Choice, Outcome, rewrite
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.known import Facts
    from pipslim.passes import Step
    from pipslim.syntax.document import Document

BASE = "FROM python:3.12-slim\n"


class Change(NamedTuple):
    """One edit: right behind the first occurrence of `anchor`, `old` becomes `new`."""

    anchor: str
    old: str
    new: str

    def edit(self, text: str) -> Edit:
        start = text.index(self.anchor) + len(self.anchor)
        assert text.startswith(self.old, start)
        return Edit(start, start + len(self.old), self.new)


def step(
    text: str,
    *edits: Edit,
    adds: Sequence[str] = (),
    drops: Sequence[str] = (),
    alters: Sequence[str] = (),
    flags: Sequence[tuple[str, str]] = (),
    name: str = "broken",
) -> Step:
    """Give a pass that makes these edits of this very text, and finds nothing in any other."""

    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        if document.text == text:
            declared = tuple(adds), tuple(drops), tuple(alters), tuple(flags)
            fix = Fix("do it", Safety.SAFE, edits, *declared)
            yield Finding(name, Span(edits[0].start, edits[0].start), "a fault", fix)

    return made(name, find)


def tried(
    text: str,
    *changes: Change,
    adds: Sequence[str] = (),
    drops: Sequence[str] = (),
    alters: Sequence[str] = (),
    flags: Sequence[tuple[str, str]] = (),
) -> Outcome:
    """Rewrite a text by a pass that makes these changes."""
    edits = [change.edit(text) for change in changes]
    broken = step(text, *edits, adds=adds, drops=drops, alters=alters, flags=flags)
    return rewrite(text, Choice(frozenset(("broken",))), steps=(broken,))


class Case(NamedTuple):
    """A text, what a broken pass does to it, and the rule that it breaks."""

    text: str
    changes: tuple[Change, ...]
    rule: str


CAUGHT = {
    # the result is a Dockerfile
    "unknown-instruction-added": Case(
        BASE + "RUN true\n", (Change("true\n", "", "EVIL x\n"),), "valid"
    ),
    "instruction-before-from": Case(BASE + "RUN true\n", (Change("", "", "RUN a\n"),), "valid"),
    "env-malformed": Case(BASE + "ENV A=1\nRUN a\n", (Change("A=1", "", " B"),), "valid"),
    "keyword-split": Case(BASE + "RUN true\n", (Change("RU", "", "S"),), "valid"),
    "run-emptied": Case(BASE + "RUN true\n", (Change("RUN", " true", ""),), "valid"),
    # what no edit names is as it was
    "from-added": Case(BASE + "RUN true\n", (Change("slim\n", "", "FROM scratch\n"),), "untouched"),
    "from-edited": Case(BASE + "RUN true\n", (Change("3.12", "-slim", ""),), "untouched"),
    "copy-edited": Case(
        BASE + "COPY a /b\nRUN true\n", (Change("COPY ", "", "--chown=1 "),), "untouched"
    ),
    "copy-added": Case(BASE + "RUN true\n", (Change("slim\n", "", "COPY . .\n"),), "untouched"),
    "user-added": Case(BASE + "RUN true\n", (Change("slim\n", "", "USER 1\n"),), "untouched"),
    "arg-added": Case(BASE + "RUN true\n", (Change("slim\n", "", "ARG A=1\n"),), "untouched"),
    "cmd-edited": Case(
        BASE + "CMD pip install flask\n", (Change("install", "", " --no-cache-dir"),), "untouched"
    ),
    "entrypoint-edited": Case(
        BASE + 'ENTRYPOINT ["pip", "install"]\n',
        (Change('install"', "", ', "--no-cache-dir"'),),
        "untouched",
    ),
    "label-edited": Case(
        BASE + 'LABEL a="pip install flask"\n',
        (Change("install", "", " --no-cache-dir"),),
        "untouched",
    ),
    "copy-heredoc-edited": Case(
        BASE + "COPY <<EOF /f\npip install flask\nEOF\n",
        (Change("install", "", " --no-cache-dir"),),
        "untouched",
    ),
    "instruction-dropped": Case(
        BASE + "USER app\nRUN true\n", (Change("slim\n", "USER app\n", ""),), "untouched"
    ),
    "instruction-moved": Case(
        BASE + "USER app\nRUN true\n",
        (Change("slim\n", "USER app\n", ""), Change("RUN true\n", "", "USER app\n")),
        "untouched",
    ),
    "instruction-swallowed-by-a-continuation": Case(
        BASE + "RUN true\nUSER app\n", (Change("RUN true", "", " \\"),), ""
    ),
    "instruction-swallowed-by-a-heredoc": Case(
        BASE + "RUN cat\nUSER app\nRUN a\n",
        (Change("RUN cat", "", " <<'RUN a'"),),
        "",
    ),
    "instruction-commented-out": Case(
        BASE + "USER app\nRUN true\n", (Change("slim\n", "", "# "),), ""
    ),
    "onbuild-added": Case(
        BASE + "RUN true\n", (Change("RUN true\n", "", "ONBUILD RUN a\n"),), "untouched"
    ),
    "onbuild-of-another-kind-edited": Case(
        BASE + "ONBUILD ENV A=1\n", (Change("A=", "1", "2"),), "commands"
    ),
    "run-made-onbuild": Case(BASE + "RUN true\n", (Change("slim\n", "", "ONBUILD "),), ""),
    "syntax-directive-ended": Case(
        "# syntax=docker/dockerfile:1\n" + BASE + "RUN true\n", (Change("", "", "\n"),), ""
    ),
    "escape-directive-ended": Case(
        "# escape=`\n" + BASE + "RUN true\n", (Change("", "", "\n"),), ""
    ),
    # each edited RUN is the same commands with words added
    "comment-sign-inserted": Case(
        BASE + "RUN pip install flask\n", (Change("install", "", " #"),), "commands"
    ),
    "comment-sign-inserted-in-a-continuation": Case(
        BASE + "RUN pip install flask \\\n  gunicorn\n", (Change("flask", "", " #"),), "commands"
    ),
    "quote-inserted": Case(
        BASE + "RUN pip install flask 'a' b\n", (Change("install", "", " '"),), "commands"
    ),
    "quote-pair-inserted-around-words": Case(
        BASE + "RUN pip install a b\n",
        (Change("install ", "", "'"), Change("a b", "", "'")),
        "commands",
    ),
    "word-split-by-a-command": Case(
        BASE + "RUN pip install flask\n", (Change("inst", "", " && true"),), "commands"
    ),
    "word-split-by-a-blank": Case(
        BASE + "RUN pip install flask\n", (Change("fla", "", " "),), "commands"
    ),
    "words-joined": Case(
        BASE + "RUN pip install a b\n", (Change("install a", " ", ""),), "commands"
    ),
    "word-lengthened": Case(
        BASE + "RUN pip install flask\n", (Change("flask", "", "-evil"),), "commands"
    ),
    "word-changed": Case(
        BASE + "RUN pip install flask\n", (Change("install ", "flask", "django"),), "commands"
    ),
    "word-dropped": Case(
        BASE + "RUN pip install --no-deps flask\n", (Change("install", " --no-deps", ""),), ""
    ),
    "command-dropped": Case(
        BASE + "RUN pip install flask && pytest\n", (Change("flask", " && pytest", ""),), ""
    ),
    "all-words-changed": Case(
        BASE + "RUN pip install flask\n", (Change("RUN ", "pip install flask", "rm -rf /"),), ""
    ),
    "flag-in-a-quoted-string": Case(
        BASE + 'RUN echo "pip install flask"\n',
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "flag-in-a-single-quoted-string": Case(
        BASE + "RUN grep 'pip install' f\n", (Change("install", "", " --no-cache-dir"),), "commands"
    ),
    "flag-in-a-string-of-a-nested-script": Case(
        BASE + "RUN sh -c 'echo \"pip install flask\"'\n",
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "flag-in-a-substitution": Case(
        BASE + 'RUN echo "$(pip install flask)"\n', (Change("install", "", " -q"),), "commands"
    ),
    "flag-in-front-of-the-subcommand-of-an-exec-form-string": Case(
        BASE + 'RUN ["pip", "install"]\n', (Change('"install', "", " --no-cache-dir"),), "commands"
    ),
    "exec-form-broken": Case(
        BASE + 'RUN ["pip", "install"]\n', (Change('"install"', "", " --no-cache-dir"),), "commands"
    ),
    "exec-form-made-shell-form": Case(
        BASE + 'RUN ["pip", "install"]\n',
        (Change("RUN ", '["pip", "install"]', "pip install"),),
        "",
    ),
    "program-inserted-ahead": Case(
        BASE + "RUN pip install flask\n", (Change("RUN ", "", "echo "),), ""
    ),
    "command-cut-in-two": Case(
        BASE + "RUN pip install flask\n", (Change("install", "", " ;"),), ""
    ),
    "word-made-a-redirect": Case(
        BASE + "RUN pip install flask\n", (Change("install", "", " >"),), ""
    ),
    "output-given-to-a-pipe": Case(
        BASE + "RUN pip install flask && pytest\n", (Change("flask", "", " | tee f"),), ""
    ),
    "failure-ignored": Case(
        BASE + "RUN pip install flask && pytest\n", (Change("flask", "", " || true"),), ""
    ),
    "put-in-the-background": Case(
        BASE + "RUN pip install flask\n", (Change("flask", "", " &"),), ""
    ),
    "negated": Case(BASE + "RUN pip install flask\n", (Change("RUN ", "", "! "),), ""),
    "taken-out-of-errexit": Case(
        BASE + "RUN set -e; make; pytest\n", (Change("make", "", " && true"),), ""
    ),
    "command-added-ahead-of-a-job-sent-to-the-background": Case(
        BASE + "RUN make &\n", (Change("make", "", " && true"),), "commands"
    ),
    "command-added-ahead-of-one-in-brackets": Case(
        BASE + "RUN (make; pytest)\n", (Change("make", "", " && true"),), "commands"
    ),
    "operator-changed": Case(
        BASE + "RUN make && pytest\n", (Change("make ", "&&", "||"),), "commands"
    ),
    "two-runs-joined": Case(
        BASE + "RUN a\nRUN b\n", (Change("RUN a", "\nRUN ", " && "),), "commands"
    ),
    "run-split": Case(BASE + "RUN a && b\n", (Change("RUN a", " && ", "\nRUN "),), "commands"),
    "run-dropped": Case(
        BASE + "\nRUN a\n\nRUN b\n", (Change("slim\n\n", "RUN a\n", ""),), "commands"
    ),
    "runs-swapped": Case(
        BASE + "\nRUN a\n\nRUN b\n\nUSER c\n",
        (Change("slim\n\n", "RUN a\n", ""), Change("RUN b\n", "", "RUN a\n")),
        "commands",
    ),
    "run-made-env": Case(BASE + "RUN A=1 b\n", (Change("slim\n", "RUN", "ENV"),), ""),
    "mount-flag-changed": Case(
        BASE + "RUN --mount=type=cache,target=/a pip install flask\n",
        (Change("target=/a", "", "b"),),
        "commands",
    ),
    "mount-flag-added": Case(
        BASE + "RUN pip install flask\n",
        (Change("RUN ", "", "--mount=type=tmpfs,target=/a "),),
        "commands",
    ),
    "mount-flag-changed-ahead-of-exec-form": Case(
        BASE + 'RUN --mount=type=cache,target=/a ["pip", "install", "flask"]\n',
        (Change("target=/a", "", "b"),),
        "commands",
    ),
    "mount-flag-changed-ahead-of-a-heredoc": Case(
        BASE + "RUN --mount=type=cache,target=/a <<EOF\npip install flask\nEOF\n",
        (Change("target=/a", "", "b"),),
        "commands",
    ),
    "heredoc-of-data-edited": Case(
        BASE + "RUN cat <<EOF > /f\npip install flask\nEOF\n",
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "heredoc-of-python-edited": Case(
        BASE + "RUN python - <<EOF\npip = 'install'\nEOF\n", (Change("ins", "", "x"),), "commands"
    ),
    "heredoc-with-a-shebang-edited": Case(
        BASE + "RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n",
        (Change("print(", "1", "2"),),
        "commands",
    ),
    "heredoc-shebang-changed": Case(
        BASE + "RUN <<EOF\n#!/bin/bash\npip install flask\nEOF\n",
        (Change("#!/bin/", "ba", "da"),),
        "",
    ),
    "heredoc-made-quoted": Case(
        BASE + "RUN cat <<EOF\n$A\nEOF\n",
        (Change("<<", "", "'"), Change("<<EOF", "", "'")),
        "commands",
    ),
    "heredoc-made-chomped": Case(
        BASE + "RUN cat <<EOF\n\ta\nEOF\n", (Change("<<", "", "-"),), "commands"
    ),
    "nested-heredoc-of-data-edited": Case(
        BASE + "RUN <<EOF\ncat <<END > /f\npip install flask\nEND\nEOF\n",
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "script-of-powershell-edited": Case(
        BASE + 'SHELL ["powershell", "-Command"]\nRUN pip install flask\n',
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "script-that-cannot-be-followed-edited": Case(
        BASE + 'RUN pip install "flask\n', (Change("install", "", " --no-cache-dir"),), "commands"
    ),
    "script-of-mixed-quotes-edited": Case(
        BASE + "RUN sh -c 'pip install '\"$A\"\n",
        (Change("install", "", " --no-cache-dir"),),
        "commands",
    ),
    "new-run-that-cannot-be-followed": Case(
        BASE + "RUN true\n", (Change("slim\n", "", "RUN echo '\n"),), "commands"
    ),
    "new-run-for-powershell": Case(
        BASE + 'SHELL ["powershell", "-Command"]\nRUN true\n',
        (Change('Command"]\n', "", "RUN printf a\n"),),
        "commands",
    ),
    # the environment is the same before every instruction
    "env-value-changed": Case(BASE + "ENV A=1\nRUN a\n", (Change("A=", "1", "2"),), "environment"),
    "env-dropped": Case(
        BASE + "\nENV A=1\n\nRUN a\n", (Change("slim\n\n", "ENV A=1\n", ""),), "environment"
    ),
    "env-dropped-at-the-end": Case(
        BASE + "RUN a\nENV A=1\n", (Change("RUN a\n", "ENV A=1\n", ""),), "environment"
    ),
    "env-added": Case(BASE + "RUN a\n", (Change("slim\n", "", "ENV A=1\n"),), "environment"),
    "env-pair-added": Case(BASE + "ENV A=1\nRUN a\n", (Change("A=1", "", " B=2"),), "environment"),
    "env-unquoted": Case(
        BASE + "ENV A='$B'\nRUN a\n", (Change("A=", "'$B'", "$B"),), "environment"
    ),
    "env-quoted": Case(BASE + "ENV A=$B\nRUN a\n", (Change("A=", "$B", "'$B'"),), "environment"),
    "env-of-a-base-image-taken-for-empty": Case(
        BASE + "ENV PATH=/a:$PATH\nRUN a\n", (Change("/a:", "$PATH", ""),), "environment"
    ),
    "env-merged-with-what-it-refers-to": Case(
        BASE + "ENV A=1\nENV B=$A\nRUN a\n", (Change("A=1", "\nENV", ""),), "environment"
    ),
    "env-merged-over-an-arg": Case(
        BASE + "ENV A=1\nARG A=2\nENV B=$A\nRUN a\n",
        (Change("A=1", "", " B=$A"), Change("A=2", "\nENV B=$A", "")),
        "",
    ),
    "env-merged-over-a-stage": Case(
        BASE + "ENV A=1\nRUN a\n" + BASE + "\nENV B=2\n\nRUN b\n",
        (Change("A=1", "", " B=2"), Change("RUN a\n" + BASE + "\n", "ENV B=2\n", "")),
        "environment",
    ),
    "env-moved-behind-a-run": Case(
        BASE + "\nENV A=1\n\nRUN a\nRUN b\n",
        (Change("slim\n\n", "ENV A=1\n", ""), Change("RUN a\n", "", "ENV A=1\n")),
        "environment",
    ),
    "env-swapped-with-what-refers-to-it": Case(
        BASE + "\nENV A=1\n\nENV B=$A\n\nRUN a\n",
        (Change("slim\n\n", "ENV A=1\n", ""), Change("B=$A\n", "", "ENV A=1\n")),
        "environment",
    ),
    "env-swapped": Case(
        BASE + "\nENV A=1\n\nENV B=2\n\nRUN a\n",
        (Change("slim\n\n", "ENV A=1\n", ""), Change("B=2\n", "", "ENV A=1\n")),
        "environment",
    ),
    "env-duplicates-swapped": Case(
        BASE + "\nENV A=1\n\nENV A=2\n\nRUN a\n",
        (Change("slim\n\n", "ENV A=1\n", ""), Change("A=2\n", "", "ENV A=1\n")),
        "environment",
    ),
    "env-legacy-converted-with-an-inner-quote": Case(
        BASE + 'ENV A "b" c\nRUN a\n', (Change("ENV A", ' "b" c', "='\"b\" c'"),), "environment"
    ),
    "env-legacy-converted-with-blanks": Case(
        BASE + "ENV A b c=d\nRUN a\n", (Change("ENV A", " ", "="),), "environment"
    ),
    "arg-default-written-out": Case(
        BASE + "ARG V=1\nENV A=$V\nRUN a\n", (Change("A=", "$V", "1"),), "environment"
    ),
    "global-arg-default-written-out": Case(
        "ARG V=1\n" + BASE + "ARG V\nENV A=$V\nRUN a\n", (Change("A=", "$V", "1"),), "environment"
    ),
    # every comment is still there
    "comment-dropped": Case(
        BASE + "# why\n\nRUN a\n", (Change("slim\n", "# why\n", ""),), "comments"
    ),
    "comment-changed": Case(BASE + "# why\nRUN a\n", (Change("# ", "w", "W"),), "comments"),
    "comment-added": Case(BASE + "RUN a\n", (Change("slim\n", "", "# why\n"),), "comments"),
    "comments-swapped": Case(
        BASE + "# one\n# two\nRUN a\n",
        (Change("slim\n", "# one\n", ""), Change("# two\n", "", "# one\n")),
        "comments",
    ),
    "comment-in-a-continuation-dropped": Case(
        BASE + "RUN a \\\n  # why\n  && b\n", (Change("\\\n", "  # why\n", ""),), "comments"
    ),
    "comment-between-joined-env-dropped": Case(
        BASE + "ENV A=1\n# why\nENV B=2\nRUN a\n",
        (Change("A=1", "\n# why\nENV", ""),),
        "comments",
    ),
    "comment-of-the-shell-dropped": Case(
        BASE + "RUN pip install flask # why\n", (Change("flask", " # why", ""),), ""
    ),
    "comment-of-the-shell-changed": Case(
        BASE + "RUN virtualenv e # pip install flask\n",
        (Change("install", "", " --no-cache-dir"),),
        "",
    ),
    "comment-in-a-heredoc-dropped": Case(
        BASE + "RUN <<EOF\n# why\npip install flask\nEOF\n", (Change("EOF\n", "# why\n", ""),), ""
    ),
    # byte order mark, newlines, end of file
    "byte-order-mark-dropped": Case(BOM + BASE + "RUN a\n", (Change("", BOM, ""),), ""),
    "byte-order-mark-added": Case(BASE + "RUN a\n", (Change("", "", BOM),), ""),
    "lf-made-crlf": Case(
        BASE + "RUN a\nRUN b\n", (Change("slim", "\n", "\r\n"), Change("RUN a", "\n", "\r\n")), ""
    ),
    "crlf-in-a-new-line": Case(BASE + "RUN a\n", (Change("slim\n", "", "RUN b\r\n"),), "form"),
    "lf-in-a-new-line-of-a-crlf-file": Case(
        "FROM scratch\r\nRUN a\r\n", (Change("scratch\r\n", "", "RUN b\n"),), "form"
    ),
    "crlf-made-lf": Case(
        "FROM scratch\r\n\r\n\r\nRUN a\r\n", (Change("scratch\r\n", "\r\n", "\n"),), "form"
    ),
    "final-newline-dropped": Case(BASE + "RUN a\n", (Change("RUN a", "\n", ""),), ""),
    "final-newline-of-blank-lines-dropped": Case(
        BASE + "RUN a\n\n  \n", (Change("RUN a\n", "\n  \n", "  "),), "form"
    ),
    "final-newline-added": Case(BASE + "USER a\nRUN b", (Change("RUN b", "", "\n"),), ""),
}


@pytest.mark.parametrize("case", CAUGHT.values(), ids=CAUGHT.keys())
def test_broken_pass_is_caught(case: Case) -> None:
    outcome = tried(case.text, *case.changes)
    problem = outcome.problem
    assert problem is not None, f"let through: {outcome.after!r}"
    assert problem.pass_id == "broken"
    assert problem.reason.endswith("; the file is left as it was, please report this")
    if case.rule:
        assert problem.reason.startswith(f"the proof failed ({case.rule}): ")
    assert outcome == Outcome(case.text, case.text, problem=problem)
    assert not outcome.changed


@pytest.mark.parametrize(
    ("text", "edits", "reason"),
    [
        (BASE + "RUN a\n", (Edit(26, 26, " <<E"),), "the result cannot be parsed: "),
        (BASE + "RUN a\n", (Edit(0, len(BASE) + 6, ""),), "the result cannot be parsed: "),
        (BASE + "RUN a\n", (Edit(3, 9, "x"), Edit(5, 12, "y")), "Edit("),
        (BASE + "RUN a\n", (Edit(999, 999, "RUN b\n"),), "Edit("),
        (BASE + "RUN a\n", (Edit(9, 3, "x"),), "Edit("),
    ],
    ids=["heredoc-left-open", "everything-dropped", "overlap", "behind-the-end", "backwards"],
)
def test_edits_that_cannot_be_taken(text: str, edits: tuple[Edit, ...], reason: str) -> None:
    outcome = rewrite(text, Choice(frozenset(("broken",))), steps=(step(text, *edits),))
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "broken"
    assert outcome.problem.reason.startswith(reason)
    assert outcome == Outcome(text, text, problem=outcome.problem)


LET_THROUGH = {
    "flag-added": Case(
        BASE + "RUN pip install flask\n", (Change("install", "", " --no-cache-dir"),), ""
    ),
    "flag-added-in-a-nested-script": Case(
        BASE + 'RUN bash -c "pip install \\"flask\\""\n',
        (Change("install", "", " --no-cache-dir"),),
        "",
    ),
    "flag-added-in-exec-form": Case(
        BASE + 'RUN ["pip", "install", "flask"]\n',
        (Change('"install"', "", ', "--no-cache-dir"'),),
        "",
    ),
    "flag-added-in-a-heredoc": Case(
        BASE + "RUN <<EOF\npip install flask\nEOF\n",
        (Change("install", "", " --no-cache-dir"),),
        "",
    ),
    "line-added": Case(BASE + "# why\nRUN a\n", (Change("slim\n", "", "RUN b > /f\n"),), ""),
    "line-added-at-the-end": Case(BASE + "RUN a", (Change("RUN a", "", "\nRUN b"),), ""),
    "command-added-to-a-chain": Case(
        BASE + "RUN a && \\\n    b\n",
        (Change("a", " && \\\n    ", " && \\\n    c && \\\n    "),),
        "",
    ),
    "command-added-ahead-of-the-end": Case(BASE + "RUN a && b;\n", (Change("b", "", " && c"),), ""),
    "command-added-ahead-of-the-end-of-a-heredoc": Case(
        BASE + "RUN <<EOF\na\nEOF\n", (Change("\na", "", " && c"),), ""
    ),
    "env-merged": Case(
        BASE + "ENV A=1\nENV B=2\nRUN a\n", (Change("A=1", "\nENV ", " \\\n    "),), ""
    ),
    "env-converted": Case(BASE + "ENV A b  c\nRUN a\n", (Change("A", " b  c", '="b  c"'),), ""),
    "blank-line-dropped": Case(BASE + "\n\nRUN a\n", (Change("slim\n", "\n", ""),), ""),
}


@pytest.mark.parametrize("case", LET_THROUGH.values(), ids=LET_THROUGH.keys())
def test_sound_pass_is_let_through(case: Case) -> None:
    outcome = tried(case.text, *case.changes)
    assert outcome.problem is None
    assert outcome.changed
    assert [report.fixed for report in outcome.reports] == ["do it"]


def test_command_dropped_on_purpose() -> None:
    text = BASE + "RUN pip install flask && pip cache purge && a\n"
    change = Change("flask", " && pip cache purge", "")
    assert tried(text, change, drops=("pip cache purge",)).changed
    assert tried(text, change, drops=("pip cache info",)).problem is not None


def test_variable_added_on_purpose() -> None:
    text = BASE + "RUN a\n"
    change = Change("slim\n", "", "ENV A=1\n")
    assert tried(text, change, adds=("A",)).changed
    assert tried(text, change, adds=("B",)).problem is not None


def test_variable_added_on_purpose_is_there_already() -> None:
    text = BASE + "ENV A=1\nRUN a\n"
    outcome = tried(text, Change("A=", "1", "2"), adds=("A",))
    assert outcome.problem is not None
    assert "(environment)" in outcome.problem.reason


def test_fix_that_is_never_quiet_does_not_settle() -> None:
    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("RUN")
        fix = Fix("again", Safety.SAFE, (Edit(at, at, "RUN true\n"),))
        yield Finding("restless", Span(at, at), "never quiet", fix)

    text = BASE + "RUN a\n"
    restless = made("restless", find)
    outcome = rewrite(text, Choice(frozenset(("restless",))), steps=(restless,))
    assert outcome.problem is not None
    assert outcome.problem.reason.startswith("it does not settle")
    assert outcome.problem.pass_id == "restless"
    assert outcome == Outcome(text, text, problem=outcome.problem)


def test_two_fixes_that_undo_each_other_do_not_settle() -> None:
    def flip(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("RUN a") + 5
        flagged = document.text.startswith(" -q", at)
        edit = Edit(at, at + 3, "") if flagged else Edit(at, at, " -q")
        yield Finding("flip", Span(at, at), "a fault", Fix("flip", Safety.SAFE, (edit,)))

    text = BASE + "RUN a\n"
    flipping = made("flip", flip)
    outcome = rewrite(text, Choice(frozenset(("flip",))), steps=(flipping,))
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "flip"
    assert outcome.after == text


@pytest.mark.parametrize("order", [("sound", "broken"), ("broken", "sound")])
def test_the_broken_one_of_two_passes_is_named(order: tuple[str, str]) -> None:
    text = BASE + "RUN pip install flask\nUSER app\n"

    def sound(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("install") + 7
        if not document.text.startswith(" -q", at):
            fix = Fix("be quiet", Safety.SAFE, (Edit(at, at, " -q"),))
            yield Finding("sound", Span(at, at), "loud", fix)

    def broken(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("app")
        if document.text[at:] == "app\n":
            fix = Fix("rename", Safety.SAFE, (Edit(at + 3, at + 3, "lication"),))
            yield Finding("broken", Span(at, at), "short", fix)

    found = {"sound": sound, "broken": broken}
    steps = tuple(made(name, found[name]) for name in order)
    outcome = rewrite(text, Choice(frozenset(order)), steps=steps)
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "broken"
    assert outcome.after == text


def test_one_broken_fix_takes_back_all_others() -> None:
    text = BASE + "ENV A=1\nENV B=2\nRUN a\n"
    edits = (Change("A=1", "\nENV ", " \\\n    ").edit(text), Change("B=", "2", "3").edit(text))
    outcome = rewrite(text, Choice(frozenset(("broken",))), steps=(step(text, *edits),))
    assert outcome.after == text
    assert outcome.problem is not None
    assert not outcome.reports


def test_pass_that_is_not_chosen_does_not_run() -> None:
    text = BASE + "RUN a\n"
    broken = step(text, Edit(0, 4, "FORM"))
    assert rewrite(text, Choice(frozenset(("another",))), steps=(broken,)) == Outcome(text, text)


# -- what is removed or changed on purpose ---------------------------------------------------------


class Meant(NamedTuple):
    """A text, changes of it, and what a fix has to declare for them to pass.

    `part` is one that says too little, or something else.
    """

    text: str
    changes: tuple[Change, ...]
    whole: dict[str, Sequence[object]]
    part: dict[str, Sequence[object]]


MOUNT = "--mount=type=cache,target=/root/.cache/pip"
MEANT = {
    "word-dropped": Meant(
        BASE + "RUN pip install --no-cache-dir flask\n",
        (Change("install", " --no-cache-dir", ""),),
        {"drops": ["--no-cache-dir"]},
        {"drops": ["--no-cache"]},
    ),
    "word-dropped-with-its-continuation": Meant(
        BASE + "RUN pip install \\\n    --no-cache-dir \\\n    flask\n",
        (Change("install \\\n", "    --no-cache-dir \\\n", ""),),
        {"drops": ["--no-cache-dir"]},
        {"drops": ["flask"]},
    ),
    "word-of-an-exec-form-dropped": Meant(
        BASE + 'RUN ["pip", "install", "--no-cache-dir", "flask"]\n',
        (Change('"install"', ', "--no-cache-dir"', ""),),
        {"drops": ["--no-cache-dir"]},
        {"drops": ["flask"]},
    ),
    "word-of-a-nested-script-dropped": Meant(
        BASE + 'RUN bash -c "pip install -q --no-cache-dir flask" && a\n',
        (Change("-q", " --no-cache-dir", ""),),
        {"drops": ["--no-cache-dir"]},
        {"drops": ["flask"]},
    ),
    "two-words-dropped": Meant(
        BASE + "RUN pip install --no-cache --no-cache-dir flask\n",
        (Change("install", " --no-cache --no-cache-dir", ""),),
        {"drops": ["--no-cache", "--no-cache-dir"]},
        {"drops": ["--no-cache-dir"]},
    ),
    "first-command-dropped": Meant(
        BASE + "RUN pip cache purge && a\n",
        (Change("RUN ", "pip cache purge && ", ""),),
        {"drops": ["pip cache purge"]},
        {"drops": ["a"]},
    ),
    "commands-in-a-row-dropped": Meant(
        BASE + "RUN a && pip cache dir && pip cache purge && b\n",
        (Change("RUN a", " && pip cache dir && pip cache purge", ""),),
        {"drops": ["pip cache dir && pip cache purge"]},
        {"drops": ["pip cache dir", "pip cache"]},
    ),
    "commands-in-a-row-dropped-one-by-one": Meant(
        BASE + "RUN a && pip cache dir && pip cache purge && b\n",
        (Change("RUN a", " && pip cache dir && pip cache purge", ""),),
        {"drops": ["pip cache dir", "pip cache purge"]},
        {"drops": ["pip cache purge"]},
    ),
    "command-between-semicolons-dropped": Meant(
        BASE + "RUN a; rm -rf /x; b\n",
        (Change("RUN a; ", "rm -rf /x; ", ""),),
        {"drops": ["rm -rf /x"]},
        {"drops": ["rm -rf"]},
    ),
    "line-of-a-heredoc-dropped": Meant(
        BASE + "RUN <<EOF\na\nrm -rf /x\nb\nEOF\n",
        (Change("a\n", "rm -rf /x\n", ""),),
        {"drops": ["rm -rf /x"]},
        {"drops": ["b"]},
    ),
    "last-command-under-errexit-dropped": Meant(
        BASE + "RUN set -e; a; rm -rf /x\n",
        (Change("; a", "; rm -rf /x", ""),),
        {"drops": ["rm -rf /x"]},
        {"drops": ["a"]},
    ),
    "operand-dropped": Meant(
        BASE + "RUN rm -rf /x /y\n",
        (Change("rm -rf", " /x", ""),),
        {"drops": ["/x"]},
        {"drops": ["/y"]},
    ),
    "assignment-reworded": Meant(
        BASE + "RUN A=1 pip install a\n",
        (Change("RUN ", "A=1", "B=0"),),
        {"drops": ["A=1"]},
        {"drops": ["B=0"]},
    ),
    "run-of-lists-dropped": Meant(
        BASE + "RUN rm -rf /x; rm -rf /y\nRUN a\n",
        (Change("slim\n", "RUN rm -rf /x; rm -rf /y\n", ""),),
        {"drops": ["rm -rf /x", "rm -rf /y"]},
        {"drops": ["rm -rf /x"]},
    ),
    "command-replaced": Meant(
        BASE + "RUN test -e /f || printf a > /f\n",
        (Change("|| ", "printf a > /f", "printf b > /f"),),
        {"drops": ["printf a > /f"]},
        {"drops": ["printf b > /f"]},
    ),
    "only-command-replaced": Meant(
        BASE + "RUN printf a > /f\n",
        (Change("RUN ", "printf a > /f", "printf b > /f"),),
        {"drops": ["printf a > /f"]},
        {"drops": ["test -e /f"]},
    ),
    "run-dropped": Meant(
        BASE + "RUN a\nRUN rm -rf /root/.cache/pip && \\\n    pip cache purge\nUSER b\n",
        (Change("RUN a\n", "RUN rm -rf /root/.cache/pip && \\\n    pip cache purge\n", ""),),
        {"drops": ["rm -rf /root/.cache/pip", "pip cache purge"]},
        {"drops": ["rm -rf /root/.cache/pip"]},
    ),
    "last-run-dropped": Meant(
        BASE + "RUN a\nRUN pip cache purge",
        (Change("RUN a", "\nRUN pip cache purge", ""),),
        {"drops": ["pip cache purge"]},
        {"drops": ["a"]},
    ),
    "run-ahead-of-a-from-dropped": Meant(
        BASE + "RUN pip cache purge\nFROM scratch\nCOPY a /\n",
        (Change("slim\n", "RUN pip cache purge\n", ""),),
        {"drops": ["pip cache purge"]},
        {"alters": ["A"]},
    ),
    "env-dropped": Meant(
        BASE + "ENV A=1\nRUN a\n",
        (Change("slim\n", "ENV A=1\n", ""),),
        {"alters": ["A"]},
        {"alters": ["B"], "adds": ["A"]},
    ),
    "env-dropped-of-which-one-is-meant": Meant(
        BASE + "ENV A=1 B=2\nRUN a\n",
        (Change("slim\n", "ENV A=1 B=2\n", ""),),
        {"alters": ["A", "B"]},
        {"alters": ["A"]},
    ),
    "pair-dropped": Meant(
        BASE + "ENV A=1 B=2\nRUN a\n",
        (Change("ENV A=1", " B=2", ""),),
        {"alters": ["B"]},
        {"alters": ["A"]},
    ),
    "value-changed": Meant(
        BASE + "ENV A=1\nRUN a\n",
        (Change("A=", "1", "2"),),
        {"alters": ["A"]},
        {"adds": ["A"]},
    ),
    "name-changed": Meant(
        BASE + "ENV A=1\nRUN a\n",
        (Change("ENV ", "A", "B"),),
        {"alters": ["A", "B"]},
        {"alters": ["A"]},
    ),
    "flag-added": Meant(
        BASE + "RUN pip install flask\n",
        (Change("RUN", "", f" {MOUNT}"),),
        {"flags": [("", MOUNT)]},
        {"flags": [("", "--mount=type=cache,target=/root"), (MOUNT, "")]},
    ),
    "flag-added-behind-another": Meant(
        BASE + "RUN --network=host \\\n    pip install flask\n",
        (Change("RUN --network=host", "", f" \\\n    {MOUNT}"),),
        {"flags": [("", MOUNT)]},
        {"flags": [("--network=host", MOUNT)]},
    ),
    "flag-added-ahead-of-exec-form": Meant(
        BASE + 'RUN ["pip", "install"]\n',
        (Change("RUN", "", f" {MOUNT}"),),
        {"flags": [("", MOUNT)]},
        {},
    ),
    "flag-added-ahead-of-a-heredoc": Meant(
        BASE + "RUN <<EOF\npip install a\nEOF\n",
        (Change("RUN", "", f" {MOUNT}"),),
        {"flags": [("", MOUNT)]},
        {},
    ),
    "flag-removed": Meant(
        BASE + f"RUN {MOUNT} pip install flask\n",
        (Change("RUN", f" {MOUNT}", ""),),
        {"flags": [(MOUNT, "")]},
        {"flags": [("", MOUNT)], "drops": [MOUNT]},
    ),
    "flag-changed": Meant(
        BASE + f"RUN {MOUNT} pip install flask\n",
        (Change(MOUNT, "", ",uid=1000"),),
        {"flags": [(MOUNT, MOUNT + ",uid=1000")]},
        {"flags": [(MOUNT, MOUNT + ",uid=1001")]},
    ),
}


@pytest.mark.parametrize("case", MEANT.values(), ids=MEANT.keys())
def test_what_is_declared_passes_and_nothing_else(case: Meant) -> None:
    outcome = tried(case.text, *case.changes, **case.whole)  # type: ignore[arg-type]
    assert outcome.problem is None
    assert outcome.changed
    for less in (case.part, {}):
        refused = tried(case.text, *case.changes, **less)  # type: ignore[arg-type]
        assert refused.problem is not None, less
        assert refused.after == case.text


ENDS = {
    "last-behind-semicolon": ("RUN a; rm -rf /x\n", "a", "; rm -rf /x"),
    "last-of-a-heredoc": ("RUN <<EOF\na\nrm -rf /x\nEOF\n", "a\n", "rm -rf /x\n"),
    "link-ahead-of-a-semicolon": ("RUN set -e; a && rm -rf /x; b\n", "a", " && rm -rf /x"),
    "last-behind-a-chain-under-errexit": ("RUN set -e; a && b; rm -rf /x\n", "b", "; rm -rf /x"),
    "link-ahead-of-or": ("RUN a && rm -rf /x || b\n", "a", " && rm -rf /x"),
    "link-in-the-background": ("RUN a && rm -rf /x & b\n", "a", " && rm -rf /x"),
    "ahead-of-a-pipe": ("RUN rm -rf /x && a | b\n", "RUN ", "rm -rf /x && a | "),
}


@pytest.mark.parametrize(("run", "anchor", "cut"), ENDS.values(), ids=ENDS.keys())
def test_no_command_is_dropped_that_decides_how_a_script_ends(
    run: str, anchor: str, cut: str
) -> None:
    outcome = tried(BASE + run, Change(anchor, cut, ""), drops=("rm -rf /x", "rm -rf /x && a |"))
    assert outcome.problem is not None
    assert "commands" in outcome.problem.reason


def test_words_and_a_command_may_go_in_at_one_place() -> None:
    text = BASE + "RUN pip config set a yes && b\n"
    outcome = tried(text, Change("set a", " yes", " no && pip config set c d"), drops=("yes",))
    assert outcome.problem is None
    outcome = tried(text, Change("set a", " yes", " no || pip config set c d"), drops=("yes",))
    assert outcome.problem is not None


def test_what_refers_to_a_variable_is_not_altered_with_it() -> None:
    text = BASE + "ENV A=1\nENV B=$A\nRUN a\n"
    assert tried(text, Change("A=", "1", "2"), alters=("A",)).problem is not None
    assert tried(text, Change("A=", "1", "2"), alters=("A", "B")).changed


def test_flags_that_are_declared_let_no_words_in() -> None:
    text = BASE + "RUN pip install flask\n"
    outcome = tried(text, Change("RUN", "", f" {MOUNT} env"), flags=[("", MOUNT)])
    assert outcome.problem is not None
    outcome = tried(text, Change("RUN", " pip", f" {MOUNT} pap"), flags=[("", MOUNT)])
    assert outcome.problem is not None


@pytest.mark.parametrize("new", ["b || true", "b && true", "b &", "b | b"])
def test_command_replaced_by_more_than_one(new: str) -> None:
    text = BASE + "RUN set -e; a; c\n"
    outcome = tried(text, Change("-e; ", "a", new), drops=["a"])
    assert outcome.problem is not None
