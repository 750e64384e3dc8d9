"""What was measured, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.measure.builds import Image, Measured
    from pipslim.measure.engine import Start

VERSION = 1

_COLUMNS = ("", "size", "pip cache", "bytecode", "layers", "build", "start-up CPU")


def size(count: int) -> str:
    """Give bytes for people, in decimal units: `12.3 MB`, `-4 kB`."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.2f} GB"


def share(saved: int, before: int) -> str:
    """Give what part of the size before is saved, in per cent."""
    return f"{saved / before:.1%}" if before else "0.0%"


def table(measured: Sequence[Measured]) -> str:
    """Give the table of all files, with totals where there are several; ends with a newline."""
    lines: list[str] = []
    for each in measured:
        lines.append(each.path)
        if each.before is None or each.after is None:
            lines += [f"  {line}" for line in each.problem.splitlines()]
            continue
        rows = [_COLUMNS, cells("before", each.before), cells("after", each.after)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
        used = range(len(_COLUMNS) if each.before.start is not None else len(_COLUMNS) - 1)
        for row in rows:
            row_cells = [
                row[at].rjust(widths[at]) if at else row[0].ljust(widths[0]) for at in used
            ]
            lines.append(("  " + "  ".join(row_cells)).rstrip())
        saved = f"{size(each.saved)} ({share(each.saved, each.before.size)})"
        lines.append(f"  saved {saved}" if each.changed else "  nothing to rewrite")
    built = [each for each in measured if each.before is not None]
    if len(measured) > 1 and built:
        all_before, saved_of_all = total(measured)
        lines.append(
            f"{len(built)} of {len(measured)} files built: {size(all_before)} before, "
            f"{size(all_before - saved_of_all)} after, "
            f"{size(saved_of_all)} saved ({share(saved_of_all, all_before)})"
        )
    return "".join([line + "\n" for line in lines])


def cells(name: str, image: Image) -> tuple[str, ...]:
    """Give a row of figures; the last is empty where no command was timed."""
    return (
        name,
        size(image.size),
        f"{size(image.cache.size)} in {image.cache.files}",
        f"{size(image.bytecode.size)} in {image.bytecode.files}",
        str(image.layers),
        f"{image.seconds:.1f} s",
        f"{image.start.cpu:.2f} s" if image.start is not None else "",
    )


def total(measured: Sequence[Measured]) -> tuple[int, int]:
    """Give the bytes of all images before, and how many of them are saved."""
    before = sum(each.before.size for each in measured if each.before is not None)
    return before, sum(each.saved for each in measured)


def as_json(measured: Sequence[Measured], engine: str) -> str:
    """Give all that was measured as JSON: sizes in bytes, times in seconds; ends with a newline."""
    before, saved = total(measured)
    told = {
        "version": VERSION,
        "engine": engine,
        "files": [
            {
                "path": each.path,
                "changed": each.changed,
                "before": _image(each.before),
                "after": _image(each.after),
                "saved": each.saved,
                "problem": each.problem or None,
            }
            for each in measured
        ],
        "total": {"before": before, "after": before - saved, "saved": saved},
    }
    return json.dumps(told, indent=2) + "\n"


def _image(image: Image | None) -> dict[str, Any] | None:
    if image is None:
        return None
    return {
        "size": image.size,
        "layers": image.layers,
        "cache": image.cache._asdict(),
        "bytecode": image.bytecode._asdict(),
        "build_seconds": round(image.seconds, 3),
        "start": _start(image.start),
    }


def _start(start: Start | None) -> dict[str, float] | None:
    if start is None:
        return None
    return {"cpu_seconds": round(start.cpu, 3), "wall_seconds": round(start.wall, 3)}
