"""`pipslim fix --interactive`: what it asks, what it writes, and how it leaves the terminal."""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pipslim import cli
from pipslim.files import disk
from pipslim.options import Arguments, parse_quickly
from pipslim.passes import PASSES
from pipslim.review.interactive import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\nRUN pip install rich\n"
FIRST = BEFORE.replace(b"install flask", b"install --no-cache-dir flask")
SECOND = BEFORE.replace(b"install rich", b"install --no-cache-dir rich")
BOTH = FIRST.replace(b"install rich", b"install --no-cache-dir rich")
ONE = "--select=pip-cache"
QUESTION = "Apply this fix: add --no-cache-dir [y,n,a,d,A,D,q,e,?]? "
OFFERS = (
    f"""
[1/1] Dockerfile:2:5: pip-cache: `pip install` leaves its cache in the layer
@@ -1,3 +1,3 @@
 FROM python:3.12-slim
-RUN pip install flask
+RUN pip install --no-cache-dir flask
 RUN pip install rich
{QUESTION}""",
    f"""
[1/1] Dockerfile:3:5: pip-cache: `pip install` leaves its cache in the layer
@@ -1,3 +1,3 @@
 FROM python:3.12-slim
 RUN pip install flask
-RUN pip install rich
+RUN pip install --no-cache-dir rich
{QUESTION}""",
)


class Terminal(io.BytesIO):
    """A stream that says it is a terminal, and gives what is typed line by line."""

    def isatty(self) -> bool:
        return True


class Ran(NamedTuple):
    """How a run ended: its exit code, what it showed and asked, and what it told."""

    code: int
    out: str
    err: str

    @property
    def asked(self) -> list[str]:
        """The places of the fixes that were shown: `Dockerfile:2:5: pip-cache`, in order."""
        return re.findall(r"(?m)^\[\d+/\d+\] (\S+: [\w-]+): ", self.out)


def run(typed: str, *argv: str, stdin: io.BytesIO | None = None) -> Ran:
    """Run the command line with answers typed, one a line each."""
    keys = stdin or Terminal("".join(f"{key}\n" for key in typed).encode())
    out, err = Terminal(), io.StringIO()
    code = cli.main(["fix", "--interactive", *argv], cli.Streams(keys, out, err))
    return Ran(code, out.getvalue().decode(), err.getvalue())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def put(path: str, content: bytes = BEFORE) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


# -- answers ---------------------------------------------------------------------------------------


def test_it_shows_each_fix_and_asks() -> None:
    file = put("Dockerfile")
    told = "1 file read, 1 changed\n  pip-cache: 1 fixed\n1 taken, 1 skipped\n"
    assert run("yn", ONE) == Ran(cli.OK, "".join(OFFERS), told)
    assert file.read_bytes() == FIRST


@pytest.mark.parametrize(
    ("typed", "after", "told"),
    [
        ("yy", BOTH, "2 taken, 0 skipped"),
        ("yn", FIRST, "1 taken, 1 skipped"),
        ("ny", SECOND, "1 taken, 1 skipped"),
        ("nn", BEFORE, "0 taken, 2 skipped"),
        ("a", BOTH, "2 taken, 0 skipped"),
        ("d", BEFORE, "0 taken, 2 skipped"),
        ("yd", FIRST, "1 taken, 1 skipped"),
        ("na", SECOND, "1 taken, 1 skipped"),
        ("A", BOTH, "2 taken, 0 skipped"),
        ("D", BEFORE, "0 taken, 2 skipped"),
        ("q", BEFORE, "0 taken, 2 skipped"),
        ("yq", FIRST, "1 taken, 1 skipped"),
        ("", BEFORE, "0 taken, 2 skipped"),
        ("y", FIRST, "1 taken, 1 skipped"),
        ("eye?y", BOTH, "2 taken, 0 skipped"),
    ],
)
def test_answers(typed: str, after: bytes, told: str) -> None:
    file = put("Dockerfile")
    code, _, err = run(typed, ONE)
    assert code == cli.OK
    assert file.read_bytes() == after
    assert err.splitlines()[-1] == told


def test_all_in_a_file_are_not_those_of_the_next() -> None:
    files = [put(f"{name}/Dockerfile") for name in "abc"]
    ran = run("adyn", ONE)
    assert [file.read_bytes() for file in files] == [BOTH, BEFORE, FIRST]
    assert [each.partition("/")[0] for each in ran.asked] == ["a", "b", "c", "c"]
    assert re.findall(r"(?m)^\[(\d/\d)\]", ran.out) == ["1/3", "2/3", "3/3", "3/3"]


def test_all_of_a_pass_are_those_of_all_files() -> None:
    text = b"FROM python:3.12-slim\nENV A=1\nENV B=2\nRUN pip install flask\n"
    files = [put(f"{name}/Dockerfile", text) for name in "ab"]
    ran = run("nAy", "--select=split-env,pip-cache")
    assert ran.asked == [
        f"{Path('a', 'Dockerfile')}:2:1: split-env",
        f"{Path('a', 'Dockerfile')}:4:5: pip-cache",
        f"{Path('b', 'Dockerfile')}:2:1: split-env",
    ]
    assert all(b"--no-cache-dir" in file.read_bytes() for file in files)
    assert ran.err.splitlines()[-1] == "3 taken, 1 skipped"


def test_none_of_a_pass_leaves_it_out_of_later_files() -> None:
    files = [put(f"{name}/Dockerfile", BEFORE[:44]) for name in "ab"]
    ran = run("D" + "y" * 9)
    assert [each.rpartition(" ")[2] for each in ran.asked] == [
        *("bytecode", "pip-conf", "pip-cache"),
        *("pip-conf", "pip-cache"),
    ]
    first, second = (file.read_bytes() for file in files)
    assert b"PYTHONDONTWRITEBYTECODE" not in first + second
    assert b"compile = no" not in second, "as with --ignore bytecode"


def test_quitting_leaves_the_later_files() -> None:
    files = [put(f"{name}/Dockerfile") for name in "abc"]
    code, _, err = run("yyyq", ONE)
    assert code == cli.OK
    assert [file.read_bytes() for file in files] == [BOTH, FIRST, BEFORE]
    assert err.splitlines()[-1] == "3 taken, 1 skipped; 1 file not looked at"


def test_help_and_explanation() -> None:
    put("Dockerfile")
    out = run("?xeq", ONE).out
    assert out.count(QUESTION) == 4
    assert out.count("A - apply this fix and all later ones of pip-cache, in all files\n") == 2
    about = next(step.about for step in PASSES if step.id == "pip-cache")
    for text in (f"{about.id}: {about.summary}", f"Why: {about.why}", f"Price: {about.price}"):
        assert text in " ".join(out.split("\n"))


def test_help_tells_of_each_answer_asked_for() -> None:
    put("Dockerfile")
    out = run("?", ONE).out
    asked = re.search(r"\[([^\]]+)\]\? ", out)
    assert asked is not None
    assert re.findall(r"(?m)(?:^|\]\? )(\S) - ", out) == asked[1].split(",")


def test_an_empty_line_asks_again() -> None:
    put("Dockerfile")
    keys = Terminal(b"\n \nyes\nno\n")
    ran = run("", ONE, stdin=keys)
    assert ran.out.replace(QUESTION * 3, QUESTION) == "".join(OFFERS)
    assert Path("Dockerfile").read_bytes() == FIRST


def test_fixes_are_shown_one_by_one_on_the_file_so_far() -> None:
    put("Dockerfile", b"FROM python:3.6.5\nENV A=1\nENV B=2\nRUN pip install flask\n")
    out = run("yyyyyy").out
    for each in re.split(r"(?m)^Apply this fix", out)[:-1]:
        assert len(re.findall(r"(?m)^\[1/1\]", each)) == 1
    assert re.search(r"(?m)^ RUN .*--upgrade", out), "what was taken is shown around it"


def test_colour_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    assert "\x1b" not in run("q", ONE).out
    monkeypatch.delenv("NO_COLOR")
    out = run("q", ONE).out
    assert "\x1b[31m-RUN pip install flask\x1b[0m\n" in out
    assert "\x1b[32m+RUN pip install --no-cache-dir flask\x1b[0m\n" in out
    assert re.sub(r"\x1b\[[\d;]*m", "", out).startswith(OFFERS[0])


def test_nothing_in_a_file_steers_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    text = (
        "FROM python:3.12-slim\n# \x1b[2J\x07\x9b \u202e \udcff\udc9b\x7f\rx\nRUN pip install a\n"
    )
    file = put("Dockerfile", text.encode("utf-8", "surrogateescape"))
    out = run("y", ONE).out
    assert " # \u241b[2J\u2407\ufffd \ufffd \ufffd\ufffd\u2421\u240dx\n" in out
    assert re.sub(r"\x1b\[[\d;]*m", "", out).isprintable() is False  # newlines
    assert re.sub(r"\x1b\[[\d;]*m|\n", "", out).isprintable()
    after = text.replace("install", "install --no-cache-dir")
    assert file.read_bytes() == after.encode("utf-8", "surrogateescape")


def test_what_is_visible_is_as_long_as_before() -> None:
    text = "".join(map(chr, range(0x300))) + "\r\n\u2066\ud800"
    assert len(visible(text)) == len(text)
    assert visible("a\tb\r\nc\n") == "a\tb\r\nc\n"


def test_newlines_are_those_of_the_file() -> None:
    file = put("Dockerfile", BEFORE.replace(b"\n", b"\r\n"))
    run("yn", ONE)
    assert file.read_bytes() == FIRST.replace(b"\n", b"\r\n")


# -- files -----------------------------------------------------------------------------------------


def test_nothing_to_ask() -> None:
    put("Dockerfile", BOTH)
    told = "1 file read, 0 changed\n0 taken, 0 skipped\n"
    assert run("", ONE) == Ran(cli.OK, "", told)
    assert run("", ONE, "-q") == Ran(cli.OK, "", "")


def test_what_is_held_back_is_told_and_not_asked_for() -> None:
    put("Dockerfile", BEFORE.replace(b"install rich", b"install --cache-dir=/c rich"))
    ran = run("y", ONE)
    assert len(ran.asked) == 1
    assert ran.err.startswith("held back (1):\n  Dockerfile:3:5: pip-cache: ")


def test_a_file_that_cannot_be_read_stops_nothing() -> None:
    put("a/Dockerfile", b"FROM scratch\nCOPYY a /\n")
    put("b/Dockerfile", b'FROM python\nENV ="\nRUN pip install a\n')
    file = put("c/Dockerfile")
    code, out, err = run("a")
    assert code == cli.UNREAD
    assert out.startswith(f"\n[3/3] {Path('c', 'Dockerfile')}:1:1: ")
    assert "unknown instruction 'COPYY'" in err
    assert "this double quote is never closed" in err
    assert file.read_bytes() != BEFORE


class Typist(Terminal):
    """A terminal at which somebody does something else before the first answer."""

    def __init__(self, typed: bytes, ahead: Callable[[], object]) -> None:
        super().__init__(typed)
        self.ahead = ahead

    def readline(self, size: int | None = -1, /) -> bytes:
        if self.tell() == 0:
            self.ahead()
        return super().readline(size)


def test_a_file_that_changed_meanwhile_is_left() -> None:
    file = put("a/Dockerfile")
    other = put("b/Dockerfile")
    keys = Typist(b"y\ny\ny\ny\n", lambda: file.write_bytes(b"FROM scratch\n"))
    code, _, err = run("", ONE, stdin=keys)
    assert code == cli.UNREAD
    assert f"{Path('a', 'Dockerfile')}: changed meanwhile; it is left as it is\n" in err
    assert file.read_bytes() == b"FROM scratch\n"
    assert other.read_bytes() == BOTH
    assert err.splitlines()[-1] == "2 taken, 0 skipped", "what is written counts"


def test_a_file_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    file = put("Dockerfile")

    def refuse(path: str, data: bytes) -> None:
        raise disk.Unreachable(f"{path}: cannot be written: no space")

    monkeypatch.setattr(disk, "write", refuse)
    code, _, err = run("yy", ONE)
    assert code == cli.UNREAD
    assert "Dockerfile: cannot be written: no space\n" in err
    assert err.splitlines()[-1] == "0 taken, 0 skipped"
    assert file.read_bytes() == BEFORE


def test_nothing_is_written_where_nothing_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    monkeypatch.setattr(disk, "write", lambda *_: pytest.fail("it is written"))
    assert run("nn", ONE).code == cli.OK


def test_interrupted() -> None:
    files = [put(f"{name}/Dockerfile") for name in "abcd"]

    class Impatient(Terminal):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                raise KeyboardInterrupt
            return line

    out, err = Terminal(), io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        cli.main(["fix", "-i", ONE], cli.Streams(Impatient(b"y\nn\ny\n"), out, err))
    assert [file.read_bytes() for file in files] == [FIRST, BEFORE, BEFORE, BEFORE]
    told = f"; interrupted: nothing written of {Path('b', 'Dockerfile')}; 2 files not looked at"
    assert err.getvalue().splitlines()[-1] == "1 taken, 1 skipped" + told


# -- calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argv",
    [
        ["--check"],
        ["--diff"],
        ["--no-diff"],
        ["--report=a.html"],
        ["--patch-dir=patches"],
        ["--output-format=json"],
        ["--output-file=a.json"],
        ["-"],
    ],
)
def test_what_it_cannot_do_beside(folder: Path, argv: list[str]) -> None:
    file = put("Dockerfile")
    code, out, err = run("yy", ONE, *argv)
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith("pipslim: --interactive asks and writes by itself; leave out ")
    assert argv[0].partition("=")[0] in err
    assert file.read_bytes() == BEFORE
    assert [path.name for path in folder.iterdir()] == ["Dockerfile"]


def test_it_may_be_told_to_write() -> None:
    file = put("Dockerfile")
    assert run("yn", ONE, "--write").code == cli.OK
    assert file.read_bytes() == FIRST


@pytest.mark.parametrize("deaf", ["stdin", "stdout"])
def test_it_needs_a_terminal(deaf: str) -> None:
    file = put("Dockerfile")
    stdin = io.BytesIO(b"y\n") if deaf == "stdin" else Terminal(b"y\n")
    stdout = io.BytesIO() if deaf == "stdout" else Terminal()
    err = io.StringIO()
    code = cli.main(["fix", "-i"], cli.Streams(stdin, stdout, err))
    assert (code, stdout.getvalue()) == (cli.USAGE, b"")
    assert err.getvalue().startswith("pipslim: --interactive needs a terminal to ask at; ")
    assert file.read_bytes() == BEFORE


def test_messages_may_go_elsewhere() -> None:
    put("Dockerfile")
    err = io.StringIO()
    out = Terminal()
    assert cli.main(["fix", "-i", ONE], cli.Streams(Terminal(b"q\n"), out, err)) == cli.OK
    assert out.getvalue().decode() == OFFERS[0]
    assert err.getvalue().splitlines()[-1] == "0 taken, 2 skipped"


def test_both_spellings() -> None:
    assert parse_quickly(["-i"]) == parse_quickly(["--interactive"]) == Arguments(interactive=True)


# -- a real terminal -------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")

# The program gets the terminal as its own, so that Ctrl-C is sent to it.
_OWN = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'pipslim', *sys.argv[1:]])\n"
)
_PATIENCE = 60  # seconds; a machine may be busy


class Session:
    """A run of the program at a pseudo-terminal."""

    def __init__(self, *argv: str) -> None:
        import pty

        self.master, self.slave = pty.openpty()
        self.before = self.modes()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OWN, "fix", "-i", *argv],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
        )

    def modes(self) -> list[Any]:
        """Give how the terminal is set."""
        import termios

        return termios.tcgetattr(self.slave)

    def read_until(self, done: Callable[[str], bool]) -> str:
        """Read what is shown until it is enough; give it with the newlines of a text."""
        shown = ""
        deadline = time.monotonic() + _PATIENCE
        while not done(shown):
            assert time.monotonic() < deadline, f"waiting in vain behind {shown!r}"
            if select.select([self.master], [], [], 0.05)[0]:
                shown += os.read(self.master, 65536).decode().replace("\r\n", "\n")
        self.seen += shown
        return shown

    def question(self) -> str:
        """Read to the next question, and until keys are taken as they are pressed."""
        return self.read_until(lambda shown: shown.endswith("]? ") and self.at_once())

    def at_once(self) -> bool:
        """Tell whether the terminal gives keys at once, and does not show them."""
        import termios

        return not self.modes()[3] & (termios.ICANON | termios.ECHO)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def end(self) -> tuple[int, str]:
        """Wait for the end; give the exit code and what was shown since the last question."""
        shown = self.read_until(lambda _: self.process.poll() is not None)
        while select.select([self.master], [], [], 0)[0]:
            more = os.read(self.master, 65536).decode().replace("\r\n", "\n")
            shown += more
            self.seen += more
        assert self.modes() == self.before, "the terminal is left as it was"
        return self.process.returncode, shown

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def session() -> Iterator[Callable[..., Session]]:
    """Give a function that starts the program at a terminal of its own."""
    started: list[Session] = []

    def start(*argv: str) -> Session:
        started.append(Session(*argv))
        return started[-1]

    yield start
    for each in started:
        each.close()


@posix
def test_keys_are_taken_as_they_are_pressed(session: Callable[..., Session]) -> None:
    file = put("Dockerfile")
    run = session(ONE)
    assert run.question() == OFFERS[0]
    run.type("y")
    assert run.question() == "y\n" + OFFERS[1]
    run.type("n")
    code, shown = run.end()
    assert code == cli.OK
    assert shown == "n\n1 file read, 1 changed\n  pip-cache: 1 fixed\n1 taken, 1 skipped\n"
    assert file.read_bytes() == FIRST


@posix
def test_each_file_is_written_before_the_next_is_shown(session: Callable[..., Session]) -> None:
    files = [put(f"{name}/Dockerfile") for name in "ab"]
    run = session(ONE)
    run.question()
    run.type("a")
    run.question()
    assert [file.read_bytes() for file in files] == [BOTH, BEFORE]
    run.type("q")
    assert run.end()[0] == cli.OK


@posix
@pytest.mark.parametrize("key", ["\x1b[A", "\x1b[D", "\x1bOA", "\x1b", "ü", "\t", "Y"])
def test_keys_that_mean_nothing(session: Callable[..., Session], key: str) -> None:
    file = put("Dockerfile")
    run = session(ONE)
    run.question()
    run.type(key)
    shown = run.question()
    assert "y - apply this fix\n" in shown
    assert "\x1b" not in shown
    run.type("q")
    assert run.end()[0] == cli.OK
    assert file.read_bytes() == BEFORE


@posix
def test_keys_typed_ahead_and_enter(session: Callable[..., Session]) -> None:
    file = put("Dockerfile")
    run = session(ONE)
    run.question()
    run.type("\r")
    assert run.question() == "\n" + QUESTION
    run.type("yn")
    assert run.end()[0] == cli.OK
    assert file.read_bytes() == FIRST


@posix
def test_end_of_input_quits(session: Callable[..., Session]) -> None:
    file = put("Dockerfile")
    run = session(ONE)
    run.question()
    run.type("y")
    run.question()
    run.type("\x04")
    code, shown = run.end()
    assert (code, shown.splitlines()[-1]) == (cli.OK, "1 taken, 1 skipped")
    assert file.read_bytes() == FIRST


@posix
def test_control_c_leaves_the_file_and_tells(session: Callable[..., Session]) -> None:
    files = [put(f"{name}/Dockerfile") for name in "abc"]
    run = session(ONE)
    run.question()
    run.type("a")
    run.question()
    run.type("y")
    run.question()
    run.type("\x03")
    code, shown = run.end()
    assert code == 130
    assert "Traceback" not in shown
    told = "2 taken, 0 skipped; interrupted: nothing written of b/Dockerfile; 1 file not looked at"
    assert shown.splitlines()[-1] == told
    assert [file.read_bytes() for file in files] == [BOTH, BEFORE, BEFORE]


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_end_leaves_the_terminal(session: Callable[..., Session], name: str) -> None:
    file = put("Dockerfile")
    run = session(ONE)
    run.question()
    run.type("y")
    run.question()
    number = signal.Signals[name]
    run.process.send_signal(number)
    assert run.end()[0] == 128 + number
    assert file.read_bytes() == BEFORE


@posix
def test_keys_are_taken_at_once_again_after_a_stop(session: Callable[..., Session]) -> None:
    import termios

    put("Dockerfile")
    run = session(ONE)
    run.question()
    run.process.send_signal(signal.SIGSTOP)
    os.waitpid(run.process.pid, os.WUNTRACED)
    termios.tcsetattr(run.slave, termios.TCSANOW, run.before)  # as the shell does for itself
    assert not run.at_once()
    run.process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + _PATIENCE
    while not run.at_once():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.type("q")
    assert run.end()[0] == cli.OK


@posix
def test_the_session_of_the_documents_is_so(folder: Path, session: Callable[..., Session]) -> None:
    text = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    shown = re.search(r"(?ms)^```text\n\$ pipslim fix -i (\S+)\n(.*?)^```$", text)
    assert shown is not None
    shutil.copytree(ROOT / "fixtures" / "monorepo", folder / "fixtures" / "monorepo")
    run = session(shown[1])
    keys = re.findall(r"(?m)\]\? (.)$", shown[2])
    assert len(keys) > 1
    for key in keys:
        run.question()
        run.type(key)
    assert run.end()[0] == cli.OK
    assert run.seen == shown[2]


def test_the_answers_of_the_documents_are_those_of_the_help() -> None:
    put("Dockerfile")
    text = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"(?m)^\| `(\S)` \| (.*) \|$", text))
    help_text = run("?", ONE).out.partition("]? ")[2]
    shown = dict(re.findall(r"(?m)^(\S) - (.*)$", help_text))
    assert list(told) == list(shown)
    assert told["q"] == shown["q"]
