"""A self-contained HTML page: no network, light and dark, everything in it escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pipslim.report.savings import cells, share, size, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.measure.builds import Image, Measured

_STYLE = """
:root { color-scheme: light dark; --text: #1c2024; --dim: #60646c; --line: #d9d9e0;
  --rest: #b9bbc6; --bytecode: #f0a020; --cache: #e5484d; --back: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --text: #edeef0; --dim: #b0b4ba; --line: #363a3f;
  --rest: #5a6169; --back: #111113; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 2rem 0 .3rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; } .dim { color: var(--dim); }
.bar { display: grid; grid-template-columns: 4rem 1fr 6rem; gap: .6rem; align-items: center; }
.bar svg { width: 100%; height: 1.1rem; display: block; } .bar b { text-align: right;
  font-weight: 500; font-variant-numeric: tabular-nums; }
.rest { fill: var(--rest); } .bytecode { fill: var(--bytecode); } .cache { fill: var(--cache); }
.key svg { width: .8rem; height: .8rem; vertical-align: -.05rem; } .key span { margin-right: 1rem; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line);
  font-weight: 400; } th { color: var(--dim); } th:first-child { text-align: left; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--cache);
  padding-left: .8rem; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_KINDS = (("rest", "all else"), ("bytecode", "bytecode"), ("cache", "pip's cache"))


def page(title: str, body: str) -> str:
    """Give a whole page; `title` is text, `body` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>{escape(title)}</h1>\n{body}</html>\n"
    )


def savings_page(measured: Sequence[Measured], engine: str) -> str:
    """Give the page of what was measured: bars of both images of each file, and the figures."""
    built = [each for each in measured if each.before is not None]
    before, saved = total(measured)
    count = f"{len(built)} of {len(measured)} files built with {escape(engine)}"
    told = f"{count}: {size(before)} before, {size(before - saved)} after"
    parts = [
        f"<p>{told}, <b>{size(saved)} saved</b> ({share(saved, before)}).</p>\n",
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
    return page("pipslim: image sizes before and after", "".join(parts))


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
