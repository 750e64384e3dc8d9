"""What a process costs, and where the benchmarks find their Dockerfiles and programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import corpus

PIPSLIM = (sys.executable, "-m", "pipslim")


class Cost(NamedTuple):
    """What a process and those that it started cost: CPU seconds, peak memory in bytes."""

    cpu: float
    peak: int
    status: int


_BYTECODE = tempfile.TemporaryDirectory(prefix="bytecode-")


def environment() -> dict[str, str]:
    """Give the environment in which programs are measured: bytecode is kept, as once installed."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": _BYTECODE.name}


def cost(command: Sequence[str | Path], folder: Path | None = None) -> Cost:
    """Run a command without input or output to its end; give its cost."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, process.returncode)


def program(name: str, variable: str = "") -> str | None:
    """Give a program's path: what a variable names, beside the interpreter, or on PATH."""
    named = os.environ.get(variable) if variable else None
    beside = Path(sys.executable).parent / name
    return named or (str(beside) if beside.exists() else shutil.which(name))


def dockerfiles(folder: str | None) -> list[Path]:
    """Give the Dockerfiles below a folder, or those of the corpus; ends the program if none."""
    if folder is not None:
        found = sorted(path for path in Path(folder).rglob("*Dockerfile") if path.is_file())
        if not found:
            sys.exit(f"{folder}: no Dockerfile below it")
        return found
    try:
        return list(corpus.find().files)
    except corpus.Missing as reason:
        sys.exit(f"{reason}, or name a folder of Dockerfiles")
