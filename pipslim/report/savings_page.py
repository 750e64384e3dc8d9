"""The page of what was measured: the images before and after as bars, and their figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pipslim.report.page import asset, page
from pipslim.report.savings import cells, share, size, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.measure.builds import Image, Measured

_KINDS = (("rest", "all else"), ("bytecode", "bytecode"), ("cache", "pip's cache"))


def savings_page(measured: Sequence[Measured], engine: str) -> str:
    """Give the page of what was measured: bars of both images of each file, and the figures."""
    built = [each for each in measured if each.before is not None]
    before, saved = total(measured)
    count = f"{len(built)} of {len(measured)} files built with {escape(engine)}"
    told = f"{count}: {size(before)} before, {size(before - saved)} after"
    title = "pipslim: image sizes before and after"
    parts = [
        f"<h1>{title}</h1>\n<p>{told}, <b>{size(saved)} saved</b> ({share(saved, before)}).</p>\n",
        '<p class="key dim">',
        *(f"<span>{_square(kind)} {name}</span>" for kind, name in _KINDS),
        "</p>\n",
    ]
    largest = max([1, *(max(_sizes(each)) for each in built)])
    for each in measured:
        parts.append(f"<h2>{escape(each.path)}</h2>\n")
        if each.before is None or each.after is None:
            parts.append(f"<pre>{escape(each.problem)}</pre>\n")
            continue
        parts.append(_bar("before", each.before, largest))
        parts.append(_bar("after", each.after, largest))
        saving = f"{size(each.saved)} saved ({share(each.saved, each.before.size)})"
        parts.append(f"<p>{saving if each.changed else 'nothing to rewrite'}</p>\n")
        parts.append(_figures(each.before, each.after))
    return page(title, "".join(parts), style=asset("savings.css"))


def _sizes(each: Measured) -> tuple[int, int]:
    return (each.before.size if each.before else 0, each.after.size if each.after else 0)


def _square(kind: str) -> str:
    return (
        f'<svg viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect class="{kind}" width="10" height="10"/></svg>'
    )


def _bar(name: str, image: Image, largest: int) -> str:
    amounts = {"cache": image.cache.size, "bytecode": image.bytecode.size}
    amounts["rest"] = max(image.size - sum(amounts.values()), 0)
    at = 0.0
    rects: list[str] = []
    for kind, told in _KINDS:
        width = amounts[kind] / largest * 1000
        rects.append(
            f'<rect class="{kind}" x="{at:.2f}" width="{width:.2f}" height="10">'
            f"<title>{told}: {size(amounts[kind])}</title></rect>"
        )
        at += width
    told = ", ".join(f"{each} {size(amounts[kind])}" for kind, each in _KINDS)
    return (
        f'<div class="bar"><span>{name}</span>'
        f'<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{told}">'
        f"{''.join(rects)}</svg><b>{size(image.size)}</b></div>\n"
    )


def _figures(before: Image, after: Image) -> str:
    heads = ["", "size", "pip's cache", "bytecode", "layers", "build"]
    if before.start is not None:
        heads.append("start-up CPU")
    rows = ["".join([f"<th>{head}</th>" for head in heads])]
    for name, image in (("before", before), ("after", after)):
        told = [cell for cell in cells(name, image)[1:] if cell]
        rows.append(f"<th>{name}</th>" + "".join([f"<td>{cell}</td>" for cell in told]))
    return "<table>" + "".join([f"<tr>{row}</tr>" for row in rows]) + "</table>\n"
