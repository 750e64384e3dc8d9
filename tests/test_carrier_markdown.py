"""Dockerfiles in Markdown: cases, and laws for any text in any fence."""

from __future__ import annotations

import pytest
from hosts import Case, cases, check
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_properties import moderate, plausible

from pipslim import Choice, rewrite
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.facts.options import KEEP, MOUNT, NONE, Options

CASES = cases("markdown")
PARTS = BY_KIND["markdown"].parts
MOUNTED = "--mount=type=cache,target=/root/.cache/pip"
few = settings(moderate, max_examples=80)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case) -> None:
    check(case)


def shown(text: str, fence: str, ahead: str) -> str:
    """Give a document that shows a text in a fence, with `ahead` ahead of each line."""
    lines = [f"{fence} dockerfile", *text.rstrip("\n").split("\n"), fence]
    return "# Title\n\n" + "".join([f"{ahead}{line}\n" for line in lines]) + "\nend\n"


@given(
    plausible(),
    st.sampled_from(["`" * 8, "~" * 9]),
    st.sampled_from(["", "> ", "  ", "> > "]),
    st.sampled_from([KEEP, MOUNT, NONE]),
)
@few
@example("FROM python:3.12\nENV A b\n# c\nENV B=1\nRUN pip install a\n", "`" * 8, "> ", KEEP)
@example(f"FROM python:3.12\nRUN {MOUNTED} \\\npip install a\n", "`" * 8, "> ", NONE)
def test_a_block_says_what_the_engine_gives(text: str, fence: str, ahead: str, cache: str) -> None:
    choice = Choice(options=Options(cache=cache))
    text = text.replace("\r\n", "\n").strip("\n") + "\n"
    before = shown(text, fence, ahead)
    outcome, plain = carried(before, PARTS, choice), rewrite(text, choice)
    if plain.problem is not None:
        assert outcome.after == before
        return
    assert outcome.problem is None
    assert outcome.after == shown(plain.after, fence, ahead)


@given(st.text(alphabet="`~ \n>-dockerFROMa0.:<!\t", max_size=80))
@few
def test_any_text_is_read(text: str) -> None:
    outcome = carried("```docker\n" + text, PARTS, Choice())
    assert outcome.problem is None
