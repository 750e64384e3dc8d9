"""Changed lines, old beside new, with the words that edits removed and inserted marked."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from pipslim.report.diff import changed_lines
from pipslim.syntax.document import Unparsable
from pipslim.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.syntax.edits import Edit

# A line, or its parts in turn: what both sides have, what this side alone has, and so on.
Side = str | list[str] | None

_TOKENS = re.compile(r"\w+|\s|.", re.DOTALL)


class Block(NamedTuple):
    """Old lines `start` to `end` (0-based, half-open) and the rows that show what becomes of them.

    `new` is the 0-based number of the first new line. A row has an old line, a new one, or both
    where the one was made from the other; lines are without their newline.
    """

    start: int
    end: int
    new: int
    rows: list[tuple[Side, Side]]


def blocks(before: str, edits: Sequence[Edit]) -> list[Block]:
    """Give the blocks of changed lines of a text, the same as in its unified diff."""
    _, changes = changed_lines(before, edits)
    if not changes:
        return []
    old, new, links = _walk(before, edits)
    found: list[Block] = []
    shift = 0
    for start, end, lines in changes:
        first = start + shift
        rows = list(_rows(old, new, links, (start, end), (first, first + len(lines))))
        found.append(Block(start, end, first, rows))
        shift += len(lines) - (end - start)
    return found


def _rows(
    old: list[list[str]],
    new: list[list[str]],
    links: dict[int, int],
    olds: tuple[int, int],
    news: tuple[int, int],
) -> Iterator[tuple[Side, Side]]:
    done, end = olds
    for number in range(*news):
        source = links.get(number, -1)
        if not done <= source < end:
            yield None, "".join(new[number])
            continue
        for gone in range(done, source):
            yield "".join(old[gone]), None
        yield _side(old[source]), _side(new[number])
        done = source + 1
    for gone in range(done, end):
        yield "".join(old[gone]), None


def _side(parts: list[str]) -> Side:
    return parts if len(parts) > 1 else parts[0]


def _walk(
    before: str, edits: Sequence[Edit]
) -> tuple[list[list[str]], list[list[str]], dict[int, int]]:
    """Give the lines of both texts in parts, and for new lines the old line they were made from."""
    old: list[list[str]] = [[""]]
    new: list[list[str]] = [[""]]
    links: dict[int, int] = {}
    taken: set[int] = set()
    for text, is_old, is_new in _pieces(before, edits):
        for at, part in enumerate(text.split("\n")):
            if at:
                if is_old:
                    old.append([""])
                if is_new:
                    new.append([""])
            if is_old:
                _add(old[-1], part, marked=not is_new)
            if is_new:
                _add(new[-1], part, marked=not is_old)
            if is_old and is_new and not part.isspace() and part:
                source, number = len(old) - 1, len(new) - 1
                if number not in links and source not in taken:
                    links[number] = source
                    taken.add(source)
    return old, new, links


def _add(parts: list[str], text: str, *, marked: bool) -> None:
    if not text:
        return
    if marked == (len(parts) % 2 == 0):
        parts[-1] += text
    else:
        parts.append(text)


def _pieces(before: str, edits: Sequence[Edit]) -> Iterator[tuple[str, bool, bool]]:
    """Give the texts in order, each with whether the old and whether the new file has it."""
    done = 0
    for start, end, text in edits:
        yield before[done:start], True, True
        gone = before[start:end]
        if gone and text:
            yield from _refined(gone, text)
        else:
            yield gone, True, False
            yield text, False, True
        done = end
    yield before[done:], True, True


def _refined(gone: str, put: str) -> Iterator[tuple[str, bool, bool]]:
    """Leave out what a replacement gives back: words, and newlines, but no single blanks."""
    old, new = _TOKENS.findall(gone), _TOKENS.findall(put)
    at = to = 0
    for match in SequenceMatcher(_is_blank, old, new, autojunk=False).get_matching_blocks():
        same = "".join(old[match.a : match.a + match.size])
        if same.strip(" \t") or not match.size:
            yield "".join(old[at : match.a]), True, False
            yield "".join(new[to : match.b]), False, True
            yield same, True, True
            at, to = match.a + match.size, match.b + match.size


def _is_blank(token: str) -> bool:
    return token in " \t"


def kinds(text: str, *, dockerfile: bool = True) -> str:
    """Give one letter for each line of a Dockerfile, for colouring it.

    `i` where an instruction begins, `#` a comment, `h` the body of a heredoc, `.` all else, and
    all lines of what is no Dockerfile. A last line without a newline counts, an empty one not.
    """
    count = text.count("\n") + (not text.endswith("\n") and text != "")
    document = parse(text) if dockerfile else None
    if document is None or isinstance(document, Unparsable):
        return "." * count
    found = ["."] * (count + 1)
    places: list[tuple[int, str]] = []
    for each in document.instructions:
        places.append((each.start, "i"))
        for heredoc in each.heredocs:
            body = text[each.start + heredoc.body.start : each.start + heredoc.body.end]
            first = text.count("\n", 0, each.start + heredoc.body.start)
            for line in range(body.count("\n") + (body != "" and not body.endswith("\n"))):
                found[first + line] = "h"
    places += [(span.start, "#") for span in document.comments]
    done = line = 0
    for offset, kind in sorted(places):
        line += text.count("\n", done, offset)
        done = offset
        found[line] = kind
    return "".join(found[:count])
