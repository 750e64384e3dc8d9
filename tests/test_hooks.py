"""Hooks, shells and editors: pipslim called as they call it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from test_docs import blocks

from pipslim import cli
from pipslim.files.names import USUAL_HOSTS, host, is_dockerfile
from pipslim.passes import IDS
from pipslim.report.formats import FORMATS

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
CI = ROOT / "docs" / "ci.md"
EDITORS = ROOT / "docs" / "editors.md"
WEB_APP = ROOT / "fixtures" / "examples" / "web-app" / "Dockerfile"
BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"
PROGRAMS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))

checkout = pytest.mark.skipif(not MANIFEST.exists(), reason="not a checkout of the project")
posix = pytest.mark.skipif(os.name == "nt", reason="written for a POSIX shell")

NAMES = {
    "Dockerfile": True,
    "Dockerfile.dev": True,
    "a/b/Dockerfile.web.prod": True,
    "api.Dockerfile": True,
    "a/api.dockerfile": True,
    "Containerfile": True,
    "a/Containerfile.x": True,
    "Dockerfile.": True,
    ".Dockerfile": True,
    "Dockerfile.dockerignore": False,
    "a/api.Dockerfile.dockerignore": False,
    "dockerfile": False,
    "Dockerfiles": False,
    "myDockerfile": False,
    "Dockerfile-dev": True,
    "a/Containerfile_x-y": True,
    "Dockerfile-py3.11": True,
    "Dockerfile-": False,
    "Dockerfile-dev.md": False,
    "Dockerfile-3.11.md": False,
    "Dockerfile.d/readme.md": False,
    "Dockerfile/readme": False,
    "a.containerfile": False,
    "docker-compose.yml": True,
    "a/compose.yaml": True,
    "compose-dev.yml": True,
    "docker-compose_gpu.prod.yaml": True,
    "docker-compose": False,
    "composed.yml": False,
    "mycompose.yml": False,
    "compose.json": False,
    "docker-bake.hcl": True,
    "a/docker-bake.override.json": True,
    "docker-bake-ci.hcl": True,
    "docker-bake.yml": False,
    "bake.hcl": False,
    "Dockerfile.j2": True,
    "a/Dockerfile-dev.tmpl": True,
    "api.Dockerfile.gotmpl": True,
    "Containerfile.in": True,
    "Dockerfile-dev.txt": False,
    "values.j2": False,
    "readme.md": False,
    "values.yaml": False,
}
HOSTS = {name for name in NAMES if not is_dockerfile(name.rpartition("/")[2])}
COMPOSE = b"""\
services:
  web:
    build:
      dockerfile_inline: |
        FROM python:3.12-slim
        RUN pip install flask
"""
BAKE = b"""\
target "web" {
  dockerfile-inline = <<EOT
FROM python:3.12-slim
RUN pip install flask
EOT
}
"""


def patterns() -> list[str]:
    """Give the pattern of files of each hook."""
    return [hook["files"] for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))]


@checkout
@pytest.mark.parametrize("name", NAMES)
def test_hooks_take_the_files_that_are_found(name: str) -> None:
    last = name.rpartition("/")[2]
    assert (is_dockerfile(last) or host(last) in USUAL_HOSTS) == NAMES[name]
    for pattern in patterns():
        assert bool(re.search(pattern, name)) == NAMES[name]


@pytest.mark.parametrize("name", [each for each in NAMES if each not in HOSTS or not NAMES[each]])
def test_run_on_save_takes_the_files_that_are_found(name: str) -> None:
    settings = json.loads(blocks("json", [EDITORS])[0].text)
    (command,) = settings["emeraldwalk.runonsave"]["commands"]
    found = bool(re.search(command["match"], f"/home/me/{name}"))
    ignores = name.endswith(
        ".dockerignore"
    )  # no pattern of JavaScript's tells them apart as shortly
    assert found == NAMES[name] or ignores or "myDockerfile" in name


# -- pre-commit ------------------------------------------------------------------------------------


class Repository(NamedTuple):
    """A git repository that uses the hooks, and the variables that git and pre-commit run with."""

    folder: Path
    variables: dict[str, str]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the repository."""
        return subprocess.run(
            argv, cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False
        )

    def git(self, *argv: str) -> str:
        """Run git; give what it printed."""
        done = self.run("git", "-c", "core.autocrlf=false", *argv)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def hook(self, name: str) -> tuple[int, str]:
        """Run a hook over all files; give its exit code and what it printed."""
        done = self.run(sys.executable, "-m", "pre_commit", "run", name, "--all-files", "--verbose")
        return done.returncode, done.stdout + done.stderr

    def put(self, files: dict[str, bytes]) -> None:
        """Leave these files, and the configuration, in the repository and its index."""
        for path in self.folder.iterdir():
            if path.is_dir() and path.name != ".git":
                shutil.rmtree(path)
            elif path.is_file() and path.name != ".pre-commit-config.yaml":
                path.unlink()
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.git("add", "--all")

    def files(self) -> dict[str, bytes]:
        """Give the files of the index with what stands in the folder."""
        names = [each for each in self.git("ls-files", "-z").split("\0") if each]
        return {each: (self.folder / each).read_bytes() for each in names if each[:4] != ".pre"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, index: None) -> Repository:
    """Give a repository whose configuration names this project, committed elsewhere."""
    pytest.importorskip("pre_commit")
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    if not MANIFEST.exists():
        pytest.skip("not a checkout of the project")
    base = tmp_path_factory.mktemp("hooks")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    variables = {
        **kept,
        **dict.fromkeys(names, "test@example.com"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(base / "home"),
    }
    source = Repository(base / "pipslim", variables)
    source.folder.mkdir()
    for name in (MANIFEST.name, "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source.folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "pipslim", source.folder / "pipslim", ignore=ignored)
    source.git("init", "--quiet")
    source.git("add", "--all")
    source.git("commit", "--quiet", "--message", "all")
    user = Repository(base / "user", variables)
    user.folder.mkdir()
    user.git("init", "--quiet")
    (config,) = [each.text for each in blocks("yaml", [CI]) if "\nrepos:" in each.text]
    config = config.replace("https://github.com/OWNER/pipslim", source.folder.as_uri())
    config = config.replace("v0.1.0", source.git("rev-parse", "HEAD").strip())
    both = config + "      - id: pipslim-check\n"
    (user.folder / ".pre-commit-config.yaml").write_text(both, "utf-8")
    return user


@checkout
def test_manifest_is_one() -> None:
    pytest.importorskip("pre_commit")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_pre_commit(repository: Repository) -> None:
    """One test for all: making the environment of the hooks takes longer than all else."""
    files = {name: _content(name) for name in NAMES if name != "Dockerfile/readme"}
    files["other/compose.yml"] = b"services: {web: {build: .}}\n"
    files["windows/Dockerfile"] = BEFORE.replace(b"\n", b"\r\n")
    # git's own names: Dockerfile is a file here
    repository.put(files)
    code, told = repository.hook("pipslim-check")
    assert code == 1, told
    assert "- exit code: 1" in told
    assert "+RUN pip install --no-cache-dir flask" in told
    assert "files were modified" not in told
    assert repository.files() == files

    code, told = repository.hook("pipslim")
    assert code == 1
    assert "- files were modified by this hook" in told
    assert "exit code" not in told
    after = repository.files()
    changed = {name for name, content in files.items() if after[name] != content}
    assert changed == {each for each in files if NAMES.get(each, each != "other/compose.yml")}
    for name in changed:
        assert b" --no-cache-dir flask" in after[name]
        assert b"PYTHONDONTWRITEBYTECODE" not in after[name], "the configuration says so"
    assert after["windows/Dockerfile"].count(b"\r\n") == after["windows/Dockerfile"].count(b"\n")

    repository.git("add", "--all")
    code, told = repository.hook("pipslim")
    assert code == 0, told
    assert repository.files() == after

    repository.put({"a/Dockerfile": BROKEN, "b/Dockerfile": BEFORE})
    code, told = repository.hook("pipslim")
    assert code == 1
    assert "- exit code: 3" in told
    assert re.search(r"a.Dockerfile:2:1: unknown instruction 'COPYY'", told)
    assert b"--no-cache-dir" in repository.files()["b/Dockerfile"], "one bad file stops no other"

    repository.put(
        {"pipslim.toml": b"carriers = []\n", "compose.yml": COMPOSE, "Dockerfile": BEFORE}
    )
    code, told = repository.hook("pipslim")
    assert code == 1, told
    assert repository.files()["compose.yml"] == COMPOSE
    assert b"--no-cache-dir" in repository.files()["Dockerfile"]

    repository.put({"readme.md": b"hello\n"})
    code, told = repository.hook("pipslim")
    assert code == 0
    assert "no files to check" in told


def _content(name: str) -> bytes:
    """Give a file by that name, which installs with pip."""
    if name.endswith((".yml", ".yaml")):
        return COMPOSE
    if name.endswith(".json"):
        text = json.dumps(BEFORE.decode())
        return f'{{"target": {{"web": {{"dockerfile-inline": {text}}}}}}}\n'.encode()
    return BAKE if name.endswith(".hcl") else BEFORE


# -- shells ----------------------------------------------------------------------------------------


def completed(words: str, tmp_path: Path) -> list[str]:
    """Give what bash would be offered for the last of some words."""
    variables = {
        **os.environ,
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "_PIPSLIM_COMPLETE": "complete_bash",
        "HOME": str(tmp_path),
    }
    program = "from pipslim.__main__ import entry; import sys; sys.argv = ['pipslim']; entry()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pipslim fi", ["fix"]),
        ("pipslim fix --outp", ["--output-format", "--output-file"]),
        ("pipslim fix --select ", list(IDS)),
        ("pipslim fix --ignore pip-c", ["pip-conf", "pip-cache"]),
        ("pipslim fix --select pip-cache,pip-co", ["pip-cache,pip-conf"]),
        ("pipslim fix --output-format ", list(FORMATS)),
        ("pipslim fix --output-format gi", ["github", "gitlab"]),
        ("pipslim explain by", ["bytecode"]),
    ],
)
def test_shell_completes(words: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(words, tmp_path) == offered


@posix
def test_script_of_completion_is_one_that_bash_takes(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = (
        "pipslim --show-completion > script && . ./script && complete -p pipslim\n"
        "COMP_WORDS=(pipslim fix --select byt); COMP_CWORD=3\n"
        '_pipslim_completion pipslim; echo "${COMPREPLY[*]}"\n'
    )
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": PROGRAMS, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["bytecode"], done.stderr
    assert "complete -o default -F _pipslim_completion pipslim" in done.stdout


# -- editors ---------------------------------------------------------------------------------------


def edited(text: bytes, *argv: str) -> tuple[int, bytes, str]:
    """Call as an editor does; give the exit code, the new text and what is said of it."""
    words = [sys.executable, "-m", "pipslim", "fix", "--quiet", "-", "--stdin-filename", *argv]
    done = subprocess.run(words, input=text, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", "\ufeff".encode()])
def test_editor_gets_the_new_text_and_no_chatter(newline: bytes, mark: bytes) -> None:
    text = mark + (BEFORE + b"# caf\xe9 \xf0\x9f\x92\xbe").replace(b"\n", newline)
    code, new, told = edited(text, "api/Dockerfile")
    assert (code, told) == (cli.OK, "")
    assert new.startswith(mark + b"FROM python:3.12-slim" + newline)
    assert b"RUN pip install --no-cache-dir flask" + newline in new
    assert new.endswith(b"# caf\xe9 \xf0\x9f\x92\xbe")
    assert edited(new, "api/Dockerfile") == (cli.OK, new, ""), "a second save changes nothing"


def test_editor_gets_back_what_is_half_typed() -> None:
    code, new, told = edited(BROKEN, "api/Dockerfile")
    assert (code, new) == (cli.UNREAD, BROKEN)
    assert told.startswith("api/Dockerfile:2:1: unknown instruction 'COPYY'")
    assert told.count("\n") == 1
    assert edited(b"", "Dockerfile")[1] == b""


def test_editor_gets_findings_in_a_format() -> None:
    code, out, told = edited(BEFORE, "api/Dockerfile", "--output-format=sarif")
    assert (code, told) == (cli.OK, "")
    results = json.loads(out)["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert uris == {"api/Dockerfile"}


# -- what the documents show -----------------------------------------------------------------------


def test_document_lists_every_format() -> None:
    section = CI.read_text("utf-8").partition("\n## Formats\n")[2].partition("\n\n`--output")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)) == FORMATS


def test_problem_matcher_reads_every_finding(tmp_path: Path) -> None:
    tasks = json.loads(blocks("json", [EDITORS])[1].text)
    (task,) = tasks["tasks"]
    pattern = task["problemMatcher"]["pattern"]
    words = task["command"].split()
    assert words[0] == "pipslim"
    for name, content in (("a b/Dockerfile", WEB_APP.read_bytes()), ("broken/Dockerfile", BROKEN)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    for line in lines:
        match = re.search(pattern["regexp"], line)
        assert match is not None, line
        severity, file = match[pattern["severity"]], match[pattern["file"]]
        assert (tmp_path / file).is_file()
        assert (severity == "error") == (file == "broken/Dockerfile")
        assert match[pattern["code"]] in (*IDS, "unparsable")


@posix
def test_edits_are_applied_as_the_document_shows(tmp_path: Path) -> None:
    (example,) = blocks("python", [CI])
    done = subprocess.run(
        [sys.executable, "-c", example.text],
        cwd=ROOT,
        env={**os.environ, "PATH": PROGRAMS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.encode() == edited(WEB_APP.read_bytes(), "Dockerfile")[1]
