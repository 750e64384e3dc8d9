"""Settings files to layers: what they say, checked key by key, and what they extend."""

from __future__ import annotations

import os

from pipslim.files.disk import Unreachable, read
from pipslim.options import OPTIONS
from pipslim.passes import IDS
from pipslim.settings.choice import (
    BadSetting,
    bad_cache,
    bad_carrier,
    bad_id,
    bad_version,
    nearest,
    unknown_pass,
)
from pipslim.settings.keys import BY_NAME, EXAMPLES, TAKES
from pipslim.settings.layers import Layer
from pipslim.settings.places import places
from pipslim.settings.toml import BadTOML, loads
from pipslim.syntax.source import BOM, Position, decode, position
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from pipslim.settings.keys import Key

    Path = tuple[str | int, ...]

PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "pipslim")


def read_layers(
    path: str, data: bytes, known: dict[str, tuple[Layer, ...]], base: str = ""
) -> tuple[Layer, ...]:
    """Give the layers of a settings file: of those that it extends, and last its own.

    `path` is absolute. Patterns count from the folder of the file that has them, or from `base`.
    Gives nothing for a pyproject.toml without a table for us. What is read is added to `known`, so
    that a file that many extend is read once. Raises BadSetting, its message with one line for
    each fault of the file, and Unreachable.
    """
    return _Reader(known, base).layers(path, data, ())


_JUDGED = {"version": bad_version, "cache": bad_cache, "id": bad_id}


class _Reader:
    def __init__(self, known: dict[str, tuple[Layer, ...]], base: str) -> None:
        self.known = known
        self.base = base

    def layers(self, path: str, data: bytes, ahead: tuple[str, ...]) -> tuple[Layer, ...]:
        """Give the layers of a file; `ahead` are the files that extend it."""
        layer = _read(path, data, self.base)
        if layer is None:
            found: tuple[Layer, ...] = ()
        elif "extend" not in layer.values:
            found = (layer,)
        else:
            found = (*self._extended(layer, (*ahead, path)), layer)
        self.known[path] = found
        return found

    def _extended(self, layer: Layer, chain: tuple[str, ...]) -> tuple[Layer, ...]:
        where = os.path.join(os.path.dirname(layer.path), str(layer.values["extend"]))
        target = os.path.normpath(where)
        if target in chain:
            circle = " → ".join(map(shown, (*chain[chain.index(target) :], target)))
            raise _bad(layer, ("extend",), f"a circle: {circle}; take one `extend` out")
        found = self.known.get(target)
        if found is None:
            try:
                found = self.layers(target, read(target), chain)
            except Unreachable as error:
                what = f"cannot be extended: {error}; correct the path"
                raise _bad(layer, ("extend",), what) from error
        if not found:
            what = f"cannot be extended: {shown(target)} has no table [tool.pipslim]; add one there"
            raise _bad(layer, ("extend",), what)
        return found


def shown(path: str) -> str:
    """Give a path as people read it: seen from the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return path


def place(layer: Layer, path: Path, *, key: bool = False) -> Position:
    """Give the place of a value in a layer's file, or that of its key; at worst of what holds it.

    `path` is that of keys and indexes below the layer's own table.
    """
    found = places(layer.text.removeprefix(BOM))
    shift = layer.text.startswith(BOM)
    whole: Path = (*layer.head, *path)
    while whole and whole not in found:
        whole = whole[:-1]
    if not whole:
        return position(layer.text, 0)
    spot = found[whole]
    return position(layer.text, (spot.key if key else spot.value) + shift)


def _bad(layer: Layer, path: Path, what: str, *, key: bool = False) -> BadSetting:
    where = place(layer, path, key=key)
    return BadSetting(f"{shown(layer.path)}:{where}: {what}", placed=True)


def _read(path: str, data: bytes, base: str) -> Layer | None:
    """Give what a file itself says; raises BadSetting for all that is wrong in it."""
    text = decode(data)
    try:
        data.decode()
        values = loads(text.removeprefix(BOM))
    except UnicodeDecodeError as error:
        where = position(text, len(decode(data[: error.start])))
        what = f"{shown(path)}:{where}: not UTF-8; save the file in that encoding"
        raise BadSetting(what, placed=True) from error
    except BadTOML as error:
        where = position(text, error.offset + text.startswith(BOM))
        what = f"{shown(path)}:{where}: {error.reason}; correct the TOML"
        raise BadSetting(what, placed=True) from error
    head: tuple[str, ...] = ()
    if os.path.basename(path) == PYPROJECT:
        head = _TABLE
        tool = values.get("tool")
        if not isinstance(tool, dict) or "pipslim" not in tool:
            return None
        values = tool["pipslim"]
    layer = Layer(path, base or os.path.dirname(path), {}, text, head)
    check = _Check()
    checked = check.table(values)
    if check.faults:
        lines = []
        for where_in, what, key in check.faults:
            where = place(layer, where_in, key=key)
            lines.append((where, f"{shown(path)}:{where}: {what}"))
        raise BadSetting("\n".join(line for _, line in sorted(lines)), placed=True)
    return layer._replace(values=checked)


class _Check:
    """Checks values; collects the faults: where, what, and whether the key is what is wrong."""

    def __init__(self) -> None:
        self.faults: list[tuple[Path, str, bool]] = []

    def table(self, values: Any) -> dict[str, object]:
        """Give the values of a whole table as layers have them."""
        checked: dict[str, object] = {}
        if not isinstance(values, dict):
            self.faults.append(((), "[tool.pipslim] is a table; write it as one", True))
            return checked
        for name, value in values.items():
            key = BY_NAME.get(name)
            if key is None:
                self.faults.append(((name,), _unknown(name), True))
            else:
                checked[name] = self._value(key, value)
        if values.get("select") == []:
            what = "`select` names no pass; take it out, or leave files out with `exclude`"
            self.faults.append((("select",), what, False))
        select, ignore = values.get("select"), values.get("ignore")
        if select and not self.faults and set(select) <= set(ignore or ()):
            what = "`ignore` takes away every pass that `select` names; leave one of them"
            self.faults.append((("ignore",), what, False))
        return checked

    def _value(self, key: Key, value: Any) -> object:
        kind, where = key.kind, (key.name,)
        if kind == "switch" and isinstance(value, bool):
            return value
        if kind in ("file", "folder", "version", "cache", "id") and isinstance(value, str):
            if kind in _JUDGED:
                self._judge(where, _JUDGED[kind](value))
            elif not value:
                self._judge(where, f"an empty path; write {EXAMPLES[kind]}, or take it out")
            return value
        if kind == "passes" and isinstance(value, list):
            return self._passes(where, value)
        if kind == "carriers" and isinstance(value, list):
            for number, name in enumerate(value):
                self._judge((*where, number), bad_carrier(name))
            return tuple(value)
        if kind == "patterns" and isinstance(value, list):
            for number, pattern in enumerate(value):
                self._pattern((*where, number), pattern)
            return tuple(value)
        if kind == "versions" and isinstance(value, dict):
            for image, version in value.items():
                if isinstance(version, str):
                    self._judge((*where, image), bad_version(version))
                else:
                    self._mistyped((*where, image), "version", image, version)
            return tuple(value.items())
        if kind == "passes by pattern" and isinstance(value, dict):
            return self._by_pattern(where, value)
        self._mistyped(where, kind, key.name, value)
        return None

    def _by_pattern(self, where: Path, value: dict[str, Any]) -> object:
        pairs = []
        for pattern, names in value.items():
            inner = (*where, pattern)
            self._pattern(inner, pattern, key=True)
            if pattern.startswith("!"):
                what = "a pattern with ! matches nothing here; name the files that are meant"
                self.faults.append((inner, what, True))
            if isinstance(names, list):
                pairs.append((pattern, self._passes(inner, names)))
            else:
                self._mistyped(inner, "passes", pattern, names)
        return tuple(pairs)

    def _passes(self, where: Path, names: list[Any]) -> tuple[str, ...]:
        for number, name in enumerate(names):
            if isinstance(name, str):
                self._judge((*where, number), unknown_pass(name))
            else:
                what = f"a pass is named by text; passes: {', '.join(IDS)}"
                self.faults.append(((*where, number), what, False))
        return tuple(names)

    def _pattern(self, where: Path, pattern: Any, *, key: bool = False) -> None:
        if not isinstance(pattern, str):
            what = 'a pattern is a text; write it as one, "vendor/" say'
        elif not pattern.strip() or "\n" in pattern:
            what = "a pattern is one line that is not blank; correct it, or take it out"
        else:
            return
        self.faults.append((where, what, key))

    def _judge(self, where: Path, what: str) -> None:
        if what:
            self.faults.append((where, what, False))

    def _mistyped(self, where: Path, kind: str, name: str, value: Any) -> None:
        example = EXAMPLES[kind]
        if isinstance(value, str) and value and kind in ("passes", "patterns"):
            example = f"[{_quoted(value)}]"
        elif kind == "version" and isinstance(value, (int, float)) and value is not True:
            example = f'"{value}"'
        what = f"{name!r} takes {TAKES[kind]}, not {_type(value)}; write {_bare(name)} = {example}"
        self.faults.append((where, what, False))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else _quoted(name)


def _type(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    names |= {list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _unknown(name: str) -> str:
    """Say what to write instead of a key that is none."""
    keys = ", ".join(BY_NAME)
    if name == "tool":
        return "[tool.pipslim] is for pyproject.toml; here its keys stand alone, at the top"
    field = name.replace("-", "_")
    for option in OPTIONS:
        if option.field == field and field.replace("_", "-") not in BY_NAME:
            flag = option.names[0]
            return f"{name!r} is for one run, not for files; use {flag} or {option.variable}"
    for prefix in ("extend-", "respect-", "extend_", "respect_"):
        if name.removeprefix(prefix) in BY_NAME:
            return (
                f"unknown key {name!r}, did you mean {name.removeprefix(prefix)!r}?; keys: {keys}"
            )
    return f"unknown key {name!r}{nearest(name, BY_NAME)}; keys: {keys}"
