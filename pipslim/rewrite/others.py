"""The other files that a build reads: what fixes make of them, the proof of that, what is told."""

from __future__ import annotations

from pipslim.fixes.base import CONF, PYTHON, SCRIPT
from pipslim.rewrite.outcome import Other, Report
from pipslim.rewrite.select import held_back
from pipslim.syntax.edits import Edit, Patch, apply
from pipslim.syntax.source import BOM, Lines, Span
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipslim.facts.context import Folder
    from pipslim.fixes.base import Elsewhere, Finding


class Unproven(Exception):
    """A file whose fixes fail their proof: the finding that is to blame, and why."""

    def __init__(self, finding: Finding, reason: str) -> None:
        super().__init__(finding, reason)
        self.finding = finding
        self.reason = reason


class _Fixed(NamedTuple):
    """A fix that was made; its place and its edits are of the file's first text."""

    finding: Finding
    place: Elsewhere
    edits: tuple[Edit, ...]


class Overlay:
    """A context as it is once fixes are made in its files; passes read it as the one on disk."""

    __slots__ = ("_folder", "fixed", "patches")

    def __init__(
        self, folder: Folder, patches: Mapping[str, Patch], fixed: tuple[_Fixed, ...]
    ) -> None:
        self._folder = folder
        self.patches = patches
        self.fixed = fixed

    def read(self, path: str) -> str | None:
        """Give a file's text with its fixes; see `pipslim.facts.context.Folder`."""
        patch = self.patches.get(path)
        return self._folder.read(path) if patch is None else patch.text

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is that of a folder."""
        return self._folder.is_folder(path)

    def match(self, pattern: str) -> list[str]:
        """Give the files and folders that a pattern means."""
        return self._folder.match(pattern)

    def then(self, findings: Iterable[Finding]) -> Overlay:
        """Give this one with the fixes of further findings; none of their edits clash."""
        patches = dict(self.patches)
        fixed: list[_Fixed] = []
        edits: dict[str, list[Edit]] = {}
        for finding in findings:
            place = finding.elsewhere
            if place is None or finding.fix is None:
                continue
            patch = patches.setdefault(place.path, Patch.of(place.text))
            origin = patch.origin
            span = Span(origin(place.span.start), origin(place.span.end))
            first = [Edit(origin(e.start), origin(e.end), e.text) for e in finding.fix.edits]
            fixed.append(_Fixed(finding, place._replace(span=span), tuple(first)))
            edits.setdefault(place.path, []).extend(finding.fix.edits)
        for path, each in edits.items():
            patches[path] = patches[path].then(each)
        return Overlay(self._folder, patches, (*self.fixed, *fixed))


def overlaid(folder: Folder | None, findings: Sequence[Finding]) -> Overlay:
    """Give a context with the fixes of findings made in its files."""
    assert folder is not None, "findings elsewhere come from a context"
    ahead = folder if isinstance(folder, Overlay) else Overlay(folder, {}, ())
    return ahead.then(findings)


def others(
    folder: Folder | None, looked_at: Mapping[str, str], held: Iterable[Finding]
) -> tuple[Other, ...]:
    """Give the files that were looked at, in the order of their paths, and what to tell of each.

    Raises Unproven where a file, with its fixes, is not what it was but for those.
    """
    patches: Mapping[str, Patch] = folder.patches if isinstance(folder, Overlay) else {}
    fixed = folder.fixed if isinstance(folder, Overlay) else ()
    left = [each for each in held if each.elsewhere is not None]
    found: list[Other] = []
    for path in sorted({*looked_at, *patches}):
        patch = patches.get(path) or Patch.of(looked_at[path])
        mine = [each for each in fixed if each.place.path == path]
        _prove(patch, mine)
        reports = [_fixed(each, patch.source) for each in mine]
        rest = [each for each in left if each.elsewhere is not None and each.elsewhere.path == path]
        reports += [_held(each, patch) for each in rest]
        kinds = [each.place.kind for each in mine]
        kinds += [each.elsewhere.kind for each in rest if each.elsewhere is not None]
        found.append(Other(path, patch.source, "".join(kinds[:1]), tuple(reports)))
    return tuple(found)


def _fixed(fixed: _Fixed, text: str) -> Report:
    finding, place, edits = fixed
    title = finding.fix.title if finding.fix is not None else ""
    start, end = place.span
    where = Lines(text).position(start)
    return Report(finding.pass_id, start, end, where, finding.message, title, "", edits)


def _held(finding: Finding, patch: Patch) -> Report:
    assert finding.elsewhere is not None
    start, end = map(patch.origin, finding.elsewhere.span)
    lines = Lines(patch.source)
    held = held_back(finding, unsafe=False)
    refers = patch.origin(finding.refers) if finding.refers >= 0 else -1
    if refers >= 0:
        held = held.replace("{line}", str(lines.position(refers).line))
    where = lines.position(start)
    return Report(finding.pass_id, start, end, where, finding.message, "", held, (), refers)


# -- the proof -------------------------------------------------------------------------------------


def _prove(patch: Patch, fixed: Sequence[_Fixed]) -> None:
    """Raise Unproven where fixes changed more of a file than they said."""
    if not fixed:
        return
    before, after = patch.source, patch.text
    last = fixed[-1]
    edits = [edit for each in fixed for edit in each.edits]
    try:
        whole = apply(before, edits)
    except ValueError as error:
        raise Unproven(last.finding, f"edits do not go together: {error}") from error
    if whole != after:
        raise Unproven(last.finding, "the fixes one by one do not make what all of them made")
    reason = unproven(last.place.kind, patch)
    if reason:
        raise Unproven(last.finding, reason)


def unproven(kind: str, patch: Patch) -> str:
    """Tell how a file of a kind is not what it was but for what fixes add, or nothing."""
    return _form(patch.source, patch.text) or _PROOFS[kind](patch)


def _form(before: str, after: str) -> str:
    """Tell how byte order mark, newlines or the end of a file changed, or nothing."""
    if before.startswith(BOM) != after.startswith(BOM):
        return "the byte order mark was lost or added"
    if before and before.endswith("\n") != after.endswith("\n"):
        return "the newline at the end was lost or added"
    crlf, lines = before.count("\r\n"), before.count("\n")
    crlf_now, lines_now = after.count("\r\n"), after.count("\n")
    if (not crlf and crlf_now) or (lines and crlf == lines and crlf_now != lines_now):
        return "another style of newline came in"
    return ""


def _settings(patch: Patch) -> str:
    """Tell how settings of pip do not say what they said, and besides some of our keys alone."""
    from pipslim.facts.settings import adds_alone
    from pipslim.rewrite.heredocs import KEYS

    alone = adds_alone(patch.source, patch.text, KEYS)
    return "" if alone else "the settings say something else than before"


def _script(patch: Patch) -> str:
    """Tell how a script is not what it was with words put into its commands, or nothing."""
    from pipslim.rewrite.scripts import differs

    return differs(patch)


def _python(patch: Patch) -> str:
    """Tell how a script in Python is not what it was with flags put into its calls, or nothing."""
    from pipslim.rewrite.scripts import differs_in_python

    return differs_in_python(patch)


_PROOFS = {CONF: _settings, SCRIPT: _script, PYTHON: _python}
