"""`pipslim fix --patch-dir`: how files are grouped, what a patch holds, and that it applies."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from codeowners import CodeOwners
from hypothesis import given, settings
from hypothesis import strategies as st

from pipslim import cli
from pipslim.files import disk
from pipslim.files.root import below, root
from pipslim.passes import IDS
from pipslim.review.groups import names
from pipslim.review.owners import PLACES, Owners, read

MONOREPO = Path(__file__).parents[1] / "fixtures" / "monorepo"
BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
AFTER = b"FROM python:3.12-slim\nRUN pip install --no-cache-dir flask\n"
HELD = b"FROM python:3.12-slim\nRUN pip install --cache-dir=/c flask\n"
ONE = "--select=pip-cache"

with_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
with_patch = pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")


class Ran(NamedTuple):
    """How a run ended: its exit code, and what it printed on either stream."""

    code: int
    out: bytes
    err: str


def run(*argv: str, patches: str = "patches") -> Ran:
    """Run the command line so that it writes patches."""
    out, err = io.BytesIO(), io.StringIO()
    told = [f"--patch-dir={patches}"] if patches else []
    code = cli.main(["fix", *told, *argv], cli.Streams(io.BytesIO(), out, err))
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one, the top of a work tree."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes | str = BEFORE) -> Path:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def patches(folder: str = "patches") -> dict[str, list[str]]:
    """Give the patches that are there, each with the files that it changes."""
    return {
        path.name: re.findall(r"(?m)^\+\+\+ b/(.*?)\t?$", path.read_text(encoding="utf-8"))
        for path in sorted(Path(folder).glob("*.patch"))
    }


def index(folder: str = "patches") -> list[dict[str, Any]]:
    """Give what the index lists."""
    told = json.loads(Path(folder, "patches.json").read_bytes())
    assert told["version"] == 1
    listed: list[dict[str, Any]] = told["patches"]
    return listed


# -- groups ----------------------------------------------------------------------------------------


def test_by_top_folder() -> None:
    for path in (
        "Dockerfile",
        "a/Dockerfile",
        "a/b/Dockerfile",
        "b/c/d/Dockerfile",
        "b/x.Dockerfile",
    ):
        put(path)
    put("c/Dockerfile", AFTER)
    code, out, err = run(ONE)
    assert (code, out) == (cli.OK, b"")
    assert patches() == {
        "a.patch": ["a/Dockerfile", "a/b/Dockerfile"],
        "b.patch": ["b/c/d/Dockerfile", "b/x.Dockerfile"],
        "root.patch": ["Dockerfile"],
    }
    assert err.splitlines()[-3:] == [
        "patches/root.patch: 1 file, 1 fix",
        "patches/a.patch: 2 files, 2 fixes",
        "patches/b.patch: 2 files, 2 fixes",
    ]
    assert Path("a/Dockerfile").read_bytes() == BEFORE, "nothing is rewritten"


def test_by_folders_further_down() -> None:
    for path in ("Dockerfile", "a/Dockerfile", "a/b/Dockerfile", "a/b/c/d/Dockerfile"):
        put(path)
    run(ONE, "--group-by=folder:2")
    assert patches() == {
        "a-b.patch": ["a/b/Dockerfile", "a/b/c/d/Dockerfile"],
        "a.patch": ["a/Dockerfile"],
        "root.patch": ["Dockerfile"],
    }


def test_by_file() -> None:
    put("a/Dockerfile")
    put("a/b/dev.Dockerfile")
    run(ONE, "--group-by", "file")
    assert patches() == {
        "a-Dockerfile.patch": ["a/Dockerfile"],
        "a-b-dev.Dockerfile.patch": ["a/b/dev.Dockerfile"],
    }


def test_by_owner() -> None:
    put(
        ".github/CODEOWNERS",
        "* @acme/web\n/b/ @x @Acme/Data\n/c/ @acme/data @X\n/d/\n/e/ a@b.org\n",
    )
    for name in "abcde":
        put(f"{name}/Dockerfile")
    run(ONE, "--group-by=owner")
    assert patches() == {
        "Acme-Data+x.patch": ["b/Dockerfile", "c/Dockerfile"],
        "ab.org.patch": ["e/Dockerfile"],
        "acme-web.patch": ["a/Dockerfile"],
        "unowned.patch": ["d/Dockerfile"],
    }


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_owners_are_named_in_the_first_of_its_places(number: int) -> None:
    put("Dockerfile")
    for at, place in enumerate(PLACES[number:]):
        put(place, f"* @team{at}\n")
    run(ONE, "--group-by=owner")
    assert list(patches()) == ["team0.patch"]


def test_no_owners() -> None:
    put("Dockerfile")
    code, out, err = run(ONE, "--group-by=owner")
    assert (code, out) == (cli.USAGE, b"")
    assert err.startswith("pipslim: --group-by owner finds no .github/CODEOWNERS, CODEOWNERS, ")
    assert not Path("patches").exists()


@pytest.mark.parametrize("by", ["team", "folder:", "folder:0", "folder:x", "owner:2", "file:1"])
def test_unknown_grouping(by: str) -> None:
    put("Dockerfile")
    put("CODEOWNERS", "* @a\n")
    code, _, err = run(f"--group-by={by}")
    assert code == cli.USAGE
    assert err.startswith("pipslim: --group-by takes folder, folder:2 (and so on), owner or file")


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (".", "root"),
        ("web", "web"),
        ("services/billing", "services-billing"),
        ("@acme/web", "acme-web"),
        ("@acme/search @acme/data", "acme-search+acme-data"),
        ("jo@example.com", "joexample.com"),
        (".devcontainer", "devcontainer"),
        ("my service", "my+service"),
        ('a"b\n*?:<>|\\c', "a-b-c"),
        ("größe", "gr-e"),
        ("日本", r"group-[0-9a-f]{8}"),
        ("..", r"group-[0-9a-f]{8}"),
        ("\udcff", r"group-[0-9a-f]{8}"),
        ("con", r"con-[0-9a-f]{8}"),
        ("Nul", r"Nul-[0-9a-f]{8}"),
        ("lpt1.x", r"lpt1\.x-[0-9a-f]{8}"),
        ("x" * 300, r"x{80}-[0-9a-f]{8}"),
    ],
)
def test_names_of_patches(group: str, name: str) -> None:
    (found,) = names([group]).values()
    assert found == f"{name}.patch" or re.fullmatch(rf"{name}\.patch", found)


def test_names_that_would_be_one_are_told_apart() -> None:
    groups = ["a/b", "a-b", "A-B", "c", "C", "d", "root", "."]
    found = names(groups)
    assert len({name.lower() for name in found.values()}) == len(groups)
    assert found["d"] == "d.patch"
    assert all(re.fullmatch(r"[\w-]+-[0-9a-f]{8}\.patch", found[each]) for each in ("c", "."))
    assert found == {each: names(reversed(groups))[each] for each in groups}


# -- owners ----------------------------------------------------------------------------------------


def of(text: str, path: str) -> str:
    """Give the owners of a path, with blanks between."""
    return " ".join(Owners(read(text)).of(path))


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("* @a\n*.x @b\n", "c/d.x", "@b"),
        ("*.x @b\n* @a\n", "c/d.x", "@a"),
        ("", "a", ""),
        ("# * @a\n\n   # b\n", "a", ""),
        ("* @a # the best\n", "a", "@a"),
        ("* @a #@b\n", "a", "@a"),
        ("\ufeff* @a\r\n/b/ @b\r\n", "b/c", "@b"),
        ("*\t@a\t@o/t  x@y.z\n", "a", "@a @o/t x@y.z"),
        ("/apps/ @a\n/apps/github\n", "apps/github/x", ""),
        ("/apps/ @a\n/apps/github\n", "apps/x", "@a"),
        ("* @a\n/b/ nobody\n", "b/c", "@a"),
        ("* @a\n/b/ @b nobody\n", "b/c", "@a"),
        ("docs/* @a\n", "docs/x", "@a"),
        ("docs/* @a\n", "docs/x/y", ""),
        ("docs/* @a\n", "b/docs/x", ""),
        ("apps/ @a\n", "b/apps/c/d", "@a"),
        ("apps/ @a\n", "b/apps", ""),
        ("/build/logs/ @a\n", "build/logs/x/y", "@a"),
        ("/build/logs/ @a\n", "x/build/logs/y", ""),
        ("**/logs @a\n", "x/y/logs/z", "@a"),
        ("a/**/b @a\n", "a/b", "@a"),
        ("a/**/b @a\n", "a/x/y/b", "@a"),
        ("/a/** @a\n", "a/x/y", "@a"),
        ("/a/** @a\n", "a", ""),
        ("*.x @a\n", "A.X", ""),
        ("/my\\ app/ @a\n", "my app/x", "@a"),
        ("my\\ app/ @a\n", "b/my app/x", "@a"),
        ("/a[bc] @a\n", "ab", ""),
        ("/a[bc] @a\n", "a[bc]", "@a"),
        ("[bc].x @a\n", "b.x", ""),
        ("/a+(b)$ @a\n", "a+(b)$", "@a"),
        ("\\#a @a\n", "#a", "@a"),
        ("/ @a\n", "a", ""),
        ("/* @a\n", "a", "@a"),
        ("/* @a\n", "a/b", ""),
        ("/a/b @a\n", "a/b/c\nd", "@a"),
    ],
)
def test_owners(text: str, path: str, owners: str) -> None:
    assert of(text, path) == owners


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("* @a\n[Docs]\n*.md @d\n", "x.md", "@a @d"),
        ("* @a\n[Docs]\n*.md @d\n", "x", "@a"),
        ("[Docs] @d\n*.md\n/a/ @a\n", "b.md", "@d"),
        ("[Docs] @d\n*.md\n/a/ @a\n", "a/b.md", "@a"),
        ("^[Docs][2] @d @e\n*.md\n", "b.md", "@d @e"),
        ("[Docs]\n*.md @d\n[Web]\n*.md @w\n[DOCS]\n/a/ @e\n", "a/b.md", "@e @w"),
        ("[Docs]\n*.md\n", "b.md", ""),
        ("[Docs] @d\n*\n!/vendor/\n", "vendor/x", ""),
        ("[Docs] @d\n*\n!/vendor/\n/vendor/x\n", "vendor/x", ""),
        ("* @a\n[Docs] @d\n*\n!/vendor/\n", "vendor/x", "@a"),
        ("[A] @a\n*\n[B] @a @b\n*\n", "x", "@a @b"),
        ("[Two words] @a\n*\n", "x", "@a"),
    ],
)
def test_owners_by_section(text: str, path: str, owners: str) -> None:
    assert of(text, path) == owners


NAMES = st.sampled_from(["a", "b", "c.x", "ab", "d", ".e"])
PATTERNS = st.tuples(
    st.sampled_from(["", "/"]),
    st.lists(st.sampled_from(["a", "b", "*", "**", "?", "a*", "*.x", "*b", "c.x"]), min_size=1),
    st.sampled_from(["", "/"]),
).map(lambda parts: parts[0] + "/".join(parts[1]) + parts[2])


@settings(deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=5), st.lists(NAMES, min_size=1).map("/".join))
def test_owners_are_those_of_another_reader(patterns: list[str], path: str) -> None:
    text = "".join(f"{pattern} @o{at}\n" for at, pattern in enumerate(patterns))
    assert of(text, path) == " ".join(name for _, name in CodeOwners(text).of(path))


# -- what a patch holds ----------------------------------------------------------------------------


def test_a_patch_says_what_it_is_for() -> None:
    put("web/Dockerfile")
    put("web/held/Dockerfile", HELD)
    put("web/b/Dockerfile", BEFORE + b"RUN pip install rich\n")
    run("--ignore=split-env,old-pip")
    text = Path("patches/web.patch").read_text(encoding="utf-8")
    title, blank, head = text.partition("\n--- a/")[0].split("\n", 2)
    assert (title, blank) == ("Keep pip's leftovers out of images: web", "")
    assert head.startswith("`pipslim fix` rewrites 3 files. Each rewrite was proven ")
    assert re.findall(r"(?m)^- \*\*(\S+)\*\* \((.*?)\): ", head) == [
        ("bytecode", "3 fixes"),
        ("pip-conf", "3 fixes"),
        ("pip-cache", "3 fixes"),
    ]
    assert head.count("\n  Price: ") == 3
    assert "\n- `web/b/Dockerfile`: bytecode, pip-conf, pip-cache (2)\n" in head
    left = head.partition("\nLeft as it is:\n\n")[2].splitlines()
    assert [line.partition("`: ")[0] for line in left] == ["- `web/held/Dockerfile:2:5"]
    assert "it asks for a cache with --cache-dir" in left[0]


def test_what_it_says_links_to_no_issues() -> None:
    put("Dockerfile", b"FROM python:3.6.5\nENV A=1\nENV B=2\nRUN pip install flask\n")
    run()
    text = Path("patches/root.patch").read_text(encoding="utf-8")
    assert {"old-pip", "pip-conf"} <= set(re.findall(r"\*\*(\S+)\*\*", text)) <= set(IDS)
    assert not re.search(r"#\d", text.partition("\n--- a/")[0])


def test_the_index_is_enough_for_a_pull_request() -> None:
    put("CODEOWNERS", "* @acme/web\n/b/c/ @acme/data @acme/web\n")
    for path in ("a/Dockerfile", "b/Dockerfile", "b/c/Dockerfile"):
        put(path)
    run(ONE)
    first, second = index()
    assert (first["file"], first["group"], first["owners"]) == ("a.patch", "a", ["@acme/web"])
    assert second["owners"] == ["@acme/web", "@acme/data"]
    assert second["files"] == ["b/Dockerfile", "b/c/Dockerfile"]
    assert second["fixes"] == {"pip-cache": 2}
    text = Path("patches/b.patch").read_text(encoding="utf-8")
    assert text.startswith(f"{second['title']}\n\n{second['body']}\n--- a/b/Dockerfile\n")


def test_patches_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MONOREPO, "m")
    monkeypatch.chdir("m")
    folders = ("services", "web", "data", "tools")
    run("--group-by=folder:3", *folders, patches="../first")
    run("--group-by=folder:3", *reversed(folders), patches="../again")
    first, again = (
        {path.name: path.read_bytes() for path in Path("..", name).iterdir()}
        for name in ("first", "again")
    )
    assert first == again
    assert len(first) > 10


# -- applying --------------------------------------------------------------------------------------


def git(*argv: str) -> None:
    """Run git, without the settings of whoever runs the tests."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *argv], check=True, capture_output=True, env=environ)


def contents() -> dict[str, bytes]:
    """Give every file of the monorepo that is the current folder."""
    return {
        path.as_posix(): path.read_bytes()
        for path in sorted(Path().rglob("*"))
        if path.is_file() and path.parts[0] != ".git"
    }


@pytest.fixture
def monorepo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a monorepo as the current folder, with patches to be written beside it."""
    path = folder / "monorepo"
    shutil.copytree(MONOREPO, path)
    monkeypatch.chdir(path)
    git("init", "-q")
    put("odd/CRLF/Dockerfile", BEFORE.replace(b"\n", b"\r\n"))
    put("odd/no newline/Dockerfile", BEFORE[:-1])
    put("odd/bytes/Dockerfile", b"\xef\xbb\xbf# \xff\xfe\n" + BEFORE)
    put("odd/größe/Dockerfile")
    put("odd/like a diff/Dockerfile", BEFORE + b"RUN cat <<E\n-- a/x\n++ b/x\n@@ -1 +1 @@\nE\n")
    if os.name != "nt":
        put('odd/"quoted" \\ here\t\n/Dockerfile')
    return path


@with_git
@pytest.mark.parametrize("by", ["folder", "folder:2", "owner", "file"])
def test_patches_apply_alone_and_together_in_any_order(monorepo: Path, by: str) -> None:
    before = contents()
    run(f"--group-by={by}", patches="../patches")
    assert contents() == before
    out, err = io.BytesIO(), io.StringIO()
    cli.main(["fix", "--write"], cli.Streams(io.BytesIO(), out, err))
    written = contents()
    assert sum(written[path] != before[path] for path in before) > 30

    def restore() -> None:
        for path, content in before.items():
            if Path(path).read_bytes() != content:
                Path(path).write_bytes(content)

    restore()
    entries = index("../patches")
    for entry in entries:  # alone
        git("apply", "--whitespace=nowarn", f"../patches/{entry['file']}")
        now = contents()
        changed = {path for path in before if now[path] != before[path]}
        assert changed == set(entry["files"])
        assert all(now[path] == written[path] for path in changed)
        restore()
    random.Random(by).shuffle(entries)
    for entry in entries:
        git("apply", "--whitespace=nowarn", f"../patches/{entry['file']}")
    assert contents() == written
    assert sum(len(entry["files"]) for entry in entries) == len(
        {path for entry in entries for path in entry["files"]}
    )


@with_patch
def test_patch_takes_them_too() -> None:
    file = put("a/Dockerfile")
    run()
    with Path("patches/a.patch").open("rb") as text:
        subprocess.run(
            ["patch", "-p1", "--batch", "--fuzz=0", "--binary"],
            stdin=text,
            check=True,
            capture_output=True,
        )
    assert b"--no-cache-dir" in file.read_bytes()


@with_git
def test_paths_start_at_the_top_of_the_work_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(".git")
    git("init", "-q")
    put("CODEOWNERS", "/services/b/ @b\n")
    file = put("services/b/Dockerfile")
    monkeypatch.chdir("services")
    run(ONE, "--group-by=owner", patches="../patches")
    assert patches("../patches") == {"b.patch": ["services/b/Dockerfile"]}
    monkeypatch.chdir("..")
    git("apply", "patches/b.patch")
    assert file.read_bytes() == AFTER


def test_paths_start_at_the_current_folder_without_a_work_tree(folder: Path) -> None:
    (folder / ".git").rmdir()
    if root() != str(folder.resolve()):
        pytest.skip("folders for temporary files lie in a work tree here")
    put("a/Dockerfile")
    run(ONE)
    assert patches() == {"a.patch": ["a/Dockerfile"]}


def test_files_outside_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("inside/.git/x", b"")
    put("Dockerfile")
    monkeypatch.chdir("inside")
    code, _, err = run(ONE, "../Dockerfile")
    assert code == cli.USAGE
    told = f"is outside of {folder.resolve() / 'inside'}, where patches apply; run it there"
    assert err == f"pipslim: ../Dockerfile {told}\n"
    assert below(root(), "..x") == "..x"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_and_its_file_are_one_file() -> None:
    put("a/Dockerfile")
    Path("a/Dockerfile.link").symlink_to("Dockerfile")
    Path("b").mkdir()
    Path("b/Dockerfile").symlink_to("../a/Dockerfile")
    run(ONE)
    assert patches() == {"a.patch": ["a/Dockerfile"]}


GH = """\
#!/bin/sh
# There is a pull request for a branch once one was made; its text is the last commit's.
asked=$1-$2
branch=$(git branch --show-current)
made=$PULLS/$(echo "$branch" | tr / _)
case $asked in
pr-view) test -e "$made" ;;
pr-create) git log -1 --format=%B > "$made" ;;
*) exit 2 ;;
esac
"""


@with_git
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.skipif(os.name == "nt", reason="the recipe is written for POSIX systems")
def test_recipe_opens_a_pull_request_for_each_patch(
    folder: Path, monorepo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (MONOREPO.parents[1] / "docs" / "review.md").read_text(encoding="utf-8")
    recipe = re.search(r"(?ms)^```bash\n(start=.*?)^```$", text)
    assert recipe is not None
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    put("../bin/gh", GH).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)
    (folder / "pulls").mkdir()
    monkeypatch.setenv("PULLS", str(folder / "pulls"))
    git("init", "-q", "--bare", "../origin")
    git("remote", "add", "origin", "../origin")
    git("add", "--all", "--force")
    git("commit", "-q", "-m", "all")
    for _ in range(2):  # the second run changes nothing
        run("--group-by=owner", patches="patches")
        subprocess.run(["bash", "-e", "-c", recipe[1]], check=True, capture_output=True)
        pulls = {path.name: path.read_text("utf-8") for path in (folder / "pulls").iterdir()}
        entries = index()
        assert len(pulls) == len(entries) > 5
        for entry in entries:
            name = entry["file"].removesuffix(".patch")
            message = pulls[f"pipslim_{name}"]
            assert message.rstrip() == f"{entry['title']}\n\n{entry['body']}".rstrip()
            done = subprocess.run(
                [
                    "git",
                    "-C",
                    "../origin",
                    "log",
                    "--name-only",
                    "-1",
                    "-z",
                    "--format=",
                    f"pipslim/{name}",
                ],
                check=True,
                capture_output=True,
            )
            changed = done.stdout.decode("utf-8", "surrogateescape").split("\0")
            assert {each.strip("\n") for each in changed} - {""} == {
                each.strip("\n") for each in entry["files"]
            }


# -- files that are there --------------------------------------------------------------------------


def test_patches_of_an_earlier_run_are_replaced_and_removed() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    run(ONE)
    old = Path("patches/a.patch").read_bytes()
    put("a/Dockerfile", BEFORE + b"RUN pip install rich\n")
    put("b/Dockerfile", AFTER)
    put("patches/notes.patch", b"mine\n")
    code, _, err = run(ONE)
    assert code == cli.OK
    assert "\npatches/b.patch: removed, for nothing of it is left to change\n" in err
    assert Path("patches/a.patch").read_bytes() != old
    assert sorted(path.name for path in Path("patches").iterdir()) == [
        "a.patch",
        "notes.patch",
        "patches.json",
    ]
    put("a/Dockerfile", AFTER)
    run(ONE)
    assert index() == []
    assert Path("patches/notes.patch").read_bytes() == b"mine\n"


def test_a_patch_that_was_edited_is_kept() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile")
    run(ONE)
    edited = Path("patches/a.patch").read_bytes() + b"note\n"
    put("patches/a.patch", edited)
    put("b/Dockerfile", AFTER)
    code, _, err = run(ONE)
    assert code == cli.USAGE
    told = "is there already, and not as an earlier run wrote it; move it away"
    assert err.splitlines()[-1] == f"pipslim: patches/a.patch: {told}"
    assert Path("patches/b.patch").exists(), "nothing is written or removed then"
    put("a/Dockerfile", AFTER)
    code, _, err = run(ONE)
    assert code == cli.OK
    assert "patches/a.patch: left, though nothing of it is to change: it was edited\n" in err
    assert Path("patches/a.patch").read_bytes() == edited
    assert not Path("patches/b.patch").exists()


def test_a_file_of_somebody_else_is_in_the_way() -> None:
    put("a/Dockerfile")
    put("patches/a.patch", b"mine\n")
    code, _, err = run(ONE)
    assert code == cli.USAGE
    assert err.splitlines()[-1].startswith("pipslim: patches/a.patch: is there already, ")
    assert [path.name for path in Path("patches").iterdir()] == ["a.patch"]
    assert Path("patches/a.patch").read_bytes() == b"mine\n"


def test_a_run_that_was_cut_short_is_made_up_for() -> None:
    put("a/Dockerfile")
    run(ONE)
    Path("patches/patches.json").unlink()
    assert run(ONE).code == cli.OK
    assert len(index()) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"patches": [{}]}', "\udcff"])
def test_another_index_is_in_the_way(text: str) -> None:
    put("a/Dockerfile")
    put("patches/patches.json", text.encode("utf-8", "surrogateescape"))
    code, _, err = run(ONE)
    assert code == cli.USAGE
    assert err.splitlines()[-1].startswith("pipslim: patches/patches.json: is no index of patches")


def test_an_index_names_no_files_elsewhere() -> None:
    put("a/Dockerfile", AFTER)
    others = [put("x.patch", b""), put("patches/x.txt", b"")]
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    entries = [{"file": name, "sha256": nothing} for name in ("../x.patch", "x.txt", "..\\x.patch")]
    put("patches/patches.json", json.dumps({"version": 1, "patches": entries}))
    assert run(ONE).code == cli.OK
    assert all(path.exists() for path in others)


def test_nothing_to_write() -> None:
    put("Dockerfile", AFTER)
    code, _, err = run(ONE)
    assert (code, err) == (cli.OK, "1 file read, 0 would change\n")
    assert not Path("patches").exists()


def test_no_folder_can_be_made() -> None:
    put("a/Dockerfile")
    put("patches", b"")
    code, _, err = run(ONE)
    assert code == cli.USAGE
    assert err.splitlines()[-1].startswith("pipslim: patches")


def test_folders_above_are_made() -> None:
    put("a/Dockerfile")
    run(ONE, patches="x/y/z/")
    assert list(patches("x/y/z")) == ["a.patch"]


def test_patches_are_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a/Dockerfile")
    run(ONE)
    old = Path("patches/a.patch").read_bytes()
    put("a/Dockerfile", BEFORE + b"RUN pip install rich\n")

    def fail(source: str, target: str) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", fail)
    code, _, err = run(ONE)
    assert code == cli.USAGE
    assert "patches/a.patch: cannot be written: no space\n" in err
    assert Path("patches/a.patch").read_bytes() == old
    assert len(list(Path("patches").iterdir())) == 2


def test_nothing_is_written_when_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        put(f"{name}/Dockerfile")
    real = disk.read

    def read(path: str) -> bytes:
        if path.startswith("b"):
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(disk, "read", read)
    told = "interrupted: 1 of 2 files done, 1 would change\n"
    assert run(ONE) == Ran(cli.INTERRUPTED, b"", told)
    assert not Path("patches").exists()


# -- calls -----------------------------------------------------------------------------------------


def test_check_tells_and_patches_are_written() -> None:
    put("a/Dockerfile")
    assert run(ONE, "--check")[:2] == (cli.WOULD_CHANGE, b"")
    assert list(patches()) == ["a.patch"]


def test_the_diff_is_printed_where_it_is_asked_for() -> None:
    put("a/Dockerfile")
    assert run(ONE, "--diff").out.startswith(b"--- a/a/Dockerfile\n")


def test_other_outputs_are_made_beside() -> None:
    put("a/Dockerfile")
    told = json.loads(run(ONE, "--output-format=json").out)
    assert told["files"][0]["path"] == "a/Dockerfile"
    assert run(ONE, "--output-file=all.diff").out == b""
    assert Path("all.diff").read_bytes().startswith(b"--- a/a/Dockerfile\n")
    assert list(patches()) == ["a.patch"]


def test_quiet() -> None:
    put("a/Dockerfile")
    assert run(ONE, "-q") == Ran(cli.OK, b"", "")
    assert list(patches()) == ["a.patch"]


def test_a_file_that_cannot_be_read_does_not_stop_the_others() -> None:
    put("a/Dockerfile")
    put("b/Dockerfile", b"FROM scratch\nCOPYY a /\n")
    assert run(ONE).code == cli.UNREAD
    assert list(patches()) == ["a.patch"]


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--write", "--patch-dir=p"], "--write and --patch-dir exclude each other"),
        (["--patch-dir=p", "-"], "--patch-dir needs files; - (standard input) is none"),
        (["--group-by=file"], "--group-by says how patches are made; name their folder by "),
    ],
)
def test_usage_errors(argv: list[str], error: str) -> None:
    file = put("Dockerfile")
    code, out, err = run(*argv, patches="")
    assert (code, out) == (cli.USAGE, b"")
    assert err.startswith(f"pipslim: {error}")
    assert file.read_bytes() == BEFORE
    assert not Path("p").exists()
