"""The images that builds start from, and what stands in for those that are not here."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from .engine import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .engine import Engine

SLIM = "python:3.11-slim"
PIP_18 = "python:3.6.7-slim"
PIP_9 = "python:2.7.13-slim"
UNKNOWN_PIP_9 = "acme/legacy:1"
NEW_PIP_OLD_PYTHON = "python:3.6.12-slim"
NOT_ROOT = "jupyter/base-notebook:latest"


@contextmanager
def seen_to(engine: Engine, folder: Path) -> Iterator[Mapping[str, str]]:
    """See to the images; give the reason for each that can't be had.

    Where an old one is not on this machine, an image with the same pip takes its name meanwhile.
    Processes that give the same `folder` share them: the first makes them, the last takes the names
    away again.
    """
    lock, state = FileLock(folder / "bases.lock"), folder / "bases.json"
    with lock:
        known: dict[str, Any] = {"users": 0}
        if state.exists():
            known = json.loads(state.read_text("utf-8"))
        if not known["users"]:
            known["made"], known["missing"] = _made(engine)
        known["users"] += 1
        state.write_text(json.dumps(known), "utf-8")
    try:
        yield known["missing"]
    finally:
        with lock:
            known = json.loads(state.read_text("utf-8"))
            known["users"] -= 1
            state.write_text(json.dumps(known), "utf-8")
            if not known["users"]:
                for name in known["made"]:
                    engine.unname(name)


def _made(engine: Engine) -> tuple[list[str], dict[str, str]]:
    """Give the names that images got, and the reason for each that can't be had."""
    run = "RUN PYTHONDONTWRITEBYTECODE=1 pip"
    stand_ins = {
        SLIM: "",
        PIP_18: f"FROM python:3.6-slim\n{run} --version | grep -q '^pip 18[.]1 '\n",
        PIP_9: f"FROM python:2.7-slim\n{run} --version | grep -q '^pip 9[.]0[.]1 '\n",
        UNKNOWN_PIP_9: f"FROM python:2.7-slim\n{run} --version | grep -q '^pip 9[.]0[.]1 '\n",
        NEW_PIP_OLD_PYTHON: (
            f"FROM python:3.6-slim\n{run} install --no-cache-dir --no-compile -U pip==20.2.4\n"
        ),
        NOT_ROOT: f"FROM {SLIM}\nRUN useradd --create-home --uid 1000 jovyan\nUSER jovyan\n",
    }
    made, missing = [], {}
    for name, text in stand_ins.items():
        if engine.has(name):
            continue
        source = text.partition("\n")[0].removeprefix("FROM ")
        if not text or not engine.has(source):
            missing[name] = f"the image {source or name} is not on this machine"
            continue
        try:
            engine.name(engine.build(text), name)
            made.append(name)
        except BuildFailed:
            missing[name] = f"the image {source} can't stand in for {name}"
    return made, missing
