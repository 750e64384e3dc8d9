"""The patterns of `${name#pattern}` and its like, and what else a reference takes apart."""

from __future__ import annotations

# No process on Linux can be given a longer environment variable (MAX_ARG_STRLEN).
LONGEST = 131_072
_MOST_STEPS = 1_000_000

# BuildKit reads words with Go's text/scanner, which drops this from the front of any text.
BOM = "\ufeff"

_WILD = {"?": "", "*": "**"}


class BadExpansion(ValueError):
    """A word that BuildKit refuses to expand, which fails the build.

    `message` says what is wrong with it, `offset` (from 0, in the word) where.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return self.message


def name_end(text: str, pos: int) -> int:
    """Return the end of the letters, digits and `_` from `pos`, as Go counts letters and digits."""
    while pos < len(text) and (text[pos].isalpha() or text[pos].isdecimal() or text[pos] == "_"):
        pos += 1
    return pos


class Pattern:
    """A pattern of `?`, `*` and characters. Own code, as `re` can take forever over `*a*a*a`."""

    __slots__ = ("at", "room", "tokens")

    def __init__(self, text: str, at: int) -> None:
        self.at = at
        self.room = _MOST_STEPS
        self.tokens: list[str] = []  # a character, or "" for `?`, or "**" for `*`
        escaped = False
        for char in text.removeprefix(BOM):
            if escaped and char in "*?\\":
                self.tokens.append(char)
            elif escaped and char not in "}/":
                raise BadExpansion(f"invalid escape in the pattern {text!r}", at)
            elif char == "\\":
                escaped = True
                continue
            else:
                self.tokens.append(_WILD.get(char, char))
            escaped = False
        if escaped:
            raise BadExpansion(f"invalid escape at the end of the pattern {text!r}", at)

    def end(self, text: str, start: int, *, longest: bool) -> int:
        """Return where the match at `start` ends, each `*` as long or short as can be, or -1."""
        tokens = self.tokens
        todo = [(0, start)]
        seen: set[tuple[int, int]] = set()
        while todo:
            index, pos = todo.pop()
            while index < len(tokens):
                self.room -= 1
                if self.room < 0:
                    raise BadExpansion("a pattern that takes too long (a limit of ours)", self.at)
                token = tokens[index]
                in_line = pos < len(text) and text[pos] != "\n"
                if token == "**":
                    if (index, pos) in seen:
                        break
                    seen.add((index, pos))
                    ways = [(index + 1, pos), (index, pos + 1)][: 1 + in_line]
                    todo += ways if longest else ways[::-1]
                    break
                if not (in_line if not token else text.startswith(token, pos)):
                    break
                index += 1
                pos += 1
            else:
                return pos
        return -1

    def replace(self, text: str, replacement: str, *, every: bool) -> str:
        """Return `text` with the first match, or every match, replaced."""
        texts: list[str] = []
        room = LONGEST
        start = done = 0
        while start <= len(text):
            end = self.end(text, start, longest=True)
            if end < 0:
                start += 1
                continue
            texts.append(text[done:start])
            if end > done or start == 0:  # not for nothing, right behind a match
                texts.append(_filled(replacement, text[start:end]) if every else replacement)
                room -= len(texts[-1])
                if room < 0:
                    raise BadExpansion(
                        "a replacement that grows too long (a limit of ours)", self.at
                    )
            done = end
            if not every:
                break
            start = max(end, start + 1)
        return "".join(texts) + text[done:]


def _filled(template: str, matched: str) -> str:
    """Return the replacement for `matched` in `${name//…/…}`.

    There, and only there, BuildKit takes a `$` that is left for one of Go's regular expression
    templates: `$0` is the match, `$$` a dollar, any other name nothing.
    """
    texts: list[str] = []
    pos = 0
    while (dollar := template.find("$", pos)) >= 0:
        texts.append(template[pos:dollar])
        pos = dollar + 1
        brace = template.startswith("{", pos)
        end = name_end(template, pos + brace)
        name = template[pos + brace : end]
        if name and (not brace or template.startswith("}", end)):
            texts.append(matched if name == "0" else "")
            pos = end + brace
        else:
            texts.append("$")
            pos += template.startswith("$", pos)
    return "".join(texts) + template[pos:]
