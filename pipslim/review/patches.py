"""One patch for each group of files, to be reviewed and applied on its own."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from pipslim.files import disk
from pipslim.files.root import below, root
from pipslim.passes import PASSES
from pipslim.report.diff import diff_of, named
from pipslim.report.summary import count_files
from pipslim.review import owners
from pipslim.review.groups import ENDING, grouping, names
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipslim.options import Arguments
    from pipslim.rewrite.engine import Report
    from pipslim.runner import FileOutcome

VERSION = 1
INDEX = "patches.json"

_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z`])")
# In a pull request these would link to it from issues that have nothing to do with it.
_ISSUES = re.compile(r" \([^()]*#\d[^()]*\)")
_PROVEN = (
    "Each rewrite was proven before it was offered: instructions that no edit names are the same "
    "bytes in the same order, and each edited RUN is, without the inserted words, the same "
    "commands."
)


class Change(NamedTuple):
    """A file as its patch has it: its path from the root, its diff, and what was found in it."""

    path: str
    diff: str
    reports: tuple[Report, ...]


def check(arguments: Arguments) -> None:
    """Raise BadSetting where `--patch-dir` and `--group-by` do not go with what else is asked."""
    if not arguments.patch_dir:
        raise BadSetting("--group-by says how patches are made; name their folder by --patch-dir")
    if arguments.write:
        raise BadSetting("--write and --patch-dir exclude each other: a patch is yet to be applied")
    if "-" in arguments.paths:
        raise BadSetting("--patch-dir needs files; - (standard input) is none")


class Patches:
    """Gathers what becomes of files, and writes a patch for each group of them.

    `folder` is where, `by` how files are grouped. Paths in the patches start at the top of the git
    work tree around the current folder, or where there is none, at the current folder. Raises
    BadSetting for another grouping and for files outside, Unreachable for CODEOWNERS that cannot be
    read.
    """

    __slots__ = ("_changes", "_folder", "_group", "_outside", "_owners", "_paths", "_top")

    def __init__(self, folder: str, by: str, paths: Iterable[str]) -> None:
        top = root()
        self._top = top
        self._outside = ""
        self._folder = folder.rstrip("/") or folder
        self._owners = owners.find(top)
        self._group = grouping(by, self._owners)
        self._changes: dict[str, Change] = {}
        self._paths: dict[str, str] = {}
        for path in paths:
            found = below(top, path)
            if found is None:
                raise BadSetting(f"{path} is outside of {top}, where patches apply; run it there")
            self._paths[path] = found

    def take(self, result: FileOutcome) -> None:
        """Keep what patches need of a result; of a file with two names once."""
        outcome = result.outcome
        if outcome is not None and outcome.problem is None:
            path = self._paths.get(result.path) or below(self._top, result.path)
            if path is None:  # one of the other files; of the Dockerfiles it is known at the start
                self._outside = result.path
                return
            diff = diff_of(result, path=path)
            self._changes.setdefault(path, Change(path, diff, outcome.reports))

    def close(self) -> list[str]:
        """Write the patches and their index; give what there is to tell, line by line.

        Patches that an earlier run wrote, and nobody changed since, are replaced or removed. Raises
        BadSetting, with nothing written, where another file is in the way; Unreachable where one
        cannot be read or written.
        """
        if self._outside:
            told = f"{self._outside} is outside of {self._top}, where patches apply; run it there"
            raise BadSetting(told)
        groups: dict[str, list[Change]] = {}
        for path in sorted(self._changes):
            groups.setdefault(self._group(path), []).append(self._changes[path])
        changed = {
            group: changes
            for group, changes in sorted(groups.items())
            if any(each.diff for each in changes)
        }
        called = names(changed)
        patches = {called[group]: _patch(group, changes) for group, changes in changed.items()}
        earlier = self._earlier()
        there = {name: disk.read_if_there(self._at(name)) for name in {*patches, *earlier}}
        for name, patch in patches.items():
            found = there[name]
            if found is not None and found != patch and _sum(found) != earlier.get(name):
                told = "is there already, and not as an earlier run wrote it; move it away"
                raise BadSetting(f"{self._at(name)}: {told}")
        told_lines: list[str] = []
        if patches or earlier:
            disk.make_folder(self._folder)
            for name, patch in patches.items():
                if there[name] != patch:
                    disk.save(self._at(name), patch)
            told_lines += self._clear(there, earlier, patches)
            entries = [
                self._entry(group, changes, called[group], patches[called[group]])
                for group, changes in changed.items()
            ]
            index = json.dumps({"version": VERSION, "patches": entries}, indent=2) + "\n"
            disk.save(self._at(INDEX), index.encode())
        for group, changes in changed.items():
            files = [each for each in changes if each.diff]
            counts = f"{count_files(len(files))}, {count_fixes(sum(_fixes(files).values()))}"
            told_lines.append(f"{self._at(called[group])}: {counts}")
        return told_lines

    def _at(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _earlier(self) -> dict[str, str]:
        """Give the patches that the index of an earlier run lists, each with its checksum."""
        data = disk.read_if_there(self._at(INDEX))
        if data is None:
            return {}
        try:
            listed = {
                str(each["file"]): str(each["sha256"]) for each in json.loads(data)["patches"]
            }
        except (ValueError, KeyError, TypeError):
            told = "is no index of patches; choose another folder, or move it away"
            raise BadSetting(f"{self._at(INDEX)}: {told}") from None
        return {
            name: checksum
            for name, checksum in listed.items()
            if name.endswith(ENDING) and not {"/", "\\", ":"} & set(name)
        }

    def _clear(
        self, there: dict[str, bytes | None], earlier: dict[str, str], patches: dict[str, bytes]
    ) -> Iterator[str]:
        """Remove the patches of an earlier run that are not of this one; tell of each."""
        for name, checksum in sorted(earlier.items()):
            found = there[name]
            if name in patches or found is None:
                continue
            if _sum(found) == checksum:
                disk.remove(self._at(name))
                yield f"{self._at(name)}: removed, for nothing of it is left to change"
            else:
                yield f"{self._at(name)}: left, though nothing of it is to change: it was edited"

    def _entry(
        self, group: str, changes: Sequence[Change], name: str, patch: bytes
    ) -> dict[str, Any]:
        """Give what the index says of a patch: enough to make a pull request of it."""
        files = [each for each in changes if each.diff]
        owned = dict.fromkeys(
            owner for each in files if self._owners for owner in self._owners.of(each.path)
        )
        return {
            "file": name,
            "group": group,
            "title": _title(group),
            "body": _body(changes),
            "owners": list(owned),
            "files": [each.path for each in files],
            "fixes": _fixes(files),
            "sha256": _sum(patch),
        }


def count_fixes(count: int) -> str:
    """Give a number of fixes in words."""
    return f"{count} fix" if count == 1 else f"{count} fixes"


def _sum(data: bytes) -> str:
    return sha256(data).hexdigest()


def _patch(group: str, changes: Sequence[Change]) -> bytes:
    """Give a patch: a title, a text, and the diffs; `git apply` and `patch` read these alone."""
    head = f"{_title(group)}\n\n{_body(changes)}\n"
    return encode(head + "".join([each.diff for each in changes]))


def _title(group: str) -> str:
    return f"Keep pip's leftovers out of images: {named('', group).rstrip()}"


def _body(changes: Sequence[Change]) -> str:
    """Give the text of a pull request, as Markdown: what changes and why, and what is left."""
    files = [each for each in changes if each.diff]
    counts = _fixes(files)
    lines = [f"`pipslim fix` rewrites {count_files(len(files))}. {_PROVEN}", "", "Why:", ""]
    for about in [step.about for step in PASSES if step.id in counts]:
        reason = _ISSUES.sub("", _SENTENCE.split(about.why, 1)[0])
        lines.append(f"- **{about.id}** ({count_fixes(counts[about.id])}): {about.summary}.")
        lines += [f"  {reason}", f"  Price: {about.price}"]
    lines += ["", "`pipslim explain` and the name of a pass say more.", "", "Files:", ""]
    for each in files:
        fixes = [f"{name} ({n})" if n > 1 else name for name, n in _fixes([each]).items()]
        lines.append(f"- `{_path(each)}`: {', '.join(fixes)}")
    held = [(each, report) for each in changes for report in each.reports if report.held]
    if held:
        lines += ["", "Left as it is:", ""]
    for each, report in held:
        told = " ".join(f"{report.pass_id}: {report.message}; {report.held}".split())
        lines.append(f"- `{_path(each)}:{report.position}`: {told}")
    return "".join([line + "\n" for line in lines])


def _path(change: Change) -> str:
    return named("", change.path).rstrip("\t")


def _fixes(changes: Iterable[Change]) -> dict[str, int]:
    """Count the fixes of each pass, in the order of the passes."""
    counts = {step.id: 0 for step in PASSES}
    for each in changes:
        for report in each.reports:
            if report.fixed:
                counts[report.pass_id] += 1
    return {pass_id: count for pass_id, count in counts.items() if count}
