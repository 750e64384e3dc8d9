"""What the names of a Python script stand for: modules, functions of them, values given once."""

from __future__ import annotations

import ast

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_IMPORTING = frozenset(("__import__", "importlib.import_module", "import_module"))
# What changes a list that a name stands for so that its first elements may be others.
_REORDERS = frozenset(("insert", "pop", "remove", "clear", "reverse", "sort"))
_DEEPEST = 12
_STARS = {
    "subprocess": ("run", "call", "check_call", "check_output", "Popen", "getoutput"),
    "os": ("system", "popen", "environ"),
}


class _Bound(NamedTuple):
    """What a name is given: a module or what is of one, a value, or neither, not followed."""

    dotted: str = ""
    value: ast.expr | None = None
    added: bool = False


class Names:
    """The names of a script, of all its functions together: one that means two things is unsure."""

    __slots__ = ("_bound", "_changed", "functions")

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self._bound: dict[str, list[_Bound]] = {}
        self._changed: set[str] = set()
        self.functions: dict[str, list[ast.FunctionDef]] = {}
        taken: set[int] = set()
        for node in nodes:
            self._take(node, taken)

    def _bind(self, name: str, bound: _Bound) -> None:
        self._bound.setdefault(name, []).append(bound)

    def _take(self, node: ast.AST, taken: set[int]) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self._bind(alias.asname or top, _Bound(alias.name if alias.asname else top))
        elif isinstance(node, ast.ImportFrom):
            module = node.module if node.module and not node.level else ""
            for alias in node.names:
                if alias.name == "*":
                    for name in _STARS.get(module, ()):
                        self._bind(name, _Bound(f"{module}.{name}"))
                else:
                    dotted = f"{module}.{alias.name}" if module else ""
                    self._bind(alias.asname or alias.name, _Bound(dotted))
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    taken.add(id(target))
                    if node.value is not None:
                        added = isinstance(node, ast.AugAssign)
                        if isinstance(node, ast.AugAssign) and not isinstance(node.op, ast.Add):
                            self._changed.add(target.id)
                        self._bind(target.id, _Bound(value=node.value, added=added))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if id(node) in taken:
                return  # of a class, which other names lead to
            self._bind(node.name, _Bound())
            if isinstance(node, ast.ClassDef):
                taken.update(map(id, node.body))
            elif isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.arg):
            self._bind(node.arg, _Bound())
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            self._bind(node.name or "", _Bound())
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            if id(node) not in taken:  # walked to behind the statement that it is in
                self._bind(node.id, _Bound())
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Name):
                self._changed.add(node.value.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if isinstance(node.func.value, ast.Name):
                self._call(node.func.value.id, node.func.attr, node.args)

    def _call(self, name: str, method: str, args: list[ast.expr]) -> None:
        if method in _REORDERS:
            self._changed.add(name)
        elif method == "append" and len(args) == 1:
            value = ast.copy_location(ast.List([args[0]], ast.Load()), args[0])
            self._bind(name, _Bound(value=value, added=True))
        elif method == "extend" and len(args) == 1:
            self._bind(name, _Bound(value=args[0], added=True))

    def value(self, name: str) -> tuple[ast.expr, list[ast.expr]] | None:
        """Give what a name is given, if once, and what is added to it at its end later.

        None where that is not sure, or what it stands for may be changed in its midst.
        """
        bound = self._bound.get(name, [])
        first = [each for each in bound if not each.added]
        if len(first) != 1 or first[0].value is None or name in self._changed:
            return None
        added = [each.value for each in bound if each.added and each.value is not None]
        return first[0].value, added

    def given(self, name: str) -> ast.expr | None:
        """Give what a name is given, if once, whether that is changed later or not."""
        first = [each for each in self._bound.get(name, ()) if not each.added]
        return first[0].value if len(first) == 1 else None

    def once(self, name: str) -> bool:
        """Tell whether a name is given one thing alone."""
        return len(self._bound.get(name, ())) == 1

    def all(self, name: str) -> list[ast.expr]:
        """Give all values that a name is given."""
        return [each.value for each in self._bound.get(name, ()) if each.value is not None]

    def doubt(self, name: str) -> str:
        """Tell why the value of a name is not sure."""
        return (
            "is changed in its midst" if name in self._changed else "stands for more than one thing"
        )

    def dotted(self, node: ast.expr, depth: int = 0) -> frozenset[str]:
        """Give all that a name or an attribute may stand for, as `os.system`; nothing if unsure."""
        if depth > _DEEPEST:
            return frozenset()
        if isinstance(node, ast.Attribute):
            return frozenset(f"{top}.{node.attr}" for top in self.dotted(node.value, depth + 1))
        if isinstance(node, ast.Call):
            args, named = node.args, self.dotted(node.func, depth + 1)
            if isinstance(node.func, ast.Name):
                named |= {node.func.id}
            if named & _IMPORTING and args and isinstance(args[0], ast.Constant):
                module = str(args[0].value)
                whole = "__import__" not in named
                return frozenset((module if whole else module.partition(".")[0],))
            return frozenset()
        if not isinstance(node, ast.Name):
            return frozenset()
        found: set[str] = set()
        for each in self._bound.get(node.id, ()):
            if each.dotted:
                found.add(each.dotted)
            elif each.value is not None and not each.added:
                values = self._either(each.value, depth + 1)
                if not values:
                    return frozenset()
                found |= values
            else:
                return frozenset()
        return frozenset(found)

    def _either(self, node: ast.expr, depth: int) -> frozenset[str]:
        if isinstance(node, ast.IfExp):
            one, other = self._either(node.body, depth), self._either(node.orelse, depth)
            return one | other if one and other else frozenset()
        return self.dotted(node, depth)


def calls(nodes: Iterable[ast.AST]) -> list[ast.Call]:
    """Give the calls of a script in the order of their places."""
    found = [node for node in nodes if isinstance(node, ast.Call)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))
