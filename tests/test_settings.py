"""Settings: from files, variables and flags, what holds for each file, and how errors read."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from pipslim import cli, fixing
from pipslim.app import run_app
from pipslim.files import disk
from pipslim.options import OPTIONS, Arguments, Option, parse_quickly
from pipslim.passes import IDS, USUAL
from pipslim.settings.keys import EXAMPLES, KEYS, TAKES

BEFORE = b"FROM python:3.12-slim\nENV A=1\nENV B=2\nRUN pip install flask\n"
ROOT = Path(__file__).parents[1]
MONOREPO = ROOT / "fixtures" / "monorepo"
SCHEMA = ROOT / "docs" / "pipslim.schema.json"
TAPLO = shutil.which("taplo", path=str(Path(sys.executable).parent)) or shutil.which("taplo")


class Ran(NamedTuple):
    """How a run ended: its exit code, and what it printed on either stream."""

    code: int
    out: str
    err: str


def run(*argv: str, stdin: bytes = b"") -> Ran:
    """Run the command line with streams of its own."""
    out, err = io.BytesIO(), io.StringIO()
    code = cli.main([*argv], cli.Streams(io.BytesIO(stdin), out, err))
    return Ran(code, out.getvalue().decode(), err.getvalue())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the current folder of a test: an empty one."""
    inner = tmp_path / "repository"
    inner.mkdir()
    monkeypatch.chdir(inner)
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)
    return inner


def put(path: str, content: bytes | str = BEFORE) -> None:
    """Write a file in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def changed(*argv: str) -> dict[str, set[str]]:
    """Give the passes that change each file, by a run of its own; not a file that none changes."""
    found: dict[str, set[str]] = {}
    for line in run("fix", "-q", *argv).out.splitlines():
        if line.startswith("+++ b/"):
            name = line[6:]
            told = run("fix", "--no-diff", *argv, name).err
            found[name] = {each for each in IDS if f"  {each}: 1 to fix" in told}
    return found


def in_force(path: str = ".", *argv: str) -> Any:
    """Give what `pipslim config` tells of a path, as JSON."""
    ran = run("config", path, "--output-format=json", *argv)
    assert ran.err == ""
    assert ran.code == cli.OK
    return json.loads(ran.out)


ALL = {"split-env", "bytecode", "pip-conf", "pip-cache"}

# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".pipslim.toml", "pipslim.toml", "pyproject.toml"])
def test_settings_file_above(name: str) -> None:
    put("a/b/Dockerfile")
    table = "[tool.pipslim]\n" if name == "pyproject.toml" else ""
    put(
        name,
        f'[project]\nname = "x"\n{table}select = ["pip-cache"]\n'
        if table
        else 'select = ["pip-cache"]\n',
    )
    assert changed() == {"a/b/Dockerfile": {"pip-cache"}}
    assert changed("a/b/Dockerfile") == {"a/b/Dockerfile": {"pip-cache"}}


def test_file_above_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    (folder.parent / "pipslim.toml").write_text('ignore = ["bytecode"]')
    assert changed() == {"Dockerfile": ALL - {"bytecode"}}
    put("a/Dockerfile")
    put("a/.git/HEAD", "ref: refs/heads/main\n")  # no boundary
    monkeypatch.chdir("a")
    assert changed("Dockerfile") == {"Dockerfile": ALL - {"bytecode"}}
    assert "compile = no" not in run("fix", "../Dockerfile").out


def test_nearest_file_wins() -> None:
    for name in ("Dockerfile", "a/Dockerfile", "a/b/Dockerfile", "c/Dockerfile"):
        put(name)
    put("pipslim.toml", 'select = ["pip-cache"]')
    put("a/pyproject.toml", '[tool.pipslim]\nselect = ["split-env"]')
    put("c/pipslim.toml", "")
    assert changed() == {
        "Dockerfile": {"pip-cache"},
        "a/Dockerfile": {"split-env"},
        "a/b/Dockerfile": {"split-env"},
        "c/Dockerfile": ALL,
    }


def test_first_name_of_a_folder_wins() -> None:
    put("Dockerfile")
    put("pyproject.toml", '[tool.pipslim]\nselect = ["split-env"]')
    assert changed() == {"Dockerfile": {"split-env"}}
    put("pipslim.toml", 'select = ["pip-cache"]')
    assert changed() == {"Dockerfile": {"pip-cache"}}
    put(".pipslim.toml", 'select = ["bytecode"]')
    assert changed() == {"Dockerfile": {"bytecode"}}


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "x"\n',
        '[project]\nname = "x"\ndependencies = ["pipslim"]\n',
        "[tool.other]\npipslim = true\n",
        'tool = "pipslim"\n',
        "= no TOML, and nothing to do with us\n",
    ],
)
def test_pyproject_without_the_table_is_passed_over(text: str) -> None:
    put("a/Dockerfile")
    put("a/pyproject.toml", text)
    put("pipslim.toml", 'select = ["pip-cache"]')
    assert changed() == {"a/Dockerfile": {"pip-cache"}}


def test_empty_table_counts() -> None:
    put("a/Dockerfile")
    put("a/pyproject.toml", "[tool.pipslim]\n")
    put("pipslim.toml", 'select = ["pip-cache"]')
    assert changed() == {"a/Dockerfile": ALL}


def test_folder_of_that_name_is_no_settings_file() -> None:
    put("pipslim.toml/Dockerfile")
    assert changed() == {"pipslim.toml/Dockerfile": ALL}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="all is readable here")
def test_settings_file_that_may_not_be_read() -> None:
    put("Dockerfile")
    put("pipslim.toml", "")
    Path("pipslim.toml").chmod(0)
    code, out, err = run("fix")
    assert (code, out) == (cli.USAGE, "")
    assert "pipslim.toml: Permission denied" in err


def test_byte_order_mark_and_windows_newlines() -> None:
    put("Dockerfile")
    put("pipslim.toml", b'\xef\xbb\xbfselect = [\r\n  "pip-cache",\r\n]\r\n')
    assert changed() == {"Dockerfile": {"pip-cache"}}
    put("pipslim.toml", b"\xef\xbb\xbfselct = 1\r\n")
    assert run("fix").err.startswith("pipslim.toml:1:1: unknown key 'selct'")
    put("pipslim.toml", b'\xef\xbb\xbfselect = ["x"]\r\nignore = ["y"]\r\n')
    assert [line.partition(": ")[0] for line in run("fix").err.splitlines()] == [
        "pipslim.toml:1:11",
        "pipslim.toml:2:11",
    ]


# -- extend ----------------------------------------------------------------------------------------


def test_extended_file_holds_but_for_what_is_said_anew() -> None:
    put("a/Dockerfile", b"FROM acme/a\nRUN pip install x\n")
    put(
        "shared/base.toml", 'select = ["pip-cache", "old-pip"]\nassume-pip = "9.0"\nunsafe = true\n'
    )
    put("pipslim.toml", 'extend = "shared/base.toml"\n')
    assert changed() == {"a/Dockerfile": {"old-pip", "pip-cache"}}
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nassume-pip = "24.0"\n')
    assert changed() == {"a/Dockerfile": {"pip-cache"}}
    told = in_force("a/Dockerfile")
    names = ["a/pipslim.toml", "pipslim.toml", "shared/base.toml"]
    assert told["files"] == [str(Path(name)) for name in names]
    assert told["settings"]["unsafe"]["value"] is True
    assert told["settings"]["extend"]["value"] == "../pipslim.toml"


def test_what_is_ignored_adds_up() -> None:
    put("a/Dockerfile")
    put("pipslim.toml", 'ignore = ["bytecode"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nignore = ["pip-conf"]')
    assert changed() == {"a/Dockerfile": {"split-env", "pip-cache"}}
    assert changed("--ignore=split-env") == {"a/Dockerfile": {"pip-cache"}}


def test_pass_that_is_selected_anew_is_on_again() -> None:
    put("a/Dockerfile")
    put("pipslim.toml", 'ignore = ["bytecode", "pip-conf"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nselect = ["bytecode", "split-env"]')
    assert changed() == {"a/Dockerfile": {"bytecode", "split-env"}}
    assert in_force("a/Dockerfile")["settings"]["ignore"]["value"] == ["pip-conf"]
    assert changed("--select=pip-conf") == {"a/Dockerfile": {"pip-conf"}}
    Path("a/pipslim.toml").unlink()
    assert changed() == {"a/Dockerfile": {"split-env", "pip-cache"}}


def test_selecting_another_pass_keeps_bytecode_ignored() -> None:
    put("Dockerfile")
    put("pipslim.toml", 'ignore = ["bytecode"]')
    out = run("fix", "--select=pip-conf").out
    assert "no-cache-dir" in out
    assert "compile = no" not in out


def test_pyproject_extends_and_is_extended() -> None:
    put("a/b/Dockerfile")
    put("pyproject.toml", '[tool.pipslim]\nignore = ["bytecode"]')
    put("a/pyproject.toml", '[tool.pipslim]\nextend = "../pyproject.toml"\nignore = ["pip-conf"]')
    assert changed() == {"a/b/Dockerfile": {"split-env", "pip-cache"}}


@pytest.mark.parametrize(
    ("files", "error"),
    [
        (
            {"pipslim.toml": '\nextend = "pipslim.toml"'},
            "pipslim.toml:2:10: a circle: pipslim.toml → pipslim.toml; take one `extend` out",
        ),
        (
            {"pipslim.toml": 'extend = "a/b.toml"', "a/b.toml": 'extend = "../pipslim.toml"'},
            "a/b.toml:1:10: a circle: pipslim.toml → a/b.toml → pipslim.toml; take one",
        ),
        (
            {"pipslim.toml": 'extend = "no/such.toml"'},
            "pipslim.toml:1:10: cannot be extended: ",
        ),
        (
            {"pipslim.toml": 'extend = "a/pyproject.toml"', "a/pyproject.toml": "[project]"},
            "pipslim.toml:1:10: cannot be extended: a/pyproject.toml has no table [tool.pipslim];",
        ),
        (
            {"pipslim.toml": 'extend = "a.toml"', "a.toml": "selct = []"},
            "a.toml:1:1: unknown key 'selct', did you mean 'select'?",
        ),
    ],
)
def test_extend_that_does_not_lead_anywhere(files: dict[str, str], error: str) -> None:
    put("Dockerfile")
    for name, text in files.items():
        put(name, text)
    code, out, err = run("fix", "--write")
    assert (code, out) == (cli.USAGE, "")
    assert err.replace("\\", "/").startswith(error)
    assert err.count("\n") == 1
    assert Path("Dockerfile").read_bytes() == BEFORE


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("selct = []", "1:1: unknown key 'selct', did you mean 'select'?; keys: extend, select"),
        ("\n\n  zzz = 1", "3:3: unknown key 'zzz'; keys: "),
        ("assume_pip = '1'", "1:1: unknown key 'assume_pip', did you mean 'assume-pip'?"),
        ("extend-ignore = []", "1:1: unknown key 'extend-ignore', did you mean 'ignore'?"),
        ("respect-gitignore = true", "1:1: unknown key 'respect-gitignore', did you mean 'gitig"),
        ("jobs = 4", "1:1: 'jobs' is for one run, not for files; use --jobs or PIPSLIM_JOBS"),
        ("output-format = 'json'", "1:1: 'output-format' is for one run, not for files; use --out"),
        ("[tool.pipslim]\nselect = []", "1:2: [tool.pipslim] is for pyproject.toml; here its keys"),
        ('select = ["pip-cash"]', "1:11: unknown pass 'pip-cash', did you mean 'pip-cache'?; pass"),
        ('ignore = [\n  "bytecode",\n  "x",\n]', "3:3: unknown pass 'x'; passes: split-env, "),
        ('select = "pip-cache"', "1:10: 'select' takes a list of passes, not a text; write s"),
        ("select = [1]", "1:11: a pass is named by text; passes: "),
        ("select = []", "1:10: `select` names no pass; take it out, or leave files out with"),
        ('select = ["bytecode"]\nignore = ["bytecode"]', "2:10: `ignore` takes away every pass"),
        ("unsafe = 1", "1:10: 'unsafe' takes true or false, not a number; write unsafe = true"),
        ('unsafe = "yes"', "1:10: 'unsafe' takes true or false, not a text; write unsafe = true"),
        ("assume-pip = 24.0", "1:14: 'assume-pip' takes a version, as text, not a number; write "),
        ("assume-pip = 9", "1:14: 'assume-pip' takes a version, as text, not a number; write"),
        ('assume-pip = "new"', "1:14: 'new' is no version of pip; write one such as 24.0"),
        ('[images]\n"a" = "x"', "2:7: 'x' is no version of pip; write one such as 24.0"),
        ('[images]\n"a:*" = 24', "2:9: 'a:*' takes a version, as text, not a number; write "),
        ('images = "a"', "1:10: 'images' takes a table of image = version, not a text; write"),
        ("[per-file-ignores]\n'*.x' = 'bytecode'", "2:9: '*.x' takes a list of passes, not a "),
        ("[per-file-ignores]\n'!*.x' = ['bytecode']", "2:1: a pattern with ! matches nothing here"),
        ("[per-file-ignores]\n' ' = ['bytecode']", "2:1: a pattern is one line that is not blank"),
        ("[per-file-ignores]\na = ['bytecod']", "2:6: unknown pass 'bytecod', did you mean 'byte"),
        ("exclude = [1]", "1:12: a pattern is a text; write it as one"),
        ('exclude = ["a", ""]', "1:17: a pattern is one line that is not blank; correct it"),
        ("exclude = { a = 1 }", "1:11: 'exclude' takes a list of patterns, not a table; write"),
        ("extend = ''", "1:10: an empty path; write"),
        ("extend = 1979-05-27", "1:10: 'extend' takes a path, not a date or time; write extend = "),
        ("select = [\n", "2:1: "),
        ('a = "b', "1:7: "),
        ("select = ?", "1:10: invalid value; correct the TOML"),
        ('x = "\xe9"'.encode("latin-1"), "1:6: not UTF-8; save the file in that encoding"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_of_a_settings_file(text: str | bytes, error: str) -> None:
    put("Dockerfile")
    put("pipslim.toml", text)
    code, out, err = run("fix", "--write")
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith(f"pipslim.toml:{error}"), err
    assert err.count("\n") == 1
    assert "; " in err
    assert Path("Dockerfile").read_bytes() == BEFORE


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ('select = "pip-cache"', 'select = ["pip-cache"]'),
        ('exclude = "a\\\\b"', 'exclude = ["a\\\\b"]'),
        ("assume-pip = 24.0", 'assume-pip = "24.0"'),
        ('[images]\n"a:*" = 24', '"a:*" = "24"'),
        ("[per-file-ignores]\n'*.x' = 'bytecode'", '"*.x" = ["bytecode"]'),
        ("[per-file-ignores]\nx = 'bytecode'", 'x = ["bytecode"]'),
    ],
)
def test_cure_that_is_told_works(text: str, cure: str) -> None:
    put("pipslim.toml", text)
    assert run("config").err.endswith(f"; write {cure}\n")
    head = text.partition("\n")[0] + "\n" if text.startswith("[") else ""
    put("pipslim.toml", head + cure)
    assert run("config").code == cli.OK


def test_errors_in_pyproject() -> None:
    put("Dockerfile")
    put("pyproject.toml", "[project]\nselct = 1\n\n[tool]\n[tool.pipslim]\nselct = 1\nunsafe = 2\n")
    assert [line.partition("; ")[0] for line in run("fix").err.splitlines()] == [
        "pyproject.toml:6:1: unknown key 'selct', did you mean 'select'?",
        "pyproject.toml:7:10: 'unsafe' takes true or false, not a number",
    ]
    put("pyproject.toml", "tool.pipslim.unsafe = 2")
    assert run("fix").err.startswith("pyproject.toml:1:23: 'unsafe' takes true or false")
    put("pyproject.toml", "[tool]\npipslim = 1")
    assert run("fix").err == "pyproject.toml:2:1: [tool.pipslim] is a table; write it as one\n"


def test_every_kind_of_key_has_an_error() -> None:
    put("Dockerfile")
    for key in KEYS:
        put("pipslim.toml", f"{key.name} = 07:32:00\n")
        assert run("fix").err == (
            f"pipslim.toml:1:{len(key.name) + 4}: {key.name!r} takes {TAKES[key.kind]}, not a date "
            f"or time; write {key.name} = {EXAMPLES[key.kind]}\n"
        )


def test_wrong_file_below_stops_the_run_before_anything_is_written() -> None:
    put("Dockerfile")
    put("a/b/Dockerfile")
    put("a/pipslim.toml", "zzz = 1")
    code, out, err = run("fix", "--write")
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith(f"{Path('a', 'pipslim.toml')}:1:1: unknown key 'zzz'")
    assert Path("Dockerfile").read_bytes() == BEFORE
    assert run("fix", "--write", "Dockerfile").code == cli.OK, "no file of it is asked for"


# -- patterns --------------------------------------------------------------------------------------


def test_exclude() -> None:
    names = ["Dockerfile", "Dockerfile.j2", "a/Dockerfile", "a/vendor/x/Dockerfile", "b/Dockerfile"]
    for name in (*names, "vendor/Dockerfile", "a/b/Dockerfile"):
        put(name)
    put("pipslim.toml", 'select = ["pip-cache"]\nexclude = ["vendor/", "*.j2", "/b"]')
    assert set(changed()) == {"Dockerfile", "a/Dockerfile", "a/b/Dockerfile"}
    assert set(changed("a")) == {"a/Dockerfile", "a/b/Dockerfile"}
    assert set(changed("--exclude", "/a/b")) == {"Dockerfile", "a/Dockerfile"}
    assert set(changed("a", "--exclude", "/a/b")) == {"a/Dockerfile"}
    assert set(changed("a", "--exclude=!vendor/")) == {
        "a/Dockerfile",
        "a/b/Dockerfile",
        "a/vendor/x/Dockerfile",
    }


def test_named_file_is_read_even_if_it_is_excluded_unless_forced() -> None:
    put("vendor/Dockerfile")
    put("pipslim.toml", 'exclude = ["vendor/"]')
    assert set(changed("vendor/Dockerfile")) == {"vendor/Dockerfile"}
    assert set(changed("./vendor/../vendor/Dockerfile"))
    assert changed() == {}
    assert set(changed("vendor")) == {"vendor/Dockerfile"}, "a folder that is named, too"
    assert set(changed(".", "vendor")) == {"vendor/Dockerfile"}
    assert run("fix", "--force-exclude", "vendor/Dockerfile") == (0, "", "no Dockerfiles found\n")
    assert run("fix", "--force-exclude", "vendor") == (0, "", "no Dockerfiles found\n")
    put("pipslim.toml", 'exclude = ["vendor/"]\nforce-exclude = true')
    assert run("fix", "vendor/Dockerfile") == (0, "", "no Dockerfiles found\n")
    assert run("fix", "--no-force-exclude", "vendor/Dockerfile").out != ""


def test_patterns_count_from_the_file_that_has_them() -> None:
    for name in ("a/x/Dockerfile", "a/y/Dockerfile", "x/Dockerfile", "y/Dockerfile"):
        put(name)
    put("pipslim.toml", 'exclude = ["/x"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nexclude = ["/y"]')
    assert set(changed()) == {"a/x/Dockerfile", "y/Dockerfile"}
    assert set(changed("a")) == {"a/x/Dockerfile"}


def test_nearer_file_takes_an_exclusion_back() -> None:
    put("a/b.dev/Dockerfile")
    put("c.dev/Dockerfile")
    put("pipslim.toml", 'exclude = ["*.dev"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nexclude = ["!b.dev"]')
    assert set(changed()) == {"a/b.dev/Dockerfile"}


def test_nearer_file_takes_back_only_what_it_has_itself() -> None:
    """A folder is judged by the settings of the folder it lies in, so those inside have no say."""
    put("a/Dockerfile")
    put("a/b/Dockerfile")
    put("pipslim.toml", 'exclude = ["/a"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nexclude = ["!/a", "!b", "!*"]')
    assert changed() == {}
    put("pipslim.toml", 'exclude = ["/a/b"]')
    assert set(changed()) == {"a/Dockerfile", "a/b/Dockerfile"}


def test_settings_in_an_excluded_folder_are_not_asked_for() -> None:
    put("Dockerfile")
    put("vendor/Dockerfile")
    put("pipslim.toml", 'exclude = ["vendor/"]')
    put("vendor/pipslim.toml", "")
    assert set(changed()) == {"Dockerfile"}
    assert set(changed("vendor")) == {"vendor/Dockerfile"}, "who starts there means it"
    put("vendor/pipslim.toml", "zzz = 1")
    assert set(changed()) == {"Dockerfile"}
    assert run("fix", "vendor").code == cli.USAGE


def test_include() -> None:
    for name in ("a.docker", "b/a.docker", "b/c/x", "b/c/y.docker", "images/base", "images/v/z"):
        put(name)
    put(
        "pipslim.toml",
        'include = ["*.docker", "/b/c/x", "images/", "!y.docker"]\nexclude = ["images/v/"]',
    )
    assert set(changed()) == {"a.docker", "b/a.docker", "b/c/x", "images/base"}
    assert set(changed("b")) == {"b/a.docker", "b/c/x"}
    assert set(changed("b/c")) == {"b/c/x"}
    assert set(changed("images")) == {"images/base"}
    assert set(changed("--include=y.docker", "b")) == {"b/a.docker", "b/c/x", "b/c/y.docker"}


def test_include_does_not_reach_where_other_settings_hold() -> None:
    put("a/x.docker")
    put("b/x.docker")
    put("pipslim.toml", 'include = ["*.docker"]')
    put("b/pipslim.toml", "")
    assert set(changed()) == {"a/x.docker"}


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_gitignore() -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    put(".gitignore", "x/\n")
    put("Dockerfile")
    put("x/Dockerfile")
    assert set(changed()) == {"Dockerfile"}
    put("pipslim.toml", "gitignore = false")
    assert set(changed()) == {"Dockerfile", "x/Dockerfile"}
    assert set(changed("--gitignore")) == {"Dockerfile"}


def test_per_file_ignores() -> None:
    for name in ("Dockerfile", "Dockerfile.dev", "a/Dockerfile.dev", "a/b/Dockerfile"):
        put(name)
    put(
        "pipslim.toml",
        '[per-file-ignores]\n"*.dev" = ["bytecode"]\n"/a/" = ["pip-conf"]\n"a/b/*" = ["split-env"]',
    )
    assert changed() == {
        "Dockerfile": ALL,
        "Dockerfile.dev": ALL - {"bytecode"},
        "a/Dockerfile.dev": ALL - {"bytecode", "pip-conf"},
        "a/b/Dockerfile": ALL - {"pip-conf", "split-env"},
    }
    assert changed("--select=bytecode,pip-cache", "Dockerfile.dev") == {
        "Dockerfile.dev": {"pip-cache"}
    }
    assert "compile = no" not in run("fix", "Dockerfile.dev").out


def test_per_file_ignores_of_an_extended_file_add_up() -> None:
    put("a/x.Dockerfile")
    put("pipslim.toml", '[per-file-ignores]\n"/a/x.*" = ["bytecode"]')
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\n[per-file-ignores]\n"/x.*" = ["pip-conf"]')
    assert changed() == {"a/x.Dockerfile": {"split-env", "pip-cache"}}


def test_patterns_of_a_call_hold_for_paths_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a/vendor/Dockerfile")
    put("a/b/Dockerfile")
    put("c/.keep", "")
    monkeypatch.chdir("c")
    told = run("fix", "--no-diff", "../a", "--exclude=vendor/").err
    assert told.startswith("1 file read")
    assert run("fix", str(folder / "a"), "--exclude=*").err == "no Dockerfiles found\n"
    assert run("fix", "../a", "--exclude=/b").err.startswith("2 files read")


def test_nothing_in_an_excluded_folder_is_taken_back() -> None:
    """It is so in git; the folder itself can be."""
    put("vendor/a/Dockerfile")
    put("pipslim.toml", 'exclude = ["vendor/", "!vendor/a"]')
    assert changed() == {}
    put("pipslim.toml", 'exclude = ["vendor/*", "!vendor/a"]')
    assert set(changed()) == {"vendor/a/Dockerfile"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_odd_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a b/Dockerfile", "größe/Dockerfile", "new\nline/Dockerfile", "[x]/Dockerfile"]
    for name in names:
        put(name)
    Path(os.fsdecode(b"\xff")).mkdir()
    put(os.fsdecode(b"\xff/Dockerfile"))
    put("pipslim.toml", 'select = ["pip-cache"]\nexclude = ["größe", "a b/", "\\\\[x]"]')
    assert run("fix", "--no-diff").err.startswith("2 files read")
    monkeypatch.chdir("größe")
    assert run("config", "Dockerfile").out.count(str(Path("..", "pipslim.toml"))) == 5


def test_settings_above_very_deep_folders() -> None:
    put("pipslim.toml", 'exclude = ["/x/"]')
    deep = "a/" * 1500
    assert run("config", deep + "Dockerfile").code == cli.OK
    put("pipslim.toml", 'exclude = ["/a/"]')
    assert in_force(deep + "Dockerfile")["left_out"] == "unless named"


# -- options of passes -----------------------------------------------------------------------------

OWN = b"FROM registry.example.com/team/python:2024\nRUN pip install flask\n"


@pytest.mark.parametrize(
    ("text", "upgraded"),
    [
        ("", "asked at build time"),
        ('"registry.example.com/team/python" = "24.0"', ""),
        ('"registry.example.com/team/*" = "24.0"', ""),
        ('"registry.example.com/team/python:2024" = "24.0"', ""),
        ('"registry.example.com/team/python:2023" = "24.0"', "asked at build time"),
        ('"registry.example.com/team/python" = "9.0.1"', "for certain"),
        ('"*:2024" = "24.0"\n"*" = "9.0.1"', ""),
        ('"*" = "9.0.1"\n"*:2024" = "24.0"', "for certain"),
    ],
)
def test_images(text: str, upgraded: str) -> None:
    put("Dockerfile", OWN)
    put("pipslim.toml", f'select = ["old-pip"]\n[images]\n{text}')
    out = run("fix").out
    found = "" if "--upgrade" not in out else "for certain"
    assert ("asked at build time" if "--version" in out else found) == upgraded


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        ("registry.example.com/python:${TAG}", "registry.example.com/python"),
        ("registry.example.com/python:$TAG", "registry.example.com/*"),
        ("registry.example.com/python@${TAG}", "registry.example.com/python"),
        ("${KNOWN}/python:${TAG}", "registry.example.com/python"),
        ("${ALSO}/python:${TAG}", "registry.example.com/team/python"),
        ("${UNKNOWN:-registry.example.com}/python:${TAG}", "registry.example.com/python"),
        ("${TAG}/team/python", "*/team/python"),
    ],
)
def test_images_behind_an_argument_without_a_value(image: str, pattern: str) -> None:
    ahead = "ARG KNOWN=registry.example.com\nARG ALSO=${KNOWN}/team\nARG TAG\nARG UNKNOWN\n"
    put("Dockerfile", f"{ahead}FROM {image} AS a\nFROM a\nRUN pip install flask\n")
    assert "--version" in run("fix", "--select=old-pip").out
    assert run("fix", "--select=old-pip", f"--images={pattern}=24.0").out == ""
    assert "--version" in run("fix", "--select=old-pip", f"--images={pattern}:x=24.0").out


def test_images_of_nearer_files_and_flags_count_first() -> None:
    put("a/Dockerfile", OWN)
    put("pipslim.toml", '[images]\n"*/team/*" = "9.0.1"')
    assert "--upgrade" in run("fix", "--select=old-pip").out
    put("a/pipslim.toml", 'extend = "../pipslim.toml"\nimages = { "*/python" = "24.0" }')
    assert run("fix", "--select=old-pip").out == ""
    assert "--upgrade" in run("fix", "--select=old-pip", "--images=*/python=9.0.1,x=20.0").out
    parts = in_force("a/Dockerfile", "--images", "x:1=20.0")["settings"]["images"]["value"]
    assert parts == [["x:1", "20.0"], ["*/python", "24.0"], ["*/team/*", "9.0.1"]]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("acme/python", "'acme/python' names no version; write it so: --images acme/python=24.0"),
        ("=1", "'=1' names no version; "),
        ("a=new", "'new' is no version of pip; write one such as 24.0"),
    ],
)
def test_wrong_images(value: str, error: str) -> None:
    assert run("fix", "--images", value).err.startswith(f"pipslim: {error}")
    assert run("fix", "--images", value).code == cli.USAGE


# -- --config and --isolated -----------------------------------------------------------------------


def test_config_takes_that_file_alone() -> None:
    put("a/Dockerfile")
    put("pipslim.toml", 'ignore = ["bytecode"]')
    put("a/pipslim.toml", "zzz = 1")
    put("ci/strict.toml", 'select = ["split-env"]\nexclude = ["/b"]')
    put("b/Dockerfile")
    assert changed("--config=ci/strict.toml") == {"a/Dockerfile": {"split-env"}}
    put("ci/pyproject.toml", '[tool.pipslim]\nselect = ["pip-cache"]')
    assert changed("--config", "ci/pyproject.toml", "a") == {"a/Dockerfile": {"pip-cache"}}


def test_isolated_takes_no_file() -> None:
    put("Dockerfile")
    put("pipslim.toml", "zzz = 1")
    assert changed("--isolated") == {"Dockerfile": ALL}


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--config=a", "--isolated"], "pipslim: --config and --isolated exclude each other"),
        (["--config=missing.toml"], "pipslim: missing.toml: "),
        (["--config=."], "pipslim: .: not a regular file"),
        (["--config=pyproject.toml"], "pipslim: pyproject.toml has no table [tool.pipslim]; add "),
        (["--config=bad.toml"], "bad.toml:1:1: unknown key 'zzz'"),
    ],
)
def test_config_that_cannot_be_taken(argv: list[str], error: str) -> None:
    put("Dockerfile")
    put("pyproject.toml", "[project]")
    put("bad.toml", "zzz = 1")
    code, out, err = run("fix", *argv)
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith(error)


# -- standard input --------------------------------------------------------------------------------


def test_standard_input_has_the_settings_of_its_name() -> None:
    put("pipslim.toml", 'select = ["split-env"]\nexclude = ["x/"]')
    put("a/pipslim.toml", 'select = ["pip-cache"]')
    plain = BEFORE.decode()
    joined = plain.replace("ENV A=1\nENV", "ENV A=1 \\\n   ")
    assert run("fix", "-", stdin=BEFORE) == (0, joined, "")
    name = "--stdin-filename=a/not-there/Dockerfile"
    assert "--no-cache-dir" in run("fix", "-", name, stdin=BEFORE).out
    left_out = "--stdin-filename=x/Dockerfile"
    assert run("fix", "-", left_out, stdin=BEFORE) == (0, joined, "")
    assert run("fix", "-", left_out, "--force-exclude", stdin=BEFORE) == (0, plain, "")


# -- variables -------------------------------------------------------------------------------------


def test_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    assert changed() == {"Dockerfile": ALL}
    put("pipslim.toml", 'select = ["split-env"]')
    assert changed() == {"Dockerfile": {"split-env"}}
    monkeypatch.setenv("PIPSLIM_SELECT", "pip-cache")
    assert changed() == {"Dockerfile": {"pip-cache"}}
    assert changed("--select=bytecode") == {"Dockerfile": {"bytecode"}}
    assert changed("--isolated") == {"Dockerfile": {"pip-cache"}}


@pytest.mark.parametrize(
    "value", ["pip-cache,bytecode", "pip-cache bytecode", " pip-cache,\tbytecode,"]
)
def test_list_in_a_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put("Dockerfile")
    monkeypatch.setenv("PIPSLIM_SELECT", value)
    assert changed() == {"Dockerfile": {"pip-cache", "bytecode"}}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("PIPSLIM_SELECT", "pip-cash", "pipslim: PIPSLIM_SELECT: unknown pass 'pip-cash', did you"),
        ("PIPSLIM_ASSUME_PIP", "new", "pipslim: PIPSLIM_ASSUME_PIP: 'new' is no version of pip"),
        ("PIPSLIM_UNSAFE", "perhaps", "Invalid value for '--unsafe'"),
        ("PIPSLIM_CONFIG", "missing.toml", "missing.toml: "),
    ],
)
def test_wrong_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, error: str) -> None:
    put("Dockerfile")
    monkeypatch.setenv(name, value)
    code, out, err = run("fix")
    assert (code, out) == (cli.USAGE, "")
    assert error in err


def test_wrong_flag_is_not_taken_for_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPSLIM_SELECT", "pip-cache")
    assert run("fix", "--select=zzz").err.startswith("pipslim: unknown pass 'zzz'")


def test_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    for option in OPTIONS:
        monkeypatch.setenv(option.variable, "")
    assert changed() == {"Dockerfile": ALL}


def test_variable_that_is_no_option_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPSLIM_CORPUS", "x")
    assert parse_quickly(["a"]) == Arguments(("a",))


VALUES = {"flag": "1", "switch": "no", "text": "x y", "list": "a,b c"}
MEANT: dict[str, object] = {"flag": True, "switch": False, "text": "x y", "list": ("a", "b", "c")}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_every_option_has_a_variable(monkeypatch: pytest.MonkeyPatch, option: Option) -> None:
    taken: list[Arguments] = []

    def fix(arguments: Arguments, streams: cli.Streams) -> int:
        del streams
        taken.append(arguments)
        return 0

    monkeypatch.setattr(fixing, "fix", fix)
    monkeypatch.setenv(option.variable, VALUES[option.kind])
    assert parse_quickly([]) is None, "the full parser reads it"
    assert run("fix").code == 0
    assert run_app(["fix"], cli.Streams(io.BytesIO(), io.BytesIO(), io.StringIO())) == 0
    expected = Arguments()._replace(**{option.field: MEANT[option.kind]})  # type: ignore[arg-type]
    assert taken == [expected, expected]


# -- pipslim config --------------------------------------------------------------------------------


def test_config_tells_where_each_value_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    put("pipslim.toml", '# shared\nignore = [\n  "bytecode",\n]\n[images]\n"acme/*" = "20.0"\n')
    put(
        "a/pyproject.toml",
        '[tool.pipslim]\nextend = "../pipslim.toml"\nexclude = ["x/", "*.j2"]\nunsafe = true\n',
    )
    put("a/Dockerfile")
    monkeypatch.setenv("PIPSLIM_ASSUME_PIP", "21.0")
    inner = str(Path("a", "pyproject.toml"))
    argv = ("config", "a/Dockerfile", "--ignore", "pip-conf", "--no-gitignore")
    assert run(*argv) == (
        cli.OK,
        f"""\
path: a/Dockerfile
settings files: {inner}, pipslim.toml
passes: {", ".join(each for each in USUAL if each not in ("bytecode", "pip-conf"))}
left out: no

key               value                    from
extend            ../pipslim.toml          {inner}:2:1
select            all                      default
ignore            bytecode                 pipslim.toml:3:3
                  pip-conf                 --ignore
per-file-ignores  none                     default
unsafe            true                     {inner}:4:1
cache             keep                     default
cache-id          none                     default
context           its own                  default
follow            false                    default
carriers          compose, bake, template  default
assume-pip        21.0                     PIPSLIM_ASSUME_PIP
images            acme/* = 20.0            pipslim.toml:6:1
include           none                     default
exclude           x/                       {inner}:3:12
                  *.j2                     {inner}:3:18
force-exclude     false                    default
gitignore         false                    --no-gitignore
""",
        "",
    )
    told = in_force("a/Dockerfile", "--ignore", "pip-conf")
    assert told["version"] == 1
    assert told["settings"]["ignore"] == {
        "value": ["bytecode", "pip-conf"],
        "from": [
            {"value": "bytecode", "kind": "file", "path": "pipslim.toml", "line": 3, "column": 3},
            {"value": "pip-conf", "kind": "flag", "name": "--ignore"},
        ],
    }
    assert told["settings"]["assume-pip"]["from"] == [
        {"value": "21.0", "kind": "variable", "name": "PIPSLIM_ASSUME_PIP"}
    ]
    assert told["settings"]["gitignore"] == {
        "value": True,
        "from": [{"value": True, "kind": "default"}],
    }
    assert list(told["settings"]) == [key.name for key in KEYS]


def test_config_of_a_folder() -> None:
    put("a/pipslim.toml", 'select = ["pip-cache"]')
    assert in_force("a")["passes"] == ["pip-cache"]
    assert in_force()["passes"] == list(USUAL)
    assert in_force()["files"] == []
    assert "left out" not in run("config", "a").out
    assert in_force("a")["left_out"] is None


def test_config_says_whether_a_file_is_left_out() -> None:
    put("pipslim.toml", 'exclude = ["x/"]\ninclude = ["*.docker"]')
    assert in_force("Dockerfile")["left_out"] == "no"
    assert in_force("x/Dockerfile")["left_out"] == "unless named"
    assert in_force("a.txt")["left_out"] == "unless named"
    assert in_force("a.docker")["left_out"] == "no"
    assert in_force("x/Dockerfile", "--force-exclude")["left_out"] == "yes"


def test_config_takes_the_options_that_are_settings() -> None:
    put("pipslim.toml", 'select = ["pip-cache"]')
    put("other.toml", 'select = ["bytecode"]')
    assert in_force(".", "--config=other.toml")["passes"] == ["bytecode"]
    assert in_force(".", "--isolated")["passes"] == list(USUAL)
    assert run("config", "--write").code == cli.USAGE


def test_config_tells_of_faults() -> None:
    put("pipslim.toml", "zzz = 1")
    code, out, err = run("config")
    assert (code, out) == (cli.USAGE, "")
    assert err.startswith("pipslim.toml:1:1: unknown key 'zzz'")
    code, _, err = run("config", "--isolated", "--output-format=yaml")
    assert (code, err) == (cli.USAGE, "pipslim: no format 'yaml'; formats: text, json\n")


# -- the monorepo ----------------------------------------------------------------------------------


def test_monorepo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MONOREPO, folder / "monorepo")
    monkeypatch.chdir("monorepo")

    def passes(path: str) -> set[str]:
        return set(in_force(path)["passes"])

    every = [path.relative_to(Path.cwd()).as_posix() for path in Path.cwd().rglob("*Dockerfile*")]
    assert len(every) > 35
    but = {"services/checkout/Dockerfile.dev"}
    but |= {path for path in every if path.startswith("services/recommendations/")}
    for path in every:
        assert passes(path) == set(USUAL) - ({"bytecode"} if path in but else set()), path
    left_out = {path for path in every if in_force(path)["left_out"] != "no"}
    template = "platform/images/template/Dockerfile.j2"
    assert left_out == {"vendor/collector/Dockerfile", template}
    assert b"vendor/collector" not in run("fix", "--check").out.encode()
    assert run("fix", "--select=old-pip", "services/checkout", "data/etl").out == ""
    isolated = run("fix", "--select=old-pip", "services/checkout", "data/etl", "--isolated").out
    assert isolated.count("\n+++ b/") == 4


# -- measure ---------------------------------------------------------------------------------------


def test_measure_has_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    put("Dockerfile")
    put("pipslim.toml", "zzz = 1")
    code, _, err = run("measure")
    assert (code, err.partition(";")[0]) == (cli.USAGE, "pipslim.toml:1:1: unknown key 'zzz'")
    monkeypatch.setenv("PATH", "")
    assert "no container engine answers" in run("measure", "--isolated").err


# -- schema ----------------------------------------------------------------------------------------


def test_schema_is_that_of_the_table() -> None:
    code, out, err = run("config", "--schema")
    assert (code, err) == (cli.OK, "")
    hint = "write it anew: pipslim config --schema > docs/pipslim.schema.json"
    assert SCHEMA.read_text("utf-8") == out, hint


def valid(text: str) -> bool:
    """Tell whether the schema takes a settings file."""
    from pipslim.settings.toml import loads

    schema = json.loads(SCHEMA.read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return bool(validator(schema).is_valid(loads(text)))


WHOLE = """
extend = "../pipslim.toml"
select = ["pip-cache", "bytecode"]
ignore = []
unsafe = false
assume-pip = "24.0"
include = ["*.docker"]
exclude = ["vendor/", "!a"]
force-exclude = true
gitignore = false
images = { "acme/python:3.*" = "24.0" }
per-file-ignores = { "*.dev" = ["bytecode"] }
"""


def test_schema_takes_good_files() -> None:
    assert valid("")
    assert valid(WHOLE)
    for path in MONOREPO.rglob("pipslim.toml"):
        assert valid(path.read_text("utf-8")), path


@pytest.mark.parametrize(
    "text",
    [
        "selct = []", "jobs = 4", 'select = "pip-cache"', 'select = ["x"]', "select = []",
        "select = [1]", "ignore = true", "unsafe = 1", "assume-pip = 24.0", 'assume-pip = "new"',
        'images = { a = "x" }', "images = []", "images = { a = 1 }", "exclude = [1]",
        'exclude = [""]', 'extend = ""', "extend = 1", 'per-file-ignores = { "!a" = [] }',
        'per-file-ignores = { a = ["x"] }', 'per-file-ignores = { a = "bytecode" }',
        "gitignore = 0", 'force-exclude = "no"', 'include = "*.x"',
    ],
)  # fmt: skip
def test_schema_and_reader_refuse_alike(text: str) -> None:
    assert not valid(text)
    put("pipslim.toml", text)
    assert run("config").code == cli.USAGE


def test_reader_takes_what_the_schema_takes() -> None:
    put("pipslim.toml", "")
    put("a/pipslim.toml", WHOLE)
    assert run("config", "a").code == cli.OK
    put("pipslim.toml", WHOLE.replace('"../pipslim.toml"', '"b.toml"'))
    put("b.toml", "")
    assert run("config").code == cli.OK


def documented() -> list[str]:
    """Give the settings files that the docs show."""
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    return re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", documented())
def test_settings_that_the_docs_show(text: str) -> None:
    pyproject = "[tool.pipslim" in text
    put("pipslim.toml", "")
    put("data/pyproject.toml" if pyproject else "data/pipslim.toml", text)
    assert in_force("data")["files"]
    assert pyproject or valid(text)


@pytest.mark.skipif(TAPLO is None, reason="no taplo here")
def test_schema_in_an_editor() -> None:
    """`taplo` is what editors run for TOML."""
    put("pipslim.schema.json", run("config", "--schema").out)

    def lint(text: str) -> tuple[int, str]:
        put("pipslim.toml", f"#:schema ./pipslim.schema.json\n{text}")
        done = subprocess.run(
            [TAPLO or "", "lint", "pipslim.toml"],
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        return done.returncode, done.stderr

    assert lint(WHOLE)[0] == 0
    code, told = lint('select = ["pip-cash"]\n')
    assert code != 0
    assert "pipslim.toml:2:11" in told
    assert lint("selct = []\n")[0] != 0


# -- cost ------------------------------------------------------------------------------------------


def test_each_settings_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        put(f"a/{number}/x/Dockerfile")
        put(f"a/{number}/y/Dockerfile")
        put(f"a/{number}/pipslim.toml", 'extend = "../../base.toml"')
        put(f"b/{number}/Dockerfile")
    put("b/pipslim.toml", 'extend = "../base.toml"')
    put("base.toml", 'select = ["pip-cache"]')
    opened: list[str] = []

    def counting(path: str) -> bytes:
        opened.append(Path(path).name)
        return disk.read(path)

    monkeypatch.setattr("pipslim.files.above.read", counting)
    monkeypatch.setattr("pipslim.settings.reader.read", counting)
    assert run("fix").err.startswith("9 files read, 9 would change")
    assert sorted(opened) == ["base.toml", *["pipslim.toml"] * 4]


def test_pyproject_of_others_costs_no_parser() -> None:
    put("Dockerfile")
    put("pyproject.toml", '[project]\nname = "x"\n')
    program = (
        "import sys\nfrom pipslim.cli import main\nmain(['fix', 'Dockerfile'])\n"
        "sys.exit(any(name in sys.modules for name in ('tomllib', 'tomli', 'pathspec', 'typer')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"--- a/Dockerfile")
