"""What `textwrap.dedent`, `inspect.cleandoc` and `strip` leave of a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipslim.carriers.python.said import Refused

if TYPE_CHECKING:
    from pipslim.carriers.python.said import Said

_BLANK = re.compile(r"[ \t]+\Z")
_INDENT = re.compile(r"[ \t]*")
# what `str.strip` takes off, as far as text of a Dockerfile has it
BLANKS = " \t\n\r\v\f"


def dedented(said: Said) -> Said:
    """Give what `textwrap.dedent` makes of a value. Source: `Lib/textwrap.py` of CPython 3.10."""
    if said.margin or any(form.margin for form in said.forms):
        raise Refused
    lines = _lines(said.text)
    blank = [_BLANK.match(said.text[low:high]) is not None for low, high in lines]
    indents = [
        (_INDENT.match(said.text[low:high]) or _INDENT.match(""))
        for (low, high), empty in zip(lines, blank, strict=True)
        if not empty and low < high
    ]
    widths = [match[0] for match in indents if match is not None]
    margin = min(widths, default="", key=len)
    while not all(width.startswith(margin) for width in widths):
        margin = margin[:-1]
    kept: list[int] = []
    fixed: list[int] = []
    shallow = sum(width == margin for width in widths)
    for (low, high), empty in zip(lines, blank, strict=True):
        if not empty and low < high:
            indent = _INDENT.match(said.text, low, high)
            if shallow == 1 and len(widths) > 1 and indent is not None and indent[0] == margin:
                fixed.append(low + len(margin))  # without that line, the others would say more
            kept += range(low + len(margin), high)
        if high < len(said.text):
            kept.append(high)
    found = said._replace(fixed=said.fixed | set(fixed)).pick(kept)
    return found._replace(margin=margin)


def cleaned(said: Said) -> Said:
    """Give what `inspect.cleandoc` makes of a value. Source: `Lib/inspect.py` of CPython 3.10."""
    if (
        said.margin
        or any(form.margin for form in said.forms)
        or "\t" in said.text
        or _has_edges(said)
    ):
        raise Refused
    text = said.text
    first, *rest = _lines(text)
    full = [(low, high) for low, high in rest if text[low:high].strip()]
    width = min([high - low - len(text[low:high].lstrip()) for low, high in full], default=0)
    ahead = first[0] + len(text[slice(*first)]) - len(text[slice(*first)].lstrip())
    pieces = [(-1, ahead, first[1])]
    pieces += [(low - 1, min(low + width, high), high) for low, high in rest]
    while pieces and pieces[-1][1] == pieces[-1][2]:
        pieces.pop()
    while pieces and pieces[0][1] == pieces[0][2]:
        del pieces[0]
    kept: list[int] = []
    for newline, low, high in pieces:
        if kept:
            kept.append(newline)
        kept += range(low, high)
    shallow = [low for low, high in full if not text[low + width].isspace()]
    fixed = {shallow[0] + width} if len(shallow) == 1 and len(full) > 1 else set()
    if pieces and pieces[0][0] < 0:
        fixed.add(pieces[0][1])  # the first line has no indentation, whatever follows it
    found = said._replace(fixed=said.fixed | fixed).pick(kept)
    return found._replace(margin=" " * width, edges=("\n", "\n"))


def stripped(said: Said, chars: str, *, left: bool, right: bool) -> Said:
    """Give what `strip` and its like leave of a value; `chars` are what they take off."""
    low, high = 0, len(said.text)
    while left and low < high and said.text[low] in chars and not said.holes[low]:
        low += 1
    while right and low < high and said.text[high - 1] in chars and not said.holes[high - 1]:
        high -= 1
    ahead, behind = said.edges
    edges = (ahead + chars if left else ahead, behind + chars if right else behind)
    return said.pick(range(low, high))._replace(edges=edges)


def _has_edges(said: Said) -> bool:
    return said.edges != ("", "")


def _lines(text: str) -> list[tuple[int, int]]:
    """Give where each line begins and ends, without its newline."""
    found = []
    start = 0
    while True:
        end = text.find("\n", start)
        if end < 0:
            found.append((start, len(text)))
            return found
        found.append((start, end))
        start = end + 1
