"""Which files are read: by name, below folders, past what git ignores, since a revision."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alone import alone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipslim import cli
from pipslim.files import git as git_module
from pipslim.files.find import Search, find
from pipslim.files.names import NEVER
from pipslim.files.patterns import Patterns
from pipslim.files.walk import Ignores, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such names or links there")

# What is read is told by an error for each file, for none of them is a Dockerfile yet.
BROKEN = "FROM scratch\nCOPYY a /\n"
TOLD = re.compile(
    r"(.*?):2:1: unknown instruction 'COPYY'; a pre-processed file, or a missing continuation\?\n",
    re.DOTALL,
)
UNSEARCHED = re.compile(r"^(.*: cannot be read: .*)\n", re.MULTILINE)


class Ran(NamedTuple):
    """How a run ended: its exit code, the files it read, and what else it told."""

    code: int
    files: list[str]
    told: list[str]


def run(*argv: str) -> Ran:
    """Run `pipslim fix`; give which files it read."""
    stderr = io.StringIO()
    code = cli.main(["fix", "-q", *argv], cli.Streams(io.BytesIO(), io.BytesIO(), stderr))
    told, err = UNSEARCHED.findall(stderr.getvalue()), UNSEARCHED.sub("", stderr.getvalue())
    files = [match.replace(os.sep, "/") for match in TOLD.findall(err)]
    return Ran(code, files, told + TOLD.sub("", err).splitlines())


def files(*argv: str) -> list[str]:
    """Give the files that a run reads, in its order."""
    code, found, told = run(*argv)
    assert told == []
    assert code == (cli.UNREAD if found else cli.OK)
    return found


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one, and a git that knows no settings."""
    return alone(tmp_path, monkeypatch)


def put(*paths: str, content: str = BROKEN) -> None:
    """Write files, the same into each."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(content, encoding="utf-8", newline="")


def ignore(*lines: str, at: str = ".") -> None:
    """Write a .gitignore into a folder."""
    put(f"{at}/.gitignore", content="\n".join(lines) + "\n")


def git(*words: str, at: str | Path = ".") -> str:
    """Run git; give what it prints."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    more = ("-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *more, *words], cwd=at, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout


def commit(at: str | Path = ".", message: str = "a") -> None:
    """Commit all that is in a work tree."""
    git("add", "-A", at=at)
    git("commit", "-q", "--allow-empty", "-m", message, at=at)


def without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take git off PATH."""
    monkeypatch.setenv("PATH", os.fspath(Path.cwd().parent / "nothing"))


def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the folder as it is: in no work tree."""


def in_work_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folder a work tree, and its files untracked ones."""
    git("init", "-q")


def work_tree_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folder a work tree where there is no git."""
    Path(".git").mkdir()
    without_git(monkeypatch)


ROUTES = [outside, work_tree_without_git, pytest.param(in_work_tree, marks=needs_git)]
every_route = pytest.mark.parametrize("route", ROUTES)
Route = "Callable[[pytest.MonkeyPatch], None]"


# -- names and their order -------------------------------------------------------------------------

DOCKERFILES = (
    "Containerfile", "Containerfile.dev", "Dockerfile", "Dockerfile.a.b", "a.Dockerfile",
    "a.dockerfile", "Dockerfile-old", "Dockerfile_x", "Containerfile-py3.11", "Dockerfile-a_b-c",
)  # fmt: skip
OTHERS = (
    "Dockerfile.dockerignore", "a.Dockerfile.dockerignore", "Dockerfiles", "dockerfile", "README",
    "MyDockerfile", "Containerfile~", "a.Containerfile", ".dockerignore", "Dockerfile-",
    "Dockerfile-a.md", "Dockerfile_x.sh", "Dockerfile-3.11.txt",
)  # fmt: skip


@every_route
def test_files_of_a_folder_come_ahead_of_the_folders_in_it(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put(*DOCKERFILES, *OTHERS)
    put("b/Dockerfile", "b/a/Dockerfile", "B/Dockerfile", "b.c/Dockerfile", "A/x.Dockerfile")
    below = ["A/x.Dockerfile", "B/Dockerfile", "b/Dockerfile", "b/a/Dockerfile", "b.c/Dockerfile"]
    assert files() == [*sorted(DOCKERFILES), *below]
    assert files(".") == files()
    assert files("b.c", "b", "Dockerfile") == ["b.c/Dockerfile", *below[2:4], "Dockerfile"]
    assert files("./b/") == ["./b/Dockerfile", "./b/a/Dockerfile"]
    assert files("--no-gitignore") == files()


@every_route
def test_no_file_is_read_twice(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None], folder: Path
) -> None:
    route(monkeypatch)
    put("a/Dockerfile", "b/Dockerfile")
    both = ["a/Dockerfile", "b/Dockerfile"]
    assert files("a/Dockerfile", ".", "a", "./b", str(folder), "a/../b/Dockerfile") == both


@every_route
def test_folders_that_are_never_looked_into(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("Dockerfile", "env/lib/a/Dockerfile", "a/x/Dockerfile", "a/x/y/Dockerfile", "b/Dockerfile")
    put("env/pyvenv.cfg", "a/x/pyvenv.cfg", content="home = /usr\n")
    for name in NEVER - {".git"}:
        put(f"{name}/Dockerfile", f"b/{name}/c/Dockerfile")
    put(".git/Dockerfile", ".git/hooks/a.Dockerfile")
    left = ["Dockerfile", "b/Dockerfile"]
    assert files() == left
    assert files("--no-gitignore") == left
    assert files("--include=Dockerfile", "--include=lib/") == left
    # but whoever names one means it
    assert files("env") == ["env/lib/a/Dockerfile"]
    assert files("node_modules") == ["node_modules/Dockerfile"]
    assert files("b/venv/c") == ["b/venv/c/Dockerfile"]


@every_route
def test_project_that_is_a_virtual_environment_itself(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("Dockerfile", "pyvenv.cfg")
    assert files() == ["Dockerfile"]


def test_missing_path_is_a_usage_error() -> None:
    assert run("no/such") == Ran(cli.USAGE, [], ["pipslim: no/such: no such file or folder"])


# -- links, and what cannot be read ----------------------------------------------------------------


@posix
@every_route
def test_links(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("real/text", "real/Dockerfile")
    Path("a").mkdir()
    Path("a/Dockerfile").symlink_to("../real/text")
    Path("a/broken.Dockerfile").symlink_to("nothing")
    Path("a/folder.Dockerfile").symlink_to("../real")
    Path("a/round").symlink_to("..")
    Path("a/itself.Dockerfile").symlink_to("itself.Dockerfile")
    Path("linked").symlink_to("real")
    assert files() == ["a/Dockerfile", "real/Dockerfile"]
    assert files("linked") == ["linked/Dockerfile"], "one that is named is followed"
    assert files("--no-gitignore") == files()


@posix
@every_route
def test_links_to_what_is_read_anyway(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("b/Dockerfile", "b/text")
    Path("Dockerfile").symlink_to("b/Dockerfile")
    Path("b/one.Dockerfile").symlink_to("text")
    Path("b/two.Dockerfile").symlink_to("one.Dockerfile")
    assert files() == ["b/Dockerfile", "b/one.Dockerfile"]
    assert files("Dockerfile") == ["Dockerfile"]


@posix
@every_route
def test_what_is_no_file(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("Dockerfile.d/Dockerfile")
    os.mkfifo("Dockerfile")
    assert files() == ["Dockerfile.d/Dockerfile"]


ODD = [
    "a\nb.Dockerfile",
    "c\td/Dockerfile",
    " e /Dockerfile. f ",
    "größe/Dockerfile",
    "-/Dockerfile",
]
ODD += ["'\"\\/Dockerfile", "*/Dockerfile", "[a]/Dockerfile", "😀/Dockerfile"]


@posix
@every_route
def test_odd_names(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put(*ODD)
    assert sorted(files()) == sorted(ODD)
    assert files() == files("--no-gitignore")


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
@every_route
def test_names_that_are_not_utf_8(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    ignore("a*b.Dockerfile")
    for name in (b"\xff\xfe.Dockerfile", b"a\xffb.Dockerfile", b"\xe9/Dockerfile"):
        path = os.fsdecode(name)
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(BROKEN)
    assert list(find(["."])) == [
        os.fsdecode(b"\xff\xfe.Dockerfile"),
        os.fsdecode(b"\xe9/Dockerfile"),
    ]


def unreadable(path: str) -> None:
    """Make a folder one that cannot be read, or skip where nothing is hidden from us."""
    Path(path).chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("every folder can be read here, by root say")


@posix
@every_route
def test_folder_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("a/x/Dockerfile", "a/y/Dockerfile", "b/Dockerfile")
    unreadable("a/x")
    try:
        told = "cannot be read: Permission denied; leave it out with --exclude, or mend that"
        assert run() == Ran(cli.UNREAD, ["a/y/Dockerfile", "b/Dockerfile"], [f"a/x: {told}"])
        assert run("a", "--no-gitignore") == Ran(cli.UNREAD, ["a/y/Dockerfile"], [f"a/x: {told}"])
        assert run("a/x") == Ran(cli.UNREAD, [], [f"a/x: {told}"])
        assert files("--exclude=x") == ["a/y/Dockerfile", "b/Dockerfile"]
    finally:
        Path("a/x").chmod(0o755)


@posix
def test_folder_that_git_cannot_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path(".git").mkdir()
    put("a/b/Dockerfile")
    warnings = [
        f"echo \"warning: could not open directory '{path}/': Permission denied\" >&2\n"
        for path in ("a/x", "c/y", "a/node_modules/z")
    ]
    script = "".join(["#!/bin/sh\n", *warnings, "printf 'b/Dockerfile\\0'\n"])
    put(str(tmp_path / "bin" / "git"), content=script)
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    told = "a/x: cannot be read: Permission denied; leave it out with --exclude, or mend that"
    assert run("a") == Ran(cli.UNREAD, ["a/b/Dockerfile"], [told])
    assert files("a", "--exclude=x/") == ["a/b/Dockerfile"]


@every_route
def test_folder_that_fails_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("a/Dockerfile", "b/Dockerfile", "c/node_modules/Dockerfile")
    scandir = os.scandir

    def fail(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name in ("a", "node_modules"):
            raise OSError(5, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", fail)
    code, found, told = run("--no-gitignore")
    assert (code, found) == (cli.UNREAD, ["b/Dockerfile"])
    assert told == [
        "a: cannot be read: Input/output error; leave it out with --exclude, or mend that"
    ]
    put("b/Dockerfile", content="FROM scratch\n")
    assert run("--no-gitignore").code == cli.UNREAD, "what is in the other folder is not known"


@posix
@every_route
def test_very_deep_folders(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    folders = ["/".join(["d"] * depth) for depth in range(1, 1200)]
    for each in folders:
        Path(each).mkdir()
    put(f"{folders[-1]}/Dockerfile")
    try:
        assert files("--exclude=e", "--include=e") == [f"{folders[-1]}/Dockerfile"]
    finally:  # nobody else can, for they take it folder in folder
        Path(folders[-1], "Dockerfile").unlink()
        for each in reversed(folders):
            Path(each).rmdir()


# -- what git ignores ------------------------------------------------------------------------------


@every_route
def test_nested_ignores(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("Dockerfile", "build/Dockerfile", "a/Dockerfile", "a/build/Dockerfile", "a/b/x.Dockerfile")
    put("a/b/y.Dockerfile", "c/gen/Dockerfile", "d/gen/Dockerfile", "d/keep/x.Dockerfile")
    ignore("/build/", "gen", "x.*")
    ignore("!gen/", at="d")
    ignore("y.*", "!x.*", at="a/b")
    some = ["a/Dockerfile", "a/b/x.Dockerfile", "a/build/Dockerfile"]
    assert files() == ["Dockerfile", *some, "d/gen/Dockerfile"]
    assert files("a") == some, "what is said above a folder holds in it"
    assert len(files("--no-gitignore")) == 9
    assert files("--no-gitignore", "--gitignore") == files()


@posix
@every_route
def test_rules_that_are_no_plain_file_are_not_followed(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("a/Dockerfile", "b/Dockerfile", "c/Dockerfile")
    put("rules", content="Dockerfile\n")
    Path("a/.gitignore").symlink_to("../rules")
    Path("b/.gitignore").mkdir()
    os.mkfifo("c/.gitignore")
    assert files("a", "b") == ["a/Dockerfile", "b/Dockerfile"]
    monkeypatch.setattr(git_module, "_PATIENCE", 0.5)  # git itself waits for what the pipe says
    assert files("c") == ["c/Dockerfile"]


@needs_git
def test_work_tree_that_is_linked_to_its_repository() -> None:
    git("init", "-q", "one")
    put("one/Dockerfile", "one/gen/Dockerfile")
    ignore("gen", at="one")
    commit("one")
    git("worktree", "add", "-q", "--detach", "../two", at="one")
    assert files("two", "--include=*,!.gitignore") == ["two/Dockerfile"]
    assert files("two", "--include=*,!.gitignore", "--no-gitignore") == ["two/Dockerfile"]
    assert files("--since=HEAD", "two") == []


@every_route
def test_what_is_named_is_read_even_if_ignored(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("build/Dockerfile", "build/a/Dockerfile", "Dockerfile.orig")
    ignore("build/", "*.orig")
    assert files() == []
    assert files("Dockerfile.orig") == ["Dockerfile.orig"]
    assert files("build") == ["build/Dockerfile", "build/a/Dockerfile"]
    assert files("build/a") == ["build/a/Dockerfile"]


@every_route
def test_empty_folder(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    err = io.StringIO()
    assert cli.main(["fix"], cli.Streams(io.BytesIO(), io.BytesIO(), err)) == cli.OK
    assert err.getvalue() == "no Dockerfiles found\n"


@needs_git
def test_tracked_files_are_read_even_if_ignored_and_those_gone_are_not() -> None:
    git("init", "-q")
    put("Dockerfile", "a/Dockerfile", "b/Dockerfile", "c/Dockerfile")
    commit()
    ignore("a/", "c/")
    put("c/new.Dockerfile")
    Path("b/Dockerfile").unlink()
    assert files() == ["Dockerfile", "a/Dockerfile", "c/Dockerfile"]
    shutil.rmtree("a")
    put("a")  # a file where a folder was
    assert files() == ["Dockerfile", "c/Dockerfile"]


@needs_git
@posix
def test_tracked_files_behind_a_link_are_not_read() -> None:
    git("init", "-q")
    put("a/Dockerfile", "b/Dockerfile")
    commit()
    shutil.rmtree("a")
    Path("a").symlink_to("b")
    assert files() == ["b/Dockerfile"]


@pytest.mark.parametrize(
    "route", [work_tree_without_git, pytest.param(in_work_tree, marks=needs_git)]
)
def test_ignores_of_a_clone_alone(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("mine/Dockerfile", "a/mine.Dockerfile", "a/b/Dockerfile", "a/c.Dockerfile")
    put(".git/info/exclude", content="/mine\nmine.*\n/a/c*\n")
    assert files() == ["a/b/Dockerfile"]
    assert files("a") == ["a/b/Dockerfile"]
    ignore("!mine.*", at="a")
    assert files() == ["a/mine.Dockerfile", "a/b/Dockerfile"], "a .gitignore goes ahead of it"


@needs_git
def test_ignores_of_a_user(tmp_path: Path) -> None:
    git("init", "-q")
    put("Dockerfile", "Dockerfile.swp")
    put(str(tmp_path / "config" / "git" / "ignore"), content="*.swp\n")
    assert files() == ["Dockerfile"]


@needs_git
def test_work_trees_in_another_one_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    put(str(other / "Dockerfile"), str(other / "x" / "Dockerfile"))
    git("init", "-q", at=other)
    commit(other)
    git("init", "-q")
    put("Dockerfile", "vendor/Dockerfile")
    git("submodule", "add", "-q", str(other), "vendor/module")
    git("clone", "-q", str(other), "clone")
    git("worktree", "add", "-q", "--detach", str(Path("tree").resolve()), at=other)
    left = ["Dockerfile", "vendor/Dockerfile"]
    inside = ["vendor/module/Dockerfile", "vendor/module/x/Dockerfile"]
    for _ in range(2):
        assert files() == left
        assert files("--no-gitignore") == left
        assert files("vendor/module") == inside, "one that is named is searched"
        assert files("vendor/module/x") == inside[1:]
        assert files("clone", "tree") == [
            f"{top}/{name}" for top in ("clone", "tree") for name in ("Dockerfile", "x/Dockerfile")
        ]
        without_git(monkeypatch)


@needs_git
def test_folder_of_many_work_trees() -> None:
    put(
        "a/Dockerfile", "a/gen/Dockerfile", "a/tracked/Dockerfile", "b/gen/Dockerfile", "Dockerfile"
    )
    put("c/x/Dockerfile", "c/x/gen/Dockerfile", "c/Dockerfile", "d/Dockerfile")
    ignore("d/")
    for each in ("a", "c/x"):
        git("init", "-q", at=each)
        ignore("gen", "tracked", at=each)
    git("add", "-f", "tracked/Dockerfile", at="a")
    inside = [
        "a/Dockerfile",
        "a/tracked/Dockerfile",
        "b/gen/Dockerfile",
        "c/Dockerfile",
        "c/x/Dockerfile",
    ]
    assert files() == ["Dockerfile", *inside]
    assert files("--exclude=x/", "--exclude=/a/tracked") == ["Dockerfile", inside[0], *inside[2:4]]
    assert len(files("--no-gitignore")) == 9


@needs_git
def test_hook_that_git_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    put("a/Dockerfile", "a/gen/Dockerfile")
    ignore("gen")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.setenv("GIT_PREFIX", "a/")
    assert files("a") == ["a/Dockerfile"]


@needs_git
@posix
def test_git_of_the_current_folder_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    put("Dockerfile")
    put("git", content="#!/bin/sh\ntouch ran\n")
    Path("git").chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
    assert files() == ["Dockerfile"]
    assert not Path("ran").exists()


@posix
def test_git_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path(".git").mkdir()
    put("Dockerfile", "gen/Dockerfile")
    ignore("gen")
    put(str(tmp_path / "bin" / "git"), content="#!/bin/sh\necho fatal: dubious >&2; exit 128\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert files() == ["Dockerfile"]
    told = "pipslim: --since: 'main' cannot be compared with; git says: fatal: dubious"
    assert run("--since=main") == Ran(cli.USAGE, [], [told])


# -- include and exclude ---------------------------------------------------------------------------


@every_route
def test_include(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put("Dockerfile", "docker/web", "docker/old/db", "a/docker/x", "b.docker", "b.dockerignore")
    put("gen/c.docker", "docker/web.dockerignore", ".git/c.docker")
    ignore("gen")
    assert files("--include=*.docker") == ["Dockerfile", "b.docker"]
    assert files("--include=/docker/") == ["Dockerfile", "docker/web", "docker/old/db"]
    assert files("--include=/docker/*,!old") == ["Dockerfile", "docker/web"]
    assert files("--include", "docker/", "--include", "*.docker") == [
        "Dockerfile", "b.docker", "a/docker/x", "docker/web", "docker/old/db",
    ]  # fmt: skip
    assert files("--include=*,!/.gitignore") == [
        "Dockerfile", "b.docker", "a/docker/x", "docker/web", "docker/old/db",
    ]  # fmt: skip


@every_route
def test_exclude(
    monkeypatch: pytest.MonkeyPatch, route: Callable[[pytest.MonkeyPatch], None]
) -> None:
    route(monkeypatch)
    put(
        "Dockerfile", "a/Dockerfile", "a/test/Dockerfile", "b/test/x.Dockerfile", "b/Dockerfile.old"
    )
    assert files("--exclude=test") == ["Dockerfile", "a/Dockerfile", "b/Dockerfile.old"]
    assert files("--exclude=/a/,*.old") == ["Dockerfile", "b/test/x.Dockerfile"]
    assert files("--exclude=/*/**", "--exclude=!/a/Dockerfile") == ["Dockerfile", "a/Dockerfile"]
    assert files("--exclude=/a/", "--exclude=!/a/Dockerfile") == [
        "Dockerfile", "b/Dockerfile.old", "b/test/x.Dockerfile",
    ], "nothing in a folder that is left out can be taken back"  # fmt: skip
    assert files("--exclude=*") == []
    assert files("--include=Dockerfile", "--exclude=Dockerfile") == files("--exclude=Dockerfile")
    assert files("b", "--exclude=test/") == ["b/Dockerfile.old"]


def test_exclude_leaves_what_is_named_unless_forced(folder: Path) -> None:
    put("Dockerfile", "a/Dockerfile", "a/b/Dockerfile")
    named = ("Dockerfile", "a/Dockerfile", str(folder.resolve() / "a" / "b" / "Dockerfile"))
    for words in (["--exclude=a"], ["--exclude=*", "--force-exclude", "--exclude=!Docker*,a/"]):
        found = files(*words, *named)
        assert found == (["Dockerfile"] if "--force-exclude" in words else [*map(os.fspath, named)])


# -- since a revision ------------------------------------------------------------------------------


@pytest.fixture
def branch() -> None:
    """Make a work tree whose branch `topic` left `main`, which went on, too."""
    git("init", "-q")
    put("Dockerfile", "a/Dockerfile", "a/b/Dockerfile", "c/Dockerfile", "gone/Dockerfile")
    put("moved/Dockerfile", content=BROKEN + "# moved\n")
    ignore("gen")
    commit()
    git("checkout", "-q", "-b", "topic")
    put("a/Dockerfile", content=BROKEN + "# topic\n")
    shutil.rmtree("gone")
    Path("moved").rename("to")
    commit()
    git("checkout", "-q", "main")
    put("Dockerfile", content=BROKEN + "# main\n")
    commit()
    git("checkout", "-q", "topic")


@needs_git
@pytest.mark.usefixtures("branch")
def test_since() -> None:
    here = ["a/Dockerfile", "to/Dockerfile"]
    assert files("--since=main") == here, "what main did since counts for nothing"
    assert files("--since", "HEAD") == []
    assert files("--since", "HEAD~1", ".") == here
    put("c/Dockerfile", content=BROKEN + "# not committed\n")
    put("a/b/new.Dockerfile", "gen/Dockerfile", "other")
    assert files("--since=main") == [
        "a/Dockerfile", "a/b/new.Dockerfile", "c/Dockerfile", "to/Dockerfile",
    ]  # fmt: skip
    git("add", "c", "a")
    assert files("--since=HEAD") == ["a/b/new.Dockerfile", "c/Dockerfile"]
    assert files("--since=HEAD", "a") == ["a/b/new.Dockerfile"]
    assert files("--since=HEAD", "--no-gitignore") == [
        "a/b/new.Dockerfile", "c/Dockerfile", "gen/Dockerfile",
    ]  # fmt: skip
    assert files("--since=HEAD", "--exclude=c", "--include=other") == [
        "other",
        "a/b/new.Dockerfile",
    ]


@needs_git
@pytest.mark.usefixtures("branch")
def test_since_holds_for_what_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = ["a/Dockerfile", "Dockerfile", str(folder.resolve() / "to" / "Dockerfile")]
    assert files("--since=main", *named) == [named[0], named[2].replace(os.sep, "/")]
    assert files("--since=main", "a/b", "a/Dockerfile", "a") == ["a/Dockerfile"]
    monkeypatch.chdir("a")
    assert files("--since=main") == ["Dockerfile"]
    assert files("--since=main", "Dockerfile", "../to", "../c") == [
        "Dockerfile",
        "../to/Dockerfile",
    ]


@needs_git
def test_since_with_odd_names() -> None:
    git("init", "-q")
    commit()
    names = ["größe/a b.Dockerfile"] + ([] if sys.platform == "win32" else ODD)
    put(*names)
    git("add", "-A")
    assert sorted(files("--since=HEAD")) == sorted(names)


@needs_git
@pytest.mark.usefixtures("branch")
@pytest.mark.parametrize(
    "name", ["nope", "main..topic", "^main", "-x", "--output=x", "HEAD:a", "x y"]
)
def test_since_no_revision(name: str) -> None:
    told = "is no revision here; fetch it, or name a branch, tag or commit"
    assert run(f"--since={name}") == Ran(cli.USAGE, [], [f"pipslim: --since: {name!r} {told}"])
    assert run(f"--since={name}", "Dockerfile").code == cli.USAGE
    assert not Path("x").exists()


@needs_git
@pytest.mark.usefixtures("branch")
def test_since_without_history_in_common() -> None:
    git("checkout", "-q", "--orphan", "other")
    commit()
    code, found, told = run("--since=main")
    assert (code, found) == (cli.USAGE, [])
    assert told[0].startswith("pipslim: --since: 'main' has no history in common with HEAD here; ")


def test_since_outside_of_a_work_tree() -> None:
    put("a/Dockerfile")
    told = "is in no git work tree; name what is in one, or leave out --since"
    assert run("--since=main") == Ran(cli.USAGE, [], [f"pipslim: --since: . {told}"])
    assert run("--since=main", "a/Dockerfile") == Ran(
        cli.USAGE, [], [f"pipslim: --since: a {told}"]
    )


def test_since_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    work_tree_without_git(monkeypatch)
    put("Dockerfile")
    told = (
        "pipslim: --since: git is not on PATH, or does not answer; see to it, or leave out --since"
    )
    assert run("--since=main") == Ran(cli.USAGE, [], [told])


# -- patterns, beside git --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "path", "answer"),
    [
        ([], "a", None),
        (["a"], "a", True),
        (["a"], "x/a/b", True),
        (["/a"], "x/a", None),
        (["a/"], "a", None),
        (["a/"], "a/b", True),
        (["*", "!a"], "a", False),
        (["x", "!x/a"], "x/a", True),
        (["/*", "!x"], "x/a", False),
        (["# a", "", "\\#b"], "#b", True),
        (["a", "a/../b"], "../a", None),
    ],
)
def test_patterns(
    lines: list[str], path: str, answer: bool | None, folder: Path, tmp_path: Path
) -> None:
    assert Patterns(lines).match(path) is answer
    assert Patterns(lines, "base").match(f"base/{path}") is answer
    assert Patterns(lines, str(folder)).match(str(folder / path)) is answer
    assert Patterns(lines, str(tmp_path / "other")).match(path) is None


def test_pattern_for_folders_alone() -> None:
    patterns = Patterns(["a/"])
    assert patterns.match("a") is None
    assert patterns.match("a", is_dir=True) is True
    assert patterns
    assert not Patterns([])


NAMES = ["a", "b", "ab", "a.py", "foo", ".x", "a b", "x "]
NAMES += [] if sys.platform == "win32" else ["é", "a\nb", "*", "!a", "#a", "a-b"]
PIECES = [
    "a", "b", "*", "?", "foo", ".py", "\\ ", "[ab]", "[!a]", "[^a]", "[a-f]", "\\*", "\\!", "\\#",
    "é", "-", "!", "#",
]  # fmt: skip
segments = st.one_of(
    st.sampled_from(NAMES),
    st.just("**"),
    st.lists(st.sampled_from(PIECES), max_size=3).map("".join),
)
lines = st.builds(
    lambda sign, top, parts, end: sign + top + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(segments, min_size=1, max_size=3),
    st.sampled_from(["", "", "", "/", " ", "\\ ", "  "]),
).filter(lambda line: line.strip("!/* \r")) | st.sampled_from(["", "#x", "*", "!*/", "/*", "*/"])
contents = st.tuples(
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(lines, min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
).map(lambda told: told[0] + told[2].join(told[1]) + told[2] * told[3])
# A folder: what is in it by name, "" for a file; and perhaps a .gitignore.
trees = st.recursive(
    st.just(""),
    lambda inner: st.fixed_dictionaries(
        {
            "content": st.none() | contents,
            "names": st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
        }
    ),
    max_leaves=20,
)


def grow(at: Path, tree: object) -> None:
    """Make a tree on disk."""
    if not isinstance(tree, dict):
        at.touch()
        return
    at.mkdir(exist_ok=True)
    if tree["content"] is not None:
        (at / ".gitignore").write_text(tree["content"], encoding="utf-8", newline="")
    for name, inner in tree["names"].items():
        grow(at / name, inner)


@needs_git
@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=contents, names=st.dictionaries(st.sampled_from(NAMES), trees, min_size=1, max_size=5)
)
@example(content="*\\  ", names={"b": {"content": None, "names": {"x ": ""}}})
def test_walk_leaves_out_what_git_ignores(
    tmp_path: Path, content: str, names: dict[str, object]
) -> None:
    top = tmp_path / "tree"
    shutil.rmtree(top, ignore_errors=True)
    grow(top, {"content": content, "names": names})
    if not (tmp_path / "git").exists():
        git("init", "-q", "--bare", str(tmp_path / "git"))
    there = (f"--git-dir={tmp_path / 'git'}", f"--work-tree={top}")
    told = git(*there, "ls-files", "-co", "--exclude-standard", "-z", at=top).split("\0")[:-1]
    found: list[str] = []

    def unread(path: str, reason: str) -> None:
        raise AssertionError(path, reason)

    for visit in walk(str(top), Ignores(), lambda path: True, unread):
        paths = [f"{visit.path}/{name}" if visit.path else name for name in visit.files]
        found += [
            path for path in paths if not visit.ignores.leave_out(os.fsencode(path), is_dir=False)
        ]
    assert sorted(found) == sorted(told)


@needs_git
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=contents, names=st.dictionaries(st.sampled_from(NAMES), trees, min_size=1, max_size=5)
)
@example(content="b\na[!a]", names={"a": {"content": None, "names": {"a": ""}}})
def test_git_and_walk_agree(tmp_path: Path, content: str, names: dict[str, object]) -> None:
    top = tmp_path / "tree"
    shutil.rmtree(top, ignore_errors=True)
    grow(top, {"content": content, "names": names})
    search = Search(include=("*",))
    outside = list(find([str(top)], lambda _: search))
    git("init", "-q", at=top)
    assert list(find([str(top)], lambda _: search)) == outside
