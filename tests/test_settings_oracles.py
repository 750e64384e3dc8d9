"""Places in TOML against its parser, and patterns that were moved against those that were not."""

from __future__ import annotations

import os
import posixpath
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipslim.files.patterns import Patterns
from pipslim.settings.moved import moved
from pipslim.settings.places import places
from pipslim.settings.toml import BadTOML, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

# -- places ----------------------------------------------------------------------------------------


def holds(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the path of everything that a value of TOML holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from holds(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*path, number)
            yield from holds(inner, (*path, number))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """Give what stands at a path."""
    for each in path:
        value = value[each]
    return value


def check(text: str) -> None:
    """Check that everything in a text is found, at a place where it really stands."""
    values = loads(text)
    found = places(text)
    assert set(found) == set(holds(values))
    for path, place in found.items():
        value = at(values, path)
        if isinstance(path[-1], str):
            key = text[place.key :]
            bare = key.startswith(path[-1])
            assert bare or key.startswith(("'", '"')), (path, key)
            if not bare:
                end = next(each for each in range(2, len(key) + 1) if closes(key[:each], path[-1]))
                assert end
        headed = isinstance(value, dict) and not text.startswith("{", place.value)
        if place.value != place.key or (isinstance(path[-1], int) and not headed):
            assert begins(text[place.value :], value), (path, text[place.value :])


def closes(key: str, name: str) -> bool:
    """Tell whether a quoted key is a whole one, of a name."""
    try:
        return loads(f"{key} = 0") == {name: 0}
    except BadTOML:
        return False


def begins(text: str, value: object) -> bool:
    """Tell whether a text begins with a value."""
    for end in range(1, len(text) + 1):
        try:
            if loads(f"a = {text[:end]}") == {"a": value}:
                return True
        except BadTOML:
            continue
    return False


BARE = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=4)
QUOTED = st.sampled_from(
    ['"a b"', "'a.b'", '"#"', "'[x]'", '"="', '"\\""', '"\\u00e9"', "''", '"ä"', "'{'", '"a]"']
)
KEY = st.one_of(BARE, QUOTED)
DOTTED = st.lists(KEY, min_size=1, max_size=3).flatmap(
    lambda keys: st.sampled_from([".", " . ", "\t."]).map(lambda dot: dot.join(keys))
)
SCALAR = st.sampled_from([
    "1", "-1.5e3", "true", "0xff", "inf", "1979-05-27", "1979-05-27 07:32:00", "07:32:00",
    "1979-05-27T07:32:00Z", '"text"', '"a # b"', "'a, ]b}'", '"\\" ]"', '""', "''",
    '"""a\n"b" # ] """', '""""a"""""', "'''\n[a]\nb = 1 '' '''", "''''a'''''",
    '"""\\\n  a\\""""',
])  # fmt: skip
BLANK = st.sampled_from(["", " ", "\n", " # c ] } '\n", "\n\n  ", "\r\n"])


def array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give arrays, with blanks, comments and a comma at the end."""
    element = st.tuples(BLANK, inner, BLANK).map("".join)
    return st.tuples(st.lists(element, max_size=3), st.sampled_from(["", ",", ", # c\n"])).map(
        lambda made: f"[{','.join(made[0])}{made[1] if made[0] else ''} ]"
    )


def table(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give inline tables."""
    pair = st.tuples(DOTTED, inner).map(" = ".join)
    return st.lists(pair, max_size=3).map(lambda pairs: "{ " + ", ".join(pairs) + " }")


VALUE = st.recursive(SCALAR, lambda inner: st.one_of(array(inner), table(inner)), max_leaves=5)
PAIR = st.tuples(DOTTED, st.sampled_from(["=", " = ", "= "]), VALUE).map("".join)
HEADER = st.one_of(DOTTED.map("[{}]".format), DOTTED.map("[[{}]]".format))
LINE = st.tuples(
    st.sampled_from(["", "  "]),
    st.one_of(PAIR, PAIR, HEADER, st.just("# c = [")),
    st.sampled_from(["\n", " # c\n", "\r\n", "\n\n"]),
).map("".join)


@given(st.lists(LINE, max_size=6))
def test_places_of_assembled_texts(lines: list[str]) -> None:
    text = ""
    for line in lines:  # what would not be valid is left out: a key given twice, say
        try:
            loads(text + line)
        except BadTOML:
            continue
        text += line
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        'a = 1\n[b]\nc = ["d", "e"]\n[b.f]\ng = { h = { i = 1 }, j = [1] }',
        "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 1\n[[a.e]]\ng = [[], [1, [2]]]",
        '"tool".\'pipslim\'."s\\u0065lect" = ["x"]',
        "a.b.c = 1\na.b.d = 2\n[e]\nf.g = 1",
        "[a.b.c]\nx = 1\n[a]\ny = 2",
    ],
)
def test_places_of_a_text(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a = 1\nb = ?", "?"),
        ("a = 1\r\nb = ?", "?"),
        ("a = 1\na = 2\n", "\n"),
        ('a = "b\n', "\n"),
        ("a = [1,", ""),
        ("ä = 1", "ä = 1"),
    ],
)
def test_place_of_what_is_no_toml(text: str, rest: str) -> None:
    with pytest.raises(BadTOML) as caught:
        loads(text)
    assert text[caught.value.offset :] == rest


# -- patterns --------------------------------------------------------------------------------------

NAME = st.sampled_from(["a", "b", "c", "ab", "[x]", "Dockerfile"])
GLOB = st.sampled_from(["a", "b", "c", "*", "**", "a*", "?", "[ab]", "Dockerfile", "\\[x]"])
PATTERN = (
    st.tuples(
        st.sampled_from(["", "", "/"]),
        st.lists(GLOB, min_size=1, max_size=4).map("/".join),
        st.sampled_from(["", "", "/", "/**"]),
    )
    .map("".join)
    .filter(lambda pattern: not pattern.endswith("**/"))  # pathspec takes files for folders there
)
FOLDERS = st.lists(NAME, max_size=3)


def joined(*parts: list[str]) -> str:
    """Give an absolute path."""
    names = [name for part in parts for name in part]
    return "/" + "/".join(names)


@pytest.mark.skipif(os.sep != posixpath.sep, reason="paths are written as POSIX has them")
@given(PATTERN, FOLDERS, FOLDERS, FOLDERS, NAME)
def test_moved_pattern_says_the_same(
    pattern: str, base: list[str], down: list[str], below: list[str], name: str
) -> None:
    path = joined(base, down, below, [name])
    folder = joined(base, down)
    expected = Patterns([pattern], joined(base)).match(path)
    lines = moved([pattern], joined(base), folder)
    assert bool(Patterns(lines, folder).match(path)) == bool(expected), lines


@pytest.mark.skipif(os.sep != posixpath.sep, reason="paths are written as POSIX has them")
@given(PATTERN, FOLDERS, FOLDERS, FOLDERS, NAME)
def test_pattern_moved_up_says_the_same(
    pattern: str, folder: list[str], down: list[str], below: list[str], name: str
) -> None:
    base = joined(folder, down)
    path = joined(folder, down, below, [name])
    expected = Patterns([pattern], base).match(path)
    lines = moved([pattern], base, joined(folder))
    assert bool(Patterns(lines, joined(folder)).match(path)) == bool(expected), lines
    other = joined(folder, ["z"], below, [name])
    if down:
        assert not Patterns(lines, joined(folder)).match(other)
