"""Layers of settings, and what holds where they lie on each other."""

from __future__ import annotations

import os

from pipslim.facts.options import KEEP, Options
from pipslim.files.names import USUAL_HOSTS
from pipslim.passes import USUAL
from pipslim.rewrite.engine import Choice
from pipslim.settings.choice import (
    BadSetting,
    bad_cache,
    bad_carrier,
    bad_id,
    bad_version,
    unknown_pass,
)
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipslim.options import Arguments

    # by key: a bool, a text, a tuple of texts, or a tuple of pairs
    Values = Mapping[str, object]


class Layer(NamedTuple):
    """What one place says: a settings file, or the call with its variables.

    `path` is the file's, nothing for the call. Patterns count from the folder `base`. `values` are
    checked: lists are tuples, tables are tuples of pairs. `text` is the file's, and `head` the keys
    above its settings (`tool`, `pipslim`), so that the place of a value can be found.
    """

    path: str
    base: str
    values: Values
    text: str = ""
    head: tuple[str, ...] = ()


class InForce(NamedTuple):
    """What holds where layers lie on each other, the weakest first.

    Patterns are `(base, lines)` in that order: the last one that matches decides. `per_file` has
    the ids behind each pattern. `context` is a path from the root on, or empty.
    """

    layers: tuple[Layer, ...]
    passes: frozenset[str]
    ignored: frozenset[str]
    per_file: tuple[tuple[str, str, frozenset[str]], ...]
    unsafe: bool
    context: str
    follow: bool
    carriers: tuple[str, ...]
    cache: str
    cache_id: str
    assume_pip: str
    images: tuple[tuple[str, str], ...]
    include: tuple[tuple[str, tuple[str, ...]], ...]
    exclude: tuple[tuple[str, tuple[str, ...]], ...]
    force_exclude: bool
    gitignore: bool

    def choice(self, ignored: frozenset[str] = frozenset()) -> Choice:
        """Give what the engine is told, where more passes are ignored for one file."""
        ignored |= self.ignored
        compiled = "bytecode" in ignored
        options = Options(self.assume_pip, self.images, not compiled, self.cache, self.cache_id)
        return Choice(self.passes - ignored, self.unsafe, options)


def in_force(layers: tuple[Layer, ...]) -> InForce:
    """Settle layers, the weakest first.

    A single value of a stronger layer replaces that of a weaker one; what is ignored, patterns and
    tables add up. `select` names the passes anew: one that a weaker layer ignores is on again.
    """
    passes = frozenset(USUAL)
    ignored: frozenset[str] = frozenset()
    per_file: list[tuple[str, str, frozenset[str]]] = []
    images: list[tuple[str, str]] = []
    patterns: dict[str, list[tuple[str, tuple[str, ...]]]] = {"include": [], "exclude": []}
    single: dict[str, object] = {}
    for layer in layers:
        values = layer.values
        selected = frozenset(_texts(values.get("select")))
        if selected:
            passes = selected
            ignored -= selected
        ignored |= frozenset(_texts(values.get("ignore")))
        for pattern, ids in _pairs(values.get("per-file-ignores")):
            per_file.append((layer.base, pattern, frozenset(_texts(ids))))
        # the first pattern that matches an image decides, so the strongest ones stand ahead
        images[:0] = [(image, str(pip)) for image, pip in _pairs(values.get("images"))]
        for key, found in patterns.items():
            lines = tuple(_texts(values.get(key)))
            if lines:
                found.append((layer.base, lines))
        single.update({key: value for key, value in values.items() if key in _SINGLE})
        if values.get("context"):  # seen from the file itself, wherever its patterns count from
            base = os.path.dirname(layer.path) or layer.base
            single["context"] = os.path.normpath(os.path.join(base, str(values["context"])))
    return InForce(
        layers,
        passes,
        ignored,
        tuple(per_file),
        bool(single.get("unsafe")),
        str(single.get("context", "")),
        bool(single.get("follow")),
        tuple(_texts(single.get("carriers", USUAL_HOSTS))),
        str(single.get("cache", KEEP)),
        str(single.get("cache-id", "")),
        str(single.get("assume-pip", "")),
        tuple(images),
        tuple(patterns["include"]),
        tuple(patterns["exclude"]),
        bool(single.get("force-exclude")),
        single.get("gitignore") is not False,
    )


_SINGLE = frozenset(
    [
        *("unsafe", "follow", "carriers", "cache", "cache-id", "assume-pip"),
        *("force-exclude", "gitignore"),
    ]
)


def _texts(value: object) -> Iterable[str]:
    return value if isinstance(value, tuple) else ()


def _pairs(value: object) -> Iterable[tuple[str, object]]:
    return value if isinstance(value, tuple) else ()


def told(arguments: Arguments, base: str) -> Layer:
    """Give the layer of a call; raises BadSetting for an unknown pass, image or bad version."""
    values: dict[str, object] = {}
    for field in ("select", "ignore"):
        names: tuple[str, ...] = getattr(arguments, field)
        for name in names:
            _refuse(field, name, unknown_pass(name))
        if names:
            values[field] = names
    if arguments.select and not set(arguments.select) - set(arguments.ignore):
        raise BadSetting("--ignore takes away every pass that --select names")
    if arguments.carriers:
        named = () if arguments.carriers == ("none",) else arguments.carriers
        for name in named:
            _refuse("carriers", name, bad_carrier(name))
        values["carriers"] = named
    if arguments.assume_pip:
        _refuse("assume_pip", arguments.assume_pip, bad_version(arguments.assume_pip))
        values["assume-pip"] = arguments.assume_pip
    if arguments.cache:
        _refuse("cache", arguments.cache, bad_cache(arguments.cache))
        values["cache"] = arguments.cache
    if arguments.cache_id:
        _refuse("cache_id", arguments.cache_id, bad_id(arguments.cache_id))
        values["cache-id"] = arguments.cache_id
    if arguments.context:
        values["context"] = arguments.context
    pairs = []
    for word in arguments.images:
        image, _, version = word.rpartition("=")
        if not image:
            what = f"{word!r} names no version; write it so: --images acme/python=24.0"
            _refuse("images", word, what)
        _refuse("images", version, bad_version(version))
        pairs.append((image, version))
    if pairs:
        values["images"] = tuple(pairs)
    for field in ("include", "exclude"):
        if getattr(arguments, field):
            values[field] = getattr(arguments, field)
    for field in ("unsafe", "follow", "force_exclude", "gitignore"):
        if getattr(arguments, field) is not None:
            values[field.replace("_", "-")] = getattr(arguments, field)
    return Layer("", base, values)


def _refuse(field: str, word: str, what: str) -> None:
    """Raise BadSetting if there is something wrong, naming the variable that the word is from."""
    if what:
        variable = "PIPSLIM_" + field.upper()
        source = f"{variable}: " if word in os.environ.get(variable, "") else ""
        raise BadSetting(source + what)
