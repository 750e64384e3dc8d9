r"""The word expansion: documented rules one by one, and the laws that hold for any text."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pipslim.syntax.expand import BadExpansion, expand, expand_words, references

ENV = {
    "A": "alpha",
    "EMPTY": "",
    "STR": "foobarbaz",
    "STARS": "a*b",
    "FILE": "/src/x.tar.gz",
    "GAPS": " b  c ",
    "LINES": "ab\ncb",
    "HASH": "#a",
    "DOLLAR": "$A",
    "BACK": "a\\",
    "ñ": "enye",
}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        # What has no quote, escape or dollar stands for itself.
        ("", ""),
        ("plain", "plain"),
        ("a#b=c", "a#b=c"),
        ("two  words", "two  words"),
        ("{A}", "{A}"),
        ("<<EOF", "<<EOF"),
        # Outside quotes the escape takes whatever follows; at the end it is dropped.
        (r"\$A", "$A"),
        (r"\${A}", "${A}"),
        (r"a\bc", "abc"),
        (r"a\\b", r"a\b"),
        (r"it\'s", "it's"),
        (r"a\ b", "a b"),
        ("a\\", "a"),
        (r"\\$A", r"\alpha"),
        # In double quotes it escapes the quote, the dollar and itself, nothing else.
        ('"a b"', "a b"),
        ('"$A"', "alpha"),
        (r'"\$A"', "$A"),
        (r'"\""', '"'),
        (r'"\\"', "\\"),
        (r'"a\tb\'"', r"a\tb\'"),
        (r'"C:\dir"', r"C:\dir"),
        ('"it\'s"', "it's"),
        ('""', ""),
        # In single quotes everything is text.
        ("'$A'", "$A"),
        (r"'\$A'", r"\$A"),
        (r"'a\'", "a\\"),
        ("'\"'", '"'),
        ("'a'\"b\"c", "abc"),
        # References.
        ("$A", "alpha"),
        ("${A}", "alpha"),
        ("${A}_x", "alpha_x"),
        ("$A_x", ""),
        ("$A-x", "alpha-x"),
        ("$A.$A", "alpha.alpha"),
        ("[$UNSET]", "[]"),
        ("[${UNSET}]", "[]"),
        ("${A}}", "alpha}"),
        ("$DOLLAR", "$A"),
        ("$ñ", "enye"),
        ("$²", "$²"),
        # A dollar before no name is text.
        ("$", "$"),
        ("$.", "$."),
        ("a$ b", "a$ b"),
        ('"$"', "$"),
        ("$'a'", "$a"),
        ("$(A)", "$(A)"),
        # Positional and special parameters are names like others, and unset.
        ("[$1]", "[]"),
        ("[$12]", "[]"),
        ("$1x", "x"),
        ("$001x", "x"),
        ("[$@$*$#$?$-$!$0]", "[]"),
        ("$$A", "A"),
        ("$@@", "@"),
        ("${1:-x}", "x"),
        ("${@:-x}", "x"),
        ("${#}", ""),
        ("${-:+x}", ""),
        # Modifiers, documented ones first.
        ("${A:-x}", "alpha"),
        ("${EMPTY:-x}", "x"),
        ("${UNSET:-x}", "x"),
        ("${A-x}", "alpha"),
        ("${EMPTY-x}", ""),
        ("${UNSET-x}", "x"),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${UNSET:+x}", ""),
        ("${A+x}", "x"),
        ("${EMPTY+x}", "x"),
        ("${UNSET+x}", ""),
        ("${A:?x}", "alpha"),
        ("${EMPTY?x}", ""),
        # The word of a modifier: nested, quoted, escaped, with blanks.
        ("${UNSET:-$A}", "alpha"),
        ("${UNSET:-${EMPTY:-${A}}}", "alpha"),
        ("${A:+${A}:}/x", "alpha:/x"),
        ("${UNSET:-'}'}", "}"),
        (r"${UNSET:-\}}", "}"),
        (r"${UNSET:-\$A}", "$A"),
        ('${UNSET:-"a b"}', "a b"),
        ("${UNSET:-a b}", "a b"),
        ('"${UNSET:-"x"}"', "x"),
        ("${UNSET:-{x}", "{x"),
        ("${UNSET:-}", ""),
        # Patterns.
        ("${STR#f*b}", "arbaz"),
        ("${STR##f*b}", "az"),
        ("${STR%b*}", "foobar"),
        ("${STR%%b*}", "foo"),
        ("${STR/ba/fo}", "fooforbaz"),
        ("${STR//ba/fo}", "fooforfoz"),
        ("${STR#o}", "foobarbaz"),
        ("${STR#?oo}", "barbaz"),
        ("${STR#*}", "foobarbaz"),
        ("${STR##*}", ""),
        ("${STR%}", "foobarbaz"),
        ("${STR%$STR}", ""),
        (r"${STARS#a\*}", "b"),
        (r"${STARS%\*b}", "a"),
        (r"${STARS/\*/-}", "a-b"),
        ("${STARS/'*'/-}", "-"),
        ("${FILE##*/}", "x.tar.gz"),
        ("${FILE%%.*}", "/src/x"),
        ("${FILE%.gz}", "/src/x.tar"),
        ("${FILE/./-}", "/src/x-tar.gz"),
        (r"${FILE//\//_}", "_src_x.tar.gz"),
        ("${UNSET#a}", ""),
        ("${UNSET/*/x}", "x"),
        ("${STR//*/x}", "x"),
        ("${A//?/x}", "xxxxx"),
        ("${A///-}", "-a-l-p-h-a-"),
        ("${A//a*a/x}", "x"),
        ("${LINES#*c}", "ab\ncb"),
        ("${LINES//?*/x}", "x\nx"),
        ("${HASH#$HASH}", "#a"),
        ("${HASH#'#a'}", "#a"),
        (r"${A/l/\}}", r"a\}pha"),
        ("${A/l/'}'}", "a}pha"),
        (r"${BACK%'\\'}", "a"),
        # A dollar left in the replacement of `//` is a template of Go's.
        ("${A//l/'$0$0'}", "allpha"),
        ("${A//l/'$$'}", "a$pha"),
        ("${A//l/'$1x'}", "apha"),
        ("${A//l/'${0}x'}", "alxpha"),
        ("${A//l/'${0'}", "a${0pha"),
        ("${A//l/'$.'}", "a$.pha"),
        ("${A/l/'$0'}", "a$0pha"),
        # No name at all.
        ("${/a/b}", ""),
        ("${//a/b}", ""),
        ("${+x}", ""),
        # Go's scanner drops a byte order mark in front.
        ("\ufeffa\ufeff", "a\ufeff"),
        ("'\ufeffa'", "\ufeffa"),
    ],
)
def test_a_word_stands_for(word: str, value: str) -> None:
    assert expand(word, ENV) == value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("`$A", "$A"),
        ("a`b", "ab"),
        (r"C:\dir\$A", r"C:\dir\alpha"),
        ('"`$A `" `` `n"', '$A " ` `n'),
        ("'`'", "`"),
        ("${STARS%`*b}", "a*b"),
        (r"${STARS%\*b}", "a"),
    ],
)
def test_a_word_escaped_by_backquotes_stands_for(word: str, value: str) -> None:
    assert expand(word, ENV, "`") == value


@pytest.mark.parametrize(
    ("word", "offset"),
    [
        ("a'b", 1),
        ("a'b\\'c'd", 6),
        ('a"b', 1),
        ('a"b\\"', 1),
        ("${", 0),
        ("a${}", 1),
        ("${{A}", 0),
        ("${:-x}", 0),
        ("a${A", 1),
        ("a${A:-b", 1),
        ("${A:-'}", 5),
        ("${.}", 2),
        ("${A.}", 3),
        ("${A=x}", 3),
        ("${A:=x}", 3),
        ("${A:x}", 3),
        ("${A:}", 3),
        ("${A:#x}", 3),
        ("${A:/x/y}", 3),
        ("${A^}", 3),
        ("${A,,}", 3),
        ("${#A}", 3),
        ("${!A}", 3),
        ("${12x}", 4),
        ("${A/x}", 0),
        ("${A/x/y", 0),
        ("a${UNSET?}", 1),
        ("a${UNSET:?}", 1),
        ("a${EMPTY:?}", 1),
        ("a${A:-${UNSET:?}}", 6),
        (r"a${A#\a}", 1),
        (r"a${HASH#\#a}", 1),
        (r"a${A%'x\'}", 1),
        ("a${A%$BACK}", 1),
        (r"a${A/\n/x}", 1),
    ],
)
def test_a_word_that_fails_a_build(word: str, offset: int) -> None:
    with pytest.raises(BadExpansion) as caught:
        expand(word, ENV)
    assert caught.value.offset == offset
    assert str(caught.value) == caught.value.message


def test_the_word_of_a_question_mark_is_its_message() -> None:
    with pytest.raises(BadExpansion, match=r"^UNSET: needs alpha$"):
        expand("${UNSET:?needs $A}", ENV)


def test_a_bad_expansion_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(BadExpansion("wrong", 3)))
    assert (error.message, error.offset) == ("wrong", 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("a b", ["a", "b"]),
        (" a \t b ", ["a", "b"]),
        ("a\u2003b", ["a", "b"]),
        ("a\x1fb", ["a\x1fb"]),
        (r"a\ b", ["a b"]),
        ("a' 'b", ["a b"]),
        ('" "', [" "]),
        ("'' a", ["a"]),
        ('a"" b', ["a", "b"]),
        ("x${GAPS}y", ["x", "b", "c", "y"]),
        ("x$GAPS", ["x", "b", "c"]),
        ('x"$GAPS"y', ["x b  c y"]),
        ("x${UNSET:-y z}", ["xy", "z"]),
        ("x${UNSET:-'y z'}", ["xy", "z"]),
        ("cat << EOF", ["cat", "<< EOF"]),
        ("a < b", ["a", "<", "b"]),
        ("'<<' b", ["<<", "b"]),
    ],
)
def test_a_text_has_the_words(text: str, words: list[str]) -> None:
    assert expand_words(text, ENV) == words


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("plain", ""),
        ("$A", "A"),
        ("${A}$B.$A", "A B"),
        ('"$A"', "A"),
        ("'$A'", ""),
        ("\"'$A'\"", "A"),
        (r"\$A", ""),
        (r"\\$A", "A"),
        (r'"\${A}"', ""),
        ("${A:-${B}}", "A B"),
        ("${A:-'$B'}", "A"),
        ("${A:+\\$B}", "A"),
        ("${A:?$B}", "A B"),
        ("${A%$B}", "A B"),
        ("${A/$B/${C:-$D}}", "A B C D"),
        ("$1$@$$", "1 @ $"),
        ("$ñ", "ñ"),
        ("$", ""),
    ],
)
def test_a_word_refers_to(word: str, names: str) -> None:
    assert references(word) == set(names.split())


def test_a_reference_without_a_name_refers_to_the_empty_name() -> None:
    assert references("${/a/b}") == {""}


def test_references_follow_the_escape_character() -> None:
    assert references("`$A", "`") == set()
    assert references(r"\$A", "`") == {"A"}


@pytest.mark.parametrize("word", ["$A'", '"$A', "${", "${}", "${A:=x}", "${A:-${B"])
def test_references_of_an_unreadable_word_are_refused(word: str) -> None:
    with pytest.raises(BadExpansion):
        references(word)


@pytest.mark.parametrize(
    "word", ["$BIG" * 1000, "${BIG//?/$BIG}", "${BIG##*a*a*a*a*a*a*a*b}", "${A:-" * 5000]
)
def test_a_word_that_would_take_forever_is_refused_at_once(word: str) -> None:
    start = time.perf_counter()
    with pytest.raises(BadExpansion, match="limit of ours"):
        expand(word, {"BIG": "a" * 100_000})
    assert time.perf_counter() - start < 5


# Words made of the characters that mean something are far likelier to reach a rule.
_WORDS = st.text() | st.lists(
    st.sampled_from(
        [*"AB$\\`'\"{}/#%?*:-+ <\n", "${A", "${B", "$C", ":-", "//", "\\*", "\ufeff", "ñ", "²", "1"]
    ),
    max_size=25,
).map("".join)
_NAMES = st.sampled_from(["A", "B", "C", "AB", "1", "$", "?", "-", "ñ", ""])
_ENVS = st.dictionaries(_NAMES, st.sampled_from(["", "a", "$A", "x y", "*", "\\", "#}"]))
_ESCAPES = st.sampled_from(["\\", "`"])


def _outcome(word: str, env: dict[str, str], escape: str) -> str | BadExpansion:
    try:
        return expand(word, env, escape)
    except BadExpansion as error:
        return error


@given(_WORDS, _ENVS, _ESCAPES)
@settings(deadline=None, max_examples=500)
@example("${A:-" * 200 + "}" * 200, {}, "\\")
@example('"${A:-' * 200, {}, "\\")
def test_any_text_expands_or_is_a_bad_expansion(
    word: str, env: dict[str, str], escape: str
) -> None:
    value = _outcome(word, env, escape)
    if isinstance(value, BadExpansion):
        assert 0 <= value.offset <= len(word)
        assert value.message
        with pytest.raises(BadExpansion):
            expand_words(word, env, escape)
    else:
        references(word, escape)
        assert set("".join(expand_words(word, env, escape))) <= set(value)


@given(st.text(), _ENVS, _ESCAPES)
@settings(deadline=None)
def test_a_word_without_specials_expands_to_itself(
    word: str, env: dict[str, str], escape: str
) -> None:
    assume(not set(word) & {"$", "'", '"', escape} and word[:1] != "\ufeff")
    assert expand(word, env, escape) == word
    assert references(word, escape) == frozenset()


@given(_WORDS, _ESCAPES)
@settings(deadline=None)
def test_a_text_in_single_quotes_expands_to_itself(text: str, escape: str) -> None:
    assume("'" not in text)
    assert expand(f"'{text}'", {}, escape) == text


@given(_WORDS, _ENVS, _ENVS, _ESCAPES)
@settings(deadline=None, max_examples=500)
def test_only_the_referenced_names_matter(
    word: str, env: dict[str, str], other: dict[str, str], escape: str
) -> None:
    before = _outcome(word, env, escape)
    try:
        names = references(word, escape)
    except BadExpansion:
        assert isinstance(before, BadExpansion)
        return
    changed = {name: value for name, value in other.items() if name not in names}
    changed |= {name: value for name, value in env.items() if name in names}
    after = _outcome(word, changed, escape)
    assert str(after) == str(before)
    assert type(after) is type(before)
