"""Dockerfiles inside Python source: its string literals, and the steps of image builders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.carriers.part import Part

# A FROM that may begin a line of a literal, and something else that a Dockerfile has. Read before
# libcst is imported, which takes longer than most files do.
_FROM = re.compile(r"(?:^|['\"]|\\[nt]|\})[ \t]*(?:\\\r?\n[ \t]*)?FROM[ \t]+[^\s=(]", re.MULTILINE)
_RUN = re.compile(r"(?:RUN|COPY|ADD|ENV|WORKDIR|CMD)[ \t]")
_STEPS = re.compile(
    r"\b(?:run_commands|run_cmd|add_commands|pip_install\w*|uv_pip_install)\("
    r"|\bdockerfile_commands[(=]|setup_dockerfile_commands=|\bcommands=|\.run\("
)
_BUILDERS = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:modal|daytona\w*|e2b|beam|beta9|bentoml|flytekit)\b",
    re.MULTILINE,
)


def parts(text: str) -> tuple[Part, ...]:
    """Give the Dockerfiles in the text of a module, in the order of their places.

    They are what its string literals say, and what is made of those in their place; see
    `pipslim.carriers.python.values`. Steps of image builders that are given as text are read as a
    Dockerfile each; see `pipslim.carriers.python.apis`. Raises Unreadable where the text is no
    Python, but has what looks like one of them.
    """
    literal = _FROM.search(text) is not None and _RUN.search(text) is not None
    steps = _STEPS.search(text) is not None and _BUILDERS.search(text) is not None
    if not literal and not steps:
        return ()
    from pipslim.carriers.python.read import found

    return found(text, steps=steps)
