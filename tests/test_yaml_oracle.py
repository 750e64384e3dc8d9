"""Compose files against another reader of YAML: what they say, before and after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from hosts import Case, blind, cases
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_properties import moderate, plausible

from pipslim import Choice, Outcome
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.carriers.part import Unreadable
from pipslim.facts.options import KEEP, MOUNT, NONE, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.carriers.part import Part

KEY = "dockerfile_inline"
PARTS = BY_KIND["compose"].parts
CASES = [case for case in cases("compose") if case.folder.name != "no-yaml"]
few = settings(moderate, max_examples=50)


def loaded(text: str) -> list[object]:
    """Give the data of each document, each value as it is written, but for the Dockerfiles."""
    found = yaml.load_all(text.removeprefix("\ufeff"), Loader=yaml.BaseLoader)
    return [blind(each, KEY) for each in found]


def inline(text: str) -> list[str]:
    """Give the values that hold Dockerfiles, each once, in the order of their places."""
    waiting: list[yaml.Node] = [*yaml.compose_all(text.removeprefix("\ufeff"), yaml.BaseLoader)]
    found: dict[int, str] = {}
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append(value)
                if key.value == KEY and isinstance(value, yaml.ScalarNode):
                    found[value.start_mark.index] = value.value
    return [found[at] for at in sorted(found)]


def say(parts: Sequence[Part], values: Sequence[str]) -> None:
    """Check that parts say what the oracle reads, as compose hands it on: `$$` is a `$`."""
    assert len(parts) == len(values)
    for part, value in zip(parts, values, strict=True):
        if part.whole:
            assert part.text == value.replace("$$", "$")
        else:  # each stretch between variables is there, in order
            pieces = re.split(r"\$\{_hole_\}", part.text)
            pattern = r"\$.*?".join([re.escape(each.replace("$", "$$")) for each in pieces])
            assert re.fullmatch(pattern, value, re.DOTALL)


def check(before: str, outcome: Outcome) -> None:
    """Check a host before and after."""
    assert loaded(outcome.after) == loaded(before)
    say(PARTS(before), inline(before))
    say(PARTS(outcome.after), inline(outcome.after))
    assert outcome.changed == (inline(outcome.after) != inline(before))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_cases(case: Case) -> None:
    check(case.before, case.rewritten(case.before))
    assert loaded(case.after) == loaded(case.before)


def test_what_is_no_yaml_for_the_oracle_is_left() -> None:
    (case,) = [each for each in cases("compose") if each.folder.name == "no-yaml"]
    with pytest.raises(yaml.YAMLError):
        loaded(case.before)
    assert case.before == case.after


# `{n}` is how many blanks more than its key the text has
HEADERS = (
    *("|", "|-", "|+", "|{n}", "|{n}-", "|-{n}", "|{n}+", "|+{n}", "| # a", "|- # it's", "|{n} #"),
    *("&a |", "!!str |-", "&a !!str |{n}"),
)


def host(text: str, more: int, header: str, place: str, newline: str) -> str:
    """Give a compose file with a text as a literal, among other services or as the last value."""
    blanks = " " * (6 + more)
    body = "".join([f"{blanks}{line}\n" if line else "\n" for line in text.split("\n")])
    head = "x-a: &x\n  A: '1'\nservices:\n  x:\n    environment: {<<: *x}\n    build:\n"
    written = f"      {KEY}: {header.replace('{n}', str(more))}\n{body}"
    tails = {
        "middle": "      args: [a, 'b']  # c\n    image: y\n  z: {image: a}\nlast: 0x1\n",
        "last": "",
        "comment": "# behind it\n",
        "document": "---\nservices: {}\n...\n",
        "blank": "\n\n    image: y\n",
    }
    return (head + written + tails[place]).replace("\n", newline)


PLACES = st.sampled_from(["middle", "last", "comment", "document", "blank"])


@given(
    plausible(),
    st.sampled_from(["", "\n", "\n\n"]),
    st.sampled_from(["", "", "  # more blanks than the others\n", "\n"]),
    st.integers(1, 9),
    st.sampled_from(HEADERS),
    PLACES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([KEEP, MOUNT, NONE]),
)
@few
@example("FROM a\nRUN pip install $A", "\n", "  # b\n", 2, "|{n}-", "middle", "\n", KEEP)
@example("FROM a\nENV A=1\nENV B=2\nRUN pip install b", "", "", 1, "|+ # c", "blank", "\r\n", KEEP)
@example("FROM a\nRUN pip install b", "\n\n", "\n", 9, "|+{n}", "last", "\n", MOUNT)
def test_generated_hosts(
    text: str,
    behind: str,
    ahead: str,
    more: int,
    header: str,
    place: str,
    newline: str,
    cache: str,
) -> None:
    text = ahead + text.replace("\r\n", "\n").strip("\n").replace("$", "$$") + behind
    if text[0] == " " and "{n}" not in header:
        text = text.lstrip(" ")
    before = host(text, more, header, place, newline)
    choice = Choice(options=Options(cache=cache))
    outcome = carried(before, PARTS, choice)
    assert outcome.problem is None or not outcome.problem.pass_id
    check(before, outcome)
    assert outcome.after.count("\r\n") == (outcome.after.count("\n") if newline != "\n" else 0)
    at = before.index(KEY)
    assert outcome.after[:at] == before[:at]
    assert carried(outcome.after, PARTS, choice).after == outcome.after


@given(st.text(alphabet=" \n:|>-+2*!#'\"$a{}[],\tFROM", max_size=60))
@settings(moderate, max_examples=200)
@example("|2\n    FROM a\n   RUN pip install b\n")
@example("|\n\n   \n  FROM a\n")
@example(">\n FROM a\n\n RUN b\n")
def test_any_text_that_both_read_says_the_same(text: str) -> None:
    whole = f"x:\n  {KEY}: {text}"
    try:
        values, parts = inline(whole), PARTS(whole)
    except (yaml.YAMLError, Unreadable):
        return
    if all("$" not in value for value in values):
        say(parts, values)
