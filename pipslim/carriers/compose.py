"""Dockerfiles inside compose files: `dockerfile_inline` of a service's build."""

from __future__ import annotations
