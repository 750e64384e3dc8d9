"""The proof for a script in a file: without the words put in, it is what it was."""

from __future__ import annotations

from pipslim.facts.known import Facts
from pipslim.facts.options import Options
from pipslim.rewrite.declared import Declared
from pipslim.rewrite.guard import prove
from pipslim.syntax.document import Document
from pipslim.syntax.edits import Edit
from pipslim.syntax.parser import parse
from pipslim.syntax.script import Opaque
from pipslim.syntax.shell import scan
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.syntax.edits import Patch

# A script is the heredoc of a RUN. Its own first line comes second there: it tells who reads it,
# which the edits do not hang on.
_HEAD = "FROM scratch\nRUN <<'{}'\n:\n"
_HEAD_OF_PYTHON = _HEAD.replace(":", "#!/usr/bin/env python3")
_NAME = "EOF"


def differs(patch: Patch) -> str:
    """Tell how a shell script is not what it was with words put into its commands, or nothing."""
    reason = _differs(patch, _HEAD)
    if reason or patch.source == patch.text:
        return reason
    was, now = scan(patch.source), scan(patch.text)
    if isinstance(was, Opaque) or isinstance(now, Opaque) or len(was.commands) != len(now.commands):
        return "a command was added"
    return ""


def differs_in_python(patch: Patch) -> str:
    """Tell how a script in Python is not what it was with flags put into it, or nothing."""
    return _differs(patch, _HEAD_OF_PYTHON)


def _differs(patch: Patch, head: str) -> str:
    """Tell how a script behind a head, a RUN, is not what it was with words put in, or nothing."""
    if patch.source == patch.text:
        return ""
    name = _NAME
    while name in patch.source or name in patch.text:
        name += "_"
    head = head.format(name)
    before, after = [parse(f"{head}{text}\n{name}\n") for text in (patch.source, patch.text)]
    if not isinstance(before, Document) or not isinstance(after, Document):
        return "it cannot be read"
    at = len(head)
    edits = [Edit(at + start, at + end, text) for start, end, text in patch.edits()]
    options = Options()
    broken = prove(Facts(before, options), Facts(after, options), edits, Declared())
    if broken is not None:
        return f"{broken.reason} ({broken.rule})"
    return ""
