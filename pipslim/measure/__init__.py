"""Measuring what the rewrite saves: builds before and after, looked into and compared."""

from __future__ import annotations

ENGINES = ("docker buildx", "docker", "podman", "buildah")  # in the order in which they are tried
