"""Where the values in force come from: a default, a place in a file, a variable, or a flag."""

from __future__ import annotations

from pipslim.options import OPTIONS
from pipslim.passes import USUAL
from pipslim.settings.keys import KEYS
from pipslim.settings.reader import place, shown
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.settings.keys import Key
    from pipslim.settings.layers import InForce, Layer


class Origin(NamedTuple):
    """Where a value comes from.

    `kind` is `default`, `file`, `variable` or `flag`; `name` is the path of the file, as people
    read it, or the name of the variable or flag. `line` and `column` are 1-based, 0 without a file.
    """

    kind: str
    name: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if self.kind == "file":
            return f"{self.name}:{self.line}:{self.column}"
        return self.name or self.kind


class Part(NamedTuple):
    """A value in force, or one element of a list or table that is: a text, or a bool, or a pair."""

    value: object
    origin: Origin


_DEFAULT = Origin("default")


def parts(force: InForce, key: Key, variables: frozenset[str]) -> list[Part]:
    """Give what is in force for a key, with where it comes from; nothing for an empty default.

    `variables` are the fields of the call that a variable gave. What several layers say stands in
    the order in which it counts: the last one decides, but of images the first one does.
    """
    said = [layer for layer in force.layers if key.name in layer.values]
    if not key.joins:
        said = said[-1:]
    if key.name == "extend":  # it is one of the nearest file
        said = [each for each in said if each is _nearest_file(force)]
    if key.kind == "versions":
        said.reverse()
    found = [part for layer in said for part in _parts(layer, key, variables)]
    if key.name == "ignore":  # a later `select` may have named it anew
        found = [part for part in found if part.value in force.ignored]
    if found:
        return found
    return [Part(value, _DEFAULT) for value in _defaults(key)]


def _nearest_file(force: InForce) -> Layer | None:
    files = [layer for layer in force.layers if layer.path]
    return files[-1] if files else None


def _defaults(key: Key) -> tuple[object, ...]:
    if key.name == "select":
        return USUAL
    if key.kind == "switch":
        return (key.default == "true",)
    return ()


def _parts(layer: Layer, key: Key, variables: frozenset[str]) -> Iterator[Part]:
    """Give each element of a layer's value, or the value, with its place."""
    value = layer.values[key.name]
    if not isinstance(value, tuple):
        yield Part(value, _origin(layer, key, (key.name,), variables))
        return
    for number, each in enumerate(value):
        step = each[0] if isinstance(each, tuple) else number
        yield Part(each, _origin(layer, key, (key.name, step), variables))


def _origin(
    layer: Layer, key: Key, path: tuple[str | int, ...], variables: frozenset[str]
) -> Origin:
    if layer.path:
        where = place(layer, path, key=True)
        return Origin("file", shown(layer.path), where.line, where.column)
    option = next(option for option in OPTIONS if option.field == key.field)
    if option.field in variables:
        return Origin("variable", option.variable)
    name = option.names[0]
    return Origin("flag", f"--no-{name[2:]}" if layer.values[key.name] is False else name)


def files(force: InForce) -> list[str]:
    """Give the settings files behind what is in force, the nearest first."""
    return [shown(layer.path) for layer in reversed(force.layers) if layer.path]


def every_part(force: InForce, variables: frozenset[str]) -> list[tuple[Key, list[Part]]]:
    """Give what `parts` gives, for each key."""
    return [(key, parts(force, key, variables)) for key in KEYS]
