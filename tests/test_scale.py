"""The recipes of docs/at-scale.md do what they say; of each engine only the engine is played."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

import pipslim

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus import Corpus

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "at-scale.md"
MONOREPO = ROOT / "fixtures" / "monorepo"

BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
CLEAN = b"FROM scratch\nCOPY a /\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the recipes are for a POSIX shell"),
    pytest.mark.skipif(shutil.which("git") is None, reason="no git here"),
]


def recipe(name: str) -> str:
    """Give a file of the page: the block that begins with its name, or with `#!` and its name."""
    found: list[str] = re.findall(
        rf"^```\w+\n((?:#![^\n]*\n)?# {re.escape(name)}\n.*?)^```$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    (text,) = found
    return text


def environment(**more: str) -> dict[str, str]:
    """Give the environment of the recipes: this pipslim, and a git with no settings but these."""
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return {
        **os.environ,
        "PATH": programs,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        **more,
    }


class Ran(NamedTuple):
    """How a script ended, and what it said."""

    code: int
    said: str


def shell(script: str, folder: Path, *words: str, **more: str) -> Ran:
    """Run a script as GitHub's runners and containers do: it ends at the first failure."""
    done = subprocess.run(
        [*(words or ("bash", "-e", "-c")), script],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return Ran(done.returncode, done.stdout)


def git(folder: Path, *words: str) -> str:
    """Run git; give what it says."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environment(), capture_output=True, check=True
    )
    return done.stdout.decode()


def repository(folder: Path, files: dict[str, bytes]) -> Path:
    """Make a repository with one commit."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=first")
    return folder


def changed(folder: Path) -> list[str]:
    """Give the files that differ from the last commit, new ones too."""
    return [line[3:] for line in git(folder, "status", "--porcelain", "-uall").splitlines()]


REPOSITORIES = {
    "due": ({"Dockerfile": BEFORE, "b/Dockerfile": CLEAN}, ["Dockerfile"], ""),
    "due-and-broken": (
        {"a/Dockerfile": BROKEN, "b/Dockerfile": BEFORE},
        ["b/Dockerfile"],
        "a/Dockerfile:2:1: unknown instruction",
    ),
    "clean": ({"Dockerfile": CLEAN}, [], ""),
    "broken": ({"Dockerfile": BROKEN}, [], "Dockerfile:2:1: unknown instruction"),
    "empty": ({"README": b"\n"}, [], ""),
}


def check_engine(run: Callable[[Path], Ran], folder: Path) -> None:
    """Play an engine: run its script in each repository, look what changed, and run it again."""
    for name, (files, expected, said) in REPOSITORIES.items():
        clone = repository(folder / name, files)
        done = run(clone)
        assert done.code == 0, done.said
        assert changed(clone) == expected, name
        assert done.said.count("\n") == bool(said), "no word where all is well"
        assert done.said.startswith(said)
        git(clone, "commit", "--quiet", "--all", "--allow-empty", "--message=second")
        assert run(clone) == done, "the second time is like the first"
        assert changed(clone) == []


def test_engine_drops_a_repository_for_a_wrong_call(tmp_path: Path) -> None:
    """What is wrong with the call itself is no success; 3 alone is."""
    script = recipe("slim.sh").replace("--quiet", "--select=pip-cash")
    assert shell(script, repository(tmp_path / "a", {"Dockerfile": BEFORE})).code != 0


# -- multi-gitter ----------------------------------------------------------------------------------


def test_multi_gitter(tmp_path: Path) -> None:
    script = tmp_path / "slim.sh"
    script.write_text(recipe("slim.sh"), encoding="utf-8")
    script.chmod(0o755)
    check_engine(lambda clone: shell(str(script), clone, "env", "REPOSITORY=my/repo"), tmp_path)


def test_multi_gitter_is_called_with_what_the_page_has() -> None:
    text = PAGE.read_text(encoding="utf-8")
    call = re.search(r"^multi-gitter run \./(\S+) (.*\\\n.*)$", text, re.MULTILINE)
    assert call is not None
    assert recipe(call[1]).startswith("#!/bin/sh\n")
    options = set(re.findall(r"--[\w-]+", call[2]))
    assert options == {"--org", "--branch", "--conflict-strategy", "--commit-message", "--dry-run"}


# -- Sourcegraph -----------------------------------------------------------------------------------


def parsed(name: str) -> Any:
    """Give a YAML file of the page, read."""
    read = yaml.safe_load(recipe(name))
    # YAML 1.1, which this parser knows, takes the key `on` for a truth
    return {"on" if key is True else key: value for key, value in read.items()}


def test_batch_changes(tmp_path: Path) -> None:
    (step,) = parsed("slim.batch.yaml")["steps"]
    check_engine(lambda clone: shell(step["run"], clone, "/bin/sh", "-c"), tmp_path)


def test_batch_spec_has_what_the_reference_asks_for() -> None:
    """As in https://sourcegraph.com/docs/batch-changes/batch-spec-yaml-reference."""
    spec = parsed("slim.batch.yaml")
    assert set(spec) == {"version", "name", "description", "on", "steps", "changesetTemplate"}
    assert spec["version"] == 2
    assert re.fullmatch(r"[\w.-]+", spec["name"])
    assert [set(each) for each in spec["on"]] == [{"repositoriesMatchingQuery"}]
    assert [set(each) for each in spec["steps"]] == [{"run", "container"}]
    assert "${{" not in spec["steps"][0]["run"], "it would be a template of theirs"
    template = spec["changesetTemplate"]
    assert set(template) == {"title", "body", "branch", "commit", "published"}
    assert set(template["commit"]) == {"message"}
    assert template["published"] in (True, False, "draft")


def test_the_image_of_the_page_is_as_pipslim_would_have_it() -> None:
    pattern = re.compile(r"^```dockerfile\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    (text,) = pattern.findall(PAGE.read_text(encoding="utf-8"))
    outcome = pipslim.rewrite(text)
    assert outcome.problem is None
    assert not outcome.changed
    assert not outcome.unused
    assert f"pipslim=={pipslim.__version__}" in text
    assert f"pipslim:{pipslim.__version__}" in parsed("slim.batch.yaml")["steps"][0]["container"]


# -- pre-commit.ci ---------------------------------------------------------------------------------


def test_pre_commit_ci(tmp_path: Path) -> None:
    """As pre-commit does: the hook gets the names of the files, and what it changed fails it."""
    settings = parsed(".pre-commit-config.yaml")
    assert set(settings) == {"ci", "repos"}
    keys = {"autofix_commit_msg", "autofix_prs", "autoupdate_branch", "autoupdate_commit_msg"}
    assert set(settings["ci"]) <= keys | {"autoupdate_schedule", "skip", "submodules"}
    assert settings["ci"]["autoupdate_schedule"] in ("weekly", "monthly", "quarterly")
    (repo,) = settings["repos"]
    assert repo["rev"] == f"v{pipslim.__version__}"
    (hook,) = repo["hooks"]
    listed = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    hooks = {each["id"]: each for each in listed}
    entry = hooks[hook["id"]]["entry"].split() + hook["args"]
    for name, (files, expected, said) in REPOSITORIES.items():
        clone = repository(tmp_path / name, files)
        names = [each for each in files if re.search(hooks[hook["id"]]["files"], each)]
        if not names:  # pre-commit skips the hook then
            continue
        done = shell(" ".join((*entry, *names)), clone)
        assert done.code == (3 if said else 0), done.said
        assert done.said.startswith(said)
        assert changed(clone) == expected


# -- one pull request for each team ----------------------------------------------------------------

WORKFLOW = ".github/workflows/slim-images.yml"
# `gh`, as far as the recipe needs it: it remembers which branches have an open pull request.
GH = """#!/usr/bin/env bash
set -eu
echo "$*" >> "$GH_LOG"
head=$(sed 's/.*--head \\([^ ]*\\).*/\\1/' <<< "$*")
case "$1 $2" in
  "pr list") grep -c -x -F -- "$head" "$GH_OPEN" || true ;;
  "pr create") echo "$head" >> "$GH_OPEN" ;;
  *) exit 1 ;;
esac
"""


class Hub:
    """A repository with a remote, and what plays GitHub for the steps of the workflow."""

    def __init__(self, folder: Path, files: dict[str, bytes]) -> None:
        self.folder = folder
        self.remote = folder / "remote.git"
        source = repository(folder / "source", files)
        git(folder, "clone", "--quiet", "--bare", str(source), str(self.remote))
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH, encoding="utf-8")
        (folder / "bin" / "gh").chmod(0o755)
        (folder / "open").touch()
        self.jobs = parsed(WORKFLOW)["jobs"]

    def step(self, job: str, clone: str, **more: str) -> Ran:
        """Run the last step of a job in a clone of its own."""
        folder = self.folder / clone
        git(self.folder, "clone", "--quiet", str(self.remote), str(folder))
        path = os.pathsep.join((str(self.folder / "bin"), environment()["PATH"]))
        return shell(
            self.jobs[job]["steps"][-1]["run"],
            folder,
            PATH=path,
            GITHUB_OUTPUT=str(self.folder / "output"),
            GH_LOG=str(self.folder / "log"),
            GH_OPEN=str(self.folder / "open"),
            **more,
        )

    def run(self, number: int) -> list[str]:
        """Run the workflow; give the folders that it looked at."""
        (self.folder / "output").write_text("")
        looked = self.step("look", f"look-{number}")
        assert looked.code == 0, looked.said
        name, _, value = (self.folder / "output").read_text().partition("=")
        assert name == "folders"
        folders: list[str] = json.loads(value)
        for at, folder in enumerate(folders):
            done = self.step("open", f"open-{number}-{at}", FOLDER=folder)
            assert done.code == 0, done.said
        return folders

    def branches(self) -> dict[str, list[str]]:
        """Give each branch but the first, with the files that it changes."""
        names = git(self.remote, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        return {
            name: git(self.remote, "diff", "--name-only", f"main...{name}").splitlines()
            for name in names
            if name != "main"
        }


def test_one_pull_request_for_each_folder(tmp_path: Path) -> None:
    hub = Hub(
        tmp_path,
        {
            "web/Dockerfile": BEFORE,
            "web/admin/Dockerfile": BEFORE,
            "web/README": b"\n",
            "data jobs/etl/Dockerfile": BEFORE,
            "data jobs/broken/Dockerfile": BROKEN,
            ".devcontainer/Dockerfile": BEFORE,
            "clean/Dockerfile": CLEAN,
            "broken/Dockerfile": BROKEN,
            "docs/index.md": b"\n",
            "Dockerfile": BEFORE,
        },
    )
    folders = ["broken", "data jobs", "web", ".devcontainer"]
    assert hub.run(1) == folders
    branches = {
        "slim-images/web": ["web/Dockerfile", "web/admin/Dockerfile"],
        "slim-images/data-jobs": ["data jobs/etl/Dockerfile"],
        "slim-images/-devcontainer": [".devcontainer/Dockerfile"],
    }
    assert hub.branches() == branches
    asked = (tmp_path / "log").read_text().splitlines()
    assert sum(each.startswith("pr create") for each in asked) == 3
    hub.run(2)
    assert hub.branches() == branches
    asked = (tmp_path / "log").read_text().splitlines()
    assert sum(each.startswith("pr create") for each in asked) == 3, "an open one is renewed"
    for branch in branches:
        git(tmp_path / "source", "pull", "--quiet", "--no-rebase", str(hub.remote), branch)
    git(tmp_path / "source", "push", "--quiet", str(hub.remote), "main")
    assert hub.run(3) == ["broken", "data jobs"], "once merged, what is broken alone is left"
    assert (tmp_path / "log").read_text().splitlines() == asked


def test_pull_requests_of_the_monorepo_are_the_whole_change(tmp_path: Path) -> None:
    files = {
        path.relative_to(MONOREPO).as_posix(): path.read_bytes()
        for path in MONOREPO.rglob("*")
        if path.is_file()
    }
    hub = Hub(tmp_path, files)
    hub.run(1)
    whole = repository(tmp_path / "whole", files)
    shell(recipe("slim.sh"), whole)
    apart = [name for names in hub.branches().values() for name in names]
    assert sorted(apart) == changed(whole)
    assert len(hub.branches()) > 3


def test_monorepo_without_folders_opens_nothing(tmp_path: Path) -> None:
    assert Hub(tmp_path, {"Dockerfile": BEFORE}).run(1) == []


def test_workflow_is_one(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "actionlint"
    actionlint = beside if beside.exists() else shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("no actionlint here")
    path = tmp_path / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_text(recipe(WORKFLOW), encoding="utf-8")
    done = shell(f"'{actionlint}' -no-color '{path}'", tmp_path)
    assert done == (0, "")


# -- millions --------------------------------------------------------------------------------------

KEPT = b"FROM python:3.12-slim\nRUN pip install --cache-dir=/c flask\n"
ODD = b"FROM a\r\nRUN echo \xff\0 && pip install \xfe\n"
NOT_EVEN = b"FROM a\n\xff\xfe b\n"


def write_parquet(path: Path, files: dict[str, bytes], group: int) -> None:
    """Write a data set of one file: the columns path and content, some rows to a group."""
    arrow = pytest.importorskip("pyarrow", reason="pipslim[scale] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"path": list(files), "content": arrow.array(files.values(), "binary")})
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(table, path, row_group_size=group)


def rewrite_parquet(folder: Path, files: dict[str, bytes], group: int) -> dict[str, dict[str, Any]]:
    """Rewrite files by the program of the page, on a cluster of its own; give its rows by path."""
    pytest.importorskip("distributed", reason="pipslim[scale] is not installed")
    write_parquet(folder / "dockerfiles" / "all.parquet", files, group)
    (folder / "slim_parquet.py").write_text(recipe("slim_parquet.py"), encoding="utf-8")
    groups = -(-len(files) // group)
    done = run_parquet(folder)
    assert done.code == 0, done.said
    assert f"{len(files)} files rewritten; 0 row groups were there\n" in done.said
    dataset = pytest.importorskip("pyarrow.dataset").dataset(folder / "slim")
    assert len(dataset.files) == groups
    rows = dataset.to_table().to_pylist()
    assert [row["path"] for row in rows] == list(files), "nothing is lost, twice or elsewhere"
    return {row["path"]: row for row in rows}


def run_parquet(folder: Path) -> Ran:
    """Run the program of the page over `dockerfiles` into `slim`."""
    return shell(f"'{sys.executable}' slim_parquet.py dockerfiles slim", folder)


def check_like_the_command_line(
    folder: Path, files: dict[str, bytes], rows: dict[str, dict[str, Any]]
) -> None:
    """Check that a data set says what `pipslim fix` makes of the same files, and says of them."""
    tree = folder / "tree"
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "pipslim", "fix", "--write", "--isolated", "."],
        cwd=tree,
        env=environment(PYTHONIOENCODING="utf-8:backslashreplace"),
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode()
    assert done.returncode == (3 if any(row["problem"] for row in rows.values()) else 0)
    for name, row in rows.items():
        assert (tree / name).read_bytes() == row["content"], name
        assert row["changed"] == (row["content"] != files[name])
        problem = row["problem"]
        assert (problem is None) == (f"{name}:" not in told.partition("held back (")[0]), name
        assert problem is None or f"{name}:{problem}\n" in told
    for kind, verb in (("fixed", r"(\d+) fixed"), ("held", r"\d+ fixed, (\d+) held back")):
        counts = dict(re.findall(rf"^  ([\w-]+): {verb}", told, re.MULTILINE))
        found = [pass_id for row in rows.values() for pass_id in row[kind]]
        assert {each: int(number) for each, number in counts.items() if int(number)} == {
            each: found.count(each) for each in found
        }


def test_parquet_on_a_local_cluster(tmp_path: Path) -> None:
    files = {
        f"{at:02}/{path.parent.name}.Dockerfile": path.read_bytes()
        for at, path in enumerate(sorted(ROOT.glob("fixtures/*/*/before.Dockerfile"))[::4])
    }
    contents = {"odd": ODD, "not-even": NOT_EVEN, "kept": KEPT, "broken": BROKEN, "empty": b""}
    files |= {f"z/{name}.Dockerfile": content for name, content in contents.items()}
    rows = rewrite_parquet(tmp_path, files, 25)
    check_like_the_command_line(tmp_path, files, rows)
    odd = rows["z/odd.Dockerfile"]
    assert b"RUN echo \xff\0 && pip install --no-cache-dir \xfe" in odd["content"]
    assert "\\udcff" in rows["z/not-even.Dockerfile"]["problem"]
    (tmp_path / "slim" / "000001.parquet").unlink()
    again = run_parquet(tmp_path)
    assert again.code == 0, again.said
    assert "25 files rewritten; " in again.said, "it goes on where it was stopped"
    assert not list((tmp_path / "slim").glob("*.part"))
    assert "0 files rewritten; " in run_parquet(tmp_path).said


@pytest.mark.corpus
def test_parquet_of_the_corpus_on_a_local_cluster(
    corpus: Corpus, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    paths = corpus.files[::12]
    files = {f"{at:05}.Dockerfile": path.read_bytes() for at, path in enumerate(paths)}
    begun = time.monotonic()
    rows = rewrite_parquet(tmp_path, files, 100)
    tell(f"Parquet on a local cluster: {len(files)} files in {time.monotonic() - begun:.1f} s")
    check_like_the_command_line(tmp_path, files, rows)
    assert sum(row["changed"] for row in rows.values()) > len(files) / 3


def test_parquet_refuses_a_text_that_is_no_utf_8() -> None:
    """So the page says to keep a column of bytes."""
    arrow = pytest.importorskip("pyarrow", reason="pipslim[scale] is not installed")
    with pytest.raises(UnicodeEncodeError):
        arrow.array([pipslim.decode(ODD)], "string")


@pytest.mark.parametrize(
    "data",
    [BEFORE, ODD, NOT_EVEN, b"", bytes(range(256)), "é ü \U0001f600\n".encode(), b"\xed\xa0\x80"],
    ids=ascii,
)
def test_any_bytes_go_through(data: bytes) -> None:
    text = pipslim.decode(data)
    assert pipslim.encode(text) == data
    outcome = pipslim.rewrite(text)
    assert outcome.before == text
    if outcome.problem is not None:
        assert pipslim.encode(outcome.after) == data


def test_text_with_half_a_pair_is_encoded_too() -> None:
    """JSON can hold what no decoding makes."""
    text = json.loads('"FROM a\\nRUN pip install \\ud83d\\n"')
    after = pipslim.rewrite(text, pipslim.Choice(frozenset({"pip-cache"}))).after
    assert pipslim.encode(after) == b"FROM a\nRUN pip install --no-cache-dir \xed\xa0\xbd\n"
