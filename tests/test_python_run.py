"""Python that a build runs: any layout, any quoting, and the proof that refuses what is wrong."""

from __future__ import annotations

import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
import tokenize
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from calls import put as put_file
from calls import run as pipslim_run
from hypothesis import given, settings
from hypothesis import strategies as st
from made import made

from pipslim import Choice, Outcome, rewrite
from pipslim.facts.mentions import calls_pip, mention
from pipslim.facts.options import Options
from pipslim.facts.python import literals
from pipslim.facts.python.source import Source
from pipslim.fixes.base import PYTHON, Finding, Fix, Safety
from pipslim.passes import USUAL
from pipslim.rewrite.python import differs
from pipslim.rewrite.scripts import differs_in_python
from pipslim.syntax.edits import Edit, Patch
from pipslim.syntax.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

FLAG = "--no-cache-dir"
HEAD = "FROM python:3.12-slim\n"
ALONE = Choice(frozenset(("pip-cache",)))
with_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def inserted(tree: ast.AST) -> ast.AST:
    """Put the flag behind `"install"` in each list of a tree, on its own, by its value alone."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.List, ast.Tuple)):
            for at, each in enumerate(node.elts):
                if isinstance(each, ast.Constant) and each.value == "install":
                    node.elts.insert(at + 1, ast.Constant(FLAG))
                    break
    return tree


def same_but_for_the_flag(before: str, after: str) -> bool:
    return ast.dump(inserted(ast.parse(before))) == ast.dump(ast.parse(after))


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


# -- layouts of lists ------------------------------------------------------------------------------

QUOTES = st.sampled_from(["'", '"', '"""', "'''"])
WORDS = st.text("abc-_.=<>ä✓ ", min_size=1, max_size=8).filter(lambda word: word != "install")
COMMENTS = st.sampled_from(["", "", "  # why", " # 'install', it says", "#,", "  # [ ä"])


@st.composite
def displays(draw: st.DrawFn) -> str:
    """Draw a call of pip as a list or a tuple, set in some way."""
    opening, closing = draw(st.sampled_from([("[", "]"), ("(", ")")]))
    ahead = draw(st.sampled_from([["sys.executable", "-m", "pip"], ["pip"], ["/v/bin/pip", "-q"]]))
    words = [*ahead, "install", *draw(st.lists(WORDS, max_size=3))]
    margin = draw(st.sampled_from(["", "  ", "    ", "            "]))
    text = opening
    for at, word in enumerate(words):
        if draw(st.booleans()):
            text += f"{draw(COMMENTS)}\n{margin}"
        quote = draw(QUOTES)
        text += word if word == "sys.executable" else f"{quote}{word}{quote}"
        last = at == len(words) - 1
        if not last or (opening == "(" and len(words) == 1) or draw(st.booleans()):
            text += draw(st.sampled_from(["", " "])) + ","
        if not last:
            text += draw(st.sampled_from(["", " ", "  "]))
    if draw(st.booleans()):
        text += f"{draw(COMMENTS)}\n"
    return text + closing


HOLDERS = (
    "RUN python - <<'EOF'\n{}EOF\n",
    "RUN python <<EOF && true\n{}EOF\n",
    "RUN <<EOF\n#!/usr/bin/env python3\n{}EOF\n",
    "RUN <<SH\nset -e\npython3 - <<'EOF'\n{}EOF\nSH\n",
)


@given(displays(), st.sampled_from(HOLDERS))
def test_any_layout_of_a_list(display: str, holder: str) -> None:
    code = f"import subprocess, sys\nsubprocess.run({display})\n"
    ast.parse(code)
    text = HEAD + holder.format(code)
    outcome = rewrite(text, ALONE)
    assert outcome.problem is None
    front, back = (HEAD + holder).split("{}")
    after = outcome.after[len(front) : len(outcome.after) - len(back)]
    assert outcome.after == front + after + back
    assert same_but_for_the_flag(code, after)
    assert comments(after) == comments(code)
    # all that was there is there, in its order
    rest = iter(after)
    assert all(char in rest for char in code)
    old, new = code.count("\n"), after.count("\n")
    assert new in (old, old + 1)
    [word] = [w for w in ast.walk(ast.parse(code)) if getattr(w, "value", "") == "install"]
    written = ast.get_source_segment(code, word) or ""
    assert written.replace("install", FLAG) in after
    assert rewrite(outcome.after, ALONE).after == outcome.after


@given(displays())
def test_a_line_of_its_own_has_the_margin_of_its_neighbour(display: str) -> None:
    code = f"import subprocess, sys\nsubprocess.run({display})\n"
    after = rewrite(HEAD + HOLDERS[0].format(code), ALONE).after
    lines = after.split("\n")
    [at] = [n for n, line in enumerate(lines) if FLAG in line]
    if lines[at].strip(" '\",") == FLAG:
        assert margin(lines[at]) == margin(lines[at - 1])


def margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


# -- quoting of words ------------------------------------------------------------------------------


def double_quoted(text: str) -> str:
    for char in '\\"$`':
        text = text.replace(char, f"\\{char}")
    return f'"{text}"'


@st.composite
def one_liners(draw: st.DrawFn) -> str:
    quote, other = draw(st.permutations("'\""))
    ahead = draw(st.sampled_from(["", "print(1); ", "x = '$A `b` \\\\'; ", 'y = "ä\\t$"; ']))
    call = draw(
        st.sampled_from(
            [
                "import pip; pip.main([{q}install{q}, {o}x{o}])",
                "import subprocess; subprocess.run(({q}pip{q},{q}install{q}))",
                (
                    "import sys; from os import execv; "
                    "execv({q}x{q}, [sys.executable, {o}-m{o}, {o}pip{o}, {q}install{q} , {o}y{o}])"
                ),
            ]
        )
    )
    return ahead + call.format(q=quote, o=other)


def handed(run: str, folder: Path) -> str:
    """Give what a shell, or the builder, hands to the Python of a RUN."""
    arguments = run.removeprefix("RUN ").rstrip("\n")
    if arguments.startswith("["):
        return str(json.loads(arguments)[2])
    path = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", arguments], capture_output=True, check=True, env=path)
    return ran.stdout.decode()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a `python` that shows the script that it is given."""
    folder = tmp_path_factory.mktemp("bin")
    python = folder / "python"
    python.write_text('#!/bin/sh\nif [ "$1" = -c ]; then printf %s "$2"; else cat; fi\n')
    python.chmod(0o755)
    return folder


FORMS = {
    "single": lambda code: f"python -c '{code}'" if "'" not in code else "",
    "double": lambda code: f"python -c {double_quoted(code)}",
    "exec": lambda code: json.dumps(["python", "-c", code], ensure_ascii=False),
    "nested-single": lambda code: f"sh -c {shlex.quote('python -c ' + double_quoted(code))}",
    "nested-double": lambda code: f"sh -c {double_quoted('python -c ' + double_quoted(code))}",
    "mixed": lambda code: f"python -c {shlex.quote(code)}",
}


@with_bash
@settings(max_examples=60, deadline=None)
@given(one_liners(), st.sampled_from(sorted(FORMS)))
def test_any_quoting_of_a_word(shown: Path, code: str, form: str) -> None:
    run = f"RUN {FORMS[form](code)}\n"
    if run == "RUN \n":
        return
    assert handed(run, shown) == code
    outcome = rewrite(HEAD + run, ALONE)
    assert outcome.problem is None
    if not outcome.changed:  # told instead
        assert form in ("mixed", "nested-single")
        assert form != "mixed" or [report.held for report in outcome.reports]
        return
    after = handed(outcome.after.removeprefix(HEAD), shown)
    assert same_but_for_the_flag(code, after)


@with_bash
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["$HOME", "\\\\", "\\$", "\\`", "\\n", "x", "\\\n", "ä", " ", '\\"']),
        max_size=6,
    ),
    st.sampled_from(["EOF", "'EOF'", "-EOF"]),
)
def test_any_text_of_a_heredoc(shown: Path, parts: list[str], name: str) -> None:
    text = "".join(parts)
    tab = "\t" if name[0] == "-" else ""
    end = name.strip("'-")
    lines = ("import os", f'x = """{text} """', 'os.system("pip install a")', end)
    run = f"RUN python - <<{name}\n" + "".join([f"{tab}{line}\n" for line in lines])
    before = handed(run, shown)
    try:
        ast.parse(before)
    except SyntaxError:
        return
    outcome = rewrite(HEAD + run, ALONE)
    assert outcome.problem is None
    if "\\$HOME" in text:  # what a backslash ahead of what is filled in does, nobody knows
        return
    assert outcome.changed
    after = handed(outcome.after.removeprefix(HEAD), shown)
    assert after == before.replace("pip install", f"pip install {FLAG}")


# -- texts in literals -----------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.text("ab'\"\\\nä✓\t{}\x07", max_size=6),
            st.sampled_from(["'", '"', '"""', "'''"]),
            st.sampled_from(["", "r", "u", "R"]),
            st.sampled_from([" ", "\n", " # x\n", "\\\n"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_literal_is_read_as_python_reads_it(pieces: list[tuple[str, str, str, str]]) -> None:
    code = "("
    for text, quote, prefix, between in pieces:
        code += f"{prefix}{quote}{text}{quote}{between}"
    code += ")"
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    node = tree.body[0]
    assert isinstance(node, ast.Expr)
    if not isinstance(node.value, ast.Constant):
        return
    start, end = Source(code, tree).span(node.value)
    found = literals.read(code, start, end)
    if found is None:
        assert "\\N" in code
        return
    chars, holes = found
    assert not holes
    assert chars.text == node.value.value
    for char, offset in zip(chars.text, chars.offsets, strict=True):
        assert (
            code[offset] == char or code[offset - 1] == "\\" or code[offset] in "\\0123456789abcdef"
        )


# -- the proof -------------------------------------------------------------------------------------

CODE = """import os, subprocess
print(["install", "x"])
subprocess.run(["pip", "install", "x"])
os.system("pip install y")
"""


def put(anchor: str, text: str) -> tuple[str, list[tuple[int, int]]]:
    at = CODE.index(anchor) + len(anchor)
    return CODE[:at] + text + CODE[at:], [(at, at + len(text))]


SHELL = [(CODE.index("pip install y"), CODE.index('y")') + 1)]


def test_the_flag_as_an_element_is_proven() -> None:
    assert differs(CODE, *put('["pip", "install"', f', "{FLAG}"'), []) == ""


def test_the_flag_in_a_shell_script_is_proven() -> None:
    now, cuts = put('os.system("pip install', f" {FLAG}")
    low, high = SHELL[0]
    assert differs(CODE, now, cuts, [(low, high + len(FLAG) + 1)]) == ""


@pytest.mark.parametrize(
    ("anchor", "text"),
    [
        ('["pip"', f', "{FLAG}"'),  # ahead of the subcommand
        ('["pip", "install", "x"', f', "{FLAG}"'),  # not right behind it
        ('["pip", "install"', ', "--pre"'),
        ('["pip", "install"', f', "{FLAG}", "{FLAG}x"'),
        ('["pip", "install"', f' "{FLAG}"'),  # one text with the subcommand
        ('["pip", "install"', f', "{FLAG}"  # why\n'),
        ('["pip", "install", "x"]', ", check=True"),
        ('os.system("pip install', f" {FLAG}"),  # no shell script stands there
        ('os.system("pip install', " --pre"),
        ("import os", ", sys"),
        ("import os, subprocess", "\nimport sys"),
        ("import os, subprocess", "  # more"),
        ('["pip", "install"', f', "{FLAG}'),  # no Python any more
    ],
)
def test_what_is_wrong_is_refused(anchor: str, text: str) -> None:
    assert differs(CODE, *put(anchor, text), [])


def test_what_is_removed_is_refused() -> None:
    assert differs(CODE, CODE.replace(', "x"', "", 1), [], [])
    assert differs(CODE, CODE.replace("print", "iprnt"), [], [])


def test_a_text_that_no_shell_reads_is_not_changed() -> None:
    code = 'import os\nx = "pip install a"\nos.system("pip install a")\n'
    at = code.index("install a") + len("install")
    now = code[:at] + f" {FLAG}" + code[at:]
    places = [(code.rindex("pip"), len(code) - 3)]
    moved = [(low + len(FLAG) + 1, high + len(FLAG) + 1) for low, high in places]
    assert differs(code, now, [(at, at + len(FLAG) + 1)], moved)


def tried(text: str, *edits: Edit) -> Outcome:
    """Rewrite by a pass that makes these edits of this very text."""

    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        if document.text == text:
            yield Finding("broken", Span(0, 1), "a fault", Fix("do it", Safety.SAFE, edits))

    return rewrite(text, Choice(frozenset(("broken",))), steps=(made("broken", find),))


LINES = (
    "import os, pip",
    "pip.main(['install', 'x'])",
    "print('install')",
    "os.system('pip install y')",
)
RUNS = (
    "RUN python - <<'EOF'\n" + "\n".join(LINES) + "\nEOF\n",
    f'RUN python -c "{"; ".join(LINES)}"\n',
)


@pytest.mark.parametrize("run", RUNS)
def test_a_wrong_edit_of_a_run_is_refused_and_a_right_one_is_made(run: str) -> None:
    text = HEAD + run
    at = text.index("['install'") + len("['install'")
    right = Edit(at, at, f", '{FLAG}'")
    assert tried(text, right).after == text[:at] + right.text + text[at:]
    shell = text.index("pip install y") + len("pip install")
    assert tried(text, Edit(shell, shell, f" {FLAG}")).changed
    prints = text.index("print('install'") + len("print('install'")
    behind = text.index("os.system(") + len("os.system('pip install y'")
    for wrong in (
        Edit(at, at, f", '{FLAG}', 'more'"),
        Edit(at, at, f" '{FLAG}'"),
        Edit(at - 9, at - 9, f"'{FLAG}', "),
        Edit(prints, prints, f", '{FLAG}'"),
        Edit(behind, behind, " or 1"),
        Edit(at, at + 5, f", '{FLAG}'"),
        Edit(shell, shell, " -q && rm -rf /"),
    ):
        outcome = tried(text, wrong)
        assert outcome.problem is not None, wrong
        assert "the proof failed" in outcome.problem.reason
        assert outcome.after == text


def test_a_script_in_a_file_is_proven_alike() -> None:
    patch = Patch.of(CODE)
    now, [(low, high)] = put('["pip", "install"', f', "{FLAG}"')
    assert differs_in_python(patch.then([Edit(low, low, now[low:high])])) == ""
    assert differs_in_python(patch.then([Edit(low, low, ', "--pre"')]))
    assert differs_in_python(patch.then([Edit(0, 0, "import sys\n")]))
    assert differs_in_python(patch.then([Edit(0, 6, "")]))


# -- what is read at all ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'subprocess.run([sys.executable, "-m", "pip", "install", "x"])',
        "pip.main(['install', 'x'])",
        "pip._internal.main(['wheel'])",
        'run(["pip3", "download"])',
        'python -c "run([\\"pip\\", \\"install\\"])"',
        "os.system('pip install x')",
    ],
)
def test_a_text_that_is_not_followed_mentions_pip(text: str) -> None:
    assert mention(text) >= 0


def test_a_text_that_does_not() -> None:
    assert mention('["pip", "list"], ["x", "install"]') < 0
    assert mention("pipeline.main(['install'])") < 0
    assert not calls_pip("import pipeline; pipeline.install()")
    assert not calls_pip("from pip import __version__")


PLAIN = (
    "RUN pip install -c c.txt flask && python -c 'import numpy' && python3 -m pip install x\n"
    "RUN python - <<EOF\nimport pipeline\npipeline.install()\nEOF\n"
)


def test_nothing_more_is_imported_where_no_python_calls_pip(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(HEAD + PLAIN)
    code = "import sys; from pipslim import cli; cli.main(sys.argv[1:]); print(*sys.modules)"
    argv = [sys.executable, "-c", code, "fix", "--write", str(tmp_path / "Dockerfile")]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    modules = ran.stdout.split()
    assert "pipslim.facts.runs" in modules
    assert not [name for name in modules if name.startswith("pipslim.facts.python")]
    assert "ast" not in modules


def test_a_long_script_is_read() -> None:
    body = "".join([f"x{n} = [{n}, 'install', 'pip']\n" for n in range(3000)])
    code = f"import os\n{body}os.system('pip install a')\n"
    text = HEAD + HOLDERS[0].format(code)
    assert rewrite(text, Choice(frozenset(USUAL))).after.count(FLAG) == 1


def test_a_script_nested_too_deeply_is_told() -> None:
    code = f"import pip\nx = {'(' * 3000}1{')' * 3000}\npip.main(['install', 'x'])\n"
    [report] = rewrite(HEAD + HOLDERS[0].format(code), ALONE).reports
    assert report.held == "it cannot be read as Python 3"


# -- all passes together ---------------------------------------------------------------------------

LINES_OF_ALL_KINDS = (
    "os.system('pip cache purge')",
    "subprocess.run(['pip', 'cache', 'purge'])",
    "subprocess.run(['pip', 'config', 'set', 'global.no-cache-dir', 'true'])",
    "os.system('PIP_NO_CACHE_DIR=off pip install a')",
    "os.system('pip install --no-cache-dir a')",
    "subprocess.run(['pip', 'install', '--no-cache-dir', 'a'])",
    "os.system('pip install a && rm -rf ~/.cache/pip')",
    "subprocess.run(['pip', 'install', '-U', 'pip'])",
    "os.system('pip install -U pip==9.0.3; pip install x')",
    "os.environ['PIP_NO_CACHE_DIR'] = '0'",
    "subprocess.run(['pip', 'install', 'a'], env={'PIP_NO_CACHE_DIR': 'off'})",
    "os.system('python -m venv /v && /v/bin/pip install a')",
    "os.system('uv pip install x; pipx install y; conda install -y z')",
)
RUNS_OF_ALL_KINDS = (
    "RUN python - <<'E'\n{}\nE\n",
    "RUN python - <<E && pip install q && pip cache purge\n{}\nE\n",
    "RUN <<E\n#!/usr/bin/env python3\n{}\nE\n",
    "RUN --mount=type=cache,target=/root/.cache/pip python - <<E\n{}\nE\n",
    "ENV PIP_NO_CACHE_DIR=off\nRUN sudo -H python3 - <<-E\n{}\nE\nRUN pip install k\n",
)
BASES = ("python:3.12-slim", "python:3.5", "ubuntu:18.04", "continuumio/miniconda3")


@given(
    st.sampled_from(BASES),
    st.lists(
        st.tuples(
            st.sampled_from(RUNS_OF_ALL_KINDS),
            st.lists(st.sampled_from(LINES_OF_ALL_KINDS), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from(("keep", "mount", "none")),
)
def test_all_passes_settle_and_are_proven(
    base: str, runs: list[tuple[str, list[str]]], cache: str
) -> None:
    text = f"FROM {base}\n"
    for run, lines in runs:
        text += run.format("\n".join(("import os, subprocess", *lines)))
    choice = Choice(options=Options(cache=cache))
    outcome = rewrite(text, choice)
    assert outcome.problem is None
    assert not rewrite(outcome.after, choice).changed


def test_json_says_what_a_followed_script_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_file("Dockerfile", HEAD + "COPY install.py /\nRUN python install.py\n")
    put_file("install.py", CODE)
    ran = pipslim_run("--follow", "--select=pip-cache", "--output-format=json")
    [dockerfile, script] = json.loads(ran.out)["files"]
    assert (dockerfile["kind"], script["kind"]) == ("Dockerfile", PYTHON)
    edits = [edit["text"] for finding in script["findings"] for edit in finding["edits"]]
    assert edits == [f', "{FLAG}"', f" {FLAG}"]
