"""Dockerfiles inside bake files, HCL and JSON: cases, another reader of HCL, laws for any text."""

from __future__ import annotations

import json

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
