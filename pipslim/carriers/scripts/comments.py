"""Ignore comments of a shell script: for a line, for the line behind, for the file."""

from __future__ import annotations

from bisect import bisect_right

from pipslim.rewrite.pragma import Pragma, read_pragma
from pipslim.syntax.script import Script
from pipslim.syntax.shell import scan
from pipslim.syntax.source import Span
from pipslim.syntax.startup import lazy

_SIGN = "pipslim:"
_COMMENT = lazy(r"(?:^|(?<=[ \t;]))#+[ \t]*pipslim:[^\n]*")
_BLANK = lazy(r"[ \t]*(?:#.*)?$")


def script_pragmas(text: str) -> tuple[Pragma, ...]:
    """Give the ignore comments of a script, in order.

    One behind a command is for its line, one on a line of its own for the next line that has a
    command. Continued lines are one.
    """
    if _SIGN not in text:
        return ()
    script = scan(text)
    tokens = script.tokens if isinstance(script, Script) else ()
    starts = [token.start for token in tokens]
    found: list[Pragma] = []
    done = 0
    for line in text.splitlines(keepends=True):
        match = _COMMENT.search(line)
        done += len(line)
        if match is None:
            continue
        comment = Span(done - len(line) + match.start(), done - len(line) + match.end())
        at = bisect_right(starts, comment.start) - 1
        if at >= 0 and tokens[at].end > comment.start:
            continue  # amid a word, or the data of a heredoc
        mark = read_pragma(len(found), text, comment)
        if mark is not None:
            if not mark.whole:
                own = not line[: match.start()].strip()
                mark = mark._replace(scope=_scope(text, comment, own=own))
            found.append(mark)
    return tuple(found)


def _scope(text: str, comment: Span, *, own: bool) -> tuple[int, int]:
    """Give the range of the line that a comment is for; `own` where it stands on its own."""
    start = text.rfind("\n", 0, comment.start) + 1
    if own:
        start = _behind(text, comment.end)
        while start < len(text) and _BLANK.match(text[start : _behind(text, start)].rstrip("\n")):
            start = _behind(text, start)
    else:
        while text[:start].endswith("\\\n"):
            start = text.rfind("\n", 0, start - 1) + 1
    end = _behind(text, start)
    while end < len(text) and text[:end].endswith("\\\n"):
        end = _behind(text, end)
    return start, max(end, start + 1)


def _behind(text: str, offset: int) -> int:
    """Give where the line behind that of an offset begins."""
    at = text.find("\n", offset)
    return len(text) if at < 0 else at + 1
