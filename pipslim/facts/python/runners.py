"""Which calls of a Python script have a list or a shell script run, and what else may."""

from __future__ import annotations

import ast

from pipslim.facts.mentions import mention_in
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.facts.python.chars import Chars
    from pipslim.facts.python.names import Names
    from pipslim.facts.python.values import Values

LIST, SHELL, PIP, ARGV = "list", "shell", "pip", "argv"

WHO_RUNS = "what runs this is not known"
_SUBPROCESS = ("run", "call", "check_call", "check_output", "Popen")
_SHELLS = (
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
)
_EXEC = {"os.execv": 1, "os.execve": 1, "os.execvp": 1, "os.execvpe": 1, "pty.spawn": 0}
_EXEC |= {"os.spawnv": 2, "os.spawnve": 2, "os.spawnvp": 2, "os.spawnvpe": 2}
# Source: pip's history: `main` moved from the package to `_internal` in 10.0, and on from there.
_MAINS = frozenset(
    (
        "pip.main",
        "pip._internal.main",
        "pip._internal.main.main",
        "pip._internal.cli.main.main",
        "pip._internal.cli.main_parser.main",
    )
)
_RUNPY = frozenset(("runpy.run_module", "runpy._run_module_as_main", "runpy.run_path"))
# Calls that are given texts, and run none: by the last part of their names.
_HARMLESS = frozenset(
    (
        "print",
        "debug",
        "info",
        "warn",
        "warning",
        "error",
        "critical",
        "exception",
        "log",
        "echo",
        "write",
        "writelines",
        "write_text",
        "exit",
        "input",
        "fail",
        "skip",
        "search",
        "match",
        "sub",
        "compile",
        "startswith",
        "endswith",
        "replace",
        "add_argument",
        "ArgumentParser",
        "append",
        "Path",
        "setdefault",
    )
)
_RAISED = ("Error", "Exception", "Warning", "Exit", "Interrupt")


class Runner(NamedTuple):
    """How a call has something run: what is run is its argument at `at`, or the one named `name`.

    `ahead` are the words that go ahead of a list, of which the first stands for the Python itself.
    With `star`, the arguments themselves are the list.
    `texts` tells whether a shell runs a text, whatever the call says; False where that is as usual.
    """

    kind: str
    at: int
    name: str
    ahead: tuple[str, ...] = ()
    texts: bool | None = False
    star: bool = False

    def given(self, call: ast.Call) -> ast.expr | None:
        """Give what a call is given to run."""
        if self.star:
            return ast.copy_location(ast.List(call.args, ast.Load()), call) if call.args else None
        if any(isinstance(each, ast.Starred) for each in call.args[: self.at + 1]):
            return None
        if len(call.args) > self.at:
            return call.args[self.at]
        return next((each.value for each in call.keywords if each.arg == self.name), None)

    def shell(self, call: ast.Call) -> bool | None:
        """Tell whether a shell runs what is given; None where that is not known."""
        if self.kind == SHELL:
            return True
        if self.texts is not False:
            return self.texts
        for each in call.keywords:
            if each.arg == "shell":
                value = each.value
                return bool(value.value) if isinstance(value, ast.Constant) else None
            if each.arg is None:
                return None
        return False


_PIP_WORDS = ("", "-m", "pip")
_KNOWN = {f"subprocess.{name}": Runner(LIST, 0, "args") for name in _SUBPROCESS}
_KNOWN |= {name: Runner(SHELL, 0, "command") for name in _SHELLS}
_KNOWN |= {name: Runner(LIST, at, "args") for name, at in _EXEC.items()}
_KNOWN["asyncio.create_subprocess_exec"] = Runner(LIST, 0, "args", star=True)
_KNOWN |= {name: Runner(PIP, 0, "args", _PIP_WORDS) for name in _MAINS}


class Runners:
    """The calls of a script that have something run."""

    __slots__ = ("_names", "_nodes", "_own", "argv")

    def __init__(self, nodes: Sequence[ast.AST], names: Names) -> None:
        self._nodes = nodes
        self._names = names
        self._own: dict[str, Runner] = {}
        for name, functions in names.functions.items():
            found = self._of_function(functions[0]) if names.once(name) else None
            if found is not None:
                self._own[name] = found
        self.argv = self._argv()

    def of(self, call: ast.Call) -> Runner | None:
        """Tell how a call has something run; None where it does not, or that is not known."""
        dotted = self._names.dotted(call.func)
        if dotted and dotted <= _KNOWN.keys():
            found = {_KNOWN[each] for each in dotted}
            return found.pop() if len(found) == 1 else None
        if dotted and dotted <= _RUNPY:
            first = call.args[0] if call.args else None
            value = first.value if isinstance(first, ast.Constant) else None
            named = value in ("pip", "pip.__main__", "pip._internal")
            return Runner(ARGV, len(call.args), "", _PIP_WORDS) if named else None
        if isinstance(call.func, ast.Name):
            return self._own.get(call.func.id)
        return None

    def _of_function(self, function: ast.FunctionDef) -> Runner | None:
        """Tell how a function of the script has run what it is given, if it gives that on."""
        params = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            dotted = self._names.dotted(call.func)
            if not dotted or not dotted <= _KNOWN.keys():
                continue
            runner = _KNOWN[min(dotted)]
            given = runner.given(call)
            if isinstance(given, ast.Name) and given.id in params and runner.kind != PIP:
                if _is_set(given.id, function):
                    return None
                return Runner(LIST, params.index(given.id), given.id, (), runner.shell(call))
        return None

    def _argv(self) -> ast.expr | None:
        """Give the list that sys.argv is, where it is given one once."""
        found = [
            node.value
            for node in self._nodes
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Attribute) and self._names.dotted(target) == {"sys.argv"}
        ]
        return found[0] if len(found) == 1 else None

    def split(self, node: ast.expr, values: Values) -> Chars | None:
        """Give the text that is parted at its blanks, as a shell would do it."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
            return None
        inner: ast.expr | None = None
        if self._names.dotted(node.func) == {"shlex.split"} and node.args:
            inner = node.args[0]
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "split" and not node.args:
            inner = node.func.value
        return values.text(inner) if inner is not None else None

    def leftover(self, values: Values, seen: set[int]) -> Iterator[tuple[int, str]]:
        """Give the places of lists and texts that may be run, but by what is not known."""
        source = values.source
        for node in self._nodes:
            if isinstance(node, (ast.List, ast.Tuple)) and id(node) not in values.lists:
                if values.is_call(values.elements(node) or ()):
                    yield source.span(node)[0], WHO_RUNS
            elif isinstance(node, ast.Call) and self.of(node) is None:
                name = _last(node.func)
                if name in _HARMLESS or name.endswith(_RAISED) or name.startswith("assert"):
                    continue
                for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                    chars = values.text(each)
                    if chars is None or not chars.offsets or chars.offsets[0] in seen:
                        continue
                    if mention_in(chars.text, at_start=True):
                        yield source.span(each)[0], WHO_RUNS


def _is_set(name: str, function: ast.FunctionDef) -> bool:
    """Tell whether a function gives a name of its own another value."""
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    return any(node.id == name and not isinstance(node.ctx, ast.Load) for node in nodes)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
