"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from made import made

import pipslim
from pipslim import cli, fixing, runner
from pipslim.files import disk
from pipslim.fixes.base import Finding, Fix, Safety
from pipslim.options import OPTIONS, Arguments, Option, parse_quickly
from pipslim.passes import IDS, PASSES, Step
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipslim import Choice, Outcome
    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
AFTER = b"FROM python:3.12-slim\nRUN pip install --no-cache-dir flask\n"
CLEAN = b"FROM scratch\nCOPY a /\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"
DIFF = b"""\
--- a/Dockerfile
+++ b/Dockerfile
@@ -1,2 +1,2 @@
 FROM python:3.12-slim
-RUN pip install flask
+RUN pip install --no-cache-dir flask
"""
SUMMARY = "1 file read, 1 would change\n  pip-cache: 1 to fix\n"
ONE = "--select=pip-cache"


class Ran(NamedTuple):
    """How a run ended: its exit code, and what it printed on either stream."""

    code: int
    out: bytes
    err: str


class Terminal(io.BytesIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(*argv: str, stdin: bytes = b"", stdout: io.BytesIO | None = None) -> Ran:
    """Run the command line with streams of its own."""
    out, err = stdout or io.BytesIO(), io.StringIO()
    code = cli.main([*argv], cli.Streams(io.BytesIO(stdin), out, err))
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


def put(path: str, content: bytes = BEFORE) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def everything(folder: Path) -> dict[str, bytes]:
    """Give each file below a folder, with its content."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


# -- what it prints and how it ends ----------------------------------------------------------------


def test_dry_run(folder: Path) -> None:
    put("Dockerfile")
    assert run("fix", ONE) == Ran(cli.OK, DIFF, SUMMARY)
    assert run("fix", ONE, ".") == Ran(cli.OK, DIFF, SUMMARY)
    assert run("fix", ONE, "./Dockerfile") == Ran(cli.OK, DIFF, SUMMARY)
    assert everything(folder) == {"Dockerfile": BEFORE}


def test_write() -> None:
    file = put("Dockerfile")
    told = "1 file read, 1 changed\n  pip-cache: 1 fixed\n"
    assert run("fix", ONE, "--write") == Ran(cli.OK, b"", told)
    assert file.read_bytes() == AFTER
    assert run("fix", ONE, "--write") == Ran(cli.OK, b"", "1 file read, 0 changed\n")
    assert file.read_bytes() == AFTER


def test_write_and_diff() -> None:
    file = put("Dockerfile")
    assert run("fix", ONE, "--write", "--diff")[:2] == (cli.OK, DIFF)
    assert file.read_bytes() == AFTER


def test_check() -> None:
    file = put("Dockerfile")
    assert run("fix", ONE, "--check") == Ran(cli.WOULD_CHANGE, DIFF, SUMMARY)
    assert run("fix", ONE, "--check", "--diff")[:2] == (cli.WOULD_CHANGE, DIFF)
    assert run("fix", ONE, "--check", "--no-diff") == Ran(cli.WOULD_CHANGE, b"", SUMMARY)
    assert file.read_bytes() == BEFORE
    put("Dockerfile", AFTER)
    assert run("fix", ONE, "--check") == Ran(cli.OK, b"", "1 file read, 0 would change\n")


def test_no_diff() -> None:
    put("Dockerfile")
    assert run("fix", ONE, "--no-diff") == Ran(cli.OK, b"", SUMMARY)


def test_quiet() -> None:
    put("Dockerfile")
    assert run("fix", ONE, "--quiet") == Ran(cli.OK, DIFF, "")
    assert run("fix", ONE, "-q", "--no-diff", "--check") == Ran(cli.WOULD_CHANGE, b"", "")
    put("b/Dockerfile", BROKEN)
    code, out, err = run("fix", ONE, "-q")
    assert (code, out) == (cli.UNREAD, DIFF)
    assert err.startswith(f"{Path('b', 'Dockerfile')}:2:1: unknown instruction 'COPYY'")
    assert err.count("\n") == 1


def test_quiet_says_nothing_of_an_empty_folder() -> None:
    assert run("fix", "-q") == Ran(cli.OK, b"", "")


def test_write_and_check_exclude_each_other() -> None:
    file = put("Dockerfile")
    code, out, err = run("fix", "--write", "--check")
    assert (code, out) == (cli.USAGE, b"")
    assert err == "pipslim: --write and --check exclude each other\n"
    assert file.read_bytes() == BEFORE


def test_select_and_ignore() -> None:
    put("Dockerfile", b"FROM python:3.12-slim\nENV A=1\nENV B=2\nRUN pip install flask\n")

    def passes(*argv: str) -> set[str]:
        lines = run("fix", *argv).err.splitlines()
        return {line.split(":")[0].strip() for line in lines if ": " in line}

    assert passes() == {"pip-conf", "split-env", "bytecode", "pip-cache"}
    assert passes("--select", "split-env") == {"split-env"}
    assert passes("--select", "split-env,pip-cache") == {"split-env", "pip-cache"}
    assert passes("--select=split-env", "--select=pip-cache") == {"split-env", "pip-cache"}
    assert passes("--ignore", "pip-conf, bytecode") == {"split-env", "pip-cache"}
    assert passes("--select=split-env,pip-cache", "--ignore=pip-cache") == {"split-env"}


def test_ignoring_bytecode_leaves_compiling_on() -> None:
    put("Dockerfile")
    out = run("fix").out
    assert b"compile = no" in out
    assert b"PYTHONDONTWRITEBYTECODE" in out
    out = run("fix", "--ignore=bytecode").out
    assert b"compile = no" not in out
    assert b"no-cache-dir = True" in out
    assert b"PYTHONDONTWRITEBYTECODE" not in out


def test_assume_pip() -> None:
    put("Dockerfile", b"FROM registry.example.com/a\nRUN pip install flask\n")
    assert b"--version" in run("fix", "--select=old-pip").out
    assert run("fix", "--select=old-pip", "--assume-pip=24.0").out == b""
    assert b"--upgrade" in run("fix", "--select=old-pip", "--assume-pip", "9.0.1").out


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--select=pip-cash"], "unknown pass 'pip-cash', did you mean 'pip-cache'?; passes: "),
        (["--ignore=zzzzzz"], "unknown pass 'zzzzzz'; passes: "),
        (["--assume-pip=new"], "'new' is no version of pip; write one such as 24.0"),
        (["--select=pip-cache", "--ignore=pip-cache"], "--ignore takes away every pass that "),
        (["--cache=mounts"], "'mounts' is none of keep, none, mount, did you mean 'mount'?"),
        (["--cache-id=a b"], "'a b' is no id of a mount; write one of letters, digits, "),
        (["no/such/Dockerfile"], "no/such/Dockerfile: no such file or folder"),
        (["Dockerfile", "missing"], "missing: no such file or folder"),
        (["-", "Dockerfile"], "- (standard input) is not to be mixed with other paths"),
    ],
)
def test_usage_errors(folder: Path, argv: list[str], error: str) -> None:
    put("Dockerfile")
    code, out, err = run("fix", "--write", *argv, stdin=BEFORE)
    assert code == cli.USAGE
    assert out == b""
    assert err.startswith(f"pipslim: {error}")
    assert everything(folder) == {"Dockerfile": BEFORE}, "nothing is written"


@pytest.mark.parametrize(
    "argv",
    [
        ["fix", "--no-such-option"],
        ["fix", "--select"],
        ["fix", "--write=yes"],
        ["fux"],
        ["explain"],
        ["rules", "more"],
        ["--no-such-option"],
    ],
)
def test_errors_of_the_full_parser(argv: list[str]) -> None:
    code, out, err = run(*argv)
    assert code == cli.USAGE
    assert out == b""
    assert "Error: " in err
    assert "Traceback" not in err


def test_exit_codes_are_distinct() -> None:
    codes = [cli.OK, cli.WOULD_CHANGE, cli.USAGE, cli.UNREAD, cli.FAILED]
    assert codes == [0, 1, 2, 3, 4]


def test_unreadable_file_does_not_stop_the_others() -> None:
    put("a/Dockerfile", BROKEN)
    file = put("b/Dockerfile")
    code, _, err = run("fix", ONE, "--write")
    assert code == cli.UNREAD
    assert file.read_bytes() == AFTER
    assert "unknown instruction 'COPYY'" in err
    assert "2 files read, 1 changed, 1 not readable as a Dockerfile\n" in err


def test_the_highest_exit_code_wins() -> None:
    put("a/Dockerfile", BROKEN)
    put("b/Dockerfile")
    assert run("fix", ONE, "--check", "b").code == cli.WOULD_CHANGE
    assert run("fix", ONE, "--check").code == cli.UNREAD


def test_findings_held_back_are_told_with_their_reasons() -> None:
    put("Dockerfile", b"FROM python:3.12\nRUN pip install --cache-dir=/c flask\n")
    code, out, err = run("fix", ONE)
    assert (code, out) == (cli.OK, b"")
    assert err == (
        "held back (1):\n"
        "  Dockerfile:2:5: pip-cache: `pip install` leaves its cache in the layer; "
        "it asks for a cache with --cache-dir\n"
        "1 file read, 0 would change\n"
        "  pip-cache: 0 to fix, 1 held back\n"
    )
    assert run("fix", ONE, "--check").code == cli.OK


def test_ignore_comment_of_no_use_is_told() -> None:
    put("Dockerfile", b"# pipslim: ignore-file[pip-cache]\nFROM scratch\n")
    err = run("fix").err
    assert err.startswith("Dockerfile:1:1: ignore comment silences nothing; remove it\n")


def broken_pass() -> Step:
    """Give a pass that changes an instruction which no pass may touch."""

    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        del facts
        at = document.text.index("\n")
        if document.text.startswith("FROM python") and "-evil" not in document.text:
            fix = Fix("do it", Safety.SAFE, (Edit(at, at, "-evil"),))
            yield Finding("pip-cache", Span(0, at), "a fault", fix)

    return made("pip-cache", find)


def test_failed_proof_leaves_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (broken_pass(), *(step for step in PASSES if step.id == "split-env"))

    def rewrite(text: str, choice: Choice, *, folder: object = None) -> Outcome:
        del folder
        return pipslim.rewrite(text, choice, steps)

    monkeypatch.setattr(runner, "rewrite", rewrite)
    monkeypatch.setattr(fixing, "rewrite", rewrite)
    file = put("a/Dockerfile")
    other = put("b/Dockerfile", b"FROM scratch\nENV A=1\nENV B=2\n")
    put("c/Dockerfile", BROKEN)
    code, out, err = run("fix", "--write")
    assert (code, out) == (cli.FAILED, b"")
    assert file.read_bytes() == BEFORE
    assert other.read_bytes() == b"FROM scratch\nENV A=1 \\\n    B=2\n"
    assert f"{Path('a', 'Dockerfile')}:1:1: pip-cache: the proof failed (untouched): " in err
    assert "1 left because a rewrite failed its proof" in err
    assert run("fix", "--check").code == cli.FAILED
    assert run("fix", "-", stdin=BEFORE)[:2] == (cli.FAILED, BEFORE)


def test_colour_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    out = run("fix", ONE, stdout=Terminal()).out
    assert b"\x1b[31m-RUN pip install flask\x1b[0m\n" in out
    assert b"\x1b[32m+RUN pip install --no-cache-dir flask\x1b[0m\n" in out
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("fix", ONE, stdout=Terminal()).out == DIFF
    monkeypatch.delenv("NO_COLOR")
    assert run("fix", ONE).out == DIFF


# -- standard input --------------------------------------------------------------------------------


def test_standard_input() -> None:
    assert run("fix", ONE, "-", stdin=BEFORE) == Ran(cli.OK, AFTER, "")
    assert run("fix", ONE, "-", stdin=CLEAN) == Ran(cli.OK, CLEAN, "")


def test_standard_input_as_a_diff() -> None:
    code, out, _ = run("fix", ONE, "-", "--diff", stdin=BEFORE)
    assert (code, out) == (cli.OK, DIFF.replace(b"/Dockerfile", b"/stdin"))
    name = "--stdin-filename=web/Dockerfile"
    code, out, _ = run("fix", ONE, "-", "--diff", name, stdin=BEFORE)
    assert (code, out) == (cli.OK, DIFF.replace(b"/Dockerfile", b"/web/Dockerfile"))


def test_standard_input_checked() -> None:
    name = "--stdin-filename=Dockerfile"
    assert run("fix", ONE, "-", "--check", name, stdin=BEFORE)[:2] == (cli.WOULD_CHANGE, DIFF)
    assert run("fix", ONE, "-", "--check", "--no-diff", stdin=BEFORE)[:2] == (1, b"")
    assert run("fix", ONE, "-", "--check", stdin=CLEAN)[:2] == (cli.OK, b"")


def test_standard_input_that_is_no_dockerfile() -> None:
    code, out, err = run("fix", "-", "--stdin-filename", "web/Dockerfile", stdin=BROKEN)
    assert code == cli.UNREAD
    assert out == BROKEN, "what cannot be read goes through as it is"
    assert err.startswith("web/Dockerfile:2:1: unknown instruction 'COPYY'")


def test_standard_input_of_any_bytes() -> None:
    text = b"FROM a\r\nRUN echo \xff\0 && pip install \xfe\n"
    expected = text.replace(b"install", b"install --no-cache-dir")
    assert run("fix", ONE, "-", stdin=text).out == expected


# -- which files -----------------------------------------------------------------------------------


def test_dockerfiles_below_a_folder() -> None:
    found = [
        "Dockerfile", "Dockerfile.dev", "web.Dockerfile", "web.dockerfile", "Containerfile",
        "Containerfile.x", "a/Dockerfile", "a/b/c/Dockerfile.prod", "with blank/Dockerfile",
        "Dockerfile-dev",
    ]  # fmt: skip
    others = [
        "dockerfile", "Dockerfile.dockerignore", "web.Dockerfile.dockerignore", "MyDockerfile",
        "Dockerfile-dev.md", "Dockerfiles", ".git/Dockerfile", "node_modules/a/Dockerfile",
        ".venv/Dockerfile", "README.md",
    ]  # fmt: skip
    for name in found + others:
        put(name)
    run("fix", ONE, "--write")
    rewritten = {name for name, text in everything(Path()).items() if text == AFTER}
    if Path("DOCKERFILE").exists():  # a file system without case
        rewritten -= {"dockerfile"}
    assert rewritten == set(found)


def test_order_is_stable() -> None:
    names = ["Dockerfile", "Dockerfile.a", "Dockerfile.b", "a/Dockerfile", "b/Dockerfile"]
    for name in reversed(names):
        put(name)

    def order(*paths: str) -> list[str]:
        lines = run("fix", ONE, *paths).out.decode().splitlines()
        return [line[6:] for line in lines if line.startswith("+++ b/")]

    assert order() == names
    assert order("b", "Dockerfile.b", ".") == [
        "b/Dockerfile", "Dockerfile.b", "Dockerfile", "Dockerfile.a", "a/Dockerfile",
    ]  # fmt: skip
    assert order("a", "./a", "a/Dockerfile", "a/../a/Dockerfile") == ["a/Dockerfile"]


def test_file_named_outright_has_any_name() -> None:
    put("some.thing")
    put("x.dockerignore")
    assert run("fix", ONE, "some.thing", "x.dockerignore").err.startswith("2 files read")


def test_folder_without_dockerfiles() -> None:
    put("README.md")
    assert run("fix") == Ran(cli.OK, b"", "no Dockerfiles found\n")
    assert run("fix", "--check", ".") == Ran(cli.OK, b"", "no Dockerfiles found\n")


def test_missing_path() -> None:
    assert run("fix", "missing") == Ran(2, b"", "pipslim: missing: no such file or folder\n")


def test_words_behind_two_dashes_are_paths() -> None:
    put("--check")
    assert run("fix", ONE, "--", "--check").err == SUMMARY


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o444])
def test_mode_is_kept(mode: int) -> None:
    file = put("Dockerfile")
    file.chmod(mode)
    assert run("fix", ONE, "--write").code == cli.OK
    assert file.read_bytes() == AFTER
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_symbolic_link_stays_and_its_target_is_rewritten(folder: Path) -> None:
    target = put("shared/base.txt")
    link = Path("web/Dockerfile")
    link.parent.mkdir()
    link.symlink_to("../shared/base.txt")
    assert run("fix", ONE, "--write", "web/Dockerfile").code == cli.OK
    assert link.is_symlink()
    assert os.readlink(link) == "../shared/base.txt"  # noqa: PTH115 - the text, not the target
    assert target.read_bytes() == AFTER
    assert sorted(everything(folder)) == ["shared/base.txt", "web/Dockerfile"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_symbolic_link_to_nothing() -> None:
    Path("Dockerfile").symlink_to("missing")
    code, _, err = run("fix", "--write", "Dockerfile")
    assert code == cli.UNREAD
    assert err.startswith("Dockerfile: No such file")
    assert not Path("missing").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_is_refused_at_once() -> None:
    os.mkfifo("Dockerfile")
    done = subprocess.run(
        [sys.executable, "-m", "pipslim", "fix", "--write", "Dockerfile"],
        capture_output=True,
        check=False,
        timeout=5,
        env={**os.environ, "PYTHONPATH": str(Path(pipslim.__file__).parents[1])},
    )
    assert done.returncode == cli.UNREAD
    assert b"Dockerfile: not a regular file" in done.stderr
    assert stat.S_ISFIFO(Path("Dockerfile").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no devices here")
def test_device_is_refused() -> None:
    code, out, err = run("fix", "--write", "/dev/null")
    assert (code, out) == (cli.UNREAD, b"")
    assert err.startswith("/dev/null: not a regular file\n")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="everything is readable here"
)
def test_file_that_may_not_be_read() -> None:
    put("a/Dockerfile").chmod(0)
    other = put("b/Dockerfile")
    code, _, err = run("fix", ONE, "--write")
    assert code == cli.UNREAD
    assert f"{Path('a', 'Dockerfile')}: Permission denied" in err
    assert other.read_bytes() == AFTER


@pytest.mark.parametrize("name", ["replace", "fsync", "chmod"])
def test_failing_write_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put("a/Dockerfile")
    put("b/Dockerfile", CLEAN)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, name, fail)
    code, out, err = run("fix", ONE, "--write")
    monkeypatch.undo()
    assert (code, out) == (cli.UNREAD, b"")
    assert f"{Path('a', 'Dockerfile')}: cannot be written: No space left on device" in err
    assert "Traceback" not in err
    assert everything(folder) == {"a/Dockerfile": BEFORE, "b/Dockerfile": CLEAN}


def test_interrupted_write_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("Dockerfile")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("fix", ONE, "--write")
    monkeypatch.undo()
    assert everything(folder) == {"Dockerfile": BEFORE}


def test_file_is_whole_at_every_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    file = put("Dockerfile")
    seen = []
    replace = os.replace

    def look(source: str, target: str) -> None:
        seen.append((file.read_bytes(), Path(source).read_bytes(), Path(source).parent))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    run("fix", ONE, "--write")
    assert seen == [(BEFORE, AFTER, file.resolve().parent)]
    assert file.read_bytes() == AFTER


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"FROM a\nRUN echo \xff\xfe && pip install b\n", b"\xff\xfe && pip install --no-c"),
        (b"\xef\xbb\xbfFROM a\nRUN pip install b\n", b"\xef\xbb\xbfFROM a\n"),
        (b"FROM a\nRUN echo '\0' && pip install b\n", b"echo '\0' && pip install --no-c"),
        (b"FROM a\r\nRUN pip install b\r\n", b"dir b\r\n"),
        (b"FROM a\nRUN pip install b", b"dir b"),
        ("FROM a\nRUN echo größer && pip install b\n".encode(), "größer".encode()),
        ("FROM a\n# größer\nRUN pip install b\n".encode("latin-1"), b"gr\xf6\xdfer"),
    ],
)
def test_bytes_survive(before: bytes, after: bytes) -> None:
    file = put("Dockerfile", before)
    assert run("fix", ONE, "--write").code == cli.OK
    written = file.read_bytes()
    assert after in written
    assert written.replace(b" --no-cache-dir", b"") == before


def test_file_that_needs_nothing_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a/Dockerfile", CLEAN)
    put("b/Dockerfile", BROKEN)

    def write(path: str, data: bytes) -> None:
        raise AssertionError(path, data)

    monkeypatch.setattr(disk, "write", write)
    run("fix", "--write")


def test_message_that_the_stream_cannot_show() -> None:
    put("Dockerfile", b"FROM a\nR\xff\xc3\xb6M b\n")
    err = io.TextIOWrapper(io.BytesIO(), "ascii")
    code = cli.main(["fix"], cli.Streams(io.BytesIO(), io.BytesIO(), err))
    err.flush()
    assert code == cli.UNREAD
    assert b"unknown instruction" in err.buffer.getvalue()


# -- diffs -----------------------------------------------------------------------------------------

CONTENTS = {
    "plain": BEFORE,
    "no-final-newline": BEFORE[:-1],
    "crlf": BEFORE.replace(b"\n", b"\r\n"),
    "crlf-no-final-newline": BEFORE.replace(b"\n", b"\r\n")[:-2],
    "new-last-line": b"FROM python:3.12 AS a\nRUN pip install b\nFROM a\nENV A=1\nENV B=2",
    "last-line-edited-at-its-end": b"FROM python:3.12\nRUN pip install a && pip install",
    "every-line": b"FROM ubuntu:18.04\nRUN apt-get install -y python3-pip && pip3 install a",
    "far-apart": b"FROM python:3.12\nENV A=1\nENV B=2\n"
    + b"# a\n" * 20
    + b"RUN pip install a\n"
    + b"# b\n" * 7
    + b"RUN pip install b\n"
    + b"# c\n" * 6
    + b"RUN pip install c\n# d\n",
    "old": b"FROM python:3.6.5\n\nRUN pip install a \\\n    b\n",
    "blank-lines-dropped": b"FROM a\nENV A=1\n\n\n\nENV B=2\n\nENV C=3\n\n",
    "not-utf-8": b"FROM a\n# \xff\xfe\nRUN pip install b\n# \xff\n",
    "lines-like-a-diff": b"FROM a\nRUN cat <<E\n-- a/x\n++ b/x\n@@\nE\nRUN pip install b\n",
    "carriage-returns": b"FROM a\nRUN echo 'a\rb' && pip install c\n",
    "form-feed": b"FROM a\n\x0c\nRUN pip install c\n",
    "line-separator": "FROM a\n# \u2028 \x85\nRUN pip install c\n".encode(),
}


def git(*argv: str, stdin: bytes) -> None:
    subprocess.run(["git", *argv], input=stdin, check=True, capture_output=True)


def patch(*argv: str, stdin: bytes) -> None:
    subprocess.run(["patch", *argv], input=stdin, check=True, capture_output=True)


def git_apply(diff: bytes) -> None:
    """Apply a diff with git, to the letter."""
    git("apply", "--whitespace=nowarn", "-", stdin=diff)


def patch_p1(diff: bytes) -> None:
    """Apply a diff with patch, no fuzz allowed."""
    patch("-p1", "--batch", "--fuzz=0", "--binary", stdin=diff)


APPLIERS = [
    pytest.param(
        apply,
        id=name,
        marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name} here"),
    )
    for apply, name in ((git_apply, "git"), (patch_p1, "patch"))
]
appliers = pytest.mark.parametrize("apply", APPLIERS)


def check_applies(apply: Callable[[bytes], None], paths: Sequence[str], *argv: str) -> None:
    """Check that applying the diff gives what writing gives."""
    before = {path: Path(path).read_bytes() for path in paths}
    code, diff, _ = run("fix", *argv)
    assert code == cli.OK
    assert diff
    apply(diff)
    applied = {path: Path(path).read_bytes() for path in paths}
    for path, content in before.items():
        Path(path).write_bytes(content)
    assert run("fix", "--write", *argv)[:2] == (cli.OK, b"")
    assert applied == {path: Path(path).read_bytes() for path in paths}
    assert applied != before


@appliers
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_diff_applies(apply: Callable[[bytes], None], content: bytes) -> None:
    put("Dockerfile", content)
    check_applies(apply, ["Dockerfile"])


NAMES = [
    "my Dockerfile", "a b/Dockerfile", "größer.Dockerfile", "it's.Dockerfile", "a#b.Dockerfile",
    "a%b.Dockerfile", "(a).Dockerfile", "-.Dockerfile", "a/b/c/Dockerfile", "Dockerfile.a b c",
]  # fmt: skip
ODD_NAMES = ['a"b.Dockerfile', "a\\b.Dockerfile", "a\tb.Dockerfile", "a\nb.Dockerfile"]


@appliers
@pytest.mark.parametrize("name", NAMES)
def test_diff_of_a_name_applies(apply: Callable[[bytes], None], name: str) -> None:
    put(name)
    check_applies(apply, [name], "--", name)


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
@appliers
@pytest.mark.parametrize("name", ODD_NAMES, ids=repr)
def test_diff_of_an_odd_name_applies(apply: Callable[[bytes], None], name: str) -> None:
    put(name)
    check_applies(apply, [name], name)


@appliers
def test_diff_of_many_files_applies(apply: Callable[[bytes], None]) -> None:
    names = [f"{at}/{name}/Dockerfile" for at, name in enumerate(CONTENTS)]
    for name, content in zip(names, CONTENTS.values(), strict=True):
        put(name, content)
    check_applies(apply, names)


@appliers
def test_diff_of_absolute_paths_applies(apply: Callable[[bytes], None], folder: Path) -> None:
    put("a b/Dockerfile")
    check_applies(apply, ["a b/Dockerfile"], str(folder.resolve() / "a b" / "Dockerfile"))
    put("a b/Dockerfile")
    check_applies(apply, ["a b/Dockerfile"], str(folder.resolve()))


COMPARE = ["git", "-c", "core.autocrlf=false", "diff", "--no-index", "--no-color", "--minimal"]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_diff_is_as_short_as_gits(tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        put(f"a/{name}", content)
        put(f"b/{name}", run("fix", "-", stdin=content).out)
        done = subprocess.run(
            [*COMPARE, f"a/{name}", f"b/{name}"],
            capture_output=True,
            check=False,
            cwd=tmp_path,
        )
        theirs = done.stdout.partition(b"\n@@ ")[2].splitlines(keepends=True)
        put(f"c/{name}", content)
        ours = run("fix", f"c/{name}").out.partition(b"\n@@ ")[2].splitlines(keepends=True)

        def changed(lines: list[bytes]) -> tuple[int, int]:
            return (
                sum(line.startswith(b"-") for line in lines),
                sum(line.startswith(b"+") for line in lines),
            )

        assert changed(ours) == changed(theirs), f"{name}: as few lines as git's"


# -- the two parsers -------------------------------------------------------------------------------


def spellings(option: Option) -> Iterator[list[str]]:
    """Give the words that may set an option."""
    for name in option.names:
        if option.kind in ("flag", "switch"):
            yield [name]
        else:
            values = ["a", "a,b", " a , b ,", "a=b", ""] if option.kind == "list" else ["a", "a=b"]
            for value in values:
                yield [name, value]
                if name.startswith("--"):
                    yield [f"{name}={value}"]
    if option.kind == "switch":
        yield [f"--no-{option.names[0][2:]}"]
        yield [option.names[0], f"--no-{option.names[0][2:]}"]
    if option.kind == "list":
        yield [option.names[0], "a", option.names[0], "b,c"]


SPELLINGS = [words for option in OPTIONS for words in spellings(option)]


def fully(monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> Arguments:
    """Give what the typer app makes of the words behind `pipslim fix`."""
    from pipslim.app import run_app

    taken: list[Arguments] = []

    def fix(arguments: Arguments, streams: cli.Streams) -> int:
        del streams
        taken.append(arguments)
        return 0

    monkeypatch.setattr(fixing, "fix", fix)
    streams = cli.Streams(io.BytesIO(), io.BytesIO(), io.StringIO())
    assert run_app(["fix", *argv], streams) == 0
    (arguments,) = taken
    return arguments


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["a"],
        ["a", "b", "-"],
        ["--", "a"],
        ["a", "--", "--check", "-"],
        ["a", "--write", "b"],
        *SPELLINGS,
        *([*words, "path"] for words in SPELLINGS),
        [word for words in SPELLINGS for word in words],
    ],
    ids=" ".join,
)
def test_both_parsers_agree(monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    quickly = parse_quickly(argv)
    assert quickly is not None
    assert quickly == fully(monkeypatch, argv)


@pytest.mark.parametrize(
    "argv", [["--help"], ["-h"], ["--write=1"], ["-wq"], ["--select"], ["--nope"], ["-x", "a"]]
)
def test_quick_parser_leaves_what_is_not_plain(argv: list[str]) -> None:
    assert parse_quickly(argv) is None
    assert parse_quickly(["path", *argv]) is None


def test_short_flags_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fully(monkeypatch, ["-wq"]) == Arguments(write=True, quiet=True)


def test_every_option_has_a_field_and_a_default() -> None:
    assert [option.field for option in OPTIONS] == list(Arguments._fields[1:])
    names = [name for option in OPTIONS for name in option.names]
    assert len(names) == len(set(names))
    assert all(option.help.endswith(".") for option in OPTIONS)


# -- the other commands ----------------------------------------------------------------------------


def test_rules() -> None:
    code, out, err = run("rules")
    assert (code, err) == (cli.OK, "")
    lines = out.decode().splitlines()
    assert [line.split()[0] for line in lines] == list(IDS)
    for line, step in zip(lines, PASSES, strict=True):
        assert line.endswith(step.about.summary)


@pytest.mark.parametrize("step", PASSES, ids=IDS)
def test_explain(step: Step) -> None:
    code, out, err = run("explain", step.id)
    assert (code, err) == (cli.OK, "")
    text = out.decode()
    assert text.startswith(f"{step.id}: {step.about.summary}\n")
    for part in ("\nWhy: ", "\nPrice: ", "\nBefore:\n", "\nAfter"):
        assert part in text
    for line in step.about.after.splitlines():
        assert f"    {line}\n" in text


def test_explain_an_unknown_pass() -> None:
    code, out, err = run("explain", "pip-cash")
    assert (code, out) == (cli.USAGE, b"")
    assert err.startswith("pipslim: unknown pass 'pip-cash'")
    assert "pip-cache" in err


def test_version() -> None:
    expected = f"pipslim {pipslim.__version__}\n".encode()
    assert run("--version") == Ran(cli.OK, expected, "")


# -- the program -----------------------------------------------------------------------------------


def program(*argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the program itself."""
    return subprocess.run(
        [sys.executable, "-m", "pipslim", *argv],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(pipslim.__file__).parents[1])},
    )


def test_program() -> None:
    put("Dockerfile")
    done = program("fix", ONE, "--check")
    assert done.returncode == cli.WOULD_CHANGE
    assert done.stdout == DIFF
    assert done.stderr.decode().splitlines() == SUMMARY.splitlines()
    done = program("fix", ONE, "-", stdin=BEFORE.replace(b"flask", b"\xff"))
    assert (done.returncode, done.stdout) == (cli.OK, AFTER.replace(b"flask", b"\xff"))


def test_help_names_every_option() -> None:
    done = program("fix", "--help")
    assert done.returncode == cli.OK
    for option in OPTIONS:
        for name in option.names:
            assert name.encode() in done.stdout
    assert program("--help").returncode == cli.OK


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_reader_that_has_seen_enough() -> None:
    for at in range(400):
        put(f"{at}/Dockerfile", BEFORE + b"# padding\n" * 20)
    done = subprocess.run(
        f"'{sys.executable}' -m pipslim fix | head -n 1",
        shell=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(pipslim.__file__).parents[1])},
    )
    assert done.stdout == b"--- a/0/Dockerfile\n"
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
