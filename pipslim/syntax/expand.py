r"""BuildKit's word expansion: what quotes, escapes and `$` references in a Dockerfile word give.

The rules are those of the Dockerfile reference, "Environment replacement", and, where it is
silent, the behaviour of BuildKit's lexer (`frontend/dockerfile/shell/lex.go`), checked against
real builds in `tests/builds/test_env_rules.py`:

- outside quotes the escape character takes the next character as it is; at the end it is dropped;
- in double quotes it does so before `"`, `$` and itself only, and is text everywhere else;
- in single quotes everything is text;
- `$name` and `${name}` give the value, or nothing; the name is letters, digits and `_`, or a run
  of digits, or one of `@ * # ? - $ !` (none of which is set, unless an ENV sets a variable of
  that name); a `$` before anything else is text;
- `${name-word}` and `+`, `?`, the same after a colon, `#`, `##`, `%`, `%%`, `/` and `//`; the word
  is expanded in its turn, and always: `${A:-${B:?}}` fails without a B, whatever A is.

Three limits are this module's own: an expansion longer than any environment variable may be, a
pattern of a million steps, references nested fifty deep.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipslim.syntax.patterns import BOM, LONGEST, BadExpansion, Pattern, name_end
from pipslim.syntax.startup import TYPE_CHECKING, lazy

__all__ = ["BadExpansion", "expand", "expand_words", "references"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # Place of a reference, its name, modifier, expanded word, expanded replacement -> value.
    _Use = Callable[[int, str, str, str, str], str]
    # Text, and whether its blanks separate words.
    _Piece = tuple[str, bool]

_DEEPEST = 50

_NAME = lazy(r"\d+|[@*#?$!-]|[^\W\d]\w*")
# A word that refers to names without modifiers, and each such reference in it.
_PLAINLY = lazy(r"(?:[\0-#%-\x7f]|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})*\Z", re.ASCII)
_PLAIN_NAME = lazy(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
_MODIFIER = lazy(r":?[-+?]|[#%}]|//?")
_RUN = lazy(r"""(?s:.)[^$'"\\`}/]*""")  # a character known to be text, and more such
_HEREDOC = lazy(r"(<<[\t\r ]*)")
_ESCAPED = lazy(r"\\?.", re.DOTALL)
# Go's unicode.IsSpace, which is not Python's `\s`.
_BLANKS = lazy("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def expand(word: str, env: Mapping[str, str], escape: str = "\\") -> str:
    r"""Return the text that `word` stands for: unquoted, unescaped, references replaced.

    `word` is the raw text of one word, or of a legacy `ENV name value` from the value on: blanks
    are text here. `env` is the environment before the instruction (before the word, in an ARG),
    build arguments included: of an ENV and an ARG of one name the later in the file counts.
    `escape` is the file's escape character, `\` or a backquote.

    Raises BadExpansion for what fails a build: an open quote or brace, `${}`, a modifier that does
    not exist, `${X:?}` without an X, a bad pattern; and for what exceeds this module's limits.

    Source: Dockerfile reference, "Environment replacement"; BuildKit's shell/lex.go, ProcessWord.
    """
    if escape in word or '"' in word or "'" in word or word.startswith(BOM):
        if "$" not in word:
            return _unquoted(word, escape)
        return _Reader(word, escape, _from(env)).text()
    if "$" not in word:
        return word
    if _PLAINLY.match(word):
        text = _PLAIN_NAME.sub(lambda name: env.get(name[1] or name[2]) or "", word)
        if len(text) < LONGEST:
            return text
    return _Reader(word, escape, _from(env)).text()


@lru_cache(maxsize=256)
def _unquoted(word: str, escape: str) -> str:
    """Give the text of a word without references, the same in any environment."""
    return _Reader(word, escape, _from({})).text()


def expand_words(text: str, env: Mapping[str, str], escape: str = "\\") -> list[str]:
    r"""Return the words that `text` stands for, split at its unquoted blanks.

    In: as for `expand`. The blanks inside the value of an unquoted reference separate words too,
    those inside quotes or after an escape do not; a word that comes out empty is dropped, even
    if it was quoted. EXPOSE takes its ports apart like this; an ENV or a LABEL does not.

    Raises BadExpansion as `expand` does.

    Source: BuildKit's shell/lex.go, ProcessWords. One fault of it is left out: since 2024 it loses
    the text before a reference with a modifier, so that `EXPOSE 8${X:-0}` exposes port 0.
    """
    words: list[str] = []
    word = ""
    for piece, separable in _Reader(text, escape, _from(env)).read():
        if not separable:
            word += piece
            continue
        head, *tails = _BLANKS.split(piece)
        word += head
        for tail in tails:
            if word:
                words.append(word)
            word = tail
    return [*words, word] if word else words


def references(word: str, escape: str = "\\") -> frozenset[str]:
    r"""Return the names whose values the value of `word` can depend on.

    Those are the names outside single quotes and unescaped, the ones inside modifiers included:
    `${A:-$B}` gives A and B. A variable of any other name never changes what `expand` gives.
    The names of special parameters are among them (`$1` gives `1`), and `${/a/b}` gives ``.

    Raises BadExpansion where a word with a `$` can't be read: an open quote or brace, `${}`, a
    modifier that does not exist. What depends on values (`${X:?}`) is not an error here.

    Source: as for `expand`.
    """
    if "$" not in word:
        return frozenset()
    names: set[str] = set()

    def note(_at: int, name: str, _modifier: str, _word: str, _replacement: str) -> str:
        names.add(name)
        return ""

    _Reader(word, escape, note).read()
    return frozenset(names)


class _Reader:
    """One pass over a word; what each reference gives is asked of `use`."""

    __slots__ = ("depth", "escape", "pos", "room", "use", "word")

    def __init__(self, word: str, escape: str, use: _Use) -> None:
        self.word = word
        self.escape = escape
        self.use = use
        self.pos = 1 if word.startswith(BOM) else 0
        self.depth = 0
        self.room = LONGEST

    def text(self, stop: str = "", opened: int = 0, *, raw: bool = False) -> str:
        return "".join([text for text, _ in self.read(stop, opened, raw=raw)])

    def read(self, stop: str = "", opened: int = 0, *, raw: bool = False) -> list[_Piece]:
        """Read behind the `stop` of what is `opened`, or to the end; `raw` keeps escapes."""
        word = self.word
        pieces: list[_Piece] = []
        while self.pos < len(word):
            char = word[self.pos]
            if char == stop:
                self.pos += 1
                return pieces
            if char == "$":
                pieces.append((self.reference(), True))
            elif char == "'":
                pieces.append((self.single_quoted(), False))
            elif char == '"':
                pieces.append((self.double_quoted(raw=raw), False))
            elif char == self.escape:
                pieces.append((word[self.pos + (not raw) : self.pos + 2], False))
                self.pos += 2
            else:
                parts = enumerate(_HEREDOC.split(self.run()))  # the blanks behind `<<` are its own
                pieces += [(part, index % 2 == 0) for index, part in parts]
        if stop:
            raise BadExpansion(f"this `${{` has no {stop!r}", opened)
        return pieces

    def run(self) -> str:
        match = _RUN.match(self.word, self.pos)
        assert match is not None
        self.pos = match.end()
        return match[0]

    def single_quoted(self) -> str:
        start = self.pos + 1
        end = self.word.find("'", start)
        if end < 0:
            raise BadExpansion("this single quote is never closed", self.pos)
        self.pos = end + 1
        return self.word[start:end]

    def double_quoted(self, *, raw: bool) -> str:
        word, start = self.word, self.pos
        texts: list[str] = []
        self.pos += 1
        while self.pos < len(word):
            char = word[self.pos]
            if char == '"':
                self.pos += 1
                return "".join(texts)
            if char == "$":
                texts.append(self.reference())
            elif char == self.escape:
                if word[self.pos + 1 : self.pos + 2] in ('"', "$", char):
                    texts.append(word[self.pos + (not raw) : self.pos + 2])
                    self.pos += 2
                else:  # text; twice in a pattern, where it must not escape what follows
                    texts.append(char * 2 if raw else char)
                    self.pos += 1
            else:
                texts.append(self.run())
        raise BadExpansion("this double quote is never closed", start)

    def reference(self) -> str:
        word, at = self.word, self.pos
        self.pos += 1
        if not word.startswith("{", self.pos):
            name = self.name()
            return self.used(at, name) if name else "$"
        self.pos += 1
        if word.startswith(("{", "}", ":"), self.pos):
            raise BadExpansion("bad substitution: `${` needs a name", at)
        name = self.name()
        match = _MODIFIER.match(word, self.pos)
        if match is None:
            if self.pos >= len(word):
                raise BadExpansion("this `${` has no '}'", at)
            raise BadExpansion("unsupported modifier in `${`", self.pos)
        self.pos = match.end()
        modifier = match[0]
        if modifier == "}":
            return self.used(at, name)
        if self.depth == _DEEPEST:
            raise BadExpansion(f"references nested deeper than {_DEEPEST} (a limit of ours)", at)
        self.depth += 1
        replacement = ""
        if modifier[0] == "/":
            pattern = self.text("/", at, raw=True)
            replacement = self.text("}", at, raw=True)
        else:
            pattern = self.text("}", at, raw=modifier in "#%")
        self.depth -= 1
        return self.used(at, name, modifier, pattern, replacement)

    def used(self, at: int, name: str, modifier: str = "", word: str = "", new: str = "") -> str:
        value = self.use(at, name, modifier, word, new)
        self.room -= len(value)
        if self.room < 0:
            raise BadExpansion(f"expands to more than {LONGEST} characters (a limit of ours)", at)
        return value

    def name(self) -> str:
        match = _NAME.match(self.word, self.pos)
        if match is None:
            return ""
        end = match.end()
        if not match[0].isascii() and not match[0].isdecimal():
            end = name_end(self.word, self.pos)
        name = self.word[self.pos : end]
        self.pos = end
        return name


def _from(env: Mapping[str, str]) -> _Use:
    """Return what looks references up in `env` and applies their modifiers."""

    def use(at: int, name: str, modifier: str, word: str, replacement: str) -> str:
        value = env.get(name)
        if not modifier:
            return value or ""
        unset = value is None or (not value and modifier[0] == ":")
        text = value or ""
        kind = modifier[-1]
        if kind == "-":
            return word if unset else text
        if kind == "+":
            return "" if unset else word
        if kind == "?":
            if unset:
                reason = "empty" if value is not None else "unset"
                raise BadExpansion(f"{name}: {word or f'is not allowed to be {reason}'}", at)
            return text
        if kind == "/":
            return Pattern(word, at).replace(text, replacement, every=modifier == "//")
        longest = word.startswith(kind)
        word = word[longest:]
        if kind == "#":
            end = Pattern(word, at).end(text, 0, longest=longest)
            return text[max(end, 0) :]
        backwards = "".join(reversed(_ESCAPED.findall(word)))
        end = Pattern(backwards, at).end(text[::-1], 0, longest=longest)
        return text[: len(text) - max(end, 0)]

    return use
