"""The benchmarks run; what they measure is asserted nowhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_EXAMPLES = str(_ROOT / "fixtures" / "examples")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="they measure by os.wait4")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["speed.py", "--rounds=1", _EXAMPLES], "files per CPU s"),
        (["startup.py", "--runs=1"], "modules imported"),
        (["growth.py", "--scale=0.01"], "ENV instructions"),
        (["jobs.py", "--rounds=1", "--every=1", _EXAMPLES], "pays from"),
        pytest.param(
            ["bulk.py", "--rounds=1", "--sizes=100"],
            "discovery by a walk",
            marks=pytest.mark.skipif(shutil.which("git") is None, reason="no git here"),
        ),
        (["hotspots.py", "--every=1", "--lines=3", _EXAMPLES], "function calls"),
    ],
    ids=lambda value: Path(value[0]).stem if isinstance(value, list) else "",
)
def test_benchmark_runs(words: list[str], told: str) -> None:
    command = [sys.executable, str(_ROOT / "benchmarks" / words[0]), *words[1:]]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
