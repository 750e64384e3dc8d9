"""Dockerfiles inside Markdown: fenced blocks that are named after Docker, and begin an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipslim.carriers import template
from pipslim.carriers.chars import Chars
from pipslim.carriers.part import Part, Unreadable, indenting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markdown_it.token import Token

_NAMES = frozenset(("dockerfile", "docker"))
_SIGN = re.compile(r"(?:```|~~~)[`~]*[ \t]*docker", re.IGNORECASE)
_NEWLINE = re.compile(r"\r\n?|\n")
_IGNORED = re.compile(r"\s*<!--\s*(pipslim:\s*ignore)((?:\[[^\]\r\n]*\])?)(.*?)-->\s*\Z", re.DOTALL)
# what names lines by their numbers: `hl_lines` of MkDocs, `{1,3-4}` of Docusaurus and others
_NUMBERED = re.compile(r"\b(?:hl_lines|highlight|emphasize-lines|mark)\s*=|\{\s*\d[\d\s,-]*\}")
_MARKER = re.compile(r"[^\s>]")


class _Line(NamedTuple):
    """A line of the host: where it starts, where its newline does, and where that ends."""

    start: int
    newline: int
    end: int


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfiles in a Markdown text: its fenced blocks, by the rules of CommonMark.

    A block counts if the first word behind its fence is `dockerfile` or `docker`, in any case, and
    if it has a FROM; whether it is a Dockerfile is then told by reading it. Holes of a template are
    holes here, too. `<!-- pipslim: ignore -->` ahead of a block is an ignore comment for all of it.
    Tables are GitHub's. Raises nothing.
    """
    if not _SIGN.search(text):
        return ()
    from markdown_it import MarkdownIt  # most documents show no Dockerfile

    # what stands within a paragraph is half of the work, and never asked for
    reader = MarkdownIt("commonmark").enable("table").disable("inline")
    lines = list(_lines(text))
    found: list[Part] = []
    ahead: Token | None = None
    for token in reader.parse(text):
        if token.type == "fence" and token.info.split()[:1] and token.map:
            if token.info.split()[0].lower() in _NAMES:
                part = _part(text, lines, token, _ignored(text, lines, ahead))
                if part is not None:
                    found.append(part)
        ahead = token
    return tuple(found)


def _lines(text: str) -> Iterator[_Line]:
    """Give the lines of a text as CommonMark has them."""
    start = 0
    for match in _NEWLINE.finditer(text):
        yield _Line(start, match.start(), match.end())
        start = match.end()
    yield _Line(start, len(text), len(text))


def _part(text: str, lines: list[_Line], token: Token, ignored: Chars | None) -> Part | None:
    """Give the part of a block; None where it is none, or does not stand there as it says."""
    assert token.map is not None
    first = token.map[0]
    block = Chars()
    for number, content in enumerate(token.content.removesuffix("\n").split("\n"), first + 1):
        start, newline, end = lines[number]
        if not text.startswith(content, max(newline - len(content), start)):
            return None  # a tab that is blanks in the block, or a NUL
        if content.startswith("\t") and text[newline - len(content) - 1] == ">":
            return None  # some of its columns are the quote's
        if text[newline:end] == "\r":
            return None
        block.same(text[newline - len(content) : end], newline - len(content))
    try:
        found = template.parts(block.text)
    except Unreadable:
        return None
    if not found:
        return None
    inner = found[0]
    opening = text[lines[first].start : lines[first].newline]
    prefix = _MARKER.sub(" ", opening[: opening.index(token.markup)])
    starts = [block.starts[at] for at in inner.starts]
    ends = [block.ends[at - 1] for at in inner.ends]
    content, seams = inner.text, inner.seams
    if ignored is not None:
        ignored.escaped("\n", ignored.ends[-1], lines[first + 1].start)
        length = len(ignored.starts)
        content, starts, ends = ignored.text + content, ignored.starts + starts, ignored.ends + ends
        seams = frozenset([*range(length), *(seam + length for seam in seams)])
    quote = _quoting(content, f"{prefix} " if prefix.endswith(">") else prefix)
    numbered = _NUMBERED.search(token.info) is not None
    return inner._replace(
        text=content,
        starts=starts,
        ends=ends,
        quote=quote,
        seams=seams,
        surely=False,
        fits=_of_as_many_lines(content) if numbered else None,
    )


def _of_as_many_lines(content: str) -> Callable[[str], bool]:
    """Give what tells whether a text has as many lines as another one."""
    count = content.count("\n")
    return lambda text: text.count("\n") == count


def _ignored(text: str, lines: list[_Line], token: Token | None) -> Chars | None:
    """Give the comment of a Dockerfile that says what an ignore comment ahead of its block says."""
    if token is None or token.type != "html_block" or not token.map:
        return None
    start, end = lines[token.map[0]].start, lines[token.map[1] - 1].newline
    match = _IGNORED.fullmatch(text, text.find("<!--", start, end), end)
    if match is None:
        return None
    chars = Chars()
    for char in "# ":
        chars.escaped(char, match.start(), match.start(1))
    chars.same(match[1], match.start(1))
    for char in "-file":
        chars.escaped(char, match.end(1), match.end(1))
    chars.same(match[2], match.start(2))
    return chars


def _quoting(content: str, prefix: str) -> Callable[[str, int], str | None]:
    """Give what puts the block's prefix, of quotes, lists and its fence, ahead of new lines."""
    indented = indenting(content, prefix)

    def quote(text: str, offset: int) -> str | None:
        if "\n" in text and "\t" in prefix:
            return None  # how many of its blanks are the block's is not told by its width alone
        return indented(text, offset)

    return quote
