"""Fenced blocks of Markdown against GitHub's own reader: which there are, before and after."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hosts import Case, cases
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_properties import moderate, plausible

from pipslim import Choice
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.facts.options import KEEP, MOUNT, NONE, Options

cmark = pytest.importorskip("cmarkgfm", reason="there is no wheel of GitHub's reader here")
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = BY_KIND["markdown"].parts
CASES = [case for case in cases("markdown") if case.folder.name != "ignore-of-no-use"]
few = settings(moderate, max_examples=150)
_BLOCK = re.compile(r'<pre lang="([^"]*)"><code>(.*?)</code></pre>', re.DOTALL)
_FROM = re.compile(r"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)
_HOLE = re.compile(r"\{\{|\{%|\{#|<%|@\w+@|%%\w+%%")


def rendered(text: str) -> str:
    """Give what a text is shown as; HTML in it is left out."""
    shown: str = cmark.github_flavored_markdown_to_html(text, options=0)
    return shown


def is_ours(match: re.Match[str]) -> bool:
    """Tell whether a block shows a Dockerfile."""
    named = html.unescape(match[1]).lower() in ("docker", "dockerfile")
    return named and _FROM.search(html.unescape(match[2])) is not None


def blocks(text: str) -> list[str]:
    """Give the Dockerfiles that a text shows, without the newline at the end of each."""
    found = _BLOCK.finditer(rendered(text))
    return [html.unescape(each[2]).removesuffix("\n") for each in found if is_ours(each)]


def around(text: str) -> str:
    """Give what a text is shown as but for its Dockerfiles."""
    return _BLOCK.sub(lambda each: "DOCKERFILE" if is_ours(each) else each[0], rendered(text))


def read(text: str) -> list[str]:
    """Give the Dockerfiles that are found in a text, without the newline at the end of each."""
    found = [part.text.replace("\r\n", "\n") for part in PARTS(text)]
    return [re.sub(r"\A# pipslim: ignore-file.*\n", "", each).removesuffix("\n") for each in found]


def check(text: str, choice: Choice) -> None:
    """Check that both find the same Dockerfiles, before and after, and all else stays."""
    shown, found = blocks(text), read(text)
    if "\t" in text:  # a tab that stands for blanks of the block is not counted, but left
        assert is_in(found, shown)
    else:
        assert found == shown
    outcome = carried(text, PARTS, choice)
    assert outcome.problem is None
    after = blocks(outcome.after)
    assert is_in(read(outcome.after), after)
    assert len(after) == len(shown)
    assert around(outcome.after) == around(text)
    if outcome.changed:
        assert after != shown


def is_in(some: Sequence[str], all_of_them: Sequence[str]) -> bool:
    """Tell whether texts are among others, in the same order."""
    rest = iter(all_of_them)
    return all(each in rest for each in some)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_cases_are_shown_alike(case: Case) -> None:
    if _HOLE.search(case.before):
        assert len(blocks(case.before)) == len(blocks(case.after))
        assert around(case.before) == around(case.after)
    else:
        check(case.before, Choice())


# -- documents put together ------------------------------------------------------------------------

FENCES = ("```", "~~~", "````", "~~~~~")
NAMES = ("dockerfile", " Docker", "docker title=x", "dockerfile{1}", "sh", "", "Dockerfile\t")
SHOWN = "FROM python:3.12\nRUN pip install a\n"


@st.composite
def fenced(draw: st.DrawFn) -> list[str]:
    """Give a fenced block, now and then not closed as it was opened."""
    fence = draw(st.sampled_from(FENCES))
    text = draw(st.one_of(st.just(SHOWN), plausible())).replace("\r\n", "\n").rstrip("\n")
    if _HOLE.search(text):
        text = SHOWN.rstrip("\n")
    indent = " " * draw(st.sampled_from([0, 0, 0, 1, 3, 4]))
    closing = draw(st.sampled_from([fence, fence, fence, fence + fence[0], fence[:-1], ""]))
    body = draw(st.sampled_from([text, f"{text}\n\n", f"\n{text}", f"```sh\n{text}", f"  {text}"]))
    opening = fence + draw(st.sampled_from(NAMES))
    return [indent + line if line else "" for line in (opening, *body.split("\n"), closing)]


OTHERS = st.sampled_from(
    [
        ["text", "that goes on"],
        ["# Title"],
        [""],
        ["---"],
        ["<div>"],
        ["<div>", "", "</div>"],
        ["<!-- a", "-->"],
        ["<pre>", "```dockerfile", "FROM a", "```", "</pre>"],
        ["    ```dockerfile", "    FROM a", "    ```"],
        ["\tFROM a"],
        ["| a | b |", "|---|---|", "| `c` | d |"],
        ["`` ```dockerfile ``"],
        ["<!-- pipslim: ignore -->"],
        ["[a]: <b>", "text"],  # alone in an item of a list, the oracle forgets the item
    ]
)


def quoted(lines: list[str], marker: str) -> list[str]:
    return [f"{marker}{line}".rstrip(" ") for line in lines]


def listed(lines: list[str], marker: str) -> list[str]:
    blanks = " " * len(marker.expandtabs(4))
    return [(blanks if number else marker) + line if line else "" for number, line in
            enumerate(lines)]  # fmt: skip


def nested(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Give blocks behind one another, in quotes and in lists."""
    several = st.lists(inner, min_size=1, max_size=3).map(
        lambda found: [line for each in found for line in (*each, "")]
    )
    wrap: tuple[tuple[Callable[[list[str], str], list[str]], str], ...] = (
        *((quoted, "> "), (quoted, ">"), (quoted, " > ")),
        *((listed, "- "), (listed, "1. "), (listed, "*   "), (listed, "10) "), (listed, "-\t")),
    )
    return st.builds(lambda lines, how: how[0](lines, how[1]), several, st.sampled_from(wrap))


DOCUMENTS = st.lists(st.recursive(st.one_of(fenced(), OTHERS), nested, max_leaves=6), max_size=4)


@given(DOCUMENTS, st.sampled_from(["\n", "\n", "\r\n"]), st.sampled_from([KEEP, MOUNT, NONE]))
@few
def test_documents_show_the_same_dockerfiles(
    found: list[list[str]], newline: str, cache: str
) -> None:
    text = newline.join([line for each in found for line in each]) + newline
    check(text, Choice(options=Options(cache=cache)))


LINES = (
    *("```dockerfile", "~~~docker", "```", "~~~", "````", "FROM python:3.12", "RUN pip install a"),
    *(
        "",
        "| a |",
        "|---|",
        "<div>",
        "</div>",
        "<!--",
        "-->",
        "text",
        "RUN pip install b \\",
        "  c",
        "# d",
    ),
)
AHEAD = ("", "", "", "> ", ">", "- ", "1. ", "  ", "    ", "   ", "> > ", "> - ", "\t", ">\t")


@given(
    st.lists(st.tuples(st.sampled_from(AHEAD), st.sampled_from(LINES)), max_size=14),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(moderate, max_examples=400)
@example([("> ", "```dockerfile"), ("> ", "FROM a"), ("", "RUN pip install a")], "\n")
@example([("- ", "```dockerfile"), ("  ", "FROM a"), ("", "RUN pip install a")], "\n")
@example([("", "<div>"), ("", "```dockerfile"), ("", "FROM a"), ("", "```")], "\n")
@example([("-\t", "```dockerfile"), ("\t", "FROM a"), ("  ", "RUN pip install a")], "\n")
@example([("> ", "```dockerfile"), (">\t", "FROM a"), ("> ", "RUN pip install a")], "\n")
@example([("", "| a |"), ("", "|---|"), ("2) ", "```docker"), ("   ", "FROM a")], "\n")
def test_any_lines_show_the_same_dockerfiles(found: list[tuple[str, str]], newline: str) -> None:
    check("".join([f"{ahead}{line}{newline}" for ahead, line in found]), Choice())
