"""The image builds that a shell script or a list of arguments starts: which Dockerfile, where."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pipslim.facts.programs import read
from pipslim.syntax.script import HOLE, Opaque

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What stands between a program and its word for building, and that word. Sources: the manuals of
# docker, podman, buildah, nerdctl and az.
_BUILDERS = {
    "docker": (("image", "buildx", "builder"), ("build", "b")),
    "podman": (("image",), ("build",)),
    "buildah": ((), ("build", "bud", "build-using-dockerfile")),
    "nerdctl": (("image", "builder"), ("build",)),
    "az": (("acr",), ("build",)),
}
_KANIKO = "executor"
# options of a build that take no further word; all others do, unless it stands behind a `=`
_ALONE = frozenset([
    "--no-cache", "--pull", "--push", "--load", "--quiet", "-q", "--rm", "--force-rm", "--squash",
    "--compress", "--debug", "-D", "--layers", "--squash-all", "--tls-verify", "--check",
    "--disable-content-trust", "--no-push", "--no-logs", "--no-wait", "--no-format",
    "--cleanup", "--reproducible", "--single-snapshot", "--skip-tls-verify", "--insecure",
])  # fmt: skip
_FILE = frozenset(("-f", "--file", "--dockerfile"))
_CONTEXT = frozenset(("-c", "--context"))
# what a workflow puts in before a shell sees the text
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")


class Build(NamedTuple):
    """A build: its Dockerfile, its context, and the folder where it starts, as they are written.

    `file` is empty where none is named: then it is the Dockerfile of the context. It is seen from
    the folder, `inside` from the context. What is not known has a HOLE in it.
    """

    file: str
    context: str
    folder: str
    inside: bool


def in_script(text: str, folder: str = ".") -> Iterator[Build]:
    """Give the builds that a script starts in `folder`, or behind a `cd` in it. Never raises.

    A script that cannot be followed to its end is read line by line.
    """
    text = _EXPRESSION.sub(lambda match: "$_" + "_" * (len(match[0]) - 2), text)
    scripts = [text]
    if isinstance(read(text, True).script, Opaque):
        scripts = _CONTINUED.sub(" ", text).split("\n")
    for script in scripts:
        for program in read(script, True).programs:
            words = [word.value for word in program.words]
            if program.name == "cd":
                there = words[1] if len(words) == 2 and not program.command.nest else HOLE
                folder = posixpath.join(folder, there)
            else:
                yield from in_words([program.name, *words[1:]], folder)


def in_words(words: Sequence[str], folder: str = ".") -> Iterator[Build]:
    """Give the build that a program is, its name and its arguments, if it is one."""
    name, *arguments = words
    if name == _KANIKO and of_kaniko(arguments):
        yield from _kaniko(arguments, folder)
        return
    between, verbs = _BUILDERS.get(name, ((), ()))
    for at, word in enumerate(arguments):
        if word in verbs:
            file, contexts = _options(arguments[at + 1 :])
            yield Build(file, contexts[0] if len(contexts) == 1 else HOLE, folder, inside=False)
            return
        if word not in between and not word.startswith("-"):
            return


def of_kaniko(words: Sequence[str]) -> bool:
    """Tell whether these arguments are such as kaniko takes."""
    return any(word.partition("=")[0].lstrip("-") in ("dockerfile", "context") for word in words)


def _kaniko(words: Sequence[str], folder: str) -> Iterator[Build]:
    """Give kaniko's build; it takes single dashes too.

    It looks for a Dockerfile in its folder, then in its context: so both are given.
    """
    spelled = ["-" + word if re.match(r"-[a-z]{2}", word) else word for word in words]
    file, _ = _options(spelled)
    context, _ = _options(spelled, _CONTEXT)
    context = context.removeprefix("dir://") or "."
    yield Build(file, context, folder, inside=False)
    if file and context != ".":
        yield Build(file, context, folder, inside=True)


def _options(words: Sequence[str], asked: frozenset[str] = _FILE) -> tuple[str, list[str]]:
    """Give the value of an option, and the words that are none."""
    value = ""
    others: list[str] = []
    waiting = ""
    for word in words:
        name, equals, given = word.partition("=")
        if waiting:
            value = word if waiting in asked else value
            waiting = ""
        elif not word.startswith("-") or word == "-":
            others.append(word)
        elif equals or word in _ALONE:
            value = given if name in asked else value
        elif word[:2] in asked and word[:2] != "--" and len(word) > 2:
            value = word[2:]
        elif word[:2] == "--" or len(word) == 2:
            waiting = word
        # else several letters, or one with its value: -tNAME
    return value, others
