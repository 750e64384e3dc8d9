"""Passes that are asked for: they run where they are selected by name, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipslim import cli
from pipslim.passes import IDS, PASSES, USUAL, Step

ASKED = [step for step in PASSES if step.asked]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a Dockerfile in which each of them has something to show."""
    text = "".join(f"{step.about.before}" for step in ASKED)
    Path(tmp_path, "Dockerfile").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capfd: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run the command line, which is to go well, and give what it says."""
    capfd.readouterr()
    assert cli.main([*argv]) == cli.OK
    out, err = capfd.readouterr()
    return out + err


def test_some_are_asked_for() -> None:
    assert {*USUAL} == {*IDS} - {step.id for step in ASKED} != {*IDS}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("step", ASKED, ids=lambda step: step.id)
def test_one_runs_by_name_alone(step: Step, capfd: pytest.CaptureFixture[str]) -> None:
    assert step.id not in told(capfd, "fix", "--isolated", "Dockerfile")
    by_name = told(capfd, "fix", "--isolated", "--select", step.id, "Dockerfile")
    assert f"  {step.id}: 0 to fix, 1 held back" in by_name
    assert "0 would change" in by_name


@pytest.mark.parametrize("step", ASKED, ids=lambda step: step.id)
def test_a_settings_file_may_ask(
    step: Step, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "pipslim.toml").write_text(f'select = ["pip-cache", "{step.id}"]\n')
    assert f"  {step.id}: 0 to fix, 1 held back" in told(capfd, "fix", "Dockerfile")


def test_rules_says_which(capfd: pytest.CaptureFixture[str]) -> None:
    lines = told(capfd, "rules").splitlines()
    asked = [line.split()[0] for line in lines if line.endswith("(shown, only by name)")]
    assert asked == [step.id for step in ASKED]


@pytest.mark.parametrize("step", ASKED, ids=lambda step: step.id)
def test_explain_says_so(step: Step, capfd: pytest.CaptureFixture[str]) -> None:
    assert "It runs only where it is selected by name." in " ".join(
        told(capfd, "explain", step.id).split()
    )
