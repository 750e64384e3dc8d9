"""Many files: the same by any number of processes; one that dies; Ctrl-C; progress."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pipslim
from pipslim import cli, runner
from pipslim.report.progress import Progress
from pipslim.runner import AUTO, FileOutcome, Job
from pipslim.settings.choice import BadSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from corpus import Corpus

BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
AFTER = b"FROM python:3.12-slim\nRUN pip install --no-cache-dir flask\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"
HELD = b"FROM python:3.12\nRUN pip install --cache-dir=/c flask\n"
CLEAN = b"FROM scratch\nCOPY a /\n"
ODD = b"FROM a\r\nRUN echo \xff\0 && pip install \xfe\n"
ONE = "--select=pip-cache"
NUMBERS = ("1", "2", "3", "auto")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
forks = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="processes are not started by fork there"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes = BEFORE) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def everything() -> dict[str, bytes]:
    """Give each file below the current folder, with its content."""
    found = sorted(path for path in Path().rglob("*") if path.is_file())
    return {path.as_posix(): path.read_bytes() for path in found}


def program(*argv: str, code: str = "") -> list[str]:
    """Give the words that run the program; with `code`, that first, in all its processes."""
    if not code:
        return [sys.executable, "-m", "pipslim", *argv]
    main = 'if __name__ == "__main__":\n    from pipslim.__main__ import entry\n    entry()\n'
    Path("run.py").write_text(f"{code}\n{main}")
    return [sys.executable, "run.py", *argv]


def environment() -> dict[str, str]:
    """Give the environment of the program."""
    return {**os.environ, "PYTHONPATH": str(Path(pipslim.__file__).parents[1]), "TERM": "xterm"}


def ran(*argv: str, code: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end."""
    command = program(*argv, code=code)
    return subprocess.run(command, capture_output=True, check=False, env=environment(), timeout=60)


# -- any number of processes -----------------------------------------------------------------------


def mixture() -> None:
    """Put files of every kind, more than there are chunks for two processes."""
    contents = (BEFORE, CLEAN, BROKEN, HELD, ODD, BEFORE + b"# pipslim: ignore-file[old-pip]\n")
    for at in range(150):
        put(f"{at % 7}/{at:03}.Dockerfile", contents[at % len(contents)])
    Path("3/gone.Dockerfile").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo("5/pipe.Dockerfile")


@pytest.mark.parametrize("options", [(), ("--check",), ("-q",), ("--write", "--diff")], ids=str)
def test_any_number_gives_the_same(options: tuple[str, ...]) -> None:
    told = set()
    for number in NUMBERS:
        mixture_again()
        done = ran("fix", ONE, *options, "--jobs", number, ".", *named())
        told.add((done.returncode, done.stdout, done.stderr, str(everything())))
    assert len(told) == 1
    code, out, err, _ = told.pop()
    assert code == cli.UNREAD
    assert out.count(b"\n+++ b/") == 75
    assert err.count(b"unknown instruction 'COPYY'") == 25
    assert b"Traceback" not in err


def mixture_again() -> None:
    """Put the mixture in the place of what was made of it."""
    for path in sorted(Path().rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    mixture()


def named() -> list[str]:
    """Give a path that is found only when named, and is no regular file."""
    return ["5/pipe.Dockerfile"] if hasattr(os, "mkfifo") else []


@pytest.mark.corpus
def test_any_number_gives_the_same_of_real_files(corpus: Corpus) -> None:
    for at, path in enumerate(corpus.files[::8]):
        put(f"{at % 50:02}/{at:05}.Dockerfile", path.read_bytes())
    told = set()
    for number in ("1", "3", "auto"):
        done = ran("fix", "--check", "--jobs", number)
        told.add((done.returncode, done.stdout, done.stderr))
    assert len(told) == 1
    assert told.pop()[1].count(b"\n+++ b/") > 500


def starting(method: str) -> str:
    """Give code that makes the program start its processes by a method."""
    return (
        "import multiprocessing\n"
        "import pipslim.runner.pool as pool\n"
        f"pool._context = lambda: multiprocessing.get_context({method!r})\n"
    )


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_any_way_to_start_processes_gives_the_same(method: str) -> None:
    mixture()
    one = ran("fix", ONE, "--jobs", "1")
    two = ran("fix", ONE, "--jobs", "2", code=starting(method))
    assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("number", NUMBERS)
def test_two_paths_of_one_file_are_done_in_turn(number: str) -> None:
    for at in range(40):
        put(f"a/{at:02}.Dockerfile")
    Path("b").mkdir()
    for at in range(40):
        Path(f"b/{at:02}.Dockerfile").symlink_to(f"../a/{at:02}.Dockerfile")
    named = [f"{folder}/{at:02}.Dockerfile" for folder in "ab" for at in range(40)]
    done = ran("fix", ONE, "--write", "--jobs", number, *named)
    told = "80 files read, 40 changed\n  pip-cache: 40 fixed\n"
    assert (done.returncode, done.stdout, done.stderr) == (cli.OK, b"", told.encode())
    assert set(everything().values()) == {AFTER}
    assert Path("b/07.Dockerfile").is_symlink()


@pytest.mark.parametrize("told", ["0", "-1", "1.5", "two", "", "٣", "AUTO", "1 2"])
def test_number_that_is_none(told: str) -> None:
    file = put("Dockerfile")
    err = io.StringIO()
    code = cli.main(
        ["fix", "--write", f"--jobs={told}"], cli.Streams(io.BytesIO(), io.BytesIO(), err)
    )
    assert code == cli.USAGE
    assert err.getvalue() == f"pipslim: --jobs takes a number from 1 on, or auto; not {told!r}\n"
    assert file.read_bytes() == BEFORE
    with pytest.raises(BadSetting):
        runner.read_number(told)


def test_more_processes_than_files() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    done = ran("fix", ONE, "-w", "-j", "5000")
    assert done.stderr.startswith(b"2 files read, 2 changed\n")


def test_a_plain_run_of_a_few_files_starts_no_process() -> None:
    for at in range(20):
        put(f"{at}/Dockerfile")
    code = "import sys\nsys.modules['multiprocessing'] = sys.modules['concurrent.futures'] = None"
    done = ran("fix", ONE, code=code)
    assert done.stderr.startswith(b"20 files read, 20 would change\n")


@pytest.mark.parametrize(("seconds", "starts"), [(0.002, False), (0.02, True)])
def test_auto_starts_processes_where_much_is_left(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, starts: bool
) -> None:
    clock = [0.0]

    def slowly(job: Job, *, write: bool) -> FileOutcome:
        del write
        clock[0] += seconds
        return FileOutcome(job.path, None, "")

    handed: list[int] = []

    def spread(jobs: list[Job], *_: object, **__: object) -> Iterator[FileOutcome]:
        handed.append(len(jobs))
        return iter([slowly(job, write=False) for job in jobs])

    from pipslim.runner import pool

    monkeypatch.setattr(pool, "spread", spread)
    monkeypatch.setattr(runner, "carry_out", slowly)
    monkeypatch.setattr(runner, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(runner, "cores", lambda: 2)
    jobs = [Job(str(at), pipslim.Choice()) for at in range(100)]
    results = runner.run(jobs, write=False, processes=AUTO)
    assert [each.path for each in results] == [job.path for job in jobs]
    assert bool(handed) is starts
    assert not starts or 80 < handed[0] < 100


def test_auto_stays_alone_on_one_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "cores", lambda: 1)
    monkeypatch.setattr(runner, "_LOOK", 0.0)
    monkeypatch.setattr(runner, "_LINE", 0.0)
    monkeypatch.setitem(sys.modules, "pipslim.runner.pool", None)
    jobs = [Job(str(put(f"{at}.Dockerfile")), pipslim.Choice()) for at in range(3)]
    assert len(list(runner.run(jobs, write=False, processes=AUTO))) == 3


def test_memory_is_bounded() -> None:
    """No more is under way than some chunks for each process, however slowly it is read."""
    for at in range(600):
        put(f"{at:03}.Dockerfile")
    jobs = [Job(f"{at:03}.Dockerfile", pipslim.Choice()) for at in range(600)]
    results = runner.run(jobs, write=True, processes=2)
    next(results)
    time.sleep(0.5)
    written = sum(content != BEFORE for content in everything().values())
    assert 0 < written <= 2 * 4 * 16 + 16
    results.close()
    assert not [name for name in everything() if name.endswith(".pipslim")]


def test_garbage_is_collected_as_rarely_in_each_process() -> None:
    code = (
        "import gc, os, pipslim.runner as runner\n"
        "carry_out = runner.carry_out\n"
        "def told(job, *, write):\n"
        "    return runner.FileOutcome(job.path, None, f'{os.getpid()} {gc.get_threshold()}')\n"
        "runner.carry_out = told\n"
    )
    put("a/Dockerfile")
    put("b/Dockerfile")
    for number, processes in (("1", 1), ("2", 2)):
        err = ran("fix", "-q", "-j", number, code=code).stderr.decode()
        threshold = "(50000, 20, 50)" if sys.version_info < (3, 14) else "(50000, "
        assert err.count(threshold) == 2, err
        assert 1 <= len({line.split()[0] for line in err.splitlines()}) <= processes


# -- a process that dies ---------------------------------------------------------------------------

KILLS = """
import multiprocessing, os, signal
import pipslim.runner as runner
rewrite = runner.rewrite
def kills(text, choice, folder):
    started = multiprocessing.parent_process() is not None
    if "kill" in text and started:
        os.kill(os.getpid(), signal.SIGKILL)
    if "once" in text and started and not os.path.exists("killed"):
        open("killed", "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return rewrite(text, choice)
runner.rewrite = kills
"""


@forks
@pytest.mark.parametrize("number", ["2", "3"])
def test_file_that_kills_its_process(number: str) -> None:
    for at in range(100):
        put(f"{at:02}/Dockerfile", BEFORE + (b"# kill\n" if at in (20, 21, 90) else b""))
    done = ran("fix", ONE, "--write", "--jobs", number, code=KILLS)
    assert done.returncode == cli.UNREAD
    err = done.stderr.decode()
    assert "Traceback" not in err
    told = [line for line in err.splitlines() if "was killed, twice" in line]
    assert [line.partition(": ")[0] for line in told] == [f"{at}/Dockerfile" for at in (20, 21, 90)]
    after = everything()
    changed = [name for name, content in after.items() if content == AFTER]
    assert len(changed) == 97
    assert not [name for name in after if name.endswith(".pipslim")]


@forks
def test_process_that_is_killed_once_costs_nothing() -> None:
    for at in range(100):
        put(f"{at:02}/Dockerfile", BEFORE + (b"# once\n" if at == 40 else b""))
    done = ran("fix", ONE, "--jobs", "2", code=KILLS)
    assert done.returncode == cli.OK
    assert done.stderr == b"100 files read, 100 would change\n  pip-cache: 100 to fix\n"
    assert done.stdout == ran("fix", ONE, "--jobs", "1").stdout


@forks
def test_process_that_alone_is_told_to_stop() -> None:
    """What it leaves of its chunks is done by the first process."""
    for at in range(100):
        put(f"{at:02}/Dockerfile", BEFORE + (b"# stop\n" if at in (7, 40) else b""))
    code = KILLS.replace("SIGKILL", "SIGINT").replace('"kill"', '"stop"')
    done = ran("fix", ONE, "--jobs", "2", code=code)
    assert (done.returncode, done.stdout) == (cli.OK, ran("fix", ONE, "--jobs", "1").stdout)
    assert done.stderr == b"100 files read, 100 would change\n  pip-cache: 100 to fix\n"


@forks
def test_process_that_is_ended_in_the_middle_of_a_file_makes_it_whole() -> None:
    for at in range(40):
        put(f"{'end' if at == 20 else at}/Dockerfile")
    code = (
        "import multiprocessing, os, signal\n"
        "replace = os.replace\n"
        "def ends(source, target):\n"
        "    if '/end/' in target and multiprocessing.parent_process() is not None:\n"
        "        assert os.path.exists(source)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        assert os.path.exists(source)\n"
        "    replace(source, target)\n"
        "os.replace = ends\n"
    )
    done = ran("fix", ONE, "--write", "--jobs", "2", code=code)
    assert done.returncode == cli.OK
    assert done.stderr.startswith(b"40 files read, ")
    after = everything()
    assert after.pop("run.py")
    assert set(after.values()) == {AFTER}
    assert len(after) == 40, "nothing else is left behind"


@forks
@pytest.mark.parametrize("error", ["OSError(11, 'no more')", "ImportError('no locks')"])
def test_system_that_starts_no_process(error: str) -> None:
    for at in range(40):
        put(f"{at:02}/Dockerfile")
    code = (
        "import pipslim.runner.pool as pool\n"
        "class Refusing(pool.ProcessPoolExecutor):\n"
        f"    def submit(self, *_, **__): raise OSError(11, 'no more')\n"
        f"def refusing(*words): raise {error}\n"
        f"pool.ProcessPoolExecutor = Refusing if {error!r}.startswith('O') else refusing\n"
    )
    done = ran("fix", ONE, "--write", "--jobs", "2", code=code)
    assert done.stderr == b"40 files read, 40 changed\n  pip-cache: 40 fixed\n"
    assert done.returncode == cli.OK


@forks
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are listed in /proc alone")
def test_no_process_outlives_the_first() -> None:
    for at in range(400):
        put(f"{at:03}/Dockerfile", HARD)
    with subprocess.Popen(
        program("fix", "--write", "-j2"), stderr=subprocess.PIPE, env=environment()
    ) as process:
        wait_for(lambda: len(children(process.pid)) == 2)
        started = children(process.pid)
        process.kill()
        assert process.stderr is not None
        process.stderr.read()  # open as long as one of them is there
        wait_for(lambda: not any(Path(f"/proc/{pid}/environ").exists() for pid in started))


def children(pid: int) -> list[int]:
    """Give the processes that a process started."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.005)


# -- Ctrl-C ----------------------------------------------------------------------------------------

HARD = BEFORE + b"".join(b"RUN pip install a%d && echo b\n" % at for at in range(40))
HARDLY = pipslim.rewrite(HARD.decode(), pipslim.Choice(frozenset({"pip-cache"}))).after.encode()


def heed() -> None:
    """Let signals arrive, whatever the tests themselves were told to ignore."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def stopped(
    *numbers: int, jobs: str, more: tuple[str, ...] = (), code: str = ""
) -> tuple[int, bytes, bytes]:
    """Run `fix` over many files, send it signals once it has begun, and see how it ends.

    A negative number goes to all its processes, as a terminal sends it.
    """
    for at in range(400):
        put(f"{at:03}/Dockerfile", HARD)
    with subprocess.Popen(
        program("fix", ONE, "--jobs", jobs, *more, code=code),
        bufsize=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=heed,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        if "--write" in more:
            wait_for(lambda: Path("012/Dockerfile").read_bytes() != HARD)
        else:
            process.stdout.readline()
        for number in numbers:
            if number > 0:
                process.send_signal(number)
            else:
                os.killpg(process.pid, -number)
        begun = time.monotonic()
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begun < 5
    return process.returncode, out, err


def check_whole(err: bytes, verb: bytes = b"changed") -> None:
    """Check that each file is the old one or the new one, and that the count is right."""
    told = re.fullmatch(rb"interrupted: (\d+) of 400 files done, (\d+) " + verb + rb"\n", err)
    assert told is not None, err
    after = everything()
    assert len(after) == 400, "nothing else is left behind"
    new = sum(content == HARDLY for content in after.values())
    old = sum(content == HARD for content in after.values())
    assert new + old == 400
    assert int(told[1]) == int(told[2])
    if verb == b"changed":
        assert 0 < new == int(told[2]) < 400
    else:
        assert new == 0 < int(told[2]) < 400


@posix
@pytest.mark.parametrize("jobs", ["1", "2", "auto"])
def test_interrupt_leaves_every_file_whole(jobs: str) -> None:
    code, out, err = stopped(signal.SIGINT, jobs=jobs, more=("--write",))
    check_whole(err)
    assert (code, out) == (130, b"")
    done = ran("fix", ONE, "--write")
    assert done.returncode == cli.OK
    assert set(everything().values()) == {HARDLY}, "a second run does the rest"


@posix
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_interrupt_that_the_terminal_sends_to_all(method: str) -> None:
    code, _, err = stopped(-signal.SIGINT, jobs="2", more=("--write",), code=starting(method))
    Path("run.py").unlink()
    check_whole(err)
    assert code == 130


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_termination_is_told_like_an_interrupt(jobs: str) -> None:
    code, _, err = stopped(signal.SIGTERM, jobs=jobs, more=("--write", "-q"))
    check_whole(err)
    assert code == 143


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_dry_run(jobs: str) -> None:
    code, out, err = stopped(signal.SIGINT, jobs=jobs)
    check_whole(err, b"would change")
    assert code == 130
    assert out.count(b"+++ b/") == int(err.split()[1])


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_impatience_is_no_traceback(jobs: str) -> None:
    code, _, err = stopped(signal.SIGINT, signal.SIGINT, jobs=jobs, more=("--write",))
    assert code == 130
    assert b"Traceback" not in err
    after = everything()
    assert set(after.values()) <= {HARD, HARDLY}
    assert len(after) == 400
    assert err.startswith(b"interrupted: ")


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_reader_that_has_seen_enough_ends_the_processes(jobs: str) -> None:
    for at in range(400):
        put(f"{at:03}/Dockerfile", HARD)
    with subprocess.Popen(
        program("fix", ONE, "--jobs", jobs, "--diff", "--write"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == cli.OK
    after = everything()
    assert set(after.values()) == {HARD, HARDLY}
    assert len(after) == 400


@posix
def test_handlers_are_given_back() -> None:
    jobs = [Job(str(put(f"{at}.Dockerfile")), pipslim.Choice()) for at in range(3)]
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert len(list(runner.run(jobs, write=False))) == 3
    results = runner.run(jobs, write=False)
    next(results)
    assert signal.getsignal(signal.SIGINT) is not before[0]
    results.close()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


# -- progress --------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        """Give what stands on the last line, as a terminal shows it."""
        line = ""
        for part in self.getvalue().rpartition("\n")[2].split("\r"):
            line = part + line[len(part) :]
        return line.rstrip()


def results(paths: list[str]) -> Generator[FileOutcome, None, None]:
    """Give outcomes of files."""
    for path in paths:
        yield FileOutcome(path, pipslim.Outcome("a", "b" if "web" in path else "a"))


def followed(
    paths: list[str], seconds: float, *, shown: bool = True, stream: io.StringIO | None = None
) -> Iterator[tuple[Progress, Terminal]]:
    """Follow files, each of which takes some seconds; give what stands there ahead of each."""
    stream = stream or Terminal()
    clock = [0.0]
    progress = Progress(stream, len(paths), shown=shown, clock=lambda: clock[0])
    for _ in progress.follow(results(paths)):
        yield progress, stream  # type: ignore[misc]
        clock[0] += seconds
    yield progress, stream  # type: ignore[misc]


PATHS = [os.path.join("services", f"web-{at}", "Dockerfile") for at in range(40)]  # noqa: PTH118


def test_progress_after_a_second() -> None:
    seen = [terminal.shown() for _, terminal in followed(PATHS, 0.2)]
    assert seen[:5] == [""] * 5
    assert seen[5] == f"5 of 40 files, {os.path.join('services', 'web-4')}"  # noqa: PTH118
    assert seen[39].startswith("39 of 40 files, ")
    assert seen[40] == "", "it is gone at the end"


def test_progress_is_drawn_ten_times_a_second() -> None:
    *_, (_, terminal) = followed(PATHS * 20, 0.01)
    assert 60 <= terminal.getvalue().count(" of 800 files") <= 70


@pytest.mark.parametrize(
    ("stream", "shown"), [(io.StringIO(), True), (Terminal(), False)], ids=["pipe", "quiet"]
)
def test_no_progress_where_nobody_watches(stream: io.StringIO, *, shown: bool) -> None:
    *_, (progress, _) = followed(PATHS, 1, shown=shown, stream=stream)
    assert stream.getvalue() == ""
    assert progress.above(stream) is stream
    assert progress.stopped(written=True) == "interrupted: 40 of 40 files done, 40 changed"


def test_no_progress_on_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    *_, (_, terminal) = followed(PATHS, 1)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("columns", [0, 10, 21, 24, 30, 40, 80])
def test_progress_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    size = os.terminal_size((columns, 24))
    monkeypatch.setattr(os, "get_terminal_size", lambda _: size)
    monkeypatch.setattr(Terminal, "fileno", lambda _: 0)
    paths = [os.path.join(*"abcdefghijklm" * 9, "x" * at, "Dockerfile") for at in range(30)]  # noqa: PTH118
    seen = [terminal.shown() for _, terminal in followed(paths, 0.5)]
    width = columns if columns >= 20 else 80
    assert max(map(len, seen)) < width
    assert seen[20].startswith("20 of 30 files")
    if width > 24:
        assert seen[20].endswith("xx")


def test_progress_shows_no_command_to_the_terminal() -> None:
    *_, (_, terminal) = followed([os.path.join("a\x1b[2J\n\u202e", "Dockerfile")] * 5, 1)  # noqa: PTH118
    assert ", a?[2J??" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()
    assert "\n" not in terminal.getvalue()


def test_progress_makes_way_for_what_is_said() -> None:
    for progress, terminal in followed(PATHS, 1):
        if progress.done > 3:
            progress.above(terminal).write("an error\n")
    lines = terminal.getvalue().split("\n")[:-1]
    assert len(lines) == 38
    for line in lines:
        assert Terminal(f"{line}").shown() == "" or line.endswith("\ran error")


SLOWLY = """
import time
import pipslim.runner as runner
rewrite = runner.rewrite
def slowly(text, choice, folder):
    time.sleep(0.02)
    return rewrite(text, choice)
runner.rewrite = slowly
"""


def on_a_terminal(command: list[str], *, both: bool = False) -> tuple[bytes, bytes]:
    """Run a program with its standard error, or both, on a terminal of 60 columns; give both."""
    termios = pytest.importorskip("termios", reason="no pseudo-terminals here")
    import fcntl
    import struct

    first, second = os.openpty()
    fcntl.ioctl(second, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    shown = b""
    with subprocess.Popen(
        command, stdout=second if both else subprocess.PIPE, stderr=second, env=environment()
    ) as process:
        os.close(second)
        while True:
            try:
                part = os.read(first, 4096)
            except OSError:  # Linux tells the end so
                break
            if not part:
                break
            shown += part
        out = process.stdout.read() if process.stdout is not None else b""
    os.close(first)
    assert process.returncode == cli.OK
    return shown, out


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_progress_on_a_terminal(jobs: str) -> None:
    for at in range(80 if jobs == "1" else 200):
        put(f"services/a-service-with-a-long-name/and-folders-in-it/{at:03}/Dockerfile")
    shown, out = on_a_terminal(program("fix", ONE, "--jobs", jobs, code=SLOWLY))
    assert out == ran("fix", ONE).stdout
    lines, _, summary = (
        shown.rpartition(b"\r \r") if b"\r \r" in shown else shown.rpartition(b"  \r")
    )
    drawn = [line for line in lines.split(b"\r") if b" files, " in line]
    assert len(drawn) > 2
    for line in drawn:
        assert re.fullmatch(rb"\d+ of \d+ files, \.\.\.[ -~]*/\d\d\d *", line), line
        assert len(line) < 60
    total = 80 if jobs == "1" else 200
    assert summary.startswith(b"%d files read, %d would change\r\n" % (total, total))


@posix
def test_diffs_stay_whole_on_a_terminal_with_progress() -> None:
    for at in range(80):
        put(f"{at:02}/Dockerfile")
    shown, _ = on_a_terminal(program("fix", ONE, "-j1", code=SLOWLY), both=True)
    assert b" of 80 files, " in shown
    rest = re.sub(rb"\r\d+ of 80 files, \d\d *|\r +\r", b"", shown)
    plain = re.sub(rb"\x1b\[\d*m", b"", rest).replace(b"\r\n", b"\n")
    assert plain.startswith(ran("fix", ONE).stdout)


@posix
def test_quiet_run_shows_no_progress() -> None:
    for at in range(80):
        put(f"{at:02}/Dockerfile")
    assert on_a_terminal(program("fix", ONE, "-q", "-j1", code=SLOWLY))[0] == b""
