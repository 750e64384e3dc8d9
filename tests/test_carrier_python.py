"""Dockerfiles inside Python: cases, Python's own reading of each literal, laws for any text."""

from __future__ import annotations

import ast
import inspect
import string
import subprocess
import sys
import textwrap
from random import Random
from typing import TYPE_CHECKING

import pytest
from hosts import Case, cases, check
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from test_cli import put, run
from test_properties import moderate, plausible

from pipslim import Choice, cli, rewrite
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried
from pipslim.carriers.part import Unreadable
from pipslim.carriers.python.which import is_dockerfile
from pipslim.facts.options import Options
from pipslim.files.names import host as kind_of
from pipslim.files.names import is_test
from pipslim.passes import IDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = cases("python")
PARTS = BY_KIND["python"].parts
few = settings(moderate, max_examples=60)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case) -> None:
    check(case)


class _Blind(ast.NodeTransformer):
    """Takes the texts out of a syntax tree, and puts literals that stand side by side in one."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, (str, bytes)):
            return ast.Constant(type(node.value)())
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        self.generic_visit(node)
        return node

    def visit_List(self, node: ast.List) -> ast.List:
        self.generic_visit(node)  # items of a list that is joined may be more afterwards
        kept: list[ast.expr] = []
        for each in node.elts:
            if not (kept and ast.dump(each) == ast.dump(kept[-1]) == "Constant(value='')"):
                kept.append(each)
        node.elts = kept
        return node


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.before != case.after], ids=lambda c: c.folder.name
)
def test_all_else_is_the_same_program(case: Case) -> None:
    before, after = (
        ast.dump(_Blind().visit(ast.parse(text.encode("utf-8", "surrogateescape"))))
        for text in (case.before, case.after)
    )
    assert after == before


# -- any text in any form of literal ---------------------------------------------------------------

SHORT, LONG, RAW = ("'", '"'), ("'''", '"""'), ("r'''", 'R"""')
NAMES = {" ": "SPACE", "\\": "REVERSE SOLIDUS", "é": "LATIN SMALL LETTER E WITH ACUTE"}


def escaped(char: str, chance: Random, *, binary: bool) -> str:
    """Write one character by some escape."""
    number = ord(char)
    ways = [f"\\{number:03o}"] if number < 0o400 else []
    if number < 0x100:
        ways.append(f"\\x{number:02x}")
    if not binary:
        ways.append(f"\\U{number:08x}")
        if number < 0x10000:
            ways.append(f"\\u{number:04X}")
        if char in NAMES:
            ways.append(f"\\N{{{NAMES[char]}}}")
    return chance.choice(ways)


def literal(text: str, quote: str, chance: Random, *, binary: bool = False, f: bool = False) -> str:
    """Write a text as one literal, each character in some way that says it."""
    written = []
    for char in text:
        must = char in "\\\r" or char == quote[0] or (char == "\n" and len(quote) == 1)
        must = must or (binary and char > "\x7f") or not (char.isprintable() or char in "\n\t")
        if char == "\\":
            written.append(chance.choice(["\\\\", "\\\\", "\\x5c"]))
        elif char == "\n" and must:
            written.append("\\n")
        elif must or chance.random() < 0.03:
            written.append(escaped(char, chance, binary=binary))
        elif f and char in "{}":
            written.append(char * 2)
        else:
            written.append(char)
        if len(quote) == 3 and chance.random() < 0.02:
            written.append("\\\n")  # the line goes on
    return quote + "".join(written) + quote


def pieces(text: str, chance: Random) -> list[str]:
    """Cut a text somewhere, often behind its lines."""
    found = [""]
    for char in text:
        found[-1] += char
        if chance.random() < (0.5 if char == "\n" else 0.02):
            found.append("")
    return [piece for piece in found if piece] or [""]


def lines(text: str) -> list[str]:
    """Cut a text into two or three, each whole lines."""
    found = text.splitlines(keepends=True)
    third = len(found) // 3
    return ["".join(found[: third + 1]), "".join(found[third + 1 :])]


def written(text: str, form: str, chance: Random) -> str:
    """Write an expression of Python that says a text, in some form."""
    quote = chance.choice(SHORT if form in ("short", "bytes") else LONG)
    if form in ("short", "long"):
        return chance.choice(["", "u", ""]) + literal(text, quote, chance)
    if form == "bytes":
        return chance.choice("bB") + literal(text, quote, chance, binary=True)
    if form == "raw":
        return f"{chance.choice('rR')}{quote}{text}{quote}"
    if form == "f":
        return "f" + literal(text, quote, chance, f=True)
    if form == "format":
        doubled = text.replace("{", "{{").replace("}", "}}")
        return literal(doubled, quote, chance) + ".format()"
    if form == "percent":
        return literal(text.replace("%", "%%"), quote, chance) + " % ()"
    if form == "concatenated":
        gap = chance.choice([" ", "\n    ", "  # one\n    "])
        found = pieces(text, chance)
        return f"({gap.join(literal(each, chance.choice(SHORT + LONG), chance) for each in found)})"
    if form == "sum":
        found = pieces(text, chance)
        return f"({' + '.join(literal(each, chance.choice(SHORT), chance) for each in found)})"
    if form == "joined":
        found = [literal(each, chance.choice(SHORT), chance) for each in text.split("\n")]
        gap = chance.choice([", ", ",\n    "])
        return f"'\\n'.join([{gap.join(found)}])"
    if form == "mixed":
        ways = [way for way in FORMS if way not in ("mixed", "bytes", "raw", "cleandoc")]
        return f"({' + '.join(written(each, chance.choice(ways), chance) for each in lines(text))})"
    indented = textwrap.indent(text, " " * 4, lambda line: line != "\n")
    if form == "stripped":
        return f"textwrap.dedent({literal(indented, quote, chance)}).strip() + '\\n'"
    call = "textwrap.dedent" if form == "dedent" else "inspect.cleandoc"
    return f"{call}({literal(indented, quote, chance)})"


FORMS = ["short", "long", "bytes", "raw", "f", "format", "percent", "concatenated", "sum", "joined"]
FORMS += ["dedent", "cleandoc", "stripped", "mixed"]
ODD = st.text(alphabet="aé😀\"'\\{}$%#@ \t0", max_size=12)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Give a Dockerfile with odd characters in it."""
    text = draw(plausible())
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(1, len(lines)))
        lines.insert(place, f"LABEL a={draw(ODD)!r}" + ("\r" if "\r\n" in text else ""))
    return "\n".join(lines)


def value(module: str) -> str:
    """Give what DOCKERFILE is in a module, as Python itself says."""
    names: dict[str, object] = {"textwrap": textwrap, "inspect": inspect, "string": string}
    exec(compile(module.encode("utf-8", "surrogateescape"), "<module>", "exec"), names)
    found = names["DOCKERFILE"]
    return found.decode("ascii", "surrogateescape") if isinstance(found, bytes) else str(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
@given(text=texts(), seed=st.integers(0, 1 << 32), windows=st.booleans())
@few
@example(
    text="FROM python:3.12\nENV A b\n# c\nENV B=${A}\nRUN pip install a\n", seed=1, windows=False
)
def test_a_literal_says_what_the_engine_gives(
    form: str, text: str, seed: int, windows: bool
) -> None:
    chance = Random(seed)
    if form == "bytes":
        text = text.encode().decode("ascii", "surrogateescape")
    expression = written(
        text if form != "bytes" else text.encode("ascii", "surrogateescape").decode("latin-1"),
        form,
        chance,
    )
    ahead, behind = "# é\nx = 1\n", "\ny = 'FROM a'  # RUN b\n"
    before = f"{ahead}DOCKERFILE = {expression}{behind}"
    if windows:
        before = before.replace("\n", "\r\n")
    try:
        said = value(before)
    except SyntaxError:
        assume(False)
    assume(is_dockerfile(said))
    found = PARTS(before)
    assume(found)  # what looks like a template that is not closed is left
    (part,) = found
    outcome = carried(before, PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id, outcome.problem
    assert outcome.after.startswith(ahead.replace("\n", "\r\n") if windows else ahead)
    assert outcome.after.endswith(behind.replace("\n", "\r\n") if windows else behind)
    if not part.whole:
        return
    assert part.text == said
    (changed,) = PARTS(outcome.after)
    assert value(outcome.after) == changed.text
    if not any(report.held.startswith("here the text") for report in outcome.reports):
        assert changed.text == rewrite(said).after


def test_what_replaces_the_end_of_a_line_goes_ahead_of_the_next_ones_text() -> None:
    before = '''import textwrap
DOCKERFILE = textwrap.dedent("""
    FROM python:3.12
    RUN $PIP install a
    RUN pip cache purge ; \\\\
      pip install a
    RUN pip install a
    ENV PIP_NO_CACHE_DIR=1
    """)
'''
    choice = Choice(frozenset(IDS), unsafe=True, options=Options(cache="mount"))
    outcome = carried(before, PARTS, choice)
    assert outcome.problem is None
    assert value(outcome.after) == rewrite(value(before), choice).after != value(before)


@pytest.mark.filterwarnings("ignore")
@given(text=texts(), seed=st.integers(0, 1 << 32), form=st.sampled_from(["f", "format", "percent"]))
@few
def test_what_is_filled_in_stays(text: str, seed: int, form: str) -> None:
    chance = Random(seed)
    words = ["flask", "${_hole_0_}", "${_hole_1_}", "gunicorn"]
    text = text.rstrip("\r\n") + "\nRUN pip install @0 @1 && echo @2\n"
    quote = chance.choice(LONG)
    if form == "f":
        body = literal(text, quote, chance, f=True)
        holes = ["{one}", "{(one, two)[1]!s}", "{'''three'''}" if quote == '"""' else "{three}"]
    elif form == "format":
        body = literal(text.replace("{", "{{").replace("}", "}}"), quote, chance)
        holes = ["{one}", "{two!s:>1}", "{three}"]
    else:
        body = literal(text.replace("%", "%%"), quote, chance)
        holes = ["%(one)s", "%(two)-1s", "%(three)s"]
    assume(all(f"@{number}" in body for number in range(3)))
    for number, hole in enumerate(holes):
        body = body.replace(f"@{number}", hole)
    names = dict(zip(("one", "two", "three"), words, strict=False))
    ahead = "".join([f"{name} = {word!r}\n" for name, word in names.items()])
    end = {"f": "", "format": ".format(**names)", "percent": " % names"}[form]
    ahead += "names = dict(one=one, two=two, three=three)\n"
    prefix = "f" if form == "f" else ""
    before = f"{ahead}DOCKERFILE = {prefix}{body}{end}\n"
    said = value(before)
    assume(is_dockerfile(said))
    found = PARTS(before)
    assume(found)
    outcome = carried(before, PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id, outcome.problem
    if outcome.problem is None:
        assert value(outcome.after).count("flask ${_hole_0_}") == said.count("flask ${_hole_0_}")
        for hole in holes:
            assert outcome.after.count(hole) == before.count(hole)


@pytest.mark.filterwarnings("ignore")
@given(
    st.text(alphabet="abfrFROMUN x1\"'\\{}()[]%.,:=#\n\t \r", max_size=80),
    st.sampled_from(["", "'''FROM a\nRUN pip install b'''", "dedent('''\n  FROM a\n RUN b''')"]),
)
@few
def test_any_text_is_read_or_refused(text: str, behind: str) -> None:
    before = f"a = 'FROM a\\nRUN pip install b'\n{text}{behind}\n"
    outcome = carried(before, PARTS, Choice())
    assert outcome.problem is None or not outcome.problem.pass_id, outcome.problem
    if outcome.changed:
        ast.parse(outcome.after)


# -- which modules are read ------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


BUILDS = b'DOCKERFILE = """\nFROM python:3.12\nRUN pip install flask\n"""\n'


@pytest.mark.usefixtures("folder")
def test_modules_are_read_if_asked_for() -> None:
    put("build.py", BUILDS)
    assert run("fix").out == b""
    asked = run("fix", "--carriers", "python")
    assert b"+RUN pip install --no-cache-dir flask" in asked.out
    assert run("fix", "build.py").out == asked.out, "it is named"
    put("pipslim.toml", b'carriers = ["python"]\n')
    assert run("fix").out == asked.out
    assert run("fix", "--write").code == cli.OK
    assert run("fix", "--check").code == cli.OK


@pytest.mark.usefixtures("folder")
def test_modules_of_tests_are_read_if_named() -> None:
    for name in ("tests/build.py", "src/test_build.py"):
        put(name, BUILDS)
    put("src/testing/build.py", BUILDS)
    done = run("fix", "--carriers", "python")
    assert done.out.count(b"+++ ") == 1
    assert b"+++ b/src/testing/build.py\n" in done.out
    assert run("fix", "--carriers", "python", "tests").out.count(b"+++ ") == 1, (
        "the folder is named"
    )
    assert run("fix", "tests/build.py", "src/test_build.py").out.count(b"+++ ") == 2


# -- what cannot be read ---------------------------------------------------------------------------

DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "(" * n + "1" + ")" * n,
    "lists": lambda n: "[" * n + "]" * n,
    "calls": lambda n: "a(" * n + ")" * n,
    "sum": lambda n: "+".join(["a"] * n),
    "literals": lambda n: " ".join(["'a'"] * n),
    "attributes": lambda n: "a" + ".b" * n,
    "chain": lambda n: "a" + ".b()" * n,
    "not": lambda n: "not " * n + "a",
    "minus": lambda n: "-" * n + "a",
    "conditions": lambda n: "a if b else " * n + "c",
    "lambdas": lambda n: "lambda: " * n + "c",
    "powers": lambda n: "a**" * n + "c",
    "branches": lambda n: "0\nif a: pass\n" + "elif b: pass\n" * n,
    "f-strings": lambda n: "f'{" + "(" * n + "1" + ")" * n + "}'",
    "subscripts": lambda n: "a" + "[0]" * n,
    "targets": lambda n: "a = " * n + "1",
}


@pytest.mark.parametrize("kind", DEEP)
def test_what_nests_too_deeply_is_refused_and_ends_no_process(kind: str, tmp_path: Path) -> None:
    for number in (20, 200, 2000, 50_000):
        path = tmp_path / f"deep{number}.py"
        path.write_text(
            f"D = 'FROM python:3.12\\nRUN pip install b\\n'\nx = {DEEP[kind](number)}\n"
        )
    command = [sys.executable, "-m", "pipslim", "fix", "--isolated", str(tmp_path)]
    done = subprocess.run(
        [*command, "--carriers", "python"], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert "deep20.py\n" in done.stdout
    assert done.stderr.count("nested too deeply") >= 1


def test_a_module_without_a_sign_is_not_read() -> None:
    code = (
        "import sys; from pipslim.carriers import BY_KIND; parts = BY_KIND['python'].parts\n"
        "assert parts('print \"SELECT a FROM b\"') == ()\n"
        "assert parts('x = \"RUN pip install a\"') == ()\n"
        "sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_of_modules() -> None:
    assert kind_of("build.py") == "python"
    assert kind_of("build.pyi") == kind_of("build.pyc") == kind_of("Dockerfile.pyx") == ""
    tests = ["test_a.py", "a_test.py", "conftest.py", "tests/a.py", "a/testdata/b.py"]
    assert all(map(is_test, tests))
    assert not any(map(is_test, ["a.py", "contest.py", "latest/a.py", "testing.py"]))


def test_no_python_is_told_with_its_place() -> None:
    with pytest.raises(Unreadable) as told:
        PARTS('print "a"\r\nx = "FROM a\\nRUN b"\r\n')
    assert told.value.offset == 0
