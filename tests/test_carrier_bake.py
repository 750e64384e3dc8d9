"""Dockerfiles inside bake files, HCL and JSON: cases, another reader of HCL, laws for any text."""

from __future__ import annotations

import json
from itertools import cycle

import hcl2
import pytest
from hosts import Case, blind, cases, check
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput
from test_properties import moderate, plausible

from pipslim import Choice, rewrite
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.facts.options import KEEP, MOUNT, NONE, Options

CASES = cases("bake")
PARTS = BY_KIND["bake"].parts
few = settings(moderate, max_examples=60)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case) -> None:
    check(case)


def rest(text: str) -> object:
    """Give all that another reader finds, but for the inline Dockerfiles."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    said = json.loads(text) if text.lstrip().startswith("{") else hcl2.loads(text)
    return blind(said, "dockerfile-inline")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.before != case.after], ids=lambda c: c.folder.name
)
def test_all_other_data_stays(case: Case) -> None:
    if max(case.before) >= "\x80":
        pytest.skip("the other reader reads text that is UTF-8 throughout")
    try:
        before = rest(case.before)
    except (UnexpectedInput, ValueError) as error:
        pytest.skip(f"the other reader cannot read it: {type(error).__name__}")
    assert rest(case.after) == before


def escaped(text: str) -> str:
    """Write a text so that bake fills in nothing."""
    return text.replace("${", "$${").replace("%{", "%%{")


def quoted(text: str) -> str:
    """Write a text as a string of HCL."""
    return escaped(json.dumps(text, ensure_ascii=False))


def host(text: str, form: str) -> str:
    """Give a bake file with a text as its inline Dockerfile, in one of three forms."""
    if form == "json":
        return json.dumps({"target": {"a": {"dockerfile-inline": escaped(text)}}}, indent=1)
    written = quoted(text) if form == "quoted" else f"<<EOT_\n{escaped(text)}EOT_"
    return f'target "a" {{\n  dockerfile-inline = {written}\n  x = 1\n}}\n'


@pytest.mark.parametrize("form", ["quoted", "heredoc", "json"])
@given(text=plausible())
@few
@example(text="FROM python:3.12\nENV A b\n# c\nENV B=${A}\nRUN pip install a\n")
def test_a_string_says_what_the_engine_gives(form: str, text: str) -> None:
    text = text.replace("\r\n", "\n").strip("\n") + "\n"
    before = host(text, form)
    (part,) = PARTS(before)
    assert part.text == text
    assert part.whole
    outcome, plain = carried(before, PARTS, Choice()), rewrite(text)
    if plain.problem is not None:
        assert outcome.problem is not None
        assert outcome.after == before
        return
    assert outcome.problem is None
    assert [each.text for each in PARTS(outcome.after)] == [plain.after]
    assert rest_of(outcome.after, form) == rest_of(before, form)
    assert len(outcome.reports) == len(plain.reports)


LINES = (
    *("ENV A=1", "ENV B=$A \\\n C=4", "ENV PIP_NO_COMPILE=1", "ENV PIP_NO_CACHE_DIR=0", "USER x"),
    *("RUN pip install a", "RUN pip install a && \\\nrm -rf ~/.cache/pip", "RUN pip cache purge"),
    "RUN pip install a \\\n&& pip cache purge \\\n&& true",
    "RUN <<E\npip install b\nrm -rf ~/.cache\nE",
    "RUN --mount=type=cache,target=/root/.cache/pip \\\npip install x",
    *("", "# c", "FROM python:3.6 AS b", "COPY a b", "RUN uv pip install x"),
)


@given(
    st.lists(st.sampled_from(LINES), min_size=1, max_size=6),
    st.lists(st.sampled_from([4, 4, 4, 4, 6, 2]), min_size=1, max_size=30),
    st.sampled_from([KEEP, MOUNT, NONE]),
)
@few
@example(["RUN pip install a && \\\nrm -rf ~/.cache/pip"], [4, 4, 2], KEEP)
@example(["RUN pip install a && \\\nrm -rf ~/.cache/pip"], [4] * 4, MOUNT)
@example(["RUN --mount=type=cache,target=/root/.cache/pip \\\npip install x"], [4] * 4, NONE)
@example(["ENV B=$A \\\n C=4", "ENV A=1", "ENV B=$A \\\n C=4"], [4, 6, 4, 6, 4, 4], KEEP)
def test_lines_indented_in_any_way(found: list[str], indents: list[int], cache: str) -> None:
    lines = "\n".join(["FROM debian", *found]).split("\n")
    indented = [" " * indent + line if line else "" for line, indent in zip(lines, cycle(indents))]
    text = "\n".join(indented)
    before = f'target "a" {{\n  dockerfile-inline = <<-EOT\n{text}\n  EOT\n}}\n'
    choice = Choice(options=Options(cache=cache))
    (part,) = PARTS(before)
    outcome, plain = carried(before, PARTS, choice), rewrite(part.text, choice)
    if plain.problem is not None:
        assert outcome.problem is not None
        assert not outcome.problem.pass_id
        return
    assert outcome.problem is None
    assert carried(outcome.after, PARTS, choice).after == outcome.after
    (after,) = PARTS(outcome.after)
    if any(line[:1] not in ("", " ") for line in plain.after.split("\n")):
        assert after.text == plain.after
    else:  # all of its lines are indented, which such a heredoc cannot say
        assert len(after.text.split("\n")) == len(part.text.split("\n"))


def rest_of(text: str, form: str) -> str:
    """Give what stands around the inline Dockerfile."""
    ahead, _, behind = text.partition("FROM")
    return ahead + behind[behind.rindex('"' if form != "heredoc" else "EOT_") :]


@given(st.text(alphabet='abF RO=<-"{}[]\\$%\n#/,:T', max_size=60))
@few
def test_any_text_is_read_or_refused(text: str) -> None:
    whole = f'target "a" {{\n  dockerfile-inline = {text}\n}}\n'
    outcome = carried(whole, PARTS, Choice())
    assert outcome.after == whole or outcome.changed
    assert outcome.problem is None or not outcome.problem.pass_id
