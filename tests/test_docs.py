"""What README and docs say is so: their examples are run, their tables are made from the code.

`python tests/test_docs.py` writes the examples' output and the tables anew.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from pipslim import cli
from pipslim.passes import IDS, PASSES, USUAL, Step
from pipslim.settings.keys import KEYS, TAKES

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "fixtures" / "examples"
MONOREPO = ROOT / "fixtures" / "monorepo"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
README = ROOT / "README.md"

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = r"(<!-- {} -->\n)(.*?)(<!-- end -->)"
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


class Block(NamedTuple):
    """A fenced block of a document: its language, its text, and the line where it starts."""

    path: Path
    language: str
    text: str
    line: int


def blocks(language: str, paths: list[Path] = DOCUMENTS) -> list[Block]:
    """Give the blocks of a language in documents, in order."""
    found: list[Block] = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for match in _FENCED.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(path, match[1], match[2], line))
    return [block for block in found if block.language == language]


def each_block(language: str) -> pytest.MarkDecorator:
    """Run a test for every block of a language."""
    found = blocks(language)
    names = [f"{block.path.name}:{block.line}" for block in found]
    return pytest.mark.parametrize("block", found, ids=names)


posix = pytest.mark.skipif(os.name == "nt", reason="the examples are written for a POSIX shell")


def run(command: str, folder: Path) -> str:
    """Give what a command of an example shows, both streams, as on a terminal without colour."""
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": programs, "COLUMNS": "80", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def copied(folder: Path, text: str = "") -> Path:
    """Copy the examples, and the monorepo if `text` names it, to where documents have them."""
    for source in (EXAMPLES, MONOREPO):
        if source is EXAMPLES or f"fixtures/{source.name}" in text:
            shutil.copytree(source, folder / "fixtures" / source.name)
    return folder


def commands(block: Block) -> list[tuple[str, str]]:
    """Give the commands of a block, behind `$ `, each with the output that is shown for it."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        found.append((command, output))
    return found


def agrees(shown: str, real: str) -> bool:
    """Tell whether an output is the one shown, where a line `...` stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?s:.*)".join(parts), real) is not None


# -- examples --------------------------------------------------------------------------------------


@posix
@each_block("console")
def test_example_shows_what_is_so(block: Block, tmp_path: Path) -> None:
    folder = copied(tmp_path, block.text)
    assert commands(block), "a command stands behind `$ `"
    for command, shown in commands(block):
        real = run(command, folder)
        if not agrees(shown, real):
            assert real == shown


@posix
def test_readme_shows_the_whole_diff_of_an_example(tmp_path: Path) -> None:
    shown = [output for block in blocks("console", [README]) for _, output in commands(block)]
    real = run("pipslim fix -q fixtures/examples/web-app", copied(tmp_path))
    assert real.startswith("--- a/fixtures/examples/web-app/Dockerfile\n")
    assert any(output.startswith(real) for output in shown)


@posix
@each_block("sh")
def test_calls_that_are_listed_are_right(block: Block, tmp_path: Path) -> None:
    folder = copied(tmp_path, block.text)
    for line in block.text.splitlines():
        if line.startswith("pipslim measure "):  # as far as it goes without an engine
            real = run(f'PATH=$(dirname "$(command -v pipslim)"); {line}', folder)
            assert real.startswith("pipslim: no container engine answers"), real
        elif line.startswith("pipslim "):
            told = run(f'({line}\n) > out; echo "exit $?"', folder).splitlines()
            assert told[-1] in ("exit 0", "exit 1"), told


def test_readme_tells_a_saving_that_was_measured() -> None:
    told = re.search(r"\d+\.\d → \d+\.\d", README.read_text(encoding="utf-8"))
    assert told is not None
    rows = (ROOT / "docs" / "savings.md").read_text(encoding="utf-8").splitlines()
    assert any("numpy, pandas, flask" in row and told[0] in row for row in rows)


@each_block("pycon")
def test_session_shows_what_is_so(block: Block) -> None:
    found = doctest.DocTestParser().get_doctest(block.text, {}, block.path.name, None, block.line)
    report: list[str] = []
    assert doctest.DocTestRunner().run(found, out=report.append).failed == 0, "".join(report)


def test_first_command_rewrites_the_examples(capfd: pytest.CaptureFixture[str]) -> None:
    install, test = (block.text.rstrip("\n") for block in blocks("sh", [README])[:2])
    venv, pip, fix = install.split(" && ")
    assert venv == "python -m venv .venv"
    assert pip == ".venv/bin/pip install ."
    program, *words = fix.split()
    assert program == ".venv/bin/pipslim"
    before = {path: path.read_bytes() for path in EXAMPLES.rglob("Dockerfile")}
    assert cli.main([*words[:-1], str(ROOT / words[-1])]) == cli.OK
    diff, summary = capfd.readouterr()
    assert diff.count("\n+++ b/") == len(before) > 4
    assert all(f"  {each}: " in summary for each in USUAL), "the examples show every pass"
    assert before == {path: path.read_bytes() for path in before}, "it is a dry run"
    assert test == f"{venv} && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def test_tests_are_run_as_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    if not script.is_file():
        pytest.skip("there is no .ci/run here")
    text = script.read_text(encoding="utf-8")
    assert ".[test" in text
    assert "pytest" in text


# -- tables ----------------------------------------------------------------------------------------


def passes() -> str:
    """Give the README's table of passes."""
    rows = [f"| `{step.id}` | {step.about.summary} |\n" for step in PASSES]
    return "| pass | what it finds: what it does |\n|---|---|\n" + "".join(rows)


def exit_codes() -> str:
    """Give the README's table of exit codes, from the constants of the command line."""
    source = inspect.getsource(cli)
    found = re.findall(r"^([A-Z_]+) = (\d+)  # (.*)$", source, re.MULTILINE)
    assert [int(number) for _, number, _ in found] == list(range(5))
    assert all(getattr(cli, name) == int(number) for name, number, _ in found)
    rows = [f"| {number} | {meaning} |\n" for _, number, meaning in found]
    return "| code | when |\n|---|---|\n" + "".join(rows)


def settings() -> str:
    """Give the table of keys of settings files."""
    rows = [f"| `{key.name}` | {key.help} | {TAKES[key.kind]} | {key.default} |\n" for key in KEYS]
    return "| key | what it says | it takes | default |\n|---|---|---|---|\n" + "".join(rows)


TABLES = {"passes": passes, "exit codes": exit_codes, "settings": settings}


@pytest.mark.parametrize("name", TABLES)
def test_table_is_that_of_the_code(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    found = [re.search(_TABLE.format(name), text, re.DOTALL) for text in texts]
    (match,) = [each for each in found if each is not None]
    assert match[2] == TABLES[name](), "python tests/test_docs.py writes it anew"


@pytest.mark.parametrize("step", PASSES, ids=IDS)
def test_explain_says_why_and_what_it_costs(
    step: Step, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert cli.main(["explain", step.id]) == cli.OK
    out, err = (each.decode() for each in capfdbinary.readouterr())
    assert not err
    told = " ".join(out.split())
    about = step.about
    for text in (about.id, about.summary, f"Why: {about.why}", f"Price: {about.price}"):
        assert " ".join(text.split()) in told
    for text in (about.before, about.after):
        assert "".join(f"    {line}\n" for line in text.splitlines()) in out + "\n"


def test_rules_lists_every_pass(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(["rules"]) == cli.OK
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert [tuple(line.split(maxsplit=1)) for line in lines] == [
        (step.id, step.about.summary) for step in PASSES
    ]


def test_price_of_bytecode_is_told_alike() -> None:
    """The README's measured seconds are those of `pipslim explain bytecode`."""
    price = next(step.about.price for step in PASSES if step.id == "bytecode")
    told = re.findall(r"([\d.]+)(?: s)? → ([\d.]+)(?: s)? with (\w+)", price)
    rows = re.findall(
        r"^\| (\w+) \| ([\d.]+) s \| ([\d.]+) s \|", README.read_text("utf-8"), re.MULTILINE
    )
    assert told
    assert sorted((name, before, after) for before, after, name in told) == sorted(rows)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prose = _FENCED.sub("", text)
    for link in _LINK.findall(prose):
        assert "://" in link or (path.parent / link).exists(), link
    for name in re.findall(r"`((?:pipslim|tests|fixtures|benchmarks|docs)/[\w./-]*)`", prose):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(pipslim(?:\.\w+)+)`", prose):
        assert name == "pipslim.toml" or found(name), name


def found(name: str) -> bool:
    """Tell whether a dotted name is a module of the package, or something in one."""
    module = name
    rest: list[str] = []
    while module:
        try:
            thing: object = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest.insert(0, last)
            continue
        for each in rest:
            if not hasattr(thing, each):
                return False
            thing = getattr(thing, each)
        return True
    return False


def test_every_room_is_described() -> None:
    package = Path(cli.__file__).parent
    rooms = {path.stem for path in package.glob("*.py")} - {"__init__"}
    rooms |= {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## Rooms\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| ((?:`[\w/]+`(?:, )?)+) \|", section, re.MULTILINE)
    assert {name for cell in told for name in re.findall(r"`([\w/]+)`", cell)} == rooms


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"(?ms)^(?:dependencies|requires|test|lint|scale) = (\[.*?\])$", text)
    assert len(lists) == 5
    wanted = set(re.findall(r'"([A-Za-z][\w.-]*)', " ".join(lists)))
    told = re.findall(
        r"^### (\S+)$", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(told) == len(set(told))
    assert wanted == set(told)


# -- writing anew ----------------------------------------------------------------------------------


def refreshed(block: Block) -> str:
    """Give a block with the real output of its commands; one with `...` in it stays."""
    parts = []
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name), block.text)
        for command, shown in commands(block):
            real = run(command, folder)
            parts.append(f"$ {command}\n{shown if agrees(shown, real) else real}")
    return "".join(parts)


def refresh() -> None:
    """Write the outputs and the tables of all documents anew."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for block in blocks("console", [path]):
            if "\n...\n" not in block.text:
                text = text.replace(block.text, refreshed(block))
        for name, table in TABLES.items():
            parts = re.split(_TABLE.format(name), text, maxsplit=1, flags=re.DOTALL)
            if len(parts) > 1:
                text = "".join((parts[0], parts[1], table(), *parts[3:]))
        path.write_bytes(text.encode())


if __name__ == "__main__":
    refresh()
