"""The page for reviewing many rewrites: totals, a plot, and the data that its script shows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pipslim
from pipslim.passes import IDS, PASSES
from pipslim.report.diff import diff_of
from pipslim.report.page import asset, page, shown
from pipslim.report.review_data import file_data, pass_counts
from pipslim.report.summary import count_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipslim.runner import FileOutcome

_CODE = re.compile(r"`([^`]*)`")


def review_page(results: Sequence[FileOutcome], *, written: bool) -> str:
    """Give the page for outcomes in the order to be shown; their paths are those to be shown.

    The same outcomes give the same page, byte for byte. Its text is UTF-8 whatever the files are:
    it holds no lone surrogate.
    """
    files = [file_data(each) for each in results]
    changed = sum(file["state"] == "changed" for file in files)
    verb = "changed" if written else "would change"
    sort = "file" if any(each.other for each in results) else "Dockerfile"
    title = f"{changed} of {len(files)} {sort}s {verb}"
    mode = "written" if written else "dry run, nothing is written"
    if len(files) == 1:
        title = f"{changed} of 1 {sort} {verb}"
    body = [
        '<body>\n<a class="skip" href="#" data-go="files">Skip to the files</a>\n',
        '<header class="head">\n<div class="lead">\n',
        f"<h1>{title}</h1>\n",
        f'<p class="dim">pipslim {pipslim.__version__}, {mode}</p>\n',
        *_totals(files, written=written),
        *_share(files, written=written),
        "</div>\n",
        *_plot(files, written=written),
        "</header>\n",
        asset("review.html"),
        *_plain(results, files),
        *_about(),
        '<script type="application/json" data-part="data">',
        _json({"passes": IDS, "files": files}),
        "</script>\n</body>\n",
    ]
    script = f"(() => {{\n{asset('rows.js')}\n{asset('review.js')}}})();\n"
    style = asset("review.css") + asset("rows.css")
    return page(f"pipslim: {title}", "".join(body), style=style, script=script)


def _json(value: object) -> str:
    r"""Give JSON in ASCII that no HTML parser takes for markup: `<` and all else are `\u` codes."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _totals(files: Sequence[dict[str, Any]], *, written: bool) -> Iterator[str]:
    notes = [note for file in files for note in file.get("notes", ())]
    change = "changed" if written else "to change"
    errors = sum(file["state"] in ("unread", "failed") for file in files)
    rows = (
        ("read", len(files), "files"),
        ("changed", sum(file["state"] == "changed" for file in files), change),
        ("fixed", sum("fixed" in note for note in notes), "fixes made" if written else "fixes"),
        ("held", sum(bool(note.get("held")) for note in notes), "held back"),
        ("bad", errors, "errors"),
    )
    yield '<dl class="totals">\n'
    for name, count, label in rows:
        quiet = "" if count else " none"
        yield f'<div class="{name}{quiet}"><dt>{label}</dt><dd>{count:,}</dd></div>\n'
    yield "</dl>\n"


def _share(files: Sequence[dict[str, Any]], *, written: bool) -> Iterator[str]:
    """Give one bar of all files: what part of them changes, and what becomes of the others."""
    states = [file["state"] for file in files]
    rows = (
        ("changed", states.count("changed"), "changed" if written else "to change"),
        ("noted", states.count("noted"), "held back alone"),
        ("bad", states.count("unread") + states.count("failed"), "errors"),
        ("same", states.count("same"), "as they should be"),
    )
    there = [row for row in rows if row[1]]
    if not there:
        return
    told = ", ".join(f"{count} {label}" for _, count, label in there)
    yield (
        '<figure class="share"><svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" '
        f'aria-label="{told}">'
    )
    at = 0.0
    for name, count, _ in there:
        width = count / len(files) * 1000
        yield f'<rect class="{name}" x="{at:.2f}" width="{width:.2f}" height="12"/>'
        at += width
    yield '</svg>\n<figcaption aria-hidden="true">'
    for name, count, label in there:
        yield f'<span><i class="key {name}"></i>{count / len(files):.0%} {label}</span>'
    yield "</figcaption></figure>\n"


def _plot(files: Sequence[dict[str, Any]], *, written: bool) -> Iterator[str]:
    """Give the plot: one bar for each pass, what was fixed and behind it what was held back."""
    done = "fixed" if written else "to fix"
    counts = pass_counts(files)
    most = max([1, *(fixed + held for _, fixed, held, _ in counts)])
    abouts = {step.id: step.about for step in PASSES}
    yield (
        '<table class="plot">\n<caption class="unseen">Findings by pass</caption>\n<thead><tr>'
        f'<th scope="col">pass</th><td></td><th scope="col"><i class="key fixed"></i>{done}</th>'
        '<th scope="col"><i class="key held"></i>held back</th><th scope="col">files</th>'
        "</tr></thead>\n<tbody>\n"
    )
    for pass_id, fixed, held, in_files in counts:
        width, more = fixed / most * 1000, held / most * 1000
        yield (
            f'<tr data-pass="{pass_id}"><th scope="row"><span class="id">{pass_id}</span> '
            f'<a class="dim" href="#pass-{pass_id}">{_prose(abouts[pass_id].summary)}</a></th>'
            '<td class="bars"><svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" '
            f'aria-label="{fixed} {done}, {held} held back">'
            f'<rect class="fixed" width="{width:.2f}" height="12"/>'
            f'<rect class="held" x="{width:.2f}" width="{more:.2f}" height="12"/></svg></td>'
            f'<td class="number">{fixed:,}</td><td class="number{"" if held else " none"}">'
            f'{held:,}</td><td class="number dim">{in_files:,}</td></tr>\n'
        )
    yield "</tbody>\n</table>\n"


def _prose(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", shown(text))


def _about() -> Iterator[str]:
    """Give why each pass does what it does, and what it costs."""
    yield '<section class="about" aria-labelledby="about">\n<h2 id="about">The passes</h2>\n'
    for step in PASSES:
        about = step.about
        yield (
            f'<article id="pass-{about.id}" data-about="{about.id}" tabindex="-1">\n'
            f'<h3><span class="id">{about.id}</span> {_prose(about.summary)}</h3>\n'
            f"<p><b>Why</b> {_prose(about.why)}</p>\n<p><b>Price</b> {_prose(about.price)}</p>\n"
            f'<div class="pair"><figure><figcaption>before</figcaption><pre>{shown(about.before)}'
            f"</pre></figure><figure><figcaption>after</figcaption><pre>{shown(about.after)}</pre>"
            "</figure></div>\n</article>\n"
        )
    yield "</section>\n"


def _plain(results: Sequence[FileOutcome], files: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Give the diffs and reasons for a reader without scripts.

    Many places that show build artefacts forbid scripts, and there the page must still serve. It is
    not in a noscript element, for that is empty where a policy, not the reader, forbids them. The
    script hides it before it is drawn, and takes it away.
    """
    yield '<main class="plain" data-part="plain">\n'
    for result, file in zip(results, files, strict=True):
        if file["state"] == "same":
            continue
        path = shown(file["path"])
        yield f'<section id="{path}">\n<h2>{path}</h2>\n'
        if "error" in file:
            yield f'<p class="bad">{_where(file)}{shown(file["error"])}</p>\n'
        if "notes" in file:
            yield "<ul>\n"
            for note in file["notes"]:
                told = note["message"]
                if note["pass"]:
                    told += f": {note.get('fixed') or 'held back: ' + note['held']}"
                about = f"<b>{note['pass']}</b> " if note["pass"] else ""
                yield f"<li>{_where(note)}{about}{_prose(told)}</li>\n"
            yield "</ul>\n"
        if result.outcome is not None and file["state"] == "changed":
            text = diff_of(result, path=file["path"])
            lines = text.removesuffix("\n").split("\n")
            yield "<pre>" + "".join([_line(line) for line in lines]) + "</pre>\n"
        yield "</section>\n"
    count = sum(file["state"] == "same" for file in files)
    if count:
        yield f'<p class="dim">{count_files(count)} more: nothing to change.</p>\n'
    yield "</main>\n"


def _where(told: dict[str, Any]) -> str:
    if "place" not in told:
        return ""
    line, column = told["place"]
    return f'<span class="dim">{line}:{column}</span> '


def _line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    text = shown(line.removesuffix("\r"))
    return f"<{tag}>{text}</{tag}>\n" if tag else f"{text}\n"
