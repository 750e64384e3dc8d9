"""What differs between two images of one program, and which differences a rewrite may make."""

from __future__ import annotations

import csv
import posixpath
import re
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from .engine import Engine, Entry

# An image has a folder for each user's home, and pip's cache is in it.
_CACHE = re.compile(r"(?:/root|/home/[^/]+)/\.cache(?:/pip(/.*)?)?")
_BYTECODE = re.compile(r".*(?:\.py[co]|/__pycache__)")
_RECORD = re.compile(r".*\.dist-info/RECORD")
_INSTALLED = re.compile(r".*\.egg-info/installed-files\.txt")
_REQUESTED = re.compile(r".*\.dist-info/REQUESTED")
_SCRIPT = re.compile(r"(?!/usr/bin/|/usr/sbin/).*/bin/[^/]+")
# A console script: what it imports and calls; the lines around it are pip's own.
_CONSOLE_SCRIPT = re.compile(
    rb"(#![^\n]+)\n\s*# -\*- coding: utf-8 -\*-\n\s*import re\n\s*import sys\n\s*"
    rb"(from [\w.]+ import \w+)\n\s*if __name__ == '__main__':\n    sys\.argv\[0\] = [^\n]+\n"
    rb"    (sys\.exit\([\w.]+\(\)\))\n"
)
_PIP = re.compile(
    r".*/site-packages/pip(?:/.*|-[\d.]+\.(?:dist|egg)-info(?:/.*)?)?"
    r"|.*/bin/pip[\d.]*"
)


class Image(NamedTuple):
    """An image: its configuration and its files, those that `worth_keeping` names with content."""

    config: Mapping[str, Any]
    files: Mapping[str, Entry]


class Difference(NamedTuple):
    """One path that is not the same in two images; an entry is None where it is missing."""

    path: str
    before: Entry | None
    after: Entry | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.path}: only after"
        if self.after is None:
            return f"{self.path}: only before"
        changed = [
            f"{name} {old!r} -> {new!r}"
            for name, old, new in zip(self.before._fields, self.before, self.after, strict=True)
            if old != new and name != "content"
        ]
        return f"{self.path}: {', '.join(changed)}"


class Rule(NamedTuple):
    """A difference that is meant, and why."""

    name: str
    reason: str
    explains: Callable[[Difference], bool]


class Comparison(NamedTuple):
    """What no rule explains, and the paths that each rule does explain."""

    unexplained: list[Difference]
    explained: Mapping[str, list[str]]


def worth_keeping(path: str) -> bool:
    """Tell whether the rules look into a file, so that its content must come along."""
    patterns = (_RECORD, _INSTALLED, _SCRIPT)
    return path == "/etc/pip.conf" or any(pattern.fullmatch(path) for pattern in patterns)


def _is_cache(difference: Difference) -> bool:
    return difference.before is not None and _CACHE.fullmatch(difference.path) is not None


def _is_bytecode(difference: Difference) -> bool:
    return difference.before is not None and _BYTECODE.fullmatch(difference.path) is not None


def _is_conf(difference: Difference) -> bool:
    return difference.path == "/etc/pip.conf" and difference.before is None


def _lists_bytecode(difference: Difference) -> bool:
    return _same(difference, _RECORD, _without_bytecode) or _same(
        difference, _INSTALLED, _without_bytecode_lines
    )


def _is_pip(difference: Difference) -> bool:
    return _PIP.fullmatch(difference.path) is not None


def _is_requested(difference: Difference) -> bool:
    if difference.before is not None or difference.after is None:
        return False
    return _REQUESTED.fullmatch(difference.path) is not None and difference.after.size == 0


def _is_console_script(difference: Difference) -> bool:
    return _same(difference, _SCRIPT, _what_it_calls)


def _records_by_another_pip(difference: Difference) -> bool:
    return _same(difference, _RECORD, _what_is_recorded)


MEANT = (
    Rule(
        "cache",
        "pip's cache goes; where one stays, the dates of the answers are in it",
        _is_cache,
    ),
    Rule(
        "bytecode",
        "what pip and Python compile goes; what stays has the time of its source in it",
        _is_bytecode,
    ),
    Rule("settings", "/etc/pip.conf comes", _is_conf),
    Rule(
        "lists of bytecode",
        "pip lists each .pyc that it compiled, without a hash, beside what it installed",
        _lists_bytecode,
    ),
)
"""What any rewrite may change. Two builds of one file differ in cache and bytecode alone."""

MEANT_WITH_NEW_PIP = (
    *MEANT,
    Rule("pip", "an old pip is upgraded: its package, its metadata, its commands", _is_pip),
    Rule("requested", "pip 20.2 and later mark what was asked for by name", _is_requested),
    Rule(
        "console scripts",
        "pips differ in the lines around the call in a script that they make for an entry point",
        _is_console_script,
    ),
    Rule(
        "records",
        "pips differ in the order of a RECORD, which has the hash of scripts and lists the marks",
        _records_by_another_pip,
    ),
)
"""What a rewrite may change that upgrades an old pip first."""


def compare(
    before: Mapping[str, Entry], after: Mapping[str, Entry], rules: Sequence[Rule] = MEANT
) -> Comparison:
    """Compare the files of two images: type, permissions, owner, content, link target."""
    unexplained: list[Difference] = []
    explained: dict[str, list[str]] = {rule.name: [] for rule in rules}
    for path in sorted({*before, *after}):
        difference = Difference(path, before.get(path), after.get(path))
        if difference.before == difference.after:
            continue
        rule = next((rule for rule in rules if rule.explains(difference)), None)
        if rule is None:
            unexplained.append(difference)
        else:
            explained[rule.name].append(path)
    return Comparison(unexplained, explained)


def compare_configs(
    before: Mapping[str, Any], after: Mapping[str, Any], added: Collection[str]
) -> list[str]:
    """Give what differs between two configurations: each key of them, in plain words.

    ENV is the same, in the same order, but for the names in `added`, which are new; a trigger is
    the same but for the flag that turns pip's cache off.
    """
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if key == "Env":
            names = {pair.partition("=")[0] for pair in new or ()}
            found += [f"Env: {name} is missing" for name in sorted({*added} - names)]
            new = [pair for pair in new or () if pair.partition("=")[0] not in added]
        elif key == "OnBuild":
            new = [trigger.replace(" --no-cache-dir", "") for trigger in new or ()]
            old = old or []
        if old != new:
            found.append(f"{key}: {old!r} -> {new!r}")
    return found


def same_but_for_the_cache(engine: Engine, image: str, image_after: str) -> list[str]:
    """Assert that the second image is the first without pip's cache; give what else differs."""
    before, after = (engine.files(each, worth_keeping) for each in (image, image_after))
    assert cached(before)
    assert cached(after) == []
    assert compare_configs(engine.config(image), engine.config(image_after), ()) == []
    ran = engine.run(image_after, ["python", "-c", "import idna"])
    assert ran.returncode == 0, ran.stderr
    return [each.path for each in compare(before, after, MEANT).unexplained]


def cached(files: Mapping[str, Entry]) -> list[str]:
    """Give the files that are in pip's cache."""
    return [path for path, entry in files.items() if _is_file(entry) and _CACHE.fullmatch(path)]


def compiled(files: Mapping[str, Entry]) -> list[str]:
    """Give the bytecode that pip or Python wrote: all but what a wheel ships, by its RECORD."""
    shipped = set(_shipped(files))
    return [
        path
        for path, entry in files.items()
        if _is_file(entry) and _BYTECODE.fullmatch(path) and path not in shipped
    ]


def _shipped(files: Mapping[str, Entry]) -> Iterator[str]:
    for path, entry in files.items():
        if _RECORD.fullmatch(path) and entry.content is not None:
            packages = posixpath.dirname(posixpath.dirname(path))
            for name, digest, _ in _rows(entry.content):
                if digest and _BYTECODE.fullmatch(name):
                    yield posixpath.normpath(posixpath.join(packages, name))


def _is_file(entry: Entry) -> bool:
    return stat.S_ISREG(entry.mode)


def _same(difference: Difference, path: re.Pattern[str], what: Callable[[bytes], object]) -> bool:
    """Tell whether a path fits and `what` is the same of both contents, as is all but the size."""
    before, after = difference.before, difference.after
    if path.fullmatch(difference.path) is None or before is None or after is None:
        return False
    if before.content is None or after.content is None:
        return False
    if (before.mode, before.uid, before.link) != (after.mode, after.uid, after.link):
        return False
    return what(before.content) == what(after.content)


def _rows(record: bytes) -> list[tuple[str, str, str]]:
    lines = record.decode("utf-8", "surrogateescape").splitlines()
    return [(name, digest, size) for name, digest, size in csv.reader(lines)]


def _without_bytecode(record: bytes) -> list[tuple[str, str, str]]:
    return [row for row in _rows(record) if row[1] or not _BYTECODE.fullmatch(row[0])]


def _without_bytecode_lines(installed: bytes) -> list[str]:
    lines = installed.decode("utf-8", "surrogateescape").splitlines()
    return [line for line in lines if not _BYTECODE.fullmatch(line)]


def _what_it_calls(script: bytes) -> object:
    match = _CONSOLE_SCRIPT.fullmatch(script)
    return match.groups() if match is not None else script


def _what_is_recorded(record: bytes) -> list[tuple[str, str, str]]:
    rows = [
        (name, "", "") if "/bin/" in name else (name, digest, size)
        for name, digest, size in _without_bytecode(record)
        if not _REQUESTED.fullmatch(name)
    ]
    return sorted(rows)
