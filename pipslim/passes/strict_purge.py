"""`rm` without `-f` of what pip leaves: it fails once pip leaves nothing."""

from __future__ import annotations

from pipslim.facts.leftovers import BYTECODE, CACHE
from pipslim.fixes.base import About, Finding, Fix, Safety
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import Span
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.facts.known import Facts
    from pipslim.syntax.document import Document

_ID = "strict-purge"

ABOUT = About(
    id=_ID,
    summary="`rm` without `-f` of pip's cache or of bytecode fails once there is none: add `-f`",
    why=(
        "`rm -r /root/.cache` exits with an error where there is no such folder, and the build "
        "stops there. That is so as soon as pip keeps no cache, or Python writes no bytecode, "
        "which the other passes see to; so they wait for this one, and leave the stage as it is "
        "where it may not act. Other commands that need the folder (`chown`, `find`, COPY --from) "
        "cannot be mended like that: there pip keeps its cache."
    ),
    price="None: `rm -f` removes the same, and is silent about what is not there.",
    before="FROM python:3.12-slim\nRUN pip install flask && rm -r /root/.cache\n",
    after="FROM python:3.12-slim\nRUN pip install flask && rm -f -r /root/.cache\n",
)


def find(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for each `rm` behind a pip call that fails where that call leaves nothing."""
    del document
    for need in facts.needs:
        if need.force is None or (need.kind == BYTECODE and not facts.options.bytecode):
            continue
        what = "pip keeps no cache" if need.kind == CACHE else "Python writes no bytecode"
        fix = Fix("add -f", Safety.SAFE, (Edit(need.force, need.force, " -f"),))
        yield Finding(_ID, Span(need.start, need.end), f"`rm` without -f fails where {what}", fix)
