"""What is in force for a path, and where each value comes from: as text, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pipslim.passes import IDS

if TYPE_CHECKING:
    from pipslim.settings.keys import Key
    from pipslim.settings.origins import Origin, Part

FORMAT_VERSION = 1
LEFT_OUT = ("no", "unless named", "yes")


class Told(NamedTuple):
    """What is told of a path: `left_out` is one of LEFT_OUT, or nothing for a folder."""

    path: str
    files: list[str]
    passes: frozenset[str]
    left_out: str
    settings: list[tuple[Key, list[Part]]]


def settings_text(told: Told) -> str:
    """Give a heading, and a table with a row for each value in force."""
    lines = [f"path: {told.path}"]
    lines.append(f"settings files: {', '.join(told.files) or 'none'}")
    lines.append(f"passes: {', '.join(_ordered(told.passes)) or 'none'}")
    if told.left_out:
        lines.append(f"left out: {told.left_out}")
    rows = [("key", "value", "from")]
    for key, parts in told.settings:
        name = key.name
        for value, origin in _rows(key, parts):
            rows.append((name, value, origin))
            name = ""
    widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
    lines.append("")
    lines.extend(
        f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}".rstrip()
        for name, value, origin in rows
    )
    return "\n".join(lines) + "\n"


def _ordered(passes: frozenset[str]) -> list[str]:
    return [each for each in IDS if each in passes]


def _rows(key: Key, parts: list[Part]) -> list[tuple[str, str]]:
    if not parts:
        return [(key.default, "default")]
    if parts[0].origin.kind == "default":
        return [(key.default, "default")]
    return [(_said(part.value), str(part.origin)) for part in parts]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        name, what = value
        return f"{name} = {', '.join(what) if isinstance(what, tuple) else what}"
    return str(value)


def settings_json(told: Told) -> str:
    """Give the same as JSON; `version` changes when the meaning of a member does."""
    settings = {}
    for key, parts in told.settings:
        origins = [{"value": part.value, **_origin(part.origin)} for part in parts]
        settings[key.name] = {"value": _value(key, parts), "from": origins}
    whole = {
        "version": FORMAT_VERSION,
        "path": told.path,
        "files": told.files,
        "passes": _ordered(told.passes),
        "left_out": told.left_out or None,
        "settings": settings,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _origin(origin: Origin) -> dict[str, object]:
    if origin.kind == "default":
        return {"kind": origin.kind}
    if origin.kind == "file":
        place = {"line": origin.line, "column": origin.column}
        return {"kind": origin.kind, "path": origin.name, **place}
    return {"kind": origin.kind, "name": origin.name}


def _value(key: Key, parts: list[Part]) -> object:
    """Give a value as a settings file would have it; None where there is none."""
    values = [part.value for part in parts]
    if key.kind in ("passes", "patterns"):
        return values
    if key.kind in ("versions", "passes by pattern"):
        return [list(value) for value in values if isinstance(value, tuple)]
    return values[0] if values else None
