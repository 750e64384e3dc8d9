"""Texts that are filled in by `format`, `%` and `replace`: what they say, with holes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipslim.carriers.python.said import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.carriers.python.said import Said, Writer

# "Format String Syntax" of the library reference
_FIELD = re.compile(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}|[{}]")
# "printf-style String Formatting", likewise
_PERCENT = re.compile(
    r"%(?:\([^()]*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[hlL]?[diouxXeEfFgGcrsa%]|%"
)
# "Template strings", likewise
_DOLLAR = re.compile(r"\$\$|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|\$", re.ASCII)
# `{name}` and `%(name)s`, which nothing in sight fills; `${name}` is a variable, `{print}` is awk's
_LIKELY = re.compile(r"(?<![${])\{(?!print\})[A-Za-z_][\w.]*\}(?!\})|(?<!%)%\([A-Za-z_]\w*\)[a-z]")
_BRACE = re.compile(r"(?<!\$)\{")


def formatted(said: Said, *, surely: bool = True) -> Said:
    """Give what `format` makes of a value: each field is a hole, a doubled brace is one.

    Where that is not done `surely`, no brace is put into it.
    """
    return _filled(said, _FIELD, ("{{", "}}"), _braces if surely else _no_braces)


def percented(said: Said, *, surely: bool = True) -> Said:
    """Give what `%` makes of a value; where that is not done `surely`, no `%` is put into it."""
    return _filled(said, _PERCENT, ("%%",), _percents if surely else _no_percents)


def dollared(said: Said) -> Said:
    """Give what `string.Template` makes of a value."""
    return _filled(said, _DOLLAR, ("$$",), _dollars)


def replaced(said: Said, word: str) -> Said:
    """Give what `replace(word, …)` makes of a value: each such word is a hole."""
    if not word:
        raise Refused
    fields = [match.span() for match in re.finditer(re.escape(word), said.text)]

    def keep(text: str) -> str | None:
        # a word that is put in may not be one of those, or end where one would begin
        return None if word in text or word[0] in text else text

    return _made(said, fields, (), keep) if fields else said


def likely(said: Said) -> Said:
    """Give a value with holes where it seems to be filled in by what is not seen here.

    Nothing is put in that would matter then.
    """
    fields = [match.span() for match in _LIKELY.finditer(said.text)]
    fields = [(low, high) for low, high in fields if not any(said.holes[low:high])]
    writers = [_no_braces] if _BRACE.search(said.text) else []
    writers += [_no_percents] if "%" in said.text else []
    made = _made(said, fields, (), _no_braces) if fields else said
    return made._replace(writers=(*said.writers, *writers))


def _filled(said: Said, marks: re.Pattern[str], twice: tuple[str, ...], write: Writer) -> Said:
    """Give a value with a hole for each mark, and one character for each of those that are `twice`.

    Raises Refused where a mark is begun and not ended.
    """
    doubled: list[int] = []
    fields: list[tuple[int, int]] = []
    for match in marks.finditer(said.text):
        if match[0] in twice:
            doubled.append(match.start())
        elif len(match[0]) == 1:
            raise Refused
        else:
            fields.append(match.span())
    return _made(said, fields, doubled, write)


def _made(said: Said, fields: list[tuple[int, int]], doubled: Iterable[int], write: Writer) -> Said:
    """Give a value with holes at `fields`, and without the second of each `doubled` character."""
    holes = list(said.holes)
    starts, ends = list(said.starts), list(said.ends)
    count = max(holes, default=0)
    for number, (low, high) in enumerate(fields, count + 1):
        if any(holes[low:high]):
            raise Refused
        holes[low:high] = [number] * (high - low)
        starts[low:high] = [starts[low]] * (high - low)
        ends[low:high] = [ends[high - 1]] * (high - low)
    gone = set()
    for at in doubled:
        if holes[at] or holes[at + 1]:
            raise Refused
        ends[at] = ends[at + 1]
        gone.add(at + 1)
    text = said.text
    if any("\n" in text[low:high] for low, high in fields):
        raise Refused
    made = said._replace(starts=starts, ends=ends, holes=holes, writers=(*said.writers, write))
    return made.pick(at for at in range(len(text)) if at not in gone) if gone else made


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _no_braces(text: str) -> str | None:
    return None if "{" in text or "}" in text else text


def _percents(text: str) -> str:
    return text.replace("%", "%%")


def _no_percents(text: str) -> str | None:
    return None if "%" in text else text


def _dollars(text: str) -> str:
    return text.replace("$", "$$")
