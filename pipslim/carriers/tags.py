"""Where the tags of a template stand: Jinja, Go, ERB, docker-library's jq, `@NAME@`, `%%NAME%%`."""

from __future__ import annotations

import re

from pipslim.carriers.part import Unreadable
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE, MARK, NOTE = "value", "mark", "note"

_OPENING = re.compile(
    r"(?P<jinja>\{%)|(?P<note>\{\#)|(?P<braces>\{\{)|(?P<erb><%(?!%))"
    # autoconf and CMake; balena and docker-library
    r"|(?P<name>@[A-Za-z_]\w*@|%%[A-Za-z_]\w*%%)"
    # what a C preprocessor or Velocity takes for its own: a comment says so less often than not
    r"|(?P<line>^[ \t]*\#(?:if|ifdef|ifndef|elif|elseif|else|endif|end|foreach|include|define"
    r"|undef)(?!\w)[^\r\n]*)",
    re.MULTILINE,
)
_CLOSING = {"jinja": "%}", "note": "#}", "braces": "}}", "erb": "%>"}
_RAW = re.compile(r"\{%[-+]?\s*(raw|verbatim)\b")
_END_RAW = r"\{%[-+]?\s*end"
_LINE_OF_NOTE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)  # jq
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`", re.DOTALL)

# Words that a tag begins with which puts out nothing itself, by the languages' references.
_JINJA_MARKS = frozenset(
    [
        "autoescape",
        "block",
        "case",
        "do",
        "elif",
        "else",
        "elsif",
        "end",
        "endautoescape",
        "endblock",
        "endcase",
        "endfor",
        "endif",
        "endraw",
        "endset",
        "endunless",
        "endverbatim",
        "endwith",
        "extends",
        "for",
        "from",
        "if",
        "import",
        "raw",
        "set",
        "unless",
        "verbatim",
        "when",
        "with",
    ]
)
# Go: actions; jq: `if … then (`, `) else (`, `) end`, `def`; Mustache: `#x`, `^x`, `/x`, `!x`
_BRACES_MARK = re.compile(
    r"(?:if|else|end|range|with|define|block|break|continue|def|unless|each)(?!\w)"
    r"|[)#^!]|/(?!\*)|\$\w*\s*(?::=|=(?!=))"
)
_JQ_VALUE = re.compile(r"(?:if|#)(?!\w).*\bthen\b", re.DOTALL)
_NO_LOOP = re.compile(r"(?:if|else\w*|elif|elsif|unless|when|end\w*|set|import|from)(?!\w)|[)/}]")
_WORD = re.compile(r"\w+")


class Tag(NamedTuple):
    """A tag of a template: where it stands, 0-based and half-open, and its kind.

    A VALUE puts text out, or may do so. A MARK puts nothing out itself: a condition, a loop, a
    definition; what stands between marks is the template's own text. A NOTE is a comment. With
    `loop`, what stands behind a MARK may be said again.
    """

    start: int
    end: int
    kind: str
    loop: bool = False


def tags(text: str) -> Iterator[Tag]:
    """Give the tags of a template, in order; which language it is need not be known.

    So what is no tag in the template's own language may be given as one: then less is known of its
    text than could be. Raises Unreadable where it cannot be told where a tag ends. `<%%` is an
    ERB `<%`, `{#` without `#}` is shell, and between `{% raw %}` and `{% endraw %}` there are none.
    """
    at = 0
    while True:
        match = _OPENING.search(text, at)
        if match is None:
            return
        start, name = match.start(), match.lastgroup or ""
        if name in ("name", "line"):
            start, at = match.span(name)
            start += len(match[name]) - len(match[name].lstrip(" \t"))
            yield Tag(start, at, VALUE if name == "name" else MARK)
            continue
        if name == "note":
            end = text.find("#}", match.end())
            if end >= 0 and text[start - 1 : start] == "$":
                why = "`${#` opens a comment in Jinja; keep it apart by {% raw %}"
                raise Unreadable(start, why)
            at = end + 2 if end >= 0 else match.end()
            if end >= 0:
                yield Tag(start, at, NOTE)
            continue
        at = _end(text, start, name)
        bare = text[start + 2 : at - 2].strip("-+~ \t\r\n")
        kind = _kind(bare, name)
        yield Tag(start, at, kind, kind == MARK and not _NO_LOOP.match(bare))
        raw = _RAW.match(text, start) if name == "jinja" else None
        if raw is not None:
            closing = re.compile(rf"{_END_RAW}{raw[1]}\b").search(text, at)
            if closing is None:
                raise Unreadable(start, f"a {raw[1]} without its end{raw[1]}; complete it")
            at = closing.start()


def _end(text: str, start: int, name: str) -> int:
    """Give where a tag ends: at the first closing sign outside of its own strings and braces."""
    closing = _CLOSING[name]
    if name == "braces" and _comment(text, start):
        closing = "*/"
    at = text.find(closing, start + 2)
    while at >= 0:
        inner = text[start + 2 : at]
        if closing == "*/":
            behind = re.compile(r"\*/\s*-?\}\}").match(text, at)
            if behind is not None:
                return behind.end()
        elif name == "erb" or inner.lstrip("-~").startswith("!") or _balanced(inner):
            return at + 2
        at = text.find(closing, at + 1)
    told = f"it cannot be told where this {text[start : start + 2]} ends"
    raise Unreadable(start, f"{told}; rewrite what the template generates")


def _comment(text: str, start: int) -> bool:
    return re.compile(r"\{\{-?\s*/\*").match(text, start) is not None


def _balanced(inner: str) -> bool:
    """Tell whether a text closes each string and brace that it opens."""
    bare = _STRING.sub("", _LINE_OF_NOTE.sub("", inner))
    return not any(quote in bare for quote in "'\"`") and bare.count("{") == bare.count("}")


def _kind(bare: str, name: str) -> str:
    if name == "erb":
        if bare.startswith("#"):
            return NOTE
        return VALUE if bare.startswith("=") else MARK
    if name == "jinja":
        word = _WORD.match(bare)
        return MARK if word is not None and word[0] in _JINJA_MARKS else VALUE
    if bare.startswith(("/*", "!")):
        return NOTE
    if bare.endswith("("):
        return MARK  # jq: it goes on in a later tag
    return MARK if _BRACES_MARK.match(bare) and not _JQ_VALUE.match(bare) else VALUE
