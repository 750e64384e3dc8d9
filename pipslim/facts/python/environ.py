"""The variables that a Python script gives to what it runs."""

from __future__ import annotations

import ast

from pipslim.syntax.script import Word
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.facts.python.values import Values

_ENVIRON = frozenset(("os.environ",))
# what a call has to be told of again where it gets none of the variables around it
_OF_PIP = ("PIP_NO_CACHE_DIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME")


class Environ:
    """The variables that a script sets, for all or for one call."""

    __slots__ = ("_set", "_values")

    def __init__(self, values: Values) -> None:
        self._values = values
        # of os.environ and of names: the offset, the name of the variable, its value
        self._set: dict[str, list[tuple[int, str, str]]] = {}
        for node in values.source.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript):
                        self._put(target.value, target.slice, node.value)
            elif isinstance(node, ast.Call):
                self._called(node)

    def _called(self, node: ast.Call) -> None:
        func = node.func
        if not isinstance(func, ast.Attribute):
            return
        if func.attr == "setdefault" and len(node.args) == 2:
            self._put(func.value, *node.args)
        elif func.attr == "putenv" and len(node.args) == 2:
            environ = ast.Attribute(func.value, "environ", ast.Load())
            self._put(environ, *node.args)
        elif func.attr == "update":
            for each in node.args:
                if isinstance(each, ast.Dict):
                    for key, value in zip(each.keys, each.values, strict=True):
                        if key is not None:
                            self._put(func.value, key, value)
            for keyword in node.keywords:
                if keyword.arg:
                    self._put(func.value, ast.Constant(keyword.arg), keyword.value)

    def _put(self, target: ast.expr, key: ast.expr, value: ast.expr) -> None:
        name = self._name(target)
        if name and isinstance(key, ast.Constant) and isinstance(key.value, str):
            place = self._values.source.span(value)[0]
            set_there = self._set.setdefault(name, [])
            set_there.append((place, key.value, self._values.string(value)))

    def _name(self, node: ast.expr) -> str:
        """Give `os.environ`, or the name of a dictionary."""
        if self._values.names.dotted(node) == _ENVIRON:
            return "os.environ"
        return node.id if isinstance(node, ast.Name) else ""

    def of(self, call: ast.Call) -> tuple[Word, ...]:
        """Give the variables, as words `NAME=value`, that are set for what a call runs."""
        start, end = self._values.source.span(call)
        given = next((each.value for each in call.keywords if each.arg == "env"), None)
        found: dict[str, str] = {}
        if given is None or not self._of(given, start, found, 0):
            inherited = {n: v for at, n, v in self._set.get("os.environ", ()) if at < start}
            found = {**inherited, **found}
        else:
            found = {**dict.fromkeys(_OF_PIP, ""), **found}
        return tuple([Word(start, end, f"{name}={value}") for name, value in found.items()])

    def _of(self, node: ast.expr, before: int, found: dict[str, str], depth: int) -> bool:
        """Take in the variables of a dictionary; tell whether they are all that there are."""
        if depth > 8:
            return False
        string = self._values.string
        if isinstance(node, ast.Dict):
            whole = True
            for key, each in zip(node.keys, node.values, strict=True):
                if key is None:
                    whole = self._of(each, before, found, depth + 1) and whole
                else:
                    found[string(key)] = string(each)
            return whole
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self._of(node.left, before, found, depth + 1)
            return self._of(node.right, before, found, depth + 1) and left
        if isinstance(node, ast.Call):
            whole = not node.args
            for each in node.args:
                whole = self._of(each, before, found, depth + 1)
            for keyword in node.keywords:
                if keyword.arg is None:
                    whole = self._of(keyword.value, before, found, depth + 1) and whole
                else:
                    found[keyword.arg] = string(keyword.value)
            return whole and isinstance(node.func, ast.Name) and node.func.id == "dict"
        if isinstance(node, ast.Name):
            given = self._values.names.given(node.id)
            whole = given is not None and self._of(given, before, found, depth + 1)
            set_there = self._set.get(node.id, ())
            found.update({name: value for at, name, value in set_there if at < before})
            return whole
        return False
