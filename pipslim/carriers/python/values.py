"""What expressions of Python say: literals, and what is made of them in their place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from pipslim.carriers.python.dedent import BLANKS, cleaned, dedented, stripped
from pipslim.carriers.python.formats import dollared, formatted, percented, replaced
from pipslim.carriers.python.literals import form_of, read
from pipslim.carriers.python.said import Building, Refused
from pipslim.carriers.python.tree import last_name

if TYPE_CHECKING:
    from pipslim.carriers.python.said import Said
    from pipslim.carriers.python.tree import Tree

_STRING = re.compile(r"^[ \t]*from[ \t]+string[ \t]+import\b[^\n]*\bTemplate\b", re.MULTILINE)
_STRIPS = {"strip": (True, True), "lstrip": (True, False), "rstrip": (False, True)}


def said(tree: Tree, node: cst.CSTNode) -> Said | None:
    """Give what an expression says; None where it is none that says a text.

    What of it is not known is a hole. Raises Refused where it says a text that cannot be told.
    """
    if isinstance(node, (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)):
        found = Building()
        _literals(tree, node, found)
        return found.said()
    if isinstance(node, cst.BinaryOperation):
        if isinstance(node.operator, cst.Add):
            return _sum(tree, node)
        if isinstance(node.operator, cst.Modulo):
            left = said(tree, node.left)
            return None if left is None else percented(left)
    if isinstance(node, cst.Call):
        return _called(tree, node)
    return None


def _literals(tree: Tree, node: cst.CSTNode, found: Building) -> None:
    """Add a literal, or several that stand side by side."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.ConcatenatedString):
            waiting += [each.right, each.left]
        elif isinstance(each, cst.SimpleString):
            read(found, tree.text, form_of(tree.text, *tree.span(each)))
        elif isinstance(each, cst.FormattedString):
            _filled(tree, each, found)
        else:
            raise Refused


def _filled(tree: Tree, node: cst.FormattedString, found: Building) -> None:
    """Add an f-string, with holes where it is filled in."""
    form = form_of(tree.text, *tree.span(node))
    inner = Building()
    at = form.start
    for part in node.parts:
        if isinstance(part, cst.FormattedStringExpression):
            start, end = tree.span(part)
            if start > at:
                read(inner, tree.text, form._replace(start=at, end=start))
            inner.hole(tree.text[start:end], start, end)
            at = end
    if form.end > at or not inner.chars:
        read(inner, tree.text, form._replace(start=at, end=form.end))
    inner.forms = [form]
    found.add(inner.said())


def _sum(tree: Tree, node: cst.BinaryOperation) -> Said | None:
    """Give what is put together by `+`, with holes for what is no text here."""
    pieces: list[cst.CSTNode] = []
    each: cst.CSTNode = node
    while isinstance(each, cst.BinaryOperation) and isinstance(each.operator, cst.Add):
        pieces.append(each.right)
        each = each.left
    return _joined(tree, [each, *reversed(pieces)], "")


def _joined(tree: Tree, nodes: list[cst.CSTNode], between: str) -> Said | None:
    """Give what several expressions say, one behind the other; None where none says a text."""
    found = Building()
    texts = 0
    for number, node in enumerate(nodes):
        piece = said(tree, node)
        start, end = tree.span(node)
        if number and between:
            place = piece.starts[0] if piece is not None and piece.starts else start
            for char in between:
                found.escaped(char, place, place)
        if piece is None:
            found.hole(tree.text[start:end], start, end)
        else:
            found.add(piece)
            texts += 1
    return found.said() if texts else None


def _called(tree: Tree, node: cst.Call) -> Said | None:
    """Give what a call makes of a text that is in sight."""
    name = last_name(node.func)
    given = [each.value for each in node.args if not each.keyword and not each.star]
    if name in ("dedent", "cleandoc") and len(given) == len(node.args) == 1:
        inner = said(tree, given[0])
        if inner is None:
            return None
        return dedented(inner) if name == "dedent" else cleaned(inner)
    if name == "Template" and len(given) == len(node.args) == 1 and _of_string(tree, node.func):
        inner = said(tree, given[0])
        return None if inner is None else dollared(inner)
    if not isinstance(node.func, cst.Attribute):
        return None
    if name in ("substitute", "safe_substitute"):
        return said(tree, node.func.value)
    if name == "join" and len(given) == 1 and isinstance(given[0], (cst.List, cst.Tuple)):
        between = said(tree, node.func.value)
        if between is None or between.text != "\n":
            return None
        return _joined(tree, [each.value for each in given[0].elements], "\n")
    if name not in (*_STRIPS, "format", "format_map", "encode", "replace"):
        return None
    inner = said(tree, node.func.value)
    if inner is None or name == "encode":
        return inner
    if name in ("format", "format_map"):
        return formatted(inner)
    first = said(tree, given[0]) if given else None
    if name == "replace":
        if first is None or any(first.holes):
            raise Refused
        return replaced(inner, first.text)
    if node.args and (first is None or any(first.holes)):
        raise Refused
    left, right = _STRIPS[name]
    return stripped(inner, BLANKS if first is None else first.text, left=left, right=right)


def _of_string(tree: Tree, name: cst.BaseExpression) -> bool:
    """Tell whether a name `Template` is that of the standard library, not of Jinja or Mako."""
    if isinstance(name, cst.Attribute):
        return last_name(name.value) == "string"
    return _STRING.search(tree.text) is not None
