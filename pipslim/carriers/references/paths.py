"""Paths as those who name a Dockerfile mean them."""

from __future__ import annotations

import posixpath
import re

# `${NAME}`, `$(params.name)`, `{{ .Values.x }}`, `%NAME%`, `<name>`, patterns: not to be told here
_NOT_PLAIN = re.compile(r"[$%*?<>|\\\x00-\x1f]|\{\{|\}\}|://|^[/~]|^[A-Za-z]:|^git@|^-$")


def plain(path: str) -> str:
    """Give a path as it is written; nothing for one that is absolute, filled in later, or a URL."""
    return "" if _NOT_PLAIN.search(path) else path


def inside(context: str, path: str) -> str:
    """Give a path seen from where the folder `context` is seen from; nothing if either is none."""
    context, path = plain(context), plain(path)
    return posixpath.join(context, path) if context and path else ""
