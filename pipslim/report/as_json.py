"""JSON for programs: all that was found and changed, as `fix.schema.json` beside it describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pipslim
from pipslim.passes import IDS
from pipslim.report.diff import diff_of
from pipslim.report.findings import entries, offset, shown
from pipslim.report.summary import Summary
from pipslim.syntax.source import Lines, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.rewrite.engine import Outcome, Report
    from pipslim.runner import FileOutcome
    from pipslim.syntax.edits import Edit

VERSION = 1  # goes up when a field is taken away or gets another meaning


def build(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give the whole run. Places are those of the text as it was read, also where it is written.

    A diff, or the edits, that would move bytes that are not UTF-8 are null: JSON cannot carry
    them.
    """
    summary = Summary()
    files: list[dict[str, Any]] = []
    for result in results:
        summary.add(result)
        files.append(_file(result))
    told = {
        "version": VERSION,
        "pipslim": pipslim.__version__,
        "written": written,
        "files": files,
        "errors": [{"path": each["path"], **each["problem"]} for each in files if each["problem"]],
        "totals": _totals(summary, len(results)),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _file(result: FileOutcome) -> dict[str, Any]:
    outcome = result.outcome
    told: dict[str, Any] = {
        "path": shown(result.path),
        "kind": result.other or result.host or "Dockerfile",
        "changed": False,
        "problem": None,
        "findings": [],
        "unused_ignores": [],
        "edits": [],
        "diff": "",
    }
    if outcome is None or outcome.problem is not None:
        (error,) = entries(result, written=False)
        place = error.start
        told["problem"] = {
            "kind": error.rule,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "message": error.message,
        }
        return told
    places = _Places(outcome.before)
    told["changed"] = outcome.changed
    told["findings"] = [_finding(report, places) for report in outcome.reports]
    told["unused_ignores"] = _unused(outcome, places)
    told["edits"] = _edits(outcome.edits, places)
    diff = diff_of(result)
    told["diff"] = diff if diff == shown(diff) else None
    return told


def _finding(report: Report, places: _Places) -> dict[str, Any]:
    return {
        "pass": report.pass_id,
        "start": places.at(report.offset),
        "end": places.at(report.end),
        "message": shown(report.message),
        "fix": shown(report.fixed) or None,
        "held": shown(report.held) or None,
        "edits": _edits(report.edits, places) if report.edits else None,
    }


def _unused(outcome: Outcome, places: _Places) -> list[dict[str, Any]]:
    return [
        {"start": places.at(offset(outcome.before, place)), "message": shown(message)}
        for place, message in outcome.unused
    ]


def _edits(edits: Sequence[Edit], places: _Places) -> list[dict[str, Any]] | None:
    if any(edit.text != shown(edit.text) for edit in edits):
        return None
    return [
        {"start": places.at(edit.start), "end": places.at(edit.end), "text": edit.text}
        for edit in sorted(edits)
    ]


def _totals(summary: Summary, files: int) -> dict[str, Any]:
    held = [pass_id for pass_id, _ in summary.held]
    return {
        "files": files,
        "changed": summary.changed + summary.others,
        "unread": summary.unread,
        "failed": summary.failed,
        "unused_ignores": len(summary.unused),
        "passes": {
            each: {"fixes": summary.fixed.get(each, 0), "held": held.count(each)} for each in IDS
        },
    }


class _Places:
    """The places of a text, quickest in ascending order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._at = self._byte = 0

    def at(self, offset: int) -> dict[str, int]:
        """Give line and column, 1-based in characters, and the 0-based byte in the file."""
        if offset < self._at:
            self._at = self._byte = 0
        self._byte += len(encode(self._text[self._at : offset]))
        self._at = offset
        line, column = self._lines.position(offset)
        return {"line": line, "column": column, "byte": self._byte}
