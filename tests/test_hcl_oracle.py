"""Bake files against HashiCorp's own reader of HCL: what their strings say, before and after."""

from __future__ import annotations

import json
import unicodedata
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from hosts import Case, blind, cases
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from test_properties import moderate, plausible

from pipslim import Choice
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.carriers.part import Unreadable
from pipslim.facts.options import KEEP, MOUNT, NONE, Options

pygohcl = pytest.importorskip("pygohcl", reason="there is no wheel of HashiCorp's HCL here")
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.carriers.part import Part

PARTS = BY_KIND["bake"].parts
KEY = "dockerfile-inline"
# what these hold is no HCL, or cannot be said to the oracle
NO_HCL = {"no-hcl", "no-json", "marker-not-alone", "quoted-over-lines", "not-utf-8"}
CASES = [case for case in cases("bake") if case.folder.name not in NO_HCL]
few = settings(moderate, max_examples=60)


def every(pairs: list[tuple[str, object]]) -> dict[str, list[object]]:
    """Give the values of each key: one that is there twice means two blocks."""
    found: dict[str, list[object]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def loaded(text: str) -> Any:
    """Give the data of a bake file, HCL or JSON; in its strings all that is filled in stays."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return json.loads(text, object_pairs_hook=every)
    return pygohcl.loads(text, keep_interpolations=True)


def evaluated(text: str) -> str:
    """Give what a template says, which JSON has in a string."""
    said: str = pygohcl.loads(f"v = <<EOT_\n{text}\nEOT_\n", keep_interpolations=True)["v"]
    return said.removesuffix("\n")


def inline(value: object, key: str = "") -> Iterator[str]:
    """Give the strings under the key of inline Dockerfiles."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from inline(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from inline(each, key)
    elif key == KEY and isinstance(value, str):
        yield value


def said_by(text: str) -> list[str]:
    """Give what the inline Dockerfiles of a bake file say, sorted."""
    # the oracle chooses nothing: what a condition chooses among is a list to it
    for ahead, behind in (("(DEV ? <<EOT", "[<<EOT"), ("\n  : (", "\n  , "), ('"))', '"]')):
        text = text.replace(ahead, behind)
    found = list(inline(loaded(text)))
    if text.removeprefix("\ufeff").lstrip().startswith("{"):
        found = [evaluated(each) for each in found]
    return sorted(found)


def normal(parts: Sequence[Part]) -> list[str]:
    """Give the texts of parts as HCL has its strings, sorted."""
    return sorted([unicodedata.normalize("NFC", part.text) for part in parts])


@pytest.mark.parametrize("name", sorted(NO_HCL))
def test_what_is_no_hcl_for_the_oracle_is_left(name: str) -> None:
    (case,) = [each for each in cases("bake") if each.folder.name == name]
    with pytest.raises((ValueError, pygohcl.HCLParseError)):
        loaded(case.before)
    assert case.before == case.after or name == "not-utf-8"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_all_other_data_stays(case: Case) -> None:
    before, after = loaded(case.before), loaded(case.after)
    assert (before == after) == (case.before == case.after)
    assert blind(before, KEY) == blind(after, KEY)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_strings_say_what_was_rewritten(case: Case) -> None:
    try:
        before, after = PARTS(case.before), PARTS(case.after)
    except Unreadable:
        assert case.before == case.after
        return
    if all(part.whole for part in before):
        if before:  # else it stands under the key of something else
            assert normal(before) == said_by(case.before)
            assert normal(after) == said_by(case.after)
    else:  # into what has holes, words are put in and nothing else
        flag = " --no-cache-dir"
        bare = [each.replace(flag, "") for each in said_by(case.after)]
        assert bare == [each.replace(flag, "") for each in said_by(case.before)]
        lost = sum(each.count(flag) for each in said_by(case.after))
        assert lost == sum(part.text.count(flag) for part in after)


def quoted(text: str) -> str:
    """Write a text as a string of HCL."""
    return json.dumps(text, ensure_ascii=False)


def host(text: str, form: str, indents: list[int]) -> str:
    """Give a bake file with a text in one of four forms, in the middle of much else."""
    text = text.replace("${", "$${").replace("%{", "%%{")
    if form == "json":
        data = {"variable": {"X": {"default": "a"}}, "target": {"a": {"tags": ["b"], KEY: text}}}
        return json.dumps(data, indent=2)
    if form == "quoted":
        written = quoted(text)
    elif form == "heredoc":
        written = f"<<EOT_\n{text}EOT_"
    else:
        lines = zip(text.split("\n"), cycle(indents), strict=False)
        body = "\n".join([" " * indent + line if line else "" for line, indent in lines])
        written = f"<<-EOT_\n{body}    EOT_"
    return f"""# {KEY} = "FROM a"
variable "X" {{ default = "a" }}
group "default" {{
  targets = ["a", "b"] // all
}}
target "a" {{
  args = {{ A = "${{X}}", "B" = 1 }}
  {KEY} = {written}
  labels = {{
    x = "%{{ if X }}y%{{ endif }}" /* z */
  }}
}}
target b {{
  inherits = ["a"]
}}
"""


FORMS = ("quoted", "heredoc", "indented", "json")


@pytest.mark.parametrize("form", FORMS)
@given(
    text=plausible(),
    indents=st.lists(st.sampled_from([4, 4, 4, 4, 6, 2]), min_size=1, max_size=9),
    cache=st.sampled_from([KEEP, MOUNT, NONE]),
)
@few
@example(text="FROM debian\nRUN pip install a && \\\nrm -r ~/.cache", indents=[4, 4, 2], cache=KEEP)
@example(text="FROM debian\nRUN echo ${A} %{b} $${c} \\\\\n", indents=[4], cache=KEEP)
@example(text="FROM debian\nRUN echo e\u0301 && pip install a\n", indents=[4], cache=MOUNT)
def test_data_is_the_same_but_for_the_dockerfile(
    form: str, text: str, indents: list[int], cache: str
) -> None:
    text = text.replace("\r\n", "\n").strip("\n") + "\n"
    before = host(text, form, indents)
    assert normal(PARTS(before)) == said_by(before)
    outcome = carried(before, PARTS, Choice(options=Options(cache=cache)))
    assert outcome.problem is None or not outcome.problem.pass_id
    assert blind(loaded(outcome.after), KEY) == blind(loaded(before), KEY)
    assert normal(PARTS(outcome.after)) == said_by(outcome.after)
    assert outcome.changed == (said_by(outcome.after) != said_by(before))


@pytest.mark.parametrize("form", ["quoted", "heredoc", "indented"])
@given(st.text(alphabet='abR=<-"~{}\\$%\n\t #/u0é\u00a0', max_size=40))
@settings(moderate, max_examples=200)
@example("$$${a}")
@example('a\\u00e9\\n\\"')
@example("%%%{ a")
@example("$$$${a} $$b $ % %%")
@example("  a\n\t b\n \n")
@example("${a}\n  b\n")
def test_any_string_that_both_read_says_the_same(form: str, text: str) -> None:
    opening = {"quoted": '"', "heredoc": "<<E_\n", "indented": "<<-E_\n"}[form]
    written = f"{opening}{text}" + ('"' if form == "quoted" else "\n  E_")
    whole = f'target "a" {{\n  {KEY} = {written}\n}}\n'
    try:
        data = loaded(whole)
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        assume(False)
    try:
        parts = PARTS(whole)
    except Unreadable:
        return
    if parts and all(part.whole for part in parts):
        assert normal(parts) == list(inline(data))
