"""GitLab's code quality report: the part of Code Climate's format that GitLab reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipslim.report.findings import entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.report.findings import Entry
    from pipslim.runner import FileOutcome

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def build(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give the report: a list of what was found; its paths are relative to the current folder."""
    told = [_issue(each) for result in results for each in entries(result, written=written)]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _issue(entry: Entry) -> dict[str, Any]:
    lines = {"begin": 1}  # GitLab wants a line of everything
    if entry.start is not None and entry.end is not None:
        line = entry.start.line
        last = entry.end.line - (entry.end.column == 1)
        lines = {"begin": line, "end": max(line, last)}
    return {
        "description": entry.told,
        "check_name": f"pipslim/{entry.rule}",
        "fingerprint": entry.fingerprint,
        "severity": _SEVERITIES[entry.level],
        "location": {"path": entry.path, "lines": lines},
    }
