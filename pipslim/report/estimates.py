"""What was estimated, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipslim.report.savings import size
from pipslim.report.summary import count_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.estimate.values import Estimate

VERSION = 1


def estimates_table(estimates: Sequence[tuple[str, Estimate]]) -> str:
    """Give what pip's cache would leave, file by file; ends with a newline."""
    lines: list[str] = []
    for path, found in estimates:
        lines.append(path)
        told = f"{size(found.low)} to {size(found.high)}"
        lines.append(
            f"  pip's cache: {size(found.cache)} ({told}) in {count_files(len(found.files))}"
        )
        lines += [
            f"    {size(each.bytes):>9}  {each.name} {each.version}: {each.why}"
            for each in sorted(found.files, key=lambda each: -each.bytes)
        ]
        if found.other:
            lines.append(f"    {size(found.other):>9}  index pages, metadata, headers")
        if found.unseen:
            lines.append("  not seen:")
            lines += [f"    line {at}: {what}: {why}" for at, what, why in found.unseen]
    if len(estimates) > 1:
        lines.append(f"all {count_files(len(estimates))}: {size(_total(estimates))}")
    return "".join([line + "\n" for line in lines])


def _total(estimates: Sequence[tuple[str, Estimate]]) -> int:
    return sum(found.cache for _, found in estimates)


def estimates_json(estimates: Sequence[tuple[str, Estimate]], index: str) -> str:
    """Give the estimates as JSON, sizes in bytes; ends with a newline."""
    told = {
        "version": VERSION,
        "index": index,
        "files": [
            {
                "path": path,
                "cache": found.cache,
                "low": found.low,
                "high": found.high,
                "other": found.other,
                "files": [each._asdict() for each in found.files],
                "unseen": [each._asdict() for each in found.unseen],
            }
            for path, found in estimates
        ],
        "total": {"cache": _total(estimates)},
    }
    return json.dumps(told, indent=2) + "\n"
