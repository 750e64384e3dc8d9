"""What a settings file of pip says, as pip itself reads it, and how it can say more."""

from __future__ import annotations

import re

from pipslim.syntax.edits import Edit
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from configupdater import ConfigUpdater

_VALUES = frozenset(("True", "false", "no"))  # that are ever added
CACHE, CACHE_DIR, COMPILE, NO_COMPILE = "no-cache-dir", "cache-dir", "compile", "no-compile"
_TRUE = frozenset(("y", "yes", "t", "true", "1", "on"))
_FALSE = frozenset(("n", "no", "f", "false", "0", "off"))
# What pip's settings may say without a secret in it: no address, no path, no name.
_HARMLESS = lazy(
    r"\s*|\[[a-z]+\]\s*"
    r"|(?:no-cache-dir|compile|no-compile|timeout|default-timeout|retries|quiet|verbose|no-input"
    r"|disable-pip-version-check|no-python-version-warning|isolated|require-virtualenv|user|pre"
    r"|break-system-packages|prefer-binary|no-deps|no-color|use-pep517|no-build-isolation)"
    r"[ \t]*[=:][ \t]*(?:true|false|yes|no|on|off|[0-9]{1,4})\s*",
    re.IGNORECASE,
)
_COMMENT = lazy(r"[#;]")
_HEADER = lazy(r"\[[^\n]+\]")
_STYLE = lazy(r"([ \t]*)[^=:\s][^=:\n]*?([ \t]*[=:][ \t]*)[^\s]")

Keys = dict[tuple[str, str], str]


class Unreadable(NamedTuple):
    """Why pip cannot read a settings file; nothing that the file says is in it."""

    why: str


def read_settings(text: str) -> Keys | Unreadable:
    """Give the settings of a file by section and key, the key as pip takes it.

    Source: pip's `configuration.py`: a RawConfigParser; names in lower case, `_` the same as `-`,
    leading dashes off. Of two spellings of a name in one section the later counts.
    """
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.DuplicateSectionError as error:
        return Unreadable(f"line {error.lineno} begins a section that is there already")
    except configparser.DuplicateOptionError as error:
        return Unreadable(f"line {error.lineno} has a key that its section has already")
    except configparser.MissingSectionHeaderError as error:
        return Unreadable(f"line {error.lineno} stands in no section")
    except configparser.ParsingError as error:
        return Unreadable(f"line {error.errors[0][0]} is neither a section nor a key")
    except (configparser.Error, AttributeError):  # a value continued where none began
        return Unreadable("it is not well-formed")
    return {
        (section, normalized(key)): value
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def sections(text: str) -> list[str]:
    """Give the names of the sections of a file that pip can read, in order."""
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    return parser.sections()


def normalized(key: str) -> str:
    """Give the name of a key as pip takes it."""
    return key.lower().replace("_", "-").removeprefix("--")


def said(keys: Mapping[tuple[str, str], str], command: str, key: str) -> str | None:
    """Give what settings say of a key to a command of pip; an empty value says nothing."""
    return keys.get((command, key)) or keys.get(("global", key)) or None


def truth(value: str) -> bool | None:
    """Give the truth value that pip takes a text for; None where it takes it for none."""
    value = value.lower()
    return True if value in _TRUE else False if value in _FALSE else None


def harmless(line: str) -> bool:
    """Tell whether a line of a settings file holds no secret for sure."""
    return _HARMLESS.fullmatch(line) is not None


def place(text: str, key: str) -> tuple[int, int]:
    """Give the span of a key's name in a settings file; the file's start where there is none."""
    at = 0
    for line in text.splitlines(keepends=True):
        name = re.match(r"[ \t]*([^=:\s#;\[][^=:\n]*?)[ \t]*[=:]", line)
        if name is not None and normalized(name[1]) == key:
            return at + name.start(1), at + name.end(1)
        at += len(line)
    return head(text)


def head(text: str) -> tuple[int, int]:
    """Give the span of the first section's head, the file's start where there is none."""
    match = re.search(r"^\[[a-z]+\]", text, re.MULTILINE)
    return match.span() if match is not None else (0, 0)


def completed(text: str, section: str, key: str, value: str, note: str = "") -> Edit | None:
    """Give the edit that has a settings file say a key too; None where none is safe.

    The key goes behind the last one of its section, written as that is; a section that is not
    there goes behind all others. A last line without a newline stays the last one, as it is: what
    is added stands ahead of its section, or right below the head of it. `note` is a comment for the
    line ahead.
    """
    import configparser

    from configupdater import ConfigUpdater

    keys = read_settings(text)
    if isinstance(keys, Unreadable) or (section, key) in keys:
        return None
    updater = ConfigUpdater()
    try:
        updater.read_string(text)
    except configparser.Error:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    if str(updater) != text or (newline == "\r\n" and text.count("\r\n") != text.count("\n")):
        return None
    if updater.has_section(section):
        new = _with_key(updater, section, (key, value, note))
    else:
        new = _with_section(text, f"{note}[{section}]\n{key} = {value}\n")
    return _inserted(text, new, newline)


def _with_key(updater: ConfigUpdater, section: str, wanted: tuple[str, str, str]) -> str:
    """Give the text of a file with a key in one of its sections."""
    from configupdater import Option

    key, value, note = wanted
    found = updater[section]
    blocks = list(found.iter_blocks())
    options = [block for block in blocks if isinstance(block, Option)]
    option = str(options[-1]) if options else ""
    if option.endswith("\n"):
        builder = options[-1].add_after
    elif blocks:
        builder = blocks[0].add_before
    else:
        found[key] = value
        return str(updater)
    if note:
        builder = builder.comment(note.rstrip("\n"))
    builder.option(key, value)
    new = str(updater)
    styles = [style for each in options if (style := _STYLE.match(str(each))) is not None]
    if not styles:
        return new
    indent, delimiter = styles[-1].groups()
    return new.replace(f"{key} = {value}\n", f"{indent}{key}{delimiter}{value}\n", 1)


def _with_section(text: str, section: str) -> str:
    """Give the text of a file with one more section."""
    if not text or text.endswith("\n"):
        lines = text.splitlines()
        return text + ("\n" if lines and lines[-1].strip() else "") + section
    lines = text.splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    at = heads[-1] if heads else 0
    while at and _COMMENT.match(lines[at - 1]):
        at -= 1
    return "".join([*lines[:at], section, "\n", *lines[at:]])


def _inserted(old: str, new: str, newline: str) -> Edit | None:
    """Give the edit that makes `new` of `old` by one insertion of lines, with proper newlines."""
    lines, more = old.splitlines(keepends=True), new.splitlines(keepends=True)
    at = 0
    while at < len(lines) and at < len(more) and lines[at] == more[at]:
        at += 1
    count = len(more) - len(lines)
    if count <= 0 or more[at + count :] != lines[at:]:
        return None
    put = "".join([line.rstrip("\r\n") + newline for line in more[at : at + count]])
    offset = sum(map(len, lines[:at]))
    edit = Edit(offset, offset, put)
    return edit if adds_alone(old, old[:offset] + put + old[offset:], None) else None


def adds_alone(before: str, after: str, wanted: Iterable[tuple[str, str]] | None = None) -> bool:
    """Tell whether a settings file says what it said, and besides some of these keys alone.

    That is to pip's own parser. `wanted` are sections with keys; None stands for any one.
    """
    was, now = read_settings(before), read_settings(after)
    if isinstance(was, Unreadable) or isinstance(now, Unreadable):
        return False
    added = now.keys() - was.keys()
    if not added or (wanted is not None and not added <= set(wanted)):
        return False
    if any(now[key] not in _VALUES for key in added) or not set(sections(before)) <= set(
        sections(after)
    ):
        return False  # what is behind may have become a part of the value
    if any(now.get(key) != value for key, value in was.items()):
        return False
    left = iter(after.splitlines(keepends=True))
    return all(line in left for line in before.splitlines(keepends=True))
