"""Scripts that builds run: followed, mended where that is right for all, and else left alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from calls import Ran, put, run
from hypothesis import given, settings
from hypothesis import strategies as st
from made import made

from pipslim import Choice, cli, decode, rewrite
from pipslim.carriers.scripts.comments import script_pragmas
from pipslim.carriers.scripts.follow import follow
from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.facts.scripts import Where, expanded
from pipslim.fixes.base import SCRIPT, Elsewhere, Finding, Fix, Safety
from pipslim.report.formats import FORMATS
from pipslim.rewrite.scripts import differs
from pipslim.syntax.document import Document
from pipslim.syntax.edits import Edit, Patch, apply
from pipslim.syntax.forms import json_strings
from pipslim.syntax.parser import parse
from pipslim.syntax.script import HOLE
from pipslim.syntax.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus import Corpus

    from pipslim.rewrite.engine import Offer, Report

CASES = Path(__file__).parents[1] / "fixtures" / "_carriers" / "script"
FOLLOW = ("--follow", "--select=pip-cache,strict-purge")
DOCKERFILE = "FROM python:3.12-slim\nCOPY install.sh /\nRUN /install.sh\n"
MOUNTED = DOCKERFILE.replace("RUN", "RUN --mount=type=cache,target=/root/.cache/pip")
SCRIPT_FILE = "#!/bin/sh\npip install flask\n"
DONE = "#!/bin/sh\npip install --no-cache-dir flask\n"
with_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
with_links = pytest.mark.skipif(os.name == "nt", reason="links need a right of their own here")
with_modes = pytest.mark.skipif(os.name == "nt", reason="files have no such mode here")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def files(top: Path) -> dict[str, bytes]:
    """Give the files below a folder, by their paths seen from it."""
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def told(err: str) -> list[str]:
    """Give what a run tells of single places."""
    lines = [line.strip() for line in err.splitlines() if line.startswith("  ")]
    return [line for line in lines if line.split(":")[1].isdecimal()]


# -- the cases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_case(case: Path, folder: Path) -> None:
    shutil.copytree(case / "before", folder / "build")
    before = files(case / "before")
    changed = files(case / "after") if (case / "after").is_dir() else {}
    assert all(before[path] != text for path, text in changed.items())

    dry = run(*FOLLOW, "build", "--diff")
    assert dry.code == cli.OK
    assert files(folder / "build") == before, "a dry run writes nothing"
    golden = case / "told.txt"
    expected = golden.read_text().splitlines() if golden.exists() else []
    assert [line.replace("\\", "/") for line in told(dry.err)] == [f"build/{e}" for e in expected]

    plain = run(FOLLOW[1], "build", "--check")
    scripts = [path for path in changed if path != "Dockerfile"]
    assert plain.code == (cli.WOULD_CHANGE if len(changed) > len(scripts) else cli.OK)
    assert not any(path in plain.out + plain.err for path in scripts), "nothing without --follow"

    assert run(*FOLLOW, "build", "--write").code == cli.OK
    assert files(folder / "build") == {**before, **changed}
    again = run(*FOLLOW, "build", "--check")
    assert (again.code, again.out) == (cli.OK, ""), "a second run changes nothing"


@with_git
@pytest.mark.parametrize(
    "name", ["script-in-a-script", "no-newline-at-the-end", "purge-in-the-script"]
)
def test_git_takes_the_diff(name: str, folder: Path) -> None:
    shutil.copytree(CASES / name / "before", folder / "build")
    diff = run(*FOLLOW, "build").out
    subprocess.run(["git", "apply"], input=diff.encode(), check=True)
    assert files(folder / "build") == {
        **files(CASES / name / "before"),
        **files(CASES / name / "after"),
    }


# -- what a run does with a script -----------------------------------------------------------------


def test_script_is_part_of_the_diff_and_of_the_account() -> None:
    put("app/Dockerfile", DOCKERFILE)
    put("app/install.sh", SCRIPT_FILE)
    diff = (
        "--- a/app/install.sh\n+++ b/app/install.sh\n@@ -1,2 +1,2 @@\n #!/bin/sh\n"
        "-pip install flask\n+pip install --no-cache-dir flask\n"
    )
    account = "1 file read, 0 would change, 1 other file would change\n  pip-cache: 1 to fix\n"
    assert run(*FOLLOW) == Ran(cli.OK, diff, account)
    assert run(*FOLLOW, "--check").code == cli.WOULD_CHANGE
    assert run(FOLLOW[1], "--check") == Ran(cli.OK, "", "1 file read, 0 would change\n")


@with_modes
def test_write_keeps_the_executable_bit() -> None:
    put("Dockerfile", DOCKERFILE)
    script = put("install.sh", SCRIPT_FILE)
    script.chmod(0o755)
    assert run(*FOLLOW, "--write").code == cli.OK
    assert script.read_text() == DONE
    assert script.stat().st_mode & 0o777 == 0o755


def test_setting_follows_and_the_call_decides() -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    put("pipslim.toml", 'follow = true\nselect = ["pip-cache"]\n')
    assert run("--check").code == cli.WOULD_CHANGE
    assert run("--check", "--no-follow").code == cli.OK
    put("pipslim.toml", 'follow = "yes"\n')
    bad = run("--check")
    assert bad.code == cli.USAGE
    assert bad.err.startswith("pipslim.toml:1:10: ")


def test_variable_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    monkeypatch.setenv("PIPSLIM_FOLLOW", "1")
    assert run("--check", FOLLOW[1]).code == cli.WOULD_CHANGE


def test_context_is_that_of_the_call() -> None:
    put("docker/Dockerfile", DOCKERFILE.replace("install.sh /", "tools/install.sh /", 1))
    script = put("tools/install.sh", SCRIPT_FILE)
    missing = run(*FOLLOW)
    what = "pip calls in a script that is not there may leave their cache in the layer"
    why = "it is not in the build context; name that by --context"
    assert told(missing.err) == [f"{Path('docker/Dockerfile')}:3:5: pip-cache: {what}; {why}"]
    assert run(*FOLLOW, "--context=.", "--write").code == cli.OK
    assert script.read_text() == DONE


def test_comment_silences_what_is_told_of_a_missing_script() -> None:
    put("Dockerfile", DOCKERFILE.replace("RUN", "# pipslim: ignore[pip-cache]\nRUN"))
    assert run(*FOLLOW) == Ran(cli.OK, "", "1 file read, 0 would change\n")
    assert "ignore comment silences nothing" in run(FOLLOW[1]).err


def test_comment_in_the_script_that_is_of_no_use_is_told() -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", "pip install a\n# pipslim: ignore\ntrue\n# pipslim: ignore[none]\ntrue\n")
    err = run(*FOLLOW).err
    assert "install.sh:2:1: ignore comment silences nothing; remove it" in err
    assert "install.sh:4:1: ignore comment names no pass: none; see `pipslim rules`" in err


def test_comment_in_a_script_that_has_nothing_else_to_tell() -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", "true  # pipslim: ignore\n")
    err = run(*FOLLOW).err
    assert "install.sh:1:7: ignore comment silences nothing; remove it" in err


def test_comment_of_the_dockerfile_that_silences_a_script_is_of_use() -> None:
    put("Dockerfile", DOCKERFILE.replace("RUN", "# pipslim: ignore\nRUN"))
    put("install.sh", SCRIPT_FILE)
    assert run(*FOLLOW) == Ran(cli.OK, "", "1 file read, 0 would change\n")


# -- a script that several Dockerfiles run ---------------------------------------------------------


def test_all_agree() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", DOCKERFILE.replace("RUN /", "RUN bash -e /"))
    script = put("install.sh", SCRIPT_FILE)
    ran = run(*FOLLOW, "--context=.", "--write")
    assert ran.err == "2 files read, 0 changed, 1 other file changed\n  pip-cache: 1 fixed\n"
    assert script.read_text() == DONE


def test_one_has_a_cache_mount() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", MOUNTED)
    put("install.sh", SCRIPT_FILE)
    ran = run(*FOLLOW, "--context=.")
    held = f"{Path('b/Dockerfile')} reads this file too, and is not to have that"
    assert told(ran.err) == [
        f"install.sh:2:1: pip-cache: `pip install` leaves its cache in the layer; {held}"
    ]
    assert ran.out == ""


def test_one_leaves_the_pass_out() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", DOCKERFILE)
    put("b/pipslim.toml", 'ignore = ["pip-cache"]\n')
    put("install.sh", SCRIPT_FILE)
    ran = run("--follow", "--ignore=bytecode", "--context=.", "--check")
    assert f"{Path('b/Dockerfile')} reads this file too" in ran.err
    assert "install.sh\n" not in ran.out


def test_one_does_not_follow() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("a/pipslim.toml", "follow = true\n")
    put("b/Dockerfile", MOUNTED)
    put("install.sh", SCRIPT_FILE)
    ran = run(FOLLOW[1], "--context=.")
    assert f"{Path('b/Dockerfile')} reads this file too" in ran.err
    assert ran.out == ""


def test_variable_that_is_known_at_one_place_alone() -> None:
    stage = "FROM python:3.12-slim\n{}COPY install.sh /\nRUN sh /install.sh\n"
    put("Dockerfile", stage.format("ENV PY=python3\n") + stage.format(""))
    put("install.sh", "$PY -m pip install flask\n")
    why = "a pip call that cannot be followed may leave its cache in the layer; the value of $PY"
    assert told(run(*FOLLOW).err) == [f"install.sh:1:1: pip-cache: {why} is not known"]
    put("Dockerfile", stage.format("ENV PY=python3\n") + stage.format("ENV PY=python\n"))
    assert "+$PY -m pip install --no-cache-dir flask" in run(*FOLLOW).out


CLEANS = "FROM python:3.12-slim\nRUN pip install a\nCOPY clean.sh /\nRUN sh /clean.sh\n"
OTHER_STAGE = "FROM python:3.12-slim\nRUN pip install b\n"


def test_script_that_needs_the_cache_keeps_it() -> None:
    put("Dockerfile", CLEANS + OTHER_STAGE)
    put("clean.sh", "set -e\nchown -R app /root/.cache/pip\npip install c\n")
    for more in ((), ("--write",)):
        ran = run(*FOLLOW, *more)
        why = "needs the cache: `chown` fails where there is none"
        what = "pip-cache: `pip install` leaves its cache in the layer"
        assert told(ran.err) == [
            f"Dockerfile:2:5: {what}; line 2 of clean.sh {why}",
            f"clean.sh:3:1: {what}; line 2 {why}",
        ]
    after = OTHER_STAGE.replace("install", "install --no-cache-dir")
    assert Path("Dockerfile").read_text() == CLEANS + after
    assert run(*FOLLOW, "--check").code == cli.OK


def test_script_that_needs_the_cache_of_the_stage_below() -> None:
    base = "FROM python:3.12-slim AS base\nRUN pip install a\n"
    clean = "FROM base\nCOPY clean.sh /\nRUN sh /clean.sh\n"
    put("Dockerfile", base + clean + "FROM base AS other\nRUN pip install b\n")
    put("clean.sh", "ls /root/.cache/pip\n")
    ran = run(*FOLLOW)
    assert [line.partition(": ")[0] for line in told(ran.err)] == ["Dockerfile:2:5"]
    assert "+RUN pip install --no-cache-dir b\n" in ran.out


def test_script_that_has_pip_purge_its_cache_keeps_settings_away() -> None:
    put("Dockerfile", CLEANS)
    put("clean.sh", "set -e\npip install --no-cache-dir c\npip cache purge\n")
    ran = run("--follow", "--ignore=bytecode", "--write")
    why = "line 3 of clean.sh needs the cache: `pip cache` fails where settings turn it off"
    assert f"; {why}\n" in ran.err
    assert Path("Dockerfile").read_text() == CLEANS.replace("install", "install --no-cache-dir")
    assert run("--follow", "--ignore=bytecode", "--check").code == cli.OK


def test_script_that_removes_the_cache_is_mended_instead() -> None:
    put("Dockerfile", CLEANS)
    script = put("clean.sh", "set -e\nrm -r /root/.cache/pip\n")
    assert run(*FOLLOW, "--write").code == cli.OK
    assert Path("Dockerfile").read_text() == CLEANS.replace("install", "install --no-cache-dir")
    assert script.read_text() == "set -e\nrm -f -r /root/.cache/pip\n"


def test_script_that_may_not_be_mended_keeps_the_cache() -> None:
    put("Dockerfile", CLEANS)
    put("clean.sh", "set -e\nrm -r /root/.cache/pip # pipslim: ignore\n")
    assert run(*FOLLOW, "--check").code == cli.OK


# -- links -----------------------------------------------------------------------------------------


@with_links
def test_link_within_the_context_is_followed() -> None:
    put("Dockerfile", DOCKERFILE + "COPY tools/install.sh /x.sh\nRUN sh /x.sh\n")
    script = put("tools/install.sh", SCRIPT_FILE)
    Path("install.sh").symlink_to(script)
    ran = run(*FOLLOW, "--write")
    assert ran.err == "1 file read, 0 changed, 1 other file changed\n  pip-cache: 1 fixed\n"
    assert script.read_text() == DONE
    assert Path("install.sh").is_symlink()


@with_links
def test_link_out_of_the_context_is_not() -> None:
    put("app/Dockerfile", DOCKERFILE)
    Path("app/install.sh").symlink_to(put("install.sh", SCRIPT_FILE).absolute())
    what = "pip calls in a script that is not followed may leave their cache in the layer"
    place = f"{Path('app/Dockerfile')}:3:5"
    why = "it leads out of the build context"
    assert told(run(*FOLLOW).err) == [f"{place}: pip-cache: {what}; {why}"]


# -- asking ----------------------------------------------------------------------------------------


def test_it_is_asked_for() -> None:
    put("Dockerfile", DOCKERFILE)
    script = put("install.sh", SCRIPT_FILE + "pip install more\n")
    code, out, err = run(*FOLLOW, "--interactive", stdin=b"n\ny\n", terminal=True)
    assert code == cli.OK
    assert "[1/1] Dockerfile: install.sh:2:1: pip-cache: `pip install` leaves its cache" in out
    assert script.read_text() == SCRIPT_FILE + "pip install --no-cache-dir more\n"
    assert err.endswith("1 taken, 1 skipped\n")


def test_refused_once_it_is_left_for_all() -> None:
    put("a/Dockerfile", DOCKERFILE)
    put("b/Dockerfile", DOCKERFILE)
    script = put("install.sh", SCRIPT_FILE)
    told = run(*FOLLOW, "--interactive", "--context=.", stdin=b"y\nn\n", terminal=True)
    assert script.read_text() == SCRIPT_FILE
    assert f"b{os.sep}Dockerfile reads this file too" in told.err


# -- outputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", FORMATS)
def test_formats_name_the_script(format_: str) -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    ran = run(*FOLLOW, "--output-format", format_)
    assert ran.code == cli.OK
    assert "install.sh" in ran.out
    assert "Traceback" not in ran.err


def test_json_says_what_it_is() -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    found = json.loads(run(*FOLLOW, "--output-format=json").out)["files"]
    assert [(each["path"], each["kind"]) for each in found] == [
        ("Dockerfile", "Dockerfile"),
        ("install.sh", SCRIPT),
    ]
    [edit] = found[1]["findings"][0]["edits"]
    assert edit["text"] == " --no-cache-dir"


def test_page_shows_the_lines_of_a_script() -> None:
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    run(*FOLLOW, "--report=page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<h1>1 of 2 files would change</h1>" in page
    assert "#!/bin/sh" in page


def test_standard_input_has_the_context_of_its_name() -> None:
    put("install.sh", SCRIPT_FILE)
    named = ("--stdin-filename=Dockerfile", "-")
    assert run(*FOLLOW, *named, stdin=DOCKERFILE.encode()).out == DOCKERFILE
    assert "+++ b/install.sh" in run(*FOLLOW, "--diff", *named, stdin=DOCKERFILE.encode()).out
    assert run(*FOLLOW, "--check", *named, stdin=DOCKERFILE.encode()).code == cli.WOULD_CHANGE
    assert run(*FOLLOW, "--diff", "-", stdin=DOCKERFILE.encode()) == Ran(cli.OK, "", "")


def test_processes_give_the_same() -> None:
    for name in "abcdef":
        put(f"{name}/Dockerfile", DOCKERFILE)
        put(f"{name}/install.sh", SCRIPT_FILE)
    assert run(*FOLLOW, "--jobs=2") == run(*FOLLOW, "--jobs=1")


def test_plain_run_does_without() -> None:
    program = (
        "import sys; from pipslim.cli import main; main(['fix', 'Dockerfile']);"
        "sys.exit(any(name.startswith('pipslim.carriers') for name in sys.modules))"
    )
    put("Dockerfile", DOCKERFILE)
    put("install.sh", SCRIPT_FILE)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


# -- the proof -------------------------------------------------------------------------------------

TEXT = "#!/bin/sh\n# note\npip install a || true && false # why\ncat <<EOF\ndata\nEOF\n"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("install", "download", "words were removed"),
        ("# note\n", "", "words were removed"),
        (" # why", "", "words were removed"),
        ("|| true ", "", "words were removed"),
        ("&&", "||", "another construct"),
        ("data", "other", "words were removed"),
    ],
)
def test_proof_refuses_what_takes_out(old: str, new: str, why: str) -> None:
    at = TEXT.index(old)
    assert why in differs(Patch.of(TEXT).then([Edit(at, at + len(old), new)]))


@pytest.mark.parametrize(
    ("ahead", "new"),
    [
        ("# note", "# more\n"),
        ("note", "no "),
        ("pip", "rm x; "),
        ("pip", "rm x\n"),
        ("pip", "sudo "),
        ("pip", "A=1 "),
        ("pip", "if "),
        ("a ||", "b && c "),
        ("a ||", "> b "),
        ("a ||", "b"),
        ("data", "more "),
        ("why", "pip "),
        ("cat", "}"),
    ],
)
def test_proof_refuses_what_puts_in_more_than_words(ahead: str, new: str) -> None:
    at = TEXT.index(ahead)
    assert differs(Patch.of(TEXT).then([Edit(at, at, new)]))


def test_proof_takes_words() -> None:
    at = TEXT.index(" a")
    assert differs(Patch.of(TEXT).then([Edit(at, at, " --no-cache-dir")])) == ""


class _Files(NamedTuple):
    """A build context in memory."""

    texts: dict[str, str]

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def is_folder(self, path: str) -> bool:
        return any(each.startswith(f"{path}/") for each in self.texts) or not path

    def match(self, pattern: str) -> list[str]:
        return [pattern]


def ruin(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a fix that makes another command of the first pip call."""
    del facts
    at = document.text.find("pip install flask")
    if at >= 0:
        fix = Fix("ruin it", Safety.SAFE, (Edit(at, at + 3, "rm"),))
        yield Finding("pip-cache", Span(at, at + 3), "it stands", fix)


def test_pass_that_ruins_a_script_is_named() -> None:
    choice = Choice(frozenset(("pip-cache",)))
    outcome = follow(
        rewrite(DOCKERFILE, choice),
        choice,
        _Files({"install.sh": SCRIPT_FILE}),
        steps=[made("pip-cache", ruin)],
    )
    assert not outcome.changed
    assert outcome.problem is not None
    assert outcome.problem.pass_id == "pip-cache"
    assert outcome.problem.reason.startswith("the proof failed: ")


# -- any text --------------------------------------------------------------------------------------

_LINES = st.sampled_from(
    [
        "pip install a",
        "pip install b \\\n    c",
        "  pip3 download d # not this",
        "# pip install e",
        "true && pip install f || pip wheel g; echo h",
        "for x in 1 2; do pip install $x; done",
        "if true; then\n  pip install i\nelse pip install j; fi",
        'k() {\n  pip install "$@"\n}\nk l m',
        "cat <<END >/dev/null\npip install n\nEND",
        "echo 'pip install o'",
        "(pip install p)",
        "Q=$(pip install q)",
        "bash -c 'pip install r'",
        "pip install --no-cache-dir s",
        "",
    ]
)
STUB = """\
pip() { printf '<%s>' "$@"; echo; }
pip3() { pip "$@"; }
export -f pip pip3
"""


def mended(text: str) -> str:
    """Give a script with what is proposed for it."""
    choice = Choice(frozenset(("pip-cache", "strict-purge")))
    folder = _Files({"install.sh": text})
    outcome = follow(rewrite(DOCKERFILE, choice, folder=folder), choice, folder)
    assert outcome.problem is None
    assert outcome.after == DOCKERFILE
    for other in outcome.others:
        return apply(other.text, [edit for each in other.reports for edit in each.edits])
    return text


@with_bash
@settings(max_examples=40, deadline=None)
@given(st.lists(_LINES, min_size=1, max_size=8))
def test_script_does_the_same_with_the_flag(lines: list[str]) -> None:
    before = "#!/bin/bash\n" + "\n".join(lines) + "\n"
    after = mended(before)
    ran = [
        subprocess.run(["bash", "-c", STUB + each], capture_output=True, check=False).stdout
        for each in (before, after)
    ]
    flag = b"<--no-cache-dir>"
    assert ran[0].replace(flag, b"") == ran[1].replace(flag, b"")
    called = [line for line in ran[1].splitlines() if line.startswith(b"<")]
    assert all(flag in line for line in called), "every call that a shell makes has it"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.lists(_LINES).map(" ".join), st.lists(_LINES).map("\n".join)))
def test_any_text_is_itself_but_for_the_flag(text: str) -> None:
    after = mended(text)
    if after != text:
        assert after.replace(" --no-cache-dir", "") == text.replace(" --no-cache-dir", "")
    script_pragmas(text)


# -- a script does what a RUN does -----------------------------------------------------------------


def moved(document: Document) -> tuple[str, dict[str, str], dict[str, Span]]:
    """Give a Dockerfile whose RUNs read what they ran from scripts; those, and where it stood."""
    facts = Facts(document, Options())
    files: dict[str, str] = {}
    spans: dict[str, Span] = {}
    parts: list[str] = []
    done = 0
    for number, each in enumerate(document.instructions):
        text = each.view.text
        if each.keyword != "RUN" or each.heredocs or text.startswith("--", each.args):
            continue
        if facts.stages.of(number) is None or json_strings(text, each.args) is not None:
            continue
        if not facts.posix(number) or HOLE in text:
            continue
        name = f"run-{number}.sh"
        files[name] = text[each.args :] + "\n"
        spans[name] = Span(each.start, each.end)
        mount = f"--mount=type=bind,source={name},target=/{name}"
        parts += [document.text[done : each.start], f"RUN {mount} . /{name}"]
        done = each.end
    return "".join([*parts, document.text[done:]]), files, spans


def unlike(text: str) -> list[str]:
    """Give how what is told and fixed in scripts differs from the same in RUNs, if it does."""
    document = parse(text)
    choice = Choice(frozenset(("pip-cache", "strict-purge")))
    direct = rewrite(text, choice)
    if not isinstance(document, Document) or direct.problem or "\r" in text or "pipslim:" in text:
        return []
    without, files, spans = moved(document)
    folder = _Files(files)
    outcome = follow(rewrite(without, choice, folder=folder), choice, folder)
    if outcome.problem:
        return [outcome.problem.reason]
    told = {other.path: map(_told, other.reports) for other in outcome.others}
    found = []
    for name, (start, end) in spans.items():
        wanted = sorted(_told(each) for each in direct.reports if start <= each.offset < end)
        got = sorted(told.get(name, ()))
        if wanted != got:
            found.append(f"{files[name]!r}: {wanted} in a RUN, {got} in a script")
    return found


def _told(report: Report) -> tuple[str, str, str, str]:
    """Give what a report says, wherever it stands."""
    held = re.sub(r"line \d+(?: of (?:the )?\S+)?", "line", report.held)
    return report.pass_id, report.message, report.fixed, held


@pytest.mark.parametrize("pass_id", ["pip-cache", "strict-purge"])
def test_script_gets_what_a_run_gets(pass_id: str) -> None:
    texts = [decode(path.read_bytes()) for path in CASES.parents[1].glob(f"{pass_id}/*/before.*")]
    assert texts
    assert [each for text in texts for each in unlike(text)] == []


@pytest.mark.corpus
def test_script_gets_what_a_run_gets_in_real_files(corpus: Corpus) -> None:
    texts = [decode(path.read_bytes()) for path in corpus.pip[::5]]
    assert [each for text in texts for each in unlike(text)] == []


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("lib/a.sh", "lib/a.sh"),
        ('"$(dirname "$0")/a.sh"', "/opt/tools/a.sh"),
        ('"$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"/a.sh', "/opt/tools/a.sh"),
        ("`dirname $0`/a.sh", "/opt/tools/a.sh"),
        ('$(cd "$(dirname "${BASH_SOURCE[0]}")/.." >/dev/null 2>&1 && pwd)', "/opt/tools/.."),
        ("${0%/*}/a.sh", "/opt/tools/a.sh"),
        ("$PWD/a.sh", "/work/a.sh"),
        ("$(pwd)/a.sh", "/work/a.sh"),
        ("${TOOLS}/a.sh", "/t/a.sh"),
        ("${NONE:-/x}/a.sh", "/x/a.sh"),
        ("$NONE/a.sh", None),
        ("$(which a.sh)", None),
        ("'$TOOLS'/a.sh", None),
        ("a*.sh", None),
        (r"a\ b.sh", None),
    ],
)
def test_words_that_name_scripts(raw: str, path: str | None) -> None:
    where = Where("/work", "/opt/tools/run.sh", {"TOOLS": "/t"})
    assert expanded(raw, where) == path


HERE, THERE = "here.sh", "there.sh"


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("./install.sh", HERE),
        ("cd /a && ./install.sh", THERE),
        ("cd ../a && ./install.sh", THERE),
        ("cd /a && cd .. && w/install.sh", HERE),
        ("cd /a || exit 1; ./install.sh", THERE),
        ("(cd /a && ./install.sh)", THERE),
        ("(cd /a) && ./install.sh", HERE),
        ("(cd /a); (./install.sh)", HERE),
        ("(cd /a; (cd /; a/install.sh); ./nothing.sh); ./install.sh", f"{HERE} {THERE}"),
        ("bash -c 'cd /a' && ./install.sh", HERE),
        ("bash -c 'cd /a && ./install.sh'", THERE),
        ("pushd /a && ./install.sh", THERE),
        ("pushd /a && popd && ./install.sh", ""),
        ("X=/a; cd $X && ./install.sh", THERE),
        ("X=/a; X=/w; cd $X && ./install.sh", ""),
        ("cd $X && ./install.sh", ""),
        ("cd $(mktemp -d) && ./install.sh", ""),
        ("cd && ./install.sh", ""),
        ("cd - && ./install.sh", ""),
        ("true || cd /a; ./install.sh", ""),
        ("if true; then cd /a; fi; ./install.sh", ""),
        ("go() { cd /a; }; go; ./install.sh", ""),
        ("go() { ./install.sh; }; go", HERE),
        ("sudo -i ./install.sh", ""),
        ("sudo -H ./install.sh", HERE),
        ("su - app -c './install.sh'", ""),
        ("su app -c './install.sh'", HERE),
        ("env -C /a ./install.sh", ""),
        ("env A=1 ./install.sh", HERE),
        (". ./go.sh && ./install.sh", ""),
        ("./go.sh && ./install.sh", HERE),
        ("sh -c ./install.sh", HERE),
        ("sh -s ./install.sh", ""),
        ("sh -x +e -o errexit -- ./install.sh", HERE),
        ("bash --norc --rcfile /x ./install.sh", HERE),
        ("install.sh", ""),
        ("sh install.sh", HERE),
        ("echo ./install.sh", ""),
        ("[ -x ./install.sh ]", ""),
        ("$(./install.sh) 2>&1", ""),
    ],
)
def test_working_directory(command: str, changed: str) -> None:
    brings = f"COPY {HERE} /w/install.sh\nCOPY {THERE} /a/install.sh\nCOPY go.sh /w/\n"
    put("Dockerfile", f"FROM python:3.12-slim\nWORKDIR /w\n{brings}RUN {command}\n")
    put("go.sh", "cd /a\n")
    scripts = [put(name, SCRIPT_FILE) for name in (HERE, THERE)]
    assert run(*FOLLOW, "--write").code == cli.OK
    assert [each.name for each in scripts if each.read_text() == DONE] == changed.split()


def test_elsewhere_names_the_script() -> None:
    choice = Choice(frozenset(("pip-cache",)))
    seen: list[Elsewhere | None] = []

    def accept(offer: Offer) -> bool:
        seen.append(offer.finding.elsewhere)
        return False

    folder = _Files({"install.sh": SCRIPT_FILE})
    outcome = follow(rewrite(DOCKERFILE, choice), choice, folder, accept)
    assert seen == [Elsewhere("install.sh", SCRIPT_FILE, SCRIPT, Span(10, 21))]
    assert not any(each.fixed for other in outcome.others for each in other.reports)
