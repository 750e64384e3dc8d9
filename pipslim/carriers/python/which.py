"""Which texts of a module are Dockerfiles, and which of those may be changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from pipslim.carriers.python.tree import last_name

if TYPE_CHECKING:
    from pipslim.carriers.python.tree import Tree

LEAVE, EDIT = "leave", ""
_TEST = "this stands in a test, which may ask for this very text; make it by hand"
_MADE = "what is made of this text is not known here; make it by hand"
_COMPARED = "this text is compared with another one; make it by hand"

_FROM = re.compile(r"[ \t]*FROM[ \t]+[^\s=(]")
_AHEAD = re.compile(r"[ \t]*(?:\Z|#|ARG[ \t])")
_OTHER = re.compile(
    r"^[ \t]*(?:RUN|COPY|ADD|ENV|WORKDIR|CMD|ENTRYPOINT|EXPOSE|LABEL|USER|ARG|SHELL|VOLUME"
    r"|HEALTHCHECK|ONBUILD|STOPSIGNAL)[ \t]",
    re.MULTILINE,
)
_ASSERTS = re.compile(r"_?assert|(?:.*_)?(?:expect|verify)")
_EXPECTED = re.compile(r"(?:.*_)?(?:expected|want|wanted|golden|desired)(?:_.*)?\Z", re.IGNORECASE)
_SPOKEN = frozenset(("help", "description", "epilog", "doc", "usage", "docstring", "__doc__"))
_SEARCHES = frozenset(("re", "regex", "fnmatch"))
_EQUALS = (cst.Equal, cst.NotEqual)
_TESTERS = frozenset(("pytest", "unittest", "nose", "testtools"))


def is_dockerfile(text: str, holes: list[int] | tuple[int, ...] = ()) -> bool:
    """Tell whether a text is a Dockerfile: it begins an image, and goes on with an instruction.

    Both in capitals, as everybody writes them: other texts, such as SQL, have such words, too.
    Lines of nothing but holes may stand ahead; `holes` tells for each character whether it is one.
    """
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        bare = "".join([c for c, hole in zip(line, holes[start:end], strict=False) if not hole])
        if _FROM.match(line):
            return _OTHER.search(text, end) is not None
        if not _AHEAD.match(line) and (not holes or bare.strip()):
            return False
        start = end + 1
    return False


class Use:
    """What a module does with its texts."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.filled: set[str] = set()
        self._compared: set[str] = set()
        self._tests = False
        for node in tree.nodes:
            self._see(node)

    def _see(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Attribute) and node.attr.value in ("format", "format_map"):
            self.filled.add(last_name(node.value))
        elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
            self.filled.add(f"%{last_name(node.left)}")
        elif isinstance(node, cst.Comparison):
            targets = [each for each in node.comparisons if isinstance(each.operator, _EQUALS)]
            for each in (node.left, *(target.comparator for target in targets)) if targets else ():
                self._compared.add(last_name(each))
        elif isinstance(node, cst.FunctionDef):
            self._tests = self._tests or (node.name.value.startswith("test_") and self._run(node))
        elif isinstance(node, cst.ClassDef):
            names = [last_name(each.value) for each in node.bases]
            self._tests = self._tests or any(name.endswith("TestCase") for name in names)
        elif isinstance(node, (cst.Import, cst.ImportFrom)):
            self._tests = self._tests or bool(modules(node) & _TESTERS)

    def _run(self, node: cst.CSTNode) -> bool:
        """Tell whether a function is one that a test framework runs: of the module, or of a Test….

        Where something else has a method `test_…`, that is what the module is about.
        """
        parent = self._tree.parents.get(node)
        while parent is not None and not isinstance(parent, (cst.ClassDef, cst.FunctionDef)):
            parent = self._tree.parents.get(parent)
        if isinstance(parent, cst.ClassDef):
            return parent.name.value.startswith("Test")
        return parent is None

    def verdict_of_tests(self) -> str:
        """Tell why no text of the module is changed, or nothing."""
        return _TEST if self._tests else EDIT

    def names(self, node: cst.CSTNode) -> set[str]:
        """Give the names that an expression is given, as they are written."""
        parent = self._tree.parents.get(node)
        if isinstance(parent, cst.Assign):
            return {last_name(each.target) for each in parent.targets}
        if isinstance(parent, (cst.AnnAssign, cst.NamedExpr, cst.AugAssign)):
            return {last_name(parent.target)}
        if isinstance(parent, cst.Arg) and parent.keyword is not None:
            return {parent.keyword.value}
        if isinstance(parent, cst.Param):
            return {parent.name.value}
        if isinstance(parent, cst.DictElement):
            return {self._tree.source(parent.key).strip("'\"")}
        return set()

    def verdict(self, node: cst.CSTNode) -> str:
        """Tell what may be done with a text: EDIT, LEAVE, or why it is shown alone."""
        names = self.names(node)
        if any(_EXPECTED.match(name) or name in _SPOKEN for name in names):
            return LEAVE
        child = node
        parent = self._tree.parents.get(node)
        while parent is not None and not isinstance(parent, cst.BaseCompoundStatement):
            if isinstance(parent, (cst.Expr, cst.Assert, cst.Comparison, cst.Annotation)):
                if not isinstance(parent, cst.Expr) or child is node:
                    return LEAVE
            if isinstance(parent, (cst.SubscriptElement, cst.MatchPattern)):
                return LEAVE
            if isinstance(parent, cst.DictElement) and child is parent.key:
                return LEAVE
            if isinstance(parent, cst.Call) and _asks(parent):
                return LEAVE
            child = parent
            parent = self._tree.parents.get(parent)
        if self._tests:
            return _TEST
        parent = self._tree.parents.get(node)
        if isinstance(parent, (cst.Attribute, cst.Subscript, cst.BinaryOperation)):
            return _MADE
        return _COMPARED if (names - {""}) & self._compared else EDIT


def _asks(call: cst.Call) -> bool:
    """Tell whether a call compares its arguments, or searches for them."""
    if _ASSERTS.match(last_name(call.func)):
        return True
    return isinstance(call.func, cst.Attribute) and last_name(call.func.value) in _SEARCHES


def modules(node: cst.Import | cst.ImportFrom) -> set[str]:
    """Give the top-level packages that an import is of."""
    found: list[cst.CSTNode | None] = []
    if isinstance(node, cst.ImportFrom):
        found.append(None if node.relative else node.module)
    else:
        found += [each.name for each in node.names]
    names = set()
    for each in found:
        while isinstance(each, cst.Attribute):
            each = each.value
        if isinstance(each, cst.Name):
            names.add(each.value)
    return names
