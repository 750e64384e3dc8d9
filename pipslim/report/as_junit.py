"""JUnit XML: a test for each file, which fails where `--check` would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from pipslim.report.findings import entries, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.report.findings import Entry
    from pipslim.runner import FileOutcome

# What XML 1.0 has no way to write, and the carriage return, which its readers make a newline.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def build(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give the report: one suite, one case for each file.

    A case is an error where the file was not done, and a failure where it would change. What is
    held back fails nothing and is told in `system-out`.
    """
    root = Xml.Element("testsuites", name="pipslim")
    suite = Xml.SubElement(root, "testsuite", name="pipslim")
    counts = {"tests": len(results), "failures": 0, "errors": 0}
    for result in results:
        case = Xml.SubElement(suite, "testcase", classname="pipslim", name=_text(result.path))
        case.set("time", "0")
        told = entries(result, written=written)
        outcome = result.outcome
        if outcome is None or outcome.problem is not None:
            _fault(case, "error", told[0].rule, told[0].told, told)
            counts["errors"] += 1
            continue
        if outcome.changed and not written:
            faults = [each for each in told if each.level == "warning"]
            count = len(faults)
            message = f"{count} to fix: " + ", ".join(dict.fromkeys(f.rule for f in faults))
            _fault(case, "failure", "would-change", message, faults)
            counts["failures"] += 1
        notes = [each for each in told if each.level == "note"]
        if notes:
            Xml.SubElement(case, "system-out").text = _lines(notes)
    for name, value in counts.items():
        root.set(name, str(value))
        suite.set(name, str(value))
    suite.set("time", "0")
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, "unicode")}\n'


def _fault(case: Xml.Element, tag: str, kind: str, message: str, told: Sequence[Entry]) -> None:
    fault = Xml.SubElement(case, tag, type=kind, message=_text(message))
    fault.text = _lines(told)


def _lines(told: Sequence[Entry]) -> str:
    return "\n".join([_line(each) for each in told])


def _line(entry: Entry) -> str:
    where = f"{entry.path}:{entry.start}" if entry.start is not None else entry.path
    return _text(f"{where}: {entry.rule}: {entry.told}")


def _text(text: str) -> str:
    r"""Give a text that XML can hold; what it cannot is written `\x1b`."""
    return _NO_XML.sub(lambda match: f"\\x{ord(match[0]):02x}", shown(text))
