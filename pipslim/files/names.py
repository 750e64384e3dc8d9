"""Which file names are those of Dockerfiles, and which folders are never looked into."""

from __future__ import annotations

_NAMES = ("Dockerfile", "Containerfile")
_ENDINGS = (".Dockerfile", ".dockerfile")
NEVER = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", ".nox"))


def is_dockerfile(name: str) -> bool:
    """Tell whether a file name is that of a Dockerfile."""
    if name.endswith(".dockerignore"):
        return False
    if name.endswith(_ENDINGS):
        return True
    return any(name == each or name.startswith(each + ".") for each in _NAMES)
