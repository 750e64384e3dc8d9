"""Laws that hold for any text: hypothesis looks for one that breaks them."""

from __future__ import annotations

import os
import pickle
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipslim import Choice, Outcome, rewrite
from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.passes import PASSES
from pipslim.syntax.document import Document, Unparsable
from pipslim.syntax.edits import apply
from pipslim.syntax.parser import parse
from pipslim.syntax.script import Opaque, Script
from pipslim.syntax.shell import scan
from pipslim.syntax.source import decode, encode
from pipslim.syntax.validity import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus import Corpus

    from pipslim.rewrite.engine import Offer

FIXTURES = Path(__file__).parents[1] / "fixtures"

moderate = settings(
    max_examples=200,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)

# -- texts -----------------------------------------------------------------------------------------

ANY = st.text(st.characters(exclude_categories=()))  # lone surrogates too

# What means something to the builder, to a shell or to pip; texts made of it reach far.
FRAGMENTS = st.sampled_from(
    """\
FROM python:3.12-slim
FROM python:3.6.5 AS base
FROM base
FROM ubuntu:18.04
FROM registry.example.com/a/b:7
ARG TAG=3.12
ARG A
ENV A=1
ENV B=$A
ENV A b  c
ENV C="a b" \\
    D='$C'
RUN apt-get update && apt-get install -y python3-pip && pip3 install flask
RUN apt-get install -y python3-pip
RUN pip install flask
RUN pip install \\
    # why
    flask
RUN ["pip", "install", "flask"]
RUN sh -c 'pip install flask'
RUN bash -c "pip install \\"flask\\""
RUN --mount=type=cache,target=/root/.cache/pip pip install flask
RUN python -m venv /venv && /venv/bin/pip install --upgrade pip
RUN pip install flask && pip cache purge
RUN <<EOF
RUN cat <<EOF > /f
COPY <<-"EOF" /f
ONBUILD RUN pip install flask
SHELL ["/bin/bash", "-c"]
SHELL ["powershell", "-Command"]
USER app
USER root
COPY pip.conf /etc/pip.conf
CMD ["python"]
# pipslim: ignore[pip-cache]
# pipslim: ignore-file
# escape=`
# syntax=docker/dockerfile:1
EOF
pip install flask
fi
if true; then pip install flask
case x in x) pip install flask;; esac
for a in b; do pip install $a; done""".splitlines()
)
GLUE = st.sampled_from([
    "\n", "\n", "\n", "\n", "\r\n", "\n\n", " \\\n", "\\\n", " `\n", " ", " && ", "; ", " | ", "",
    "'", '"', "`", "$(", ")", "${", "}", "<<EOF", "#", " # ", "\\", "\t", "\0", "\ufeff", "\ud800",
])  # fmt: skip


@st.composite
def assembled(draw: st.DrawFn) -> str:
    """Give fragments of Dockerfiles glued together, a FROM ahead more often than not."""
    parts = ["FROM python:3.12-slim\n"] if draw(st.integers(0, 3)) else []
    for _ in range(draw(st.integers(0, 9))):
        parts.append(draw(FRAGMENTS))
        parts.append(draw(GLUE))
    return "".join(parts)


PIECES = st.one_of(
    st.sampled_from([
        "'", '"', "`", "\\", "\\\n", "\n", "\r\n", "\r", " ", "\t", "#", "$", "${", "}", "$(", "(",
        ")", "<<EOF", "<<-EOF\n", "EOF\n", "&&", "||", ";", "|", "&", "=", "[", "\0", "\ufeff",
        "\ud800", "\udcff", "\u2028", "ENV A=1\n", "RUN ", "FROM a\n", "ONBUILD ", "USER a\n",
    ]),
    st.characters(exclude_categories=()),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Give a text with a few characters or lines dropped, doubled, swapped or put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        what = draw(st.integers(0, 5))
        if what == 0:
            text = text[:start] + text[end:]
        elif what == 1:
            text = text[:end] + text[start:end] + text[end:]
        elif what == 2:
            text = text[:start] + draw(PIECES) + text[start:]
        elif what == 3:
            text = text[:start] + draw(PIECES) + text[end:]
        else:
            lines = text.splitlines(keepends=True) or [""]
            at = start * len(lines) // (len(text) + 1)
            if what == 4:
                lines[at : at + 1] = [] if draw(st.booleans()) else [lines[at], lines[at]]
            else:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            text = "".join(lines)
    return text


PIPS = st.sampled_from([
    "pip", "pip3", "python -m pip", "python3 -m pip", "pip2", "/usr/bin/pip3", "$PIP", "${PIP}",
    "/venv/bin/pip", "sudo pip", "sudo -H pip3", "conda run -n x pip", "env A=1 pip", "A=1 pip",
    "pip3.9", "time pip", "exec pip",
])  # fmt: skip
WORDS = st.sampled_from([
    "install a", "install a", "install -r r.txt", "install --user a", "install a>=1", "install $X",
    "install 'a b'", "install -U pip", "install --upgrade pip setuptools", "install 'pip<21'",
    "install pip==18.1", "install pip==19.0", "install pip==$V", "wheel -w /w a", "download a",
    "list", "uninstall -y a", "cache purge", "cache purge > /dev/null 2>&1", "cache dir",
    "config set global.a b", "--version", "-q install a", "--no-cache-dir install a",
    "install --cache-dir=/c a", "install --no-cache a", "--isolated install a",
])  # fmt: skip
COMMANDS = st.one_of(
    st.tuples(PIPS, WORDS).map(" ".join),
    st.tuples(PIPS, WORDS).map(" ".join),
    st.sampled_from([
        "python -m venv /venv", "virtualenv /venv", "apt-get install -y python3-pip",
        "apt-get update && apt-get install -y python-pip python3-pip", "apk add py3-pip",
        "yum install -y python-pip", "curl https://bootstrap.pypa.io/get-pip.py | python3",
        "python get-pip.py 'pip<20'", "rm -rf /root/.cache", "true", "set -e", "hash -r",
        "PIP=pip3", "rm -rf ~/.cache/pip", "rm -r /root/.cache/pip && true", "uv pip install a",
        "uv sync --frozen", "$UV -q b", "poetry install", "pdm sync", "pipenv install --system",
        "pipx install a", "pip-sync r.txt", "conda install -y a", "conda clean -afy",
        "chown -R a /root/.cache",
        "export PIP_NO_CACHE_DIR=1", "echo 'pip install x'", "ls || true", "(cd /x; make)",
    ]),
)  # fmt: skip
SEAMS = st.sampled_from([
    " && ", " && ", " && ", " && \\\n    ", " && \\\n    ", " \\\n && ", "; ", " ; \\\n  ", " || ",
    " | ", "&&", " && \\\n  # note\n  ", " && \\\n\n  ",
])  # fmt: skip
AROUND = st.sampled_from(
    ["%s"] * 9 + ["( %s )", "{ %s; }", "if true; then %s; fi", "sh -c '%s'", 'bash -lc "%s"']
)
RUNS = st.sampled_from([
    "RUN %s", "RUN %s", "RUN %s", "run %s", "RUN  \\\n    %s", "ONBUILD RUN %s", "RUN %s  # why",
    "RUN --mount=type=cache,target=/root/.cache/pip %s", "RUN --mount=type=tmpfs,target=$T %s",
    "RUN <<EOF\n%s\nEOF", "RUN bash <<'EOF'\nset -e\n%s\nEOF", "RUN cat <<EOF > /f\n%s\nEOF",
])  # fmt: skip
OTHERS = st.sampled_from([
    'RUN ["pip", "install", "a"]', 'RUN ["sh", "-c", "make && pip install a"]', "ENV A=1",
    "ENV B=$A", "ENV A b", "ENV B c d", "ENV PATH=/x:$PATH", "ENV C=1 \\\n    D=2", "ENV PIP=pip3",
    "ENV PIP_NO_CACHE_DIR=1", "ENV PIP_NO_CACHE_DIR=", "ENV PYTHONDONTWRITEBYTECODE=1",
    "ENV PYTHONDONTWRITEBYTECODE=", "ENV PIP_COMPILE=1", "ENV PIP_CACHE_DIR /c", "ENV HOME=/h",
    "ARG A", "ARG PIP=pip", "ARG UV='uv pip install --no-cache a'", "ENV UV=uv\\ sync",
    "ARG PIP_NO_CACHE_DIR", "ARG PYTHONDONTWRITEBYTECODE=1", "USER app",
    "USER root", "USER $U", 'SHELL ["/bin/bash", "-c"]', 'SHELL ["powershell", "-Command"]',
    "COPY pip.conf /etc/pip.conf", "COPY a /b", "RUN pip config set --global a.b c", "# note", "",
    "# pipslim: ignore", "# pipslim: ignore[pip-cache]", "CMD pip install x", "FROM base",
    "FROM 0", "FROM base AS y", "FROM ubuntu:18.04 AS x", "FROM x", "FROM scratch", "FROM $B",
])  # fmt: skip
BASES = st.sampled_from([
    "python:3.12", "python:3.6.5", "python:3.3", "ubuntu:14.04", "ubuntu:18.04", "ubuntu:22.04",
    "reg.io/x:1", "jupyter/base-notebook:python-3.11", "jupyter/base-notebook", "alpine:3.8",
    "centos:7", "debian:10", "tensorflow/tensorflow:1.12.0", "python:3.12-windowsservercore",
])  # fmt: skip


@st.composite
def plausible(draw: st.DrawFn) -> str:
    """Give a file that somebody might have written: chains of calls, users, stages, settings."""
    lines = [f"FROM {draw(BASES)} AS base"]
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            lines.append(draw(OTHERS))
            continue
        script = draw(AROUND).replace("%s", draw(COMMANDS))
        for _ in range(draw(st.integers(0, 3))):
            script += draw(SEAMS) + draw(AROUND).replace("%s", draw(COMMANDS))
        lines.append(draw(RUNS).replace("%s", script))
    text = draw(st.sampled_from(["", "", "ARG B=python:3.9\n", "# syntax=docker/dockerfile:1\n"]))
    text += "\n".join(lines) + draw(st.sampled_from(["\n", "\n", ""]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\n", "\r\n"])))


@cache
def examples() -> tuple[str, ...]:
    """Give the texts of the fixtures."""
    found = sorted(FIXTURES.rglob("before.Dockerfile"))
    return tuple(decode(path.read_bytes()) for path in found)


MUTATED = st.deferred(lambda: st.sampled_from(examples()).flatmap(mutated))
DOCKERFILES = st.one_of(ANY, assembled(), MUTATED)

# -- reading ---------------------------------------------------------------------------------------


@given(DOCKERFILES)
@moderate
@example("")
@example("\ufeff")
@example("\\\n\\\n")
@example("# escape=`\n`")
@example("RUN <<A <<B\nA\nB")
def test_any_text_parses_back_to_itself_or_is_unparsable(text: str) -> None:
    document = parse(text)
    if isinstance(document, Unparsable):
        assert 0 <= document.offset <= len(text)
        assert document.reason
        return
    assert "".join(document.pieces()) == text
    end = 0
    for instruction in document.instructions:
        assert end <= instruction.start < instruction.end <= len(text)
        end = instruction.end
        view, raw = instruction.view, text[instruction.start : instruction.end]
        for offset, place, length in view.segments:
            assert view.text[offset : offset + length] == raw[place : place + length]
    for comment in document.comments:
        assert text[comment.start] == "#"
        assert "\n" not in text[comment.start : comment.end]


@given(DOCKERFILES)
@moderate
def test_bytes_survive(text: str) -> None:
    assert decode(encode(text)) == text or any("\ud800" <= c <= "\udfff" for c in text)


@given(st.binary())
@moderate
def test_bytes_that_are_not_utf_8_survive(data: bytes) -> None:
    assert encode(decode(data)) == data
    outcome = rewrite(decode(b"FROM python:3.12\nRUN pip install " + data))
    assert data in encode(outcome.after)


SHELL_TOKENS = [
    "a", "b=1", "pip install x", " ", "\n", ";", "&&", "||", "|", "&", "!", "(", ")", "{ ", "}",
    "'", '"', "`", "\\", "\\\n", "$", "$x", "${", "$(", "$((", "))", "<<E\n", "E\n", "<", ">", "#",
    "# c\n", "if ", "then ", "elif ", "else ", "fi", "for x in ", "do ", "done", "case ", "in ",
    ";;", "esac", "while ", "function f ", "f()", "[[ ", "]]", "x=(", "&>", "2>&1", "\0",
]  # fmt: skip
SHELL = st.one_of(
    ANY, assembled(), st.lists(st.sampled_from(SHELL_TOKENS), max_size=25).map("".join)
)


@given(SHELL, st.booleans())
@moderate
def test_any_script_is_scanned_or_opaque(text: str, bodies: bool) -> None:
    script = scan(text, bodies=bodies)
    if isinstance(script, Opaque):
        assert 0 <= script.offset <= len(text)
        assert script.reason
        return
    end = 0
    for start, stop, _ in script.tokens:
        assert end <= start < stop <= len(text)
        end = stop
    for command in script.commands:
        assert 0 <= command.start <= command.end <= len(text)
        for word in command.words:
            assert 0 <= word.start < word.end <= len(text)


LONG = {
    "brackets": "(" * 5_000,
    "arithmetic": "((" * 5_000,
    "substitutions": "$(" * 5_000,
    "substitutions-quoted": '"$(' * 5_000,
    "expansions": "${a:-" * 5_000,
    "backticks": "`\\`" * 5_000,
    "braces": "{ " * 5_000,
    "if": "if " * 5_000,
    "while": "while " * 5_000,
    "case": "case a in a) " * 5_000,
    "functions": "f() " * 5_000,
    "negations": "! " * 5_000,
    "time": "time " * 5_000,
    "commands": "a;" * 20_000,
    "lines": "a && \\\n" * 100_000 + "a",
    "continuations": "a\\\n" * 100_000,
    "word": "x" * 10_000_000,
    "single-quote": "'" + "x" * 10_000_000,
    "double-quotes": '"' + "x" * 10_000_000 + '"',
    "dollar-quotes": "$'" + "\\'" * 200_000 + "'",
    "array": "a=(" + "b " * 100_000 + ")",
    "backslashes": "\\" * 200_001,
    "dollars": "$" * 200_000,
    "heredocs": "cat " + "<<E " * 2_000 + "\n" + "E\n" * 2_000,
    "comments": "# c\n" * 200_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_and_deep_scripts(text: str) -> None:
    assert isinstance(scan(text), (Script, Opaque))


# -- rewriting -------------------------------------------------------------------------------------


USUAL = Choice()
IN_TURN = tuple(step._replace(behind=False) for step in PASSES)


def check_laws(text: str, choice: Choice = USUAL) -> Outcome:
    """Rewrite a text, and check what must hold whatever it is, and whatever is wished for."""
    outcome = rewrite(text, choice)
    assert outcome.before == text
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    problem = outcome.problem
    if problem is not None:
        assert not problem.pass_id, f"a rewrite that fails its own proof: {problem}"
        assert outcome == Outcome(text, text, problem=problem)
        return outcome
    assert apply(text, outcome.edits) == outcome.after
    assert rewrite(text, choice, steps=IN_TURN) == outcome, (
        "fixes beside those waited for change nothing"
    )
    again = rewrite(outcome.after, choice)
    assert again.problem is None
    assert again.after == outcome.after, "a second run changes nothing"
    before, after = parse(text), parse(outcome.after)
    assert isinstance(before, Document)
    assert isinstance(after, Document)
    assert check(after) is None
    assert list(untouchable(before)) == list(untouchable(after))
    comments = [[d.text[c.start : c.end] for c in d.comments] for d in (before, after)]
    assert comments[0] == comments[1]
    for report in outcome.reports:
        assert 0 <= report.offset <= len(text)
        assert bool(report.fixed) != bool(report.held)
    return outcome


KEYS = re.compile(
    r"^(?:\[(?:global|install)\]|[ \t]*no-cache-dir[ \t]*[=:][ \t]*(?:True|false)"
    r"|[ \t]*compile[ \t]*[=:][ \t]*no|# false turns the cache off.*)?\r?\n",
    re.MULTILINE,
)


def untouchable(document: Document) -> Iterator[str]:
    """Give the raw text of each instruction that no pass may touch.

    To the data of a COPY lines may be added, of keys for pip: it is given without such lines.
    """
    for instruction in document.instructions:
        if instruction.keyword not in ("RUN", "ENV", "ONBUILD"):
            raw = document.text[instruction.start : instruction.end]
            yield KEYS.sub("", raw) if instruction.heredocs else raw


@given(DOCKERFILES)
@settings(moderate, max_examples=400)
@example("FROM a\nRUN ${'\nRUN pip install x")
@example("FROM a\nENV A=1\nENV B=2\\")
@example('FROM python:3.12 AS base\nRUN ["pip", "install", "a"]\nRUN pip2 cache purge')
def test_rewriting_any_text(text: str) -> None:
    check_laws(text)


@given(plausible())
@settings(moderate, max_examples=400)
def test_rewriting_plausible_files(text: str) -> None:
    check_laws(text)


MODES = st.builds(
    lambda cache, unsafe: Choice(options=Options(cache=cache), unsafe=unsafe),
    st.sampled_from(["none", "mount"]),
    st.booleans(),
)


@given(plausible(), MODES, MODES)
@example(
    "FROM python:3.6.5\nRUN true\nONBUILD RUN pip install a\n",
    Choice(options=Options(cache="mount")),
    USUAL,
)
@settings(moderate, max_examples=300)
def test_rewriting_in_any_mode_and_from_one_to_another(
    text: str, first: Choice, second: Choice
) -> None:
    check_laws(check_laws(text, first).after, second)


def check_answers(text: str, answers: Random, chance: float) -> None:
    """Rewrite a text with some fixes refused, and check what must hold whichever they are."""
    asked: dict[Offer, bool] = {}

    def accept(offer: Offer) -> bool:
        assert offer not in asked, "asked once"
        asked[offer] = answers.random() < chance
        return asked[offer]

    plain, outcome = rewrite(text), rewrite(text, accept=accept)
    if (
        plain.problem is not None
    ):  # it is met by the proof at the latest, of which there may be none
        assert outcome.problem in (plain.problem, None)
        return
    assert outcome.problem is None, "any of the fixes pass the proof"
    assert apply(text, outcome.edits) == outcome.after
    assert sum(asked.values()) == sum(1 for report in outcome.reports if report.fixed)
    if all(asked.values()):
        alone = [report._replace(edits=()) for report in plain.reports]
        assert outcome.after == plain.after
        assert [report._replace(edits=()) for report in outcome.reports] == alone
    if not any(asked.values()):
        assert outcome.after == text


@given(st.one_of(DOCKERFILES, plausible()), st.randoms(), st.sampled_from([0, 0.3, 0.6, 0.8, 1]))
@settings(moderate, max_examples=400)
@example("FROM 0 AS 0\nFROM 0\nRUN pip cache\nRUN pip install", Random(0), 1)
def test_rewriting_with_fixes_refused(text: str, answers: Random, chance: float) -> None:
    check_answers(text, answers, chance)


@pytest.mark.corpus
@given(st.integers(0, 10**9), st.randoms(), st.sampled_from([0, 0.3, 0.6, 0.8, 1]))
@moderate
def test_rewriting_real_files_with_fixes_refused(
    corpus: Corpus, number: int, answers: Random, chance: float
) -> None:
    path = corpus.pip[number % len(corpus.pip)]
    check_answers(decode(path.read_bytes()), answers, chance)


@pytest.mark.corpus
@given(data=st.data())
@moderate
def test_rewriting_real_files_with_mistakes(corpus: Corpus, data: st.DataObject) -> None:
    files = corpus.pip[::7] + corpus.others[::41]
    path = files[data.draw(st.integers(0, len(files) - 1))]
    text = decode(path.read_bytes())
    assume(len(text) < 5_000)
    check_laws(data.draw(mutated(text)))


LARGE = {
    "chain": "RUN pip install a" + " && \\\n    pip install a" * 500 + "\n",
    "lines": "RUN pip install \\\n" + "    a \\\n" * 100_000 + "    b\n",
    "runs": "RUN pip install a\n" * 500,
    "word": "RUN pip install " + "a" * 10_000_000 + "\n",
    "continuations": "RUN true " + "\\\n" * 50_000 + "\n",
    "comments-in-continuation": "RUN a \\\n" + "# c\n" * 10_000 + "&& pip install a\n",
    "comment": "#" + "x" * 2_000_000 + "\nRUN pip install a\n",
    "heredoc": "RUN <<EOF\n" + "pip install a\n" * 500 + "EOF\n",
    "heredoc-line": "RUN <<EOF\n" + "x" * 2_000_000 + "\nEOF\n",
    "env": "".join([f"ENV A{n}={n}\n" for n in range(10_000)]),
    "env-chained": "".join([f"ENV A{n}=$A{n - 1}\n" for n in range(3_000)]),
    "stages": "".join([f"FROM python:3.12 AS s{n}\n" for n in range(2_000)]),
    "stages-chained": "FROM a AS s0\nRUN pip install a\n"
    + "".join([f"FROM s{n} AS s{n + 1}\nRUN pip install a\n" for n in range(200)]),
    "args": "ARG A\n" * 10_000 + "RUN pip install a\n",
    "exec-form": 'RUN ["pip", "install"' + ', "a"' * 10_000 + "]\n",
    "ignored": "# pipslim: ignore[pip-cache]\nRUN pip install a\n" * 500,
    "blank-lines": "\n" * 1_000_000,
    "no-instruction": "{" * 1_000_000,
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE.keys())
def test_rewriting_large_files(body: str) -> None:
    outcome = rewrite("FROM python:3.12\n" + body)
    problem = outcome.problem
    assert problem is None or not problem.pass_id
    assert rewrite(outcome.after).after == outcome.after


# -- the environment -------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "C", "PATH"])
LITERALS = st.text(st.sampled_from("ab1./:-_"), max_size=4)


class Reference(NamedTuple):
    """A `$name` or `${name:-default}` in a value."""

    name: str
    default: str | None

    def __str__(self) -> str:
        return f"${{{self.name}}}" if self.default is None else f"${{{self.name}:-{self.default}}}"

    def value(self, names: dict[str, str]) -> str:
        """Give what the builder puts in its place."""
        return names.get(self.name) or self.default or ""


class Value(NamedTuple):
    """The value of a variable: literal texts and references, and the quote around them."""

    parts: tuple[str | Reference, ...]
    quote: str

    def __str__(self) -> str:
        return self.quote + "".join(map(str, self.parts)) + self.quote

    def expanded(self, names: dict[str, str]) -> str:
        """Give the value as the builder expands it."""
        if self.quote == "'":
            return "".join(map(str, self.parts))
        return "".join(p if isinstance(p, str) else p.value(names) for p in self.parts)


REFERENCES = st.builds(Reference, NAMES, st.none() | LITERALS)
VALUES = st.builds(
    Value,
    st.lists(LITERALS | REFERENCES, max_size=3).map(tuple),
    st.sampled_from(["", "", '"', "'"]),
)
KINDS = st.sampled_from(
    ["ENV"] * 6 + ["LEGACY", "LEGACY", "ARG", "UNSET", "RUN", "FROM", "# c", ""]
)


class World(NamedTuple):
    """A Dockerfile, and the environment that its model has before each RUN and at the end."""

    text: str
    expected: tuple[dict[str, str], ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Give random settings, stage by stage, as a text and as what the builder makes of them.

    The model knows nothing of the parser: it is what the reference says, step by step. Words of
    one ENV expand with the environment before it; of ENV and ARG the later wins.
    """
    lines = ["FROM scratch AS s0"]
    env: dict[str, str] = {}
    names: dict[str, str] = {}
    stages = [(env, names)]
    expected = []
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(KINDS)
        if kind == "ENV":
            pairs = draw(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3))
            gap = draw(st.sampled_from([" ", "  ", " \\\n    ", " \\\n# c\n\t"]))
            lines.append("ENV " + gap.join(f"{name}={value}" for name, value in pairs))
            new = {name: value.expanded(names) for name, value in pairs}
            env.update(new)
            names.update(new)
        elif kind == "LEGACY":
            name = draw(NAMES)
            parts = draw(
                st.lists(st.sampled_from(["a", "  b", "=", " # c", "${A}", "${B}"]), max_size=3)
            )
            parts.insert(0, "x")
            lines.append(f"ENV {name} {''.join(parts)}")
            known = {"${A}": names.get("A", ""), "${B}": names.get("B", "")}
            value = "".join([known.get(part, part) for part in parts])
            env[name] = names[name] = value
        elif kind == "ARG":
            name, given_value = draw(NAMES), draw(VALUES)
            lines.append(f"ARG {name}={given_value}")
            names[name] = given_value.expanded(names)
        elif kind == "UNSET":
            lines.append(f"ARG {draw(NAMES)}")
        elif kind == "RUN":
            lines.append("RUN true")
            expected.append(dict(env))
        elif kind == "FROM":
            number = len(stages)
            parent = draw(st.none() | st.integers(0, number - 1))
            lines.append(f"FROM {'scratch' if parent is None else f's{parent}'} AS s{number}")
            old, old_names = ({}, {}) if parent is None else stages[parent]
            env, names = dict(old), dict(old_names)
            stages.append((env, names))
        else:
            lines.append(kind)
    expected.append(dict(env))
    return World("\n".join(lines) + "\n", tuple(expected))


def environments(text: str) -> tuple[dict[str, str], ...]:
    """Give the environment of a text before each RUN and at the end."""
    document = parse(text)
    assert isinstance(document, Document)
    stages = Facts(document, Options()).stages
    places = [n for n, each in enumerate(document.instructions) if each.keyword == "RUN"]
    places.append(len(document.instructions))
    return tuple(dict(stages.environment(number).env) for number in places)


@given(worlds())
@settings(moderate, max_examples=120)
def test_environment_is_the_same_where_env_is_joined(world: World) -> None:
    assert environments(world.text) == world.expected
    outcome = rewrite(world.text, Choice(frozenset(("split-env",))))
    assert outcome.problem is None
    assert environments(outcome.after) == world.expected
    document = parse(outcome.after)
    assert isinstance(document, Document)
    before = parse(world.text)
    assert isinstance(before, Document)
    assert list(untouchable(document)) == list(untouchable(before))
    assert rewrite(outcome.after, Choice(frozenset(("split-env",)))).after == outcome.after


@given(worlds())
@settings(moderate, max_examples=60)
def test_environment_is_the_same_but_for_what_was_added(world: World) -> None:
    text = world.text.replace("scratch", "python:3.12").replace("RUN true", "RUN pip install a")
    outcome = rewrite(text)
    assert outcome.problem is None
    added = {"PYTHONDONTWRITEBYTECODE"}
    document = parse(outcome.after)
    assert isinstance(document, Document)
    stages = Facts(document, Options()).stages
    found = [
        {name: value for name, value in stages.environment(number).env.items() if name not in added}
        for number, each in enumerate(document.instructions)
        if each.keyword == "RUN" and "/etc/pip.conf" not in each.view.text
    ]
    assert found == list(world.expected[:-1])
