"""The values of a Python script's expressions as far as they are known: texts and lists of them."""

from __future__ import annotations

import ast
import re

from pipslim.facts.pipcalls import CACHE_WRITERS
from pipslim.facts.python import literals
from pipslim.facts.python.chars import HOLE_TEXT, Chars
from pipslim.syntax.script import FILLED, HOLE
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipslim.facts.python.names import Names
    from pipslim.facts.python.source import Source

_DEEPEST = 40
# `%s` and the like, and what `str.format` fills in
_PERCENT = re.compile(r"%(?:\(\w+\))?[-#0 +]*[\d*]*(?:\.\d+)?([%a-zA-Z])")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_PLAIN = re.compile(r"[\w./-]+")
_FILLED = re.compile(FILLED + "+")
# what gives a text that is the same to a shell
_SAME_TEXT = frozenset(("strip", "lstrip", "rstrip", "dedent"))
_PIP = re.compile(r"(?:.*/)?pip[\d.]*", re.DOTALL)
_UV = re.compile(r"(?<![a-z])uv(?![a-z])", re.IGNORECASE)
_SAME_LIST = frozenset(("list", "tuple"))


MANY = HOLE + HOLE
"""The value of an element that stands for any number of unknown ones."""


class Element(NamedTuple):
    """An element of a list: its value, with holes, and its place; `own` for a literal there."""

    value: str
    start: int
    end: int
    own: bool


class Values:
    """Tells the values of a script's expressions; `python` is what runs it."""

    __slots__ = ("_depth", "lists", "names", "python", "source")

    def __init__(self, source: Source, names: Names, python: str) -> None:
        self.source = source
        self.names = names
        self.python = python
        self.lists: set[int] = set()  # the list displays that were looked at
        self._depth = 0

    # -- texts as values -----------------------------------------------------------------------

    def string(self, node: ast.expr) -> str:
        """Give the text that an expression is, with a HOLE for each part that is not known."""
        if self._depth > _DEEPEST:
            return HOLE
        self._depth += 1
        try:
            return self._string(node)
        finally:
            self._depth -= 1

    def _string(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return _FILLED.sub(HOLE, node.value) if isinstance(node.value, str) else HOLE
        if isinstance(node, ast.JoinedStr):
            return "".join([self.string(each) for each in node.values])
        if isinstance(node, ast.FormattedValue):
            return self.string(node.value) if node.format_spec is None else HOLE
        if isinstance(node, ast.BinOp):
            left = self.string(node.left)
            if isinstance(node.op, ast.Add):
                return left + self.string(node.right)
            if isinstance(node.op, ast.Div):
                return f"{left}/{self.string(node.right)}"
            if isinstance(node.op, ast.Mod):
                return _PERCENT.sub(lambda match: "%" if match[1] == "%" else HOLE, left)
            return HOLE
        if self.names.dotted(node) == {"sys.executable"}:
            return self.python
        if isinstance(node, ast.Name):
            given = self.names.value(node.id)
            return self.string(given[0]) if given is not None and not given[1] else HOLE
        return self._called(node) if isinstance(node, ast.Call) and node.args else HOLE

    def _called(self, node: ast.Call) -> str:
        named = self.names.dotted(node.func)
        if isinstance(node.func, ast.Name):
            named |= {node.func.id}
        if named & {"str", "shutil.which", "os.fspath", "pathlib.Path", "shlex.quote"}:
            return "/".join([self.string(each) for each in node.args])
        if named & {"os.path.join", "posixpath.join"}:
            return "/".join([self.string(each) for each in node.args])
        return HOLE

    # -- lists ---------------------------------------------------------------------------------

    def elements(self, node: ast.expr, site: ast.expr | None = None) -> list[Element] | None:
        """Give the elements of a list or tuple; None where an expression is not sure to be one.

        Those of a list that `site` stands for, a name or `*name`, have the place of that, but for
        subcommands of pip. Of what is not known there may be any number; it is one element, MANY.
        """
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._elements(node, site)
        finally:
            self._depth -= 1

    def _elements(self, node: ast.expr, site: ast.expr | None) -> list[Element] | None:
        if isinstance(node, (ast.List, ast.Tuple)):
            self.lists.add(id(node))
            found: list[Element] = []
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    more = self.elements(each.value, site or each)
                    found += [self._hole(site or each)] if more is None else more
                else:
                    found.append(self._element(each, site))
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = (node.left, node.right)
            sites = [site or (each if isinstance(each, ast.Name) else None) for each in sides]
            left, right = map(self.elements, sides, sites)
            if left is None and right is None:
                return None
            ahead = [self._hole(site or node.left)] if left is None else left
            return ahead + ([self._hole(site or node.right)] if right is None else right)
        if isinstance(node, ast.Name):
            given = self.names.value(node.id)
            first = self.elements(given[0], site) if given is not None else None
            if given is None or first is None:
                return None
            for each in given[1]:
                more = self.elements(each, site or node)
                first += [self._hole(site or node)] if more is None else more
            return first
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            return self.elements(node.args[0], site) if node.func.id in _SAME_LIST else None
        return None

    def joined(self, node: ast.expr) -> list[Element] | None:
        """Give the words that an expression joins by blanks, where it does just that."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        blank = isinstance(node.func.value, ast.Constant) and node.func.value.value == " "
        if not blank or node.func.attr != "join" or len(node.args) != 1:
            return None
        return self.elements(node.args[0])

    def is_call(self, elements: Iterable[Element]) -> bool:
        """Tell whether elements look like a call of pip that writes its cache."""
        found = list(elements)
        for at, (value, _, _, _) in enumerate(found[:-1]):
            if _PIP.fullmatch(value) and found[at + 1].value in CACHE_WRITERS:
                return at == 0 or not self.is_uv(found[at - 1])
        return False

    def is_uv(self, element: Element) -> bool:
        """Tell whether an element is uv, as it seems, whose `uv pip` is no pip."""
        value, start, end, _ = element
        written = self.source.text[start:end] if HOLE in value else value.rpartition("/")[2]
        return _UV.search(written) is not None

    def _element(self, node: ast.expr, site: ast.expr | None) -> Element:
        own = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if site is not None and not (own and node.value in CACHE_WRITERS):  # type: ignore[attr-defined]
            return Element(self.string(node), *self.source.span(site), False)
        return Element(self.string(node), *self.source.span(node), own)

    def _hole(self, site: ast.expr) -> Element:
        return Element(MANY, *self.source.span(site), False)

    # -- texts with their places ---------------------------------------------------------------

    def text(self, node: ast.expr) -> Chars | None:
        """Give the characters of the text that an expression is; None where it is none.

        What is filled in, and not known, is HOLE_TEXT.
        """
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._text(node)
        finally:
            self._depth -= 1

    def _text(self, node: ast.expr) -> Chars | None:
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            return self._literal(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.text(node.left), self.text(node.right)
            if left is None and right is None:
                return None
            found = left or self._filled(node.left)
            found.add(right or self._filled(node.right))
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            args = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self._formatted(node.left, args, _PERCENT)
        if isinstance(node, ast.Name):
            given = self.names.value(node.id)
            first = self.text(given[0]) if given is not None else None
            if given is None or first is None:
                return None
            for each in given[1]:
                first.add(self.text(each) or self._filled(each))
            return first
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            func = node.func
            name = func.attr if isinstance(func, ast.Attribute) else func.id
            if name in _SAME_TEXT:
                outer = func.value if isinstance(func, ast.Attribute) else None
                return self.text(node.args[0] if node.args or outer is None else outer)
            if name == "format" and isinstance(func, ast.Attribute):
                args = [] if node.keywords else node.args
                return self._formatted(func.value, args, _BRACES)
        return None

    def _literal(self, node: ast.Constant | ast.JoinedStr) -> Chars | None:
        return self.literal_at(node, *self.source.span(node))

    def literal_at(self, node: ast.Constant | ast.JoinedStr, start: int, end: int) -> Chars | None:
        """Give the characters of the literals at a place; None where they are not followed."""
        found = literals.read(self.source.text, start, end)
        if found is None:
            return None
        chars, holes = found
        if isinstance(node, ast.Constant):
            return chars if not holes and chars.text == node.value else None
        known = "".join([str(v.value) for v in node.values if isinstance(v, ast.Constant)])
        if known != chars.text:
            return None
        whole, done = Chars(), 0
        for hole in holes:
            whole.add(chars, done, hole.at)
            whole.fill(self._in_hole(hole.text), hole.offset)
            done = hole.at
        whole.add(chars, done)
        return whole

    def _in_hole(self, text: str) -> str:
        """Give what a shell reads for the hole of an f-string."""
        try:
            node = ast.parse(f"({text})", mode="eval").body
        except (SyntaxError, ValueError):
            return HOLE_TEXT
        return self._known(node)

    def _known(self, node: ast.expr) -> str:
        value = self.string(node)
        return value if _PLAIN.fullmatch(value) else HOLE_TEXT

    def _filled(self, node: ast.expr) -> Chars:
        found = Chars()
        found.fill(self._known(node), self.source.span(node)[0])
        return found

    def _formatted(
        self, node: ast.expr, args: list[ast.expr], marks: re.Pattern[str]
    ) -> Chars | None:
        """Give a text into which arguments are filled at `marks`."""
        chars = self.text(node)
        if chars is None or HOLE_TEXT in chars.text:
            return None
        text, whole, done, at = chars.text, Chars(), 0, 0
        if marks.sub("", text).count("%" if marks is _PERCENT else "{"):
            return None
        for match in marks.finditer(text):
            whole.add(chars, done, match.start())
            done = match.end()
            if match[0] in ("%%", "{{", "}}"):
                whole.add(chars, match.start(), match.start() + 1)
                continue
            plain = match[0] in ("%s", "{}") and at < len(args)
            filled = self._known(args[at]) if plain else HOLE_TEXT
            at += 1
            whole.fill(filled, chars.offsets[match.start()])
        whole.add(chars, done)
        return whole
