"""Other files that Dockerfiles are built with: read, changed, held back, and never shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import calls
import pytest
from calls import Ran, run
from hypothesis import given
from hypothesis import strategies as st
from made import made

from pipslim import Choice, cli, rewrite
from pipslim.facts.settings import (
    CACHE,
    COMPILE,
    Unreadable,
    completed,
    read_settings,
    said,
)
from pipslim.files import disk
from pipslim.files.context import BadPattern, ContextFolder, Ignored
from pipslim.fixes.base import CONF, SCRIPT, Elsewhere, Finding, Fix, Safety
from pipslim.report.formats import FORMATS
from pipslim.runner import Job
from pipslim.runner import run as run_jobs
from pipslim.syntax.edits import Edit, apply
from pipslim.syntax.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.passes import Step
    from pipslim.syntax.document import Document

ONE = "--select=pip-conf"
DOCKERFILE = "FROM python:3.12-slim\nCOPY pip.conf /etc/pip.conf\nRUN pip install flask\n"
CONF_FILE = "[global]\nindex-url = https://pypi.example.com/simple\n"
DONE = CONF_FILE + "no-cache-dir = True\n\n[install]\ncompile = no\n"
DIFF = """\
--- a/{0}
+++ b/{0}
@@ -2,0 +3,4 @@
+no-cache-dir = True
+
+[install]
+compile = no
"""
SECRET = "s3cr3t"
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
with_patch = pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")
with_links = pytest.mark.skipif(os.name == "nt", reason="links need a right of their own here")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def put(path: str, text: str = DOCKERFILE) -> Path:
    """Write a file in the current folder: a Dockerfile that copies settings, if not told else."""
    return calls.put(path, text)


# -- what a run does with another file -------------------------------------------------------------


def test_other_file_is_part_of_the_diff_and_of_the_account() -> None:
    put("app/Dockerfile")
    conf = put("app/pip.conf", CONF_FILE)
    told = "1 file read, 0 would change, 1 other file would change\n  pip-conf: 2 to fix\n"
    assert run(ONE) == Ran(cli.OK, DIFF.format("app/pip.conf"), told)
    assert conf.read_text() == CONF_FILE, "a dry run writes nothing"


def test_check_fails_for_another_file() -> None:
    put("Dockerfile")
    put("pip.conf", CONF_FILE)
    assert run(ONE, "--check").code == cli.WOULD_CHANGE
    put("pip.conf", DONE)
    assert run(ONE, "--check") == Ran(cli.OK, "", "1 file read, 0 would change\n")


def test_write_changes_it_once() -> None:
    put("Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    if os.name != "nt":
        conf.chmod(0o640)
    told = "1 file read, 0 changed, 1 other file changed\n  pip-conf: 2 fixed\n"
    assert run(ONE, "--write") == Ran(cli.OK, "", told)
    assert conf.read_text() == DONE
    assert os.name == "nt" or conf.stat().st_mode & 0o777 == 0o640
    assert run(ONE, "--write").err == "1 file read, 0 changed\n"
    assert sorted(path.name for path in Path().iterdir()) == ["Dockerfile", "pip.conf"]


def test_it_is_not_read_before_a_pass_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile", "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n")
    put("pip.conf", CONF_FILE)

    def fail(*_: object) -> None:
        raise AssertionError("the context was looked into")

    monkeypatch.setattr(ContextFolder, "__init__", fail)
    assert run().code == cli.OK


def test_file_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    real = disk.write

    def write(path: str, data: bytes) -> None:
        if path.endswith("pip.conf"):
            raise disk.Unreachable(f"{path}: cannot be written: the disk is full")
        real(path, data)

    monkeypatch.setattr(disk, "write", write)
    code, _, err = run(ONE, "--write")
    assert code == cli.UNREAD
    assert "pip.conf: cannot be written: the disk is full\n" in err
    assert conf.read_text() == CONF_FILE


def test_file_that_changes_meanwhile_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    real = disk.read

    def read(path: str) -> bytes:
        if path.endswith("pip.conf"):
            conf.write_text("[list]\n")
        return real(path)

    monkeypatch.setattr(disk, "read", read)
    code, _, err = run(ONE, "--write")
    assert code == cli.UNREAD
    assert "pip.conf: changed meanwhile; it is left as it is\n" in err
    assert conf.read_text() == "[list]\n"


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this here")
def test_interrupted_run_leaves_other_files() -> None:
    jobs = [Job(str(put(f"{name}/Dockerfile")), Choice(), ".") for name in "ab"]
    conf = put("pip.conf", CONF_FILE)
    results = run_jobs(jobs, write=True)
    assert next(results).path == str(Path("a/Dockerfile"))
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        list(results)
    assert conf.read_text() == CONF_FILE


def test_page_shows_the_change_alone() -> None:
    put("Dockerfile")
    put("pip.conf", CONF_FILE)
    run(ONE, "--report=page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<h1>1 of 2 files would change</h1>" in page
    assert "no-cache-dir = True" in page
    assert "pypi.example.com" not in page


# -- several Dockerfiles ---------------------------------------------------------------------------

MOUNTED = DOCKERFILE.replace("RUN pip", "RUN --mount=type=cache,target=/root/.cache/pip pip")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_file_that_several_read_is_changed_once(jobs: str) -> None:
    text = DOCKERFILE.replace("COPY pip.conf", "COPY shared/pip.conf")
    for number in range(20):
        put(f"{number:02}/Dockerfile", text)
    put("shared/pip.conf", CONF_FILE)
    told = "20 files read, 0 would change, 1 other file would change\n  pip-conf: 2 to fix\n"
    ran = run(ONE, "--context=.", f"--jobs={jobs}")
    assert ran == Ran(cli.OK, DIFF.format("shared/pip.conf"), told)


def test_what_not_all_want_is_held_back() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", MOUNTED)
    put("pip.conf", CONF_FILE)
    code, out, err = run(ONE, "--context=.")
    assert code == cli.OK
    assert "+compile = no\n" in out
    assert "no-cache-dir" not in out
    held = "b/Dockerfile reads this file too, and is not to have that".replace("/", os.sep)
    assert f"pip.conf:1:1: pip-conf: these settings do not turn off pip's cache; {held}\n" in err


def test_one_that_leaves_the_pass_out_does_not_want_it() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    put("pip.conf", CONF_FILE)
    put("pipslim.toml", 'context = "."\n[per-file-ignores]\n"b/" = ["pip-conf"]\n')
    _, out, err = run()
    assert "+++ b/pip.conf" not in out
    assert err.count(f"b{os.sep}Dockerfile reads this file too") == 2


def test_one_file_by_two_contexts() -> None:
    put("a/Dockerfile")
    put("a/pip.conf", CONF_FILE)
    put("b/Dockerfile", DOCKERFILE.replace("COPY pip.conf", "COPY a/pip.conf"))
    put("b/pipslim.toml", 'context = ".."\n')
    told = "2 files read, 0 would change, 1 other file would change\n  pip-conf: 2 to fix\n"
    assert run(ONE) == Ran(cli.OK, DIFF.format("a/pip.conf"), told)


def test_two_values_for_one_key_are_held_back() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", DOCKERFILE.replace("python:3.12-slim", "python:3.5.2"))
    put("pip.conf", CONF_FILE)
    _, out, err = run(ONE, "--context=.")
    assert "no-cache-dir" not in out
    assert err.count("reads this file too") == 2


# -- where the context is --------------------------------------------------------------------------


def test_context_that_is_named() -> None:
    put("docker/app/Dockerfile")
    put("build/pip.conf", CONF_FILE)
    assert "not in the build context; name that by --context" in run(ONE).err
    assert run(ONE, "--context", "build").out == DIFF.format("build/pip.conf")


def test_context_of_a_settings_file_is_seen_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    put("team/app/Dockerfile")
    put("team/build/pip.conf", CONF_FILE)
    put("team/pipslim.toml", 'context = "build"\n')
    assert run(ONE).out == DIFF.format("team/build/pip.conf")
    monkeypatch.chdir("team/app")
    assert run(ONE).out == DIFF.format("../build/pip.conf")
    monkeypatch.setenv("PIPSLIM_CONTEXT", ".")
    assert not run(ONE).out, "a variable is stronger, and counts from here"


def test_context_that_is_no_folder_stops_the_run() -> None:
    put("Dockerfile")
    code, out, err = run(ONE, "--context", "nowhere")
    assert (code, out) == (cli.USAGE, "")
    assert err.endswith("nowhere is no folder; name another by --context\n")


@with_links
def test_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    outside = put("outside.conf", CONF_FILE)
    put("app/Dockerfile")
    Path("app/pip.conf").symlink_to(outside.resolve())
    code, out, err = run(ONE)
    assert (code, out) == (cli.OK, "")
    assert "cannot be read: it leads out of the build context" in err


@with_links
def test_link_inside_is_followed_and_kept() -> None:
    put("Dockerfile")
    conf = put("conf/office.conf", CONF_FILE)
    Path("pip.conf").symlink_to("conf/office.conf")
    run(ONE, "--write")
    assert conf.read_text() == DONE
    assert Path("pip.conf").is_symlink()


def test_dockerignore_beside_the_dockerfile_goes_first() -> None:
    put("Dockerfile")
    put("pip.conf", CONF_FILE)
    put(".dockerignore", "*.conf\n")
    assert not run(ONE).out
    put("Dockerfile.dockerignore", "*.txt\n")
    assert run(ONE).out == DIFF.format("pip.conf")


def test_dockerignore_that_a_builder_refuses_is_told() -> None:
    put("Dockerfile")
    put("pip.conf", CONF_FILE)
    put(".dockerignore", "a[\n")
    assert ".dockerignore says what the build context has" in run(ONE).err


# (patterns, path, whether it is left out); the first ones are those of Docker's documentation
IGNORED = [
    ("*/temp*", "somedir/temporary.txt", True),
    ("*/temp*", "somedir/sub/temporary.txt", False),
    ("*/*/temp*", "somedir/subdir/temporary.txt", True),
    ("temp?", "tempa", True),
    ("temp?", "temp", False),
    ("**/*.go", "main.go", True),
    ("**/*.go", "a/b/main.go", True),
    ("*.md\n!README.md", "README.md", False),
    ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
    ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
    ("# a comment\n\n  a  ", "a", True),
    ("#a", "#a", False),
    ("/a/b/", "a/b", True),
    ("./a/../b", "b", True),
    ("! a\nb", "a", False),
    ("a\n! a", "a", False),
    ("docs", "docs/README.md", True),
    ("docs\n!docs/README.md", "docs/README.md", False),
    ("docs/*\n!docs/README.md", "docs/README.md", False),
    ("**\n!util/web", "util/web/foo", False),
    ("**\n!util/web\nutil/web/foo", "util/web/foo", True),
    ("**", "dir/file", True),
    ("**/", "file", True),
    ("**/**", "dir/file", True),
    ("dir/**", "dir/a/b", True),
    ("abc/**", "abc", False),
    ("**/dir", "dir/file", True),
    ("**/dir2/*", "dir/dir2/file", True),
    ("**file", "dir/myfile", True),
    ("**/file", "dir/myfile", False),
    ("**/file*txt", "dir/dir/file.txt", True),
    ("**/**/*.txt", "file.txt", True),
    ("a**/*.txt", "a/dir/file.txt", True),
    ("a/*.txt**", "a/file.txt", True),
    ("a[b-d]e", "ace", True),
    ("a[^b-d]e", "aze", True),
    ("a[^b-d]e", "ace", False),
    (".*", "foo", False),
    ("abc.def", "abcZdef", False),
    ("**/.foo", "bar.foo", False),
    ("a(b)c/def", "a(b)c/def", True),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axb", False),
    ("[\\]a]", "]", True),
    ("[x\\-]", "-", True),
    ("a?b", "a\u263ab", True),
    ("a?b", "a/b", False),
    ("*", "a/b", True),
    ("", "a", False),
]


@pytest.mark.parametrize(("patterns", "path", "left_out"), IGNORED)
def test_dockerignore_means_what_it_means_to_docker(
    patterns: str, path: str, left_out: bool
) -> None:
    assert Ignored(patterns.split("\n")).leaves_out(path) == left_out


@pytest.mark.parametrize("pattern", ["!", "[", "a[", "[^", "a[bc", "[]a]", "a\\"])
def test_dockerignore_that_is_wrong(pattern: str) -> None:
    with pytest.raises(BadPattern):
        Ignored([pattern])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.conf", ["a.conf", "b.conf"]),
        ("etc/*", ["etc/pip.conf", "etc/x"]),
        ("*/pip.conf", ["etc/pip.conf"]),
        ("[ab].conf", ["a.conf", "b.conf"]),
        ("none*", []),
        ("[", []),
    ],
)
def test_pattern_of_a_copy(pattern: str, found: list[str]) -> None:
    for name in ("a.conf", "b.conf", "c.txt", "etc/pip.conf", "etc/x"):
        put(name, "")
    assert ContextFolder("Dockerfile").match(pattern) == found


# -- what is never shown ---------------------------------------------------------------------------

# each has a secret in another place; what follows becomes of it
PRIVATE = {
    "index": f"[global]\nindex-url = https://u:{SECRET}@pypi.example.com/simple\n",
    "continued": f"[global]\nextra-index-url =\n    https://a\n    https://u:{SECRET}@b\n\n[list]\n",
    "host": f"[global]\ntrusted-host = {SECRET}.example.com\n[install]\nno-binary = {SECRET}\n",
    "comment": f"# token: {SECRET}\n[global]\ntimeout = 60\n# {SECRET}\n\n# {SECRET}\n[install]\n",
    "proxy": f"[global]\nproxy = http://u:{SECRET}@proxy:3128\n[list]\nformat = {SECRET}\n",
    "no-final-newline": f"[global]\nindex-url = https://u:{SECRET}@pypi.example.com/simple",
    "section": f"[{SECRET} {SECRET}]\na = b\n",
    "cache-dir": f"[global]\ncache-dir = /{SECRET}\n",
    "no-truth": f"[install]\ncompile = {SECRET}\n",
    "empty-value": f"[global]\nno-cache-dir =\nindex-url = https://{SECRET}\n",
    "twice": f"[global]\nindex-url = https://{SECRET}\nindex-url = https://{SECRET}\n",
    "section-twice": f"[global]\nindex-url = https://{SECRET}\n[global]\n",
    "no-section": f"{SECRET} = https://{SECRET}\n",
    "no-key": f"[global]\n{SECRET}\n",
    "says-all": f"[global]\nindex-url = https://{SECRET}\nno-cache-dir = 1\ncompile = no\n",
    "crlf": f"[global]\r\nindex-url = https://{SECRET}\r\n",
    "not-utf-8": f"[global]\nindex-url = https://{SECRET}/\udcff\n",
}


@pytest.mark.parametrize("name", PRIVATE)
def test_no_secret_of_the_settings_is_put_out(name: str) -> None:
    put("Dockerfile")
    put("pip.conf", PRIVATE[name])
    put("b/Dockerfile", MOUNTED)
    put("b/pip.conf", PRIVATE[name])
    Path(".git").mkdir()
    told = [run(ONE), run("--check"), run("-", "--diff", "--stdin-filename=Dockerfile")]
    told += [run(ONE, "--output-format", each, "--output-file", "-") for each in FORMATS]
    told.append(run(ONE, "--report", "page.html", "--patch-dir", "patches"))
    told.append(run(ONE, "--interactive", stdin=b"e\nn\n" * 9, terminal=True))
    told.append(run(ONE, "--write", "--output-format", "json"))
    for each in told:
        assert SECRET not in each.out + each.err
    written = [Path("page.html"), *Path("patches").iterdir()] if Path("patches").is_dir() else []
    for path in written:
        assert SECRET not in path.read_text(), path
    assert SECRET in Path("pip.conf").read_bytes().decode("utf-8", "replace")


BROUGHT_BY_TEXT = {
    "heredoc": f"COPY <<EOF /etc/pip.conf\n[global]\nindex-url = https://{SECRET}\nEOF",
    "heredoc-held": f"COPY <<EOF /etc/pip.conf\n[global]\ncache-dir = /{SECRET}\nEOF",
    "heredoc-unreadable": f"COPY <<EOF /etc/pip.conf\n{SECRET}\nEOF",
    "echo": f"RUN echo '[global]\\nindex-url = https://{SECRET}' > /etc/pip.conf",
    "echo-held": f"RUN echo '[install]\\ncompile = {SECRET}' > /etc/pip.conf",
    "tee": f"RUN echo '[global]\\nindex-url = https://{SECRET}' | tee /etc/pip.conf",
    "set": f"RUN pip config --global set global.index-url https://{SECRET}",
    "set-held": f"RUN pip config --global set global.cache-dir /{SECRET}",
}


@pytest.mark.parametrize("name", BROUGHT_BY_TEXT)
def test_no_secret_of_a_dockerfile_is_told(name: str) -> None:
    put("Dockerfile", f"FROM python:3.12-slim\n{BROUGHT_BY_TEXT[name]}\nRUN pip install flask\n")
    for name in FORMATS:
        _, out, err = run(ONE, "--output-format", name, "--no-diff" if name == "text" else "-q")
        if name == "json":
            told = json.loads(out)
            (file,) = told["files"]
            assert SECRET in file.pop("diff") or not file["changed"], "that has the line beside"
            out = json.dumps(told)
        assert SECRET not in out + err


@with_git
@pytest.mark.parametrize("name", PRIVATE)
def test_diff_without_private_lines_applies(name: str) -> None:
    put("Dockerfile")
    conf = put("pip.conf", PRIVATE[name])
    diff = run(ONE, "-q").out
    assert SECRET not in diff
    run(ONE, "--write")
    after = conf.read_bytes()
    put("pip.conf", PRIVATE[name])
    if not diff:
        return
    put("fix.patch", diff)
    # what is behind an insertion may not be shown there, so that nothing says where it belongs
    told = ["--unidiff-zero"] if name in ("comment", "no-final-newline") else []
    done = subprocess.run(
        ["git", "apply", *told, "fix.patch"], capture_output=True, check=False, text=True
    )
    assert not done.returncode, (done.stderr, diff)
    assert conf.read_bytes() == after


@with_patch
@pytest.mark.parametrize("name", PRIVATE)
def test_diff_without_private_lines_is_taken_by_patch(name: str) -> None:
    put("Dockerfile")
    conf = put("pip.conf", PRIVATE[name])
    diff = run(ONE, "-q").out
    run(ONE, "--write")
    after = conf.read_bytes()
    put("pip.conf", PRIVATE[name])
    if diff:
        subprocess.run(
            ["patch", "-p1", "--batch", "--binary"],
            input=diff.encode(),
            check=True,
            capture_output=True,
        )
    assert conf.read_bytes() == after


# -- machines, patches, pages ----------------------------------------------------------------------


def test_json_tells_what_kind_of_file_it_is() -> None:
    put("Dockerfile")
    put("pip.conf", CONF_FILE)
    told = json.loads(run("--select=pip-conf", "--output-format=json").out)
    assert [(each["path"], each["kind"], each["changed"]) for each in told["files"]] == [
        ("Dockerfile", "Dockerfile", False),
        ("pip.conf", CONF, True),
    ]
    assert told["totals"]["changed"] == 1
    conf = told["files"][1]
    assert conf["diff"] == DIFF.format("pip.conf")
    edits = [edit for each in conf["findings"] for edit in each["edits"]]
    assert "".join(edit["text"] for edit in edits) == DONE.removeprefix(CONF_FILE)


def test_patch_has_it() -> None:
    Path(".git").mkdir()
    put("app/Dockerfile")
    put("app/pip.conf", CONF_FILE)
    assert run(ONE, "--patch-dir=patches").err.endswith("patches/app.patch: 1 file, 2 fixes\n")
    assert Path("patches/app.patch").read_text().endswith(DIFF.format("app/pip.conf"))


def test_patch_of_what_lies_outside_is_refused(tmp_path: Path) -> None:
    put("outside/pip.conf", CONF_FILE)
    put("repo/Dockerfile")
    Path("repo/.git").mkdir()
    os.chdir("repo")
    code, _, err = run(ONE, "--patch-dir=patches", "--context=../outside")
    assert code == cli.USAGE
    assert "pip.conf is outside of" in err
    assert not Path("patches").exists()


def test_standard_input_has_the_context_of_its_name() -> None:
    put("app/pip.conf", CONF_FILE)
    name = "--stdin-filename=app/Dockerfile"
    text = DOCKERFILE.encode()
    assert run("-", ONE, stdin=text).out == DOCKERFILE
    assert run("-", ONE, name, stdin=text) == Ran(cli.OK, DOCKERFILE, "")
    assert run("-", ONE, name, "--diff", stdin=text).out == DIFF.format("app/pip.conf")
    assert run("-", ONE, name, "--check", stdin=text).code == cli.WOULD_CHANGE


# -- asking ----------------------------------------------------------------------------------------


def test_it_asks_for_fixes_of_other_files() -> None:
    put("Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    code, out, err = run(ONE, "--interactive", stdin=b"n\ny\n", terminal=True)
    assert code == cli.OK
    assert "[1/1] Dockerfile: pip.conf:1:1: pip-conf: these settings do not turn off" in out
    assert "pypi.example.com" not in out
    assert conf.read_text() == CONF_FILE + "\n[install]\ncompile = no\n"
    assert "1 other file changed" in err
    assert err.endswith("1 taken, 1 skipped\n")


def test_refused_once_it_is_left_for_all() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    told = run(ONE, "--interactive", "--context=.", stdin=b"y\ny\nn\ny\n", terminal=True)
    assert conf.read_text() == CONF_FILE + "\n[install]\ncompile = no\n"
    assert f"b{os.sep}Dockerfile reads this file too" in told.err


def test_quitting_leaves_other_files() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    conf = put("pip.conf", CONF_FILE)
    told = run(ONE, "--interactive", "--context=.", stdin=b"y\nq\n", terminal=True)
    assert conf.read_text() == CONF_FILE
    assert told.err.endswith("1 file not looked at, so 1 other file is as before\n")


# -- the keys in any file --------------------------------------------------------------------------

NAMES = st.sampled_from(["global", "install", "list", "wheel"])
LINES = st.one_of(
    NAMES.map("[{}]".format),
    NAMES.map("  [{}]".format),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "  ", "\t"]),
        st.sampled_from(["index-url", "Timeout", "no_cache_dir", "cache-dir", "compile", "x y"]),
        st.sampled_from([" = ", "=", ": ", ":", " ="]),
        st.sampled_from(["", "1", "yes", "https://a.b/c=d", "x ; y", "[z]"]),
    ),
    st.sampled_from(["", "  ", "# c", "; c", "    continued", "  # c", "[open", "bare"]),
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n"])


@given(st.lists(LINES, max_size=9), ENDS, st.booleans())
def test_key_is_added_to_any_file_or_to_none(lines: list[str], end: str, ends: bool) -> None:
    text = end.join(lines) + (end if ends and lines else "")
    was = read_settings(text)
    for section, key, value in (("global", CACHE, "True"), ("install", COMPILE, "no")):
        edit = completed(text, section, key, value)
        if edit is None:
            continue
        assert edit.start == edit.end
        after = apply(text, [edit])
        now = read_settings(after)
        assert not isinstance(was, Unreadable)
        assert not isinstance(now, Unreadable)
        assert {**was, (section, key): value} == now
        assert after.count("\r\n") - text.count("\r\n") in (0, edit.text.count("\n"))
        assert not text or after.endswith("\n") == text.endswith("\n")
        found = read_settings(after)
        assert not isinstance(found, Unreadable)
        assert said(found, section, key) == value


def test_key_is_added_to_nearly_every_file() -> None:
    """What no place is found for is what pip cannot read, or what has the key."""
    texts = ["", "# c\n", "[global]\n", "[global]\na=1", "[list]\na = 1\n\n[global]\n  b: 2\n"]
    for text in texts:
        assert completed(text, "global", CACHE, "True") is not None, text
    assert completed("[global]", "global", CACHE, "True") is None
    assert completed("[global]\na = 1\r\n", "global", CACHE, "True") is None


# -- the proof -------------------------------------------------------------------------------------


def step(edits: tuple[Edit, ...], kind: str = CONF, *, lines: tuple[str, ...] = ()) -> Step:
    """Give a pass that makes these edits of pip.conf, or with `lines` of the Dockerfile, once."""

    def find(document: Document, facts: Facts) -> Iterator[Finding]:
        fix = Fix("do it", Safety.SAFE, edits, lines=lines)
        if lines:
            if document.text == HEREDOC:
                yield Finding("broken", Span(0, 0), "a fault", fix)
            return
        assert facts.context is not None
        text = facts.context.read("/etc/pip.conf", 2)
        assert not isinstance(text, tuple) or hasattr(text, "text")
        if getattr(text, "text", "") == CONF_FILE:
            other = Elsewhere("pip.conf", CONF_FILE, kind, Span(0, 0))
            yield Finding("broken", Span(0, 0), "a fault", fix, elsewhere=other)

    return made("broken", find)


END = len(CONF_FILE)
BROKEN = {
    "value-changed": (Edit(END - 1, END - 1, "x"),),
    "key-taken-out": (Edit(9, END, ""), Edit(0, 0, "[install]\ncompile = no\n")),
    "another-key": (Edit(END, END, "proxy = x\n"),),
    "another-section": (Edit(END, END, "[list]\nno-cache-dir = True\n"),),
    "section-twice": (Edit(END, END, "[global]\nno-cache-dir = True\n"),),
    "comment-taken-out": (Edit(0, 8, "[global]"), Edit(END, END, "no-cache-dir = True")),
    "newline-added": (Edit(END, END, "no-cache-dir = True\r\n"),),
    "nothing-added": (Edit(END, END, "\n"),),
}


@pytest.mark.parametrize("name", BROKEN)
def test_proof_refuses_more_than_our_keys(name: str) -> None:
    put("pip.conf", CONF_FILE)
    folder = ContextFolder("Dockerfile")
    choice = Choice(frozenset(("broken",)))
    outcome = rewrite(DOCKERFILE, choice, steps=(step(BROKEN[name]),), folder=folder)
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "broken"
    assert outcome.problem.reason.startswith("the proof failed")
    assert not outcome.others


def test_proof_refuses_a_kind_that_it_does_not_know() -> None:
    put("pip.conf", CONF_FILE)
    broken = step((Edit(END, END, "no-cache-dir = True\n"),), SCRIPT)
    choice = Choice(frozenset(("broken",)))
    outcome = rewrite(DOCKERFILE, choice, steps=(broken,), folder=ContextFolder("Dockerfile"))
    assert outcome.problem is not None


HEREDOC = (
    "FROM python:3.12-slim\nCOPY <<EOF /etc/pip.conf\n[global]\ntimeout = 60\nEOF\n"
    "COPY <<EOF /etc/motd\nhello\nEOF\nRUN pip install flask\n"
)
AT = HEREDOC.index("EOF\nCOPY")
KEY = "no-cache-dir = True"
UNDECLARED = {
    "not-declared": (Edit(AT, AT, f"{KEY}\ncompile = no\n"), (KEY,)),
    "another-key": (Edit(AT, AT, "proxy = x\n"), ("proxy = x",)),
    "amid-a-line": (Edit(AT - 1, AT - 1, f"\n{KEY}"), (KEY,)),
    "no-whole-line": (Edit(AT, AT, KEY), (KEY,)),
    "line-taken-out": (Edit(AT - len("timeout = 60\n"), AT, f"{KEY}\n"), (KEY,)),
    "end-of-data": (Edit(AT, AT, f"{KEY}\nEOF\nRUN true\nCOPY <<EOF /x\n"), (KEY, "EOF")),
    "other-data": (
        Edit(HEREDOC.index("hello"), HEREDOC.index("hello"), "[install]\ncompile = no\n"),
        ("[install]", "compile = no"),
    ),
    "destination": (Edit(HEREDOC.index(" /etc/pip"), HEREDOC.index(" /etc/pip"), " a"), (KEY,)),
}


@pytest.mark.parametrize("name", UNDECLARED)
def test_proof_refuses_other_data_in_a_heredoc(name: str) -> None:
    edit, lines = UNDECLARED[name]
    choice = Choice(frozenset(("broken",)))
    outcome = rewrite(HEREDOC, choice, steps=(step((edit,), lines=lines),))
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "broken"
    assert not outcome.changed


def test_proof_takes_lines_that_are_told() -> None:
    choice = Choice(frozenset(("broken",)))
    told = step((Edit(AT, AT, f"{KEY}\n"),), lines=(KEY,))
    outcome = rewrite(HEREDOC, choice, steps=(told,))
    assert outcome.problem is None
    assert outcome.after == HEREDOC[:AT] + f"{KEY}\n" + HEREDOC[AT:]
