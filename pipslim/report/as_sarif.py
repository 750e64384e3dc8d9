"""SARIF 2.1.0: a log for code scanning and editors, its fixes exact or left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pipslim
from pipslim.passes import PASSES
from pipslim.report.findings import (
    OTHERS,
    UNPARSABLE,
    UNPROVEN,
    UNREACHABLE,
    UNUSED,
    entries,
    shown,
)
from pipslim.syntax.source import Lines, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.fixes.base import About
    from pipslim.report.findings import Entry
    from pipslim.runner import FileOutcome
    from pipslim.syntax.edits import Edit
    from pipslim.syntax.source import Position

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def build(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give the log: a result for each finding and idle ignore comment, a notification for errors.

    Columns count characters (`unicodeCodePoints`), and a byte order mark takes none. A fix is of
    the text on disk and stands alone; a finding without one has a fix that rests on another's, or
    one that JSON cannot carry, for it moves bytes that are not UTF-8.
    """
    found: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for result in results:
        uri = uri_of(result.path)
        for entry in entries(result, written=written):
            if entry.level == "error":
                errors.append(_notification(entry, uri))
            else:
                before = result.outcome.before if result.outcome is not None else ""
                found.append(_result(entry, uri, before))
    driver = {
        "name": "pipslim",
        "version": pipslim.__version__,
        "semanticVersion": pipslim.__version__,
        "rules": [*(_rule(step.about) for step in PASSES), _other(UNUSED)],
        "notifications": [_other(each) for each in (UNREACHABLE, UNPARSABLE, UNPROVEN)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder pipslim ran in."}}},
        "invocations": [{"executionSuccessful": not errors, "toolExecutionNotifications": errors}],
        "results": found,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def uri_of(path: str) -> str:
    """Give a relative path, of slashes, as a URI reference; any byte of it survives."""
    told = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in encode(path)]
    return "".join(told)


def _rule(about: About) -> dict[str, Any]:
    return {
        "id": about.id,
        "shortDescription": {"text": about.summary},
        "fullDescription": {"text": about.why},
        "help": {
            "text": f"{about.why}\n\nPrice: {about.price}\n\n"
            f"Before:\n\n{about.before}\nAfter:\n\n{about.after}",
            "markdown": f"{about.why}\n\n**Price:** {about.price}\n\n"
            f"Before:\n\n```dockerfile\n{about.before}```\n\n"
            f"After:\n\n```dockerfile\n{about.after}```\n",
        },
        "defaultConfiguration": {"level": "warning"},
    }


def _other(rule: str) -> dict[str, Any]:
    level = "note" if rule == UNUSED else "error"
    text = OTHERS[rule]
    return {
        "id": rule,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": text},
        "defaultConfiguration": {"level": level},
    }


_RULES = {step.id: number for number, step in enumerate(PASSES)}


def _result(entry: Entry, uri: str, before: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ruleId": entry.rule,
        "ruleIndex": _RULES.get(entry.rule, len(_RULES)),
        "level": entry.level,
        "message": {"text": entry.told},
        "locations": [_location(entry, uri)],
        "partialFingerprints": {"pipslim/v1": entry.fingerprint},
    }
    if entry.edits and all(edit.text == shown(edit.text) for edit in entry.edits):
        told["fixes"] = [_fix(entry, uri, before)]
    return told


def _notification(entry: Entry, uri: str) -> dict[str, Any]:
    return {
        "descriptor": {"id": entry.rule},
        "level": "error",
        "message": {"text": entry.told},
        "locations": [_location(entry, uri)],
    }


def _location(entry: Entry, uri: str) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(uri)}
    if entry.start is not None and entry.end is not None:
        region: dict[str, Any] = {**_region(entry.start, entry.end)}
        if entry.text and entry.text == shown(entry.text):
            region["snippet"] = {"text": entry.text}
        place["region"] = region
    return {"physicalLocation": place}


def _artifact(uri: str) -> dict[str, str]:
    return {"uri": uri, "uriBaseId": _ROOT}


def _region(start: Position, end: Position) -> dict[str, int]:
    """Give the region from a place to the place behind its last character."""
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _fix(entry: Entry, uri: str, before: str) -> dict[str, Any]:
    lines = Lines(before)

    def replacement(edit: Edit) -> dict[str, Any]:
        region = _region(lines.position(edit.start), lines.position(edit.end))
        told: dict[str, Any] = {"deletedRegion": region}
        if edit.text:
            told["insertedContent"] = {"text": edit.text}
        return told

    change = {
        "artifactLocation": _artifact(uri),
        "replacements": [replacement(edit) for edit in sorted(entry.edits)],
    }
    return {"description": {"text": entry.advice}, "artifactChanges": [change]}
