"""The JSON Schema of settings files, for editors, made from the table of keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipslim.facts.options import CACHES, KEEP
from pipslim.files.names import HOST_SIGNS
from pipslim.passes import PASSES
from pipslim.settings.keys import KEYS

if TYPE_CHECKING:
    from pipslim.settings.keys import Key

_PATTERN = {"type": "string", "pattern": r"\S"}
_VERSION = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)*$"}


def schema() -> dict[str, Any]:
    """Give the schema of a `pipslim.toml`, in the draft that editors know best."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pipslim.toml",
        "description": "Settings of pipslim; in pyproject.toml, the table [tool.pipslim].",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _property(key) for key in KEYS},
        "definitions": {
            "pass": {
                "description": "A pass, see `pipslim rules`.",
                "oneOf": [{"const": step.id, "description": step.about.summary} for step in PASSES],
            }
        },
    }


def schema_text() -> str:
    """Give the schema as it is printed and committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _property(key: Key) -> dict[str, Any]:
    passes = {"type": "array", "items": {"$ref": "#/definitions/pass"}}
    shapes: dict[str, dict[str, Any]] = {
        "file": {"type": "string", "minLength": 1},
        "cache": {"enum": list(CACHES), "default": KEEP},
        "id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._/-]*$"},
        "folder": {"type": "string", "minLength": 1},
        "passes": {**passes, **({"minItems": 1} if key.name == "select" else {})},
        "carriers": {"type": "array", "items": {"enum": list(HOST_SIGNS)}},
        "patterns": {"type": "array", "items": _PATTERN},
        "switch": {"type": "boolean", "default": key.default == "true"},
        "version": _VERSION,
        "versions": {"type": "object", "additionalProperties": _VERSION},
        "passes by pattern": {
            "type": "object",
            "propertyNames": {"pattern": r"^[^!\s]"},
            "additionalProperties": passes,
        },
    }
    return {"description": key.help, **shapes[key.kind]}
