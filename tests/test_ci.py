"""README, `.ci/run`, the workflow, nox and the classifiers say the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_RUN = _ROOT / ".ci" / "run"

pytestmark = pytest.mark.skipif(not _RUN.exists(), reason="not a checkout of the project")


def _read(name: str) -> str:
    return (_ROOT / name).read_text("utf-8")


def test_the_readme_and_ci_run_test_by_the_same_command() -> None:
    command = re.search(r'^TEST_COMMAND="(.*)"$', _read(".ci/run"), re.MULTILINE)
    assert command is not None
    assert command[1] in _read("README.md").splitlines()


def test_the_script_of_ci_is_a_script() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    assert _RUN.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    done = subprocess.run([bash, "-n"], input=_RUN.read_bytes(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize(
    "apt",
    ["exit 100", "sleep 60", "touch {bin}/chromium {bin}/chromedriver; chmod +x {bin}/chrom*"],
)
def test_a_browser_that_cannot_be_had_fails_nothing(tmp_path: Path, apt: str) -> None:
    """The part that installs one ends soon, well, and says which it was."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    part = _read(".ci/run").partition("quietly_apt() {")
    text = "quietly_apt() {" + part[2].partition('\nstep "$TEST_COMMAND"')[0]
    text = re.sub(r"quietly_apt \d+", "quietly_apt 1", text)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, line in (("id", "echo 0"), ("apt-get", apt.format(bin=folder))):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        (folder / name).chmod(0o755)
    for name in ("sh", "timeout", "touch", "sleep", "chmod"):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"there is no {name} here")
        (folder / name).symlink_to(found)
    head = 'set -euo pipefail\nstep() { echo "== $*"; }\n'
    done = subprocess.run(
        [bash, "-c", head + text],
        env={"PATH": str(folder)},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = "== a browser\n"
    if not apt.startswith("touch"):
        told += "none to be had: the tests of the review page are skipped\n"
    assert done.stdout == told


def test_the_workflow_runs_that_script() -> None:
    assert "- run: .ci/run\n" in _read(".github/workflows/ci.yml")


def test_the_supported_pythons_are_those_that_are_tested() -> None:
    pattern = r'"Programming Language :: Python :: (3\.\d+)"'
    supported = re.findall(pattern, _read("pyproject.toml"))
    for name, start in ((".github/workflows/ci.yml", "python: ["), ("noxfile.py", "PYTHONS = (")):
        text = _read(name)
        line = text[text.index(start) :].partition("\n")[0]
        assert re.findall(r'"(3\.\d+)"', line) == supported, name
    assert f'requires-python = ">={supported[0]}"' in _read("pyproject.toml")
