"""`pipslim measure` with real engines: figures that are so, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipslim.measure import ENGINES
from pipslim.measure.engine import NoEngine, find

from .bases import PIP_9, PIP_18, SLIM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .engine import Engine

pytestmark = pytest.mark.builds

ROOT = Path(__file__).parents[2]
PLAIN = ROOT / "fixtures" / "savings" / "web-app"
MEASURE = (sys.executable, "-m", "pipslim", "measure", "--engine-arg=--network=host")


def measured(*words: str) -> dict[str, Any]:
    """Run `pipslim measure` and give its JSON."""
    done = subprocess.run(
        [*MEASURE, "--output-format=json", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def images(engine: Engine) -> list[str]:
    return sorted(engine.names("pipslim-measure"))


@pytest.mark.parametrize("name", ENGINES)
def test_both_images_are_weighed(
    engine: Engine,
    bases: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    tmp_path: Path,
) -> None:
    try:
        find(name)
    except NoEngine as reason:
        pytest.skip(str(reason))
    look = ["inspect", "--type=image"] if name == "buildah" else ["image", "inspect"]
    there = subprocess.run([name.split()[0], *look, SLIM], capture_output=True, check=False)
    if there.returncode:
        pytest.skip(f"{name} has no image {SLIM}")
    folder = "/root/.cache/pip/http"
    text = (
        f"FROM {SLIM}\nENV A=1\nENV B=2\nRUN pip --version && mkdir -p {folder} && "
        f"head -c 1000000 /dev/zero > {folder}/1 && ln -s 1 {folder}/2\n"
    )
    (tmp_path / "Dockerfile").write_text(text, "utf-8")
    report = tmp_path / "report.html"
    if not name.startswith("docker"):
        monkeypatch.delenv("DOCKER_CONFIG", raising=False)  # another program's
    told = measured(f"--engine={name}", f"--report={report}", str(tmp_path))
    assert told["engine"] == name
    entry = told["files"][0]
    assert entry["changed"]
    before, after = entry["before"], entry["after"]
    assert before["cache"] == after["cache"] == {"files": 1, "size": 1_000_000}
    assert before["bytecode"]["files"] > 300
    assert after["bytecode"] == {"files": 0, "size": 0}
    gone = before["bytecode"]["size"]
    assert entry["saved"] == before["size"] - after["size"] == pytest.approx(gone, rel=0.1)
    assert str(tmp_path) in report.read_text("utf-8")
    if name.startswith("docker"):
        assert not images(engine)


def test_cache_and_bytecode_of_an_install_are_gone(
    engine: Engine, bases: Mapping[str, str]
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    entry = measured("--layer-cache", str(PLAIN))["files"][0]
    before, after = entry["before"], entry["after"]
    assert before["cache"]["files"] > 10
    assert before["bytecode"]["files"] > 300
    assert after["cache"] == after["bytecode"] == {"files": 0, "size": 0}
    gone = before["cache"]["size"] + before["bytecode"]["size"]
    assert entry["saved"] == pytest.approx(gone, rel=0.1)
    assert not images(engine)


def test_start_is_timed_without_the_engine_s_part(engine: Engine, bases: Mapping[str, str]) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    told = measured("--run=python -c 'import flask'", "--runs=3", str(PLAIN))
    before, after = (told["files"][0][side]["start"] for side in ("before", "after"))
    assert 0 < before["cpu_seconds"] < after["cpu_seconds"]
    assert before["cpu_seconds"] < before["wall_seconds"]
    assert not images(engine)


def test_build_that_fails_is_told_and_the_others_are_done(
    engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    for name, line in (("bad", "RUN echo so it is && exit 7"), ("good", "RUN true")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM {SLIM}\n{line}\n", "utf-8")
    command = [*MEASURE, "--output-format=json", "bad", "good"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    bad, good = json.loads(done.stdout)["files"]
    assert "exit code: 7" in bad["problem"]
    assert bad["before"] is None
    assert good["problem"] is None
    assert not images(engine)


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
def test_interrupt_leaves_nothing(engine: Engine, bases: Mapping[str, str], tmp_path: Path) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    text = f"FROM {SLIM}\nENV A=1\nENV B=2\nRUN echo {time.time_ns()} && sleep 60\n"
    (tmp_path / "Dockerfile").write_text(text, "utf-8")
    with subprocess.Popen(
        [*MEASURE, "."],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        time.sleep(4)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=50)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert not images(engine)


def test_savings_are_those_of_the_document(
    bases: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    for name in (SLIM, PIP_18, PIP_9):
        if name in bases:
            pytest.skip(bases[name])
    command = [sys.executable, "benchmarks/savings.py", "--check", "--engine-arg=--network=host"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    tell(f"docs/savings.md: {done.stdout.strip()}")
    assert done.returncode == 0, done.stdout
