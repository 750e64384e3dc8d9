r"""Unified diffs, made from the edits themselves, as `git apply` and `patch -p1` take them."""

from __future__ import annotations

from bisect import bisect_right
from io import StringIO
from itertools import accumulate

from pipslim.fixes.base import CONF
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.runner import FileOutcome
    from pipslim.syntax.edits import Edit

_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"
_RED, _GREEN, _CYAN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[1m", "\x1b[0m"


class Change(NamedTuple):
    """Lines `start` to `end` (0-based, half-open) of the old text, and what replaces them."""

    start: int
    end: int
    lines: list[str]


def diff_of(result: FileOutcome, *, path: str = "", colour: bool = False) -> str:
    """Give the unified diff of what became of a file, under its path or `path`; empty for none."""
    outcome = result.outcome
    if outcome is None or not outcome.changed:
        return ""
    private = result.other == CONF
    return unified(
        path or result.path, outcome.before, outcome.edits, colour=colour, private=private
    )


def unified(
    path: str,
    before: str,
    edits: Sequence[Edit],
    *,
    colour: bool = False,
    private: bool = False,
) -> str:
    """Give the unified diff of a file, three lines of context; empty where nothing changes.

    `path` is relative to where the diff is to be applied. `edits` are in order, into `before`. With
    `private`, for settings of pip, no line that could hold a secret is taken for context.
    """
    lines, changes = changed_lines(before, edits)
    if not changes:
        return ""
    out = [f"--- {named('a/', path)}\n", f"+++ {named('b/', path)}\n"]
    if colour:
        out = [f"{_BOLD}{line[:-1]}{_PLAIN}\n" for line in out]
    shift = 0
    at = 0
    while at < len(changes):
        upto = at + 1
        while upto < len(changes) and changes[upto].start - changes[upto - 1].end <= 2 * _CONTEXT:
            if private and not _shown(lines, changes[upto - 1].end, changes[upto].start):
                break
            upto += 1
        out.extend(_hunk(lines, changes[at:upto], shift, colour=colour, private=private))
        shift += sum(len(c.lines) - (c.end - c.start) for c in changes[at:upto])
        at = upto
    return "".join(out)


def changed_lines(before: str, edits: Sequence[Edit]) -> tuple[list[str], list[Change]]:
    """Give the lines of a text, newlines included, and which of them `edits` replace by what."""
    lines = _lines(before)
    changes: list[Change] = []
    for change in _changes(before, lines, edits):
        if changes and changes[-1].end == change.start:  # neighbours are one
            last = changes.pop()
            change = Change(last.start, change.end, last.lines + change.lines)
        if lines[change.start : change.end] != change.lines:
            changes.append(change)
    return lines, changes


def _lines(text: str) -> list[str]:
    r"""Give the lines of a text, each with its `\n`, which the last may lack."""
    return StringIO(text, "\n").readlines()


def _changes(before: str, lines: list[str], edits: Sequence[Edit]) -> Iterator[Change]:
    """Give the changed lines, neighbouring edits together, common lines at the ends left out."""
    starts = [0, *accumulate(map(len, lines))]
    at = 0
    while at < len(edits):
        first = last = _line_at(starts, edits[at].start)
        upto = at
        while upto < len(edits):
            # the end of a file without a final newline belongs to its last line
            if upto > at and _line_at(starts, edits[upto].start) > last:
                break
            while last + 1 < len(lines) and starts[last + 1] <= edits[upto].end:
                last += 1
            upto += 1
        stop = min(last + 1, len(lines))
        parts: list[str] = []
        done = starts[first]
        for edit in edits[at:upto]:
            parts += (before[done : edit.start], edit.text)
            done = edit.end
        parts.append(before[done : starts[stop]])
        old, new = lines[first:stop], _lines("".join(parts))
        shared = min(len(old), len(new))
        head = tail = 0
        while head < shared and old[head] == new[head]:
            head += 1
        while tail < shared - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        yield record(Change, (first + head, stop - tail, new[head : len(new) - tail]))
        at = upto


def _line_at(starts: Sequence[int], offset: int) -> int:
    return max(min(bisect_right(starts, offset), len(starts) - 1) - 1, 0)


def _shown(lines: list[str], start: int, end: int) -> bool:
    """Tell whether lines of settings of pip may be shown."""
    from pipslim.facts.settings import harmless

    return all(map(harmless, lines[start:end]))


def _hunk(
    lines: list[str], changes: Sequence[Change], shift: int, *, colour: bool, private: bool
) -> Iterator[str]:
    start = max(changes[0].start - _CONTEXT, 0)
    end = min(changes[-1].end + _CONTEXT, len(lines))
    if private:
        while not _shown(lines, start, changes[0].start):
            start += 1
        while not _shown(lines, changes[-1].end, end):
            end -= 1
    body: list[str] = []
    done = start
    added = removed = 0
    red, green = (_RED, _GREEN) if colour else ("", "")
    for change in changes:
        old = lines[change.start : change.end]
        body += [" " + line for line in lines[done : change.start]]
        body += (
            [_coloured("-" + line, red) for line in old] if red else ["-" + line for line in old]
        )
        new = change.lines
        body += (
            [_coloured("+" + line, green) for line in new] if red else ["+" + line for line in new]
        )
        removed += len(old)
        added += len(new)
        done = change.end
    body += [" " + line for line in lines[done:end]]
    count, count_new = end - start, end - start - removed + added
    head = f"@@ -{_range(start, count)} +{_range(start + shift, count_new)} @@\n"
    yield _coloured(head, _CYAN) if colour else head
    if end == len(lines):  # where alone a line can be without a newline
        yield from [line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in body]
    else:
        yield from body


def _coloured(line: str, colour: str) -> str:
    text = line.removesuffix("\n")
    return f"{colour}{text}{_PLAIN}" + line[len(text) :]


def _range(start: int, count: int) -> str:
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def named(side: str, path: str) -> str:
    r"""Give a path as git writes it: quoted where it must be, a tab behind one with blanks."""
    name = side + path.replace("\\", "/") if "\\" not in path else side + path
    if any(c < " " or c in '"\\\x7f' for c in name):
        escapes = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
        quoted = "".join(
            escapes.get(c) or (f"\\{ord(c):03o}" if c < " " or c == "\x7f" else c) for c in name
        )
        return f'"{quoted}"'
    return name + "\t" if " " in name else name
