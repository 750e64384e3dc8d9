"""A script in Python as read by `ast`: its tree, and where each node stands in the text."""

from __future__ import annotations

import ast
import warnings

from pipslim.syntax.script import FILLED

UNREADABLE = "it cannot be read as Python 3"
FILLED_IN = "the shell fills in parts of the Python outside of its texts"


class Source:
    """A text, its tree and all nodes of that, the outer ones first.

    ast counts lines from 1, and columns in bytes of UTF-8.
    """

    __slots__ = ("_starts", "nodes", "text", "tree")

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.text = text
        self.tree = tree
        self.nodes = tuple(ast.walk(tree))
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def _offset(self, line: int, column: int) -> int:
        start, end = self._starts[line - 1 : line + 1]
        text = self.text[start : end - 1]
        if text.isascii():
            return start + column
        return start + len(text.encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Give the half-open range of offsets of a node, without brackets around it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def raw(self, node: ast.expr | ast.stmt) -> str:
        """Give a node as it is written, on one line, and not all of it where it is long."""
        start, end = self.span(node)
        raw = " ".join(self.text[start:end].replace(FILLED, "?").split())
        return raw if len(raw) <= 40 else raw[:37] + "..."


def parsed(text: str) -> Source | str:
    """Parse a script; a text that tells why it cannot be read, where it cannot.

    What that is does not hang on the version of Python that runs this, but for syntax newer than
    that, which is not read.
    """
    if "\r" in text or "\f" in text:
        return "its lines end in CRLF" if "\r" in text else UNREADABLE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return FILLED_IN if FILLED in text else UNREADABLE
    return Source(text, tree)
