"""Workflow commands of GitHub Actions: an annotation for each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.report.findings import entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.report.findings import Entry
    from pipslim.runner import FileOutcome

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def build(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give one line for each entry; the runner makes annotations of them."""
    told = [each for result in results for each in entries(result, written=written)]
    return "".join([_command(each) + "\n" for each in told])


def _command(entry: Entry) -> str:
    properties: dict[str, object] = {"file": entry.path}
    if entry.start is not None and entry.end is not None:
        line, column = entry.start
        last, end = entry.end
        properties["line"] = line
        if last == line:  # GitHub takes columns only within one line
            properties |= {"endLine": last, "col": column, "endColumn": max(end, column)}
        else:
            properties |= {"endLine": last if end > 1 else last - 1}
    properties["title"] = f"pipslim {entry.rule}"
    told = ",".join([f"{name}={_property(str(value))}" for name, value in properties.items()])
    return f"::{_COMMANDS[entry.level]} {told}::{_data(entry.told)}"


def _data(text: str) -> str:
    """Escape as the runner undoes it: it reads a line, and knows `%` codes."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
