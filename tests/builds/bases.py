"""The images that builds start from, and what stands in for those that are not here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine import BuildFailed

if TYPE_CHECKING:
    from .engine import Engine

SLIM = "python:3.11-slim"
PIP_18 = "python:3.6.7-slim"
PIP_9 = "python:2.7.13-slim"
UNKNOWN_PIP_9 = "acme/legacy:1"
NEW_PIP_OLD_PYTHON = "python:3.6.12-slim"
NOT_ROOT = "jupyter/base-notebook:latest"


def see_to(engine: Engine) -> dict[str, str]:
    """See to the images; give the reason for each that can't be had.

    Where an old one is not on this machine, an image with the same pip takes its name meanwhile.
    """
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
    missing = {}
    for name, text in stand_ins.items():
        if engine.has(name):
            continue
        source = text.partition("\n")[0].removeprefix("FROM ")
        if not text or not engine.has(source):
            missing[name] = f"the image {source or name} is not on this machine"
            continue
        try:
            engine.tag(engine.build(text), name)
        except BuildFailed:
            missing[name] = f"the image {source} can't stand in for {name}"
    return missing
