"""The image each stage starts from, where FROM names it by build arguments."""

from __future__ import annotations

import io
from functools import lru_cache

from pipslim.facts.environment import from_words
from pipslim.syntax.expand import BadExpansion, expand
from pipslim.syntax.startup import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from pipslim.syntax.document import Document

_NAME = lazy(r"\$\{?(\w+)")
_MODIFIED = lazy(r"\$\{\w+:?[-+?#%/]")


def bases(document: Document) -> list[str | None]:
    """Give the image of each stage by the defaults of the global ARGs; None where one has none.

    `dockerfile-parse` resolves the arguments, over a masked view: the ARG and FROM instructions
    alone, one line each, so that nothing it reads differently from BuildKit is in its sight.
    References with a modifier, `${NAME:-default}`, which it does not know, are expanded first.
    """
    lines: list[str] = []
    args: dict[str, str] = {}
    known: list[bool] = []
    seen_from = False
    for instruction in document.instructions:
        keyword, arguments = instruction.keyword, instruction.arguments
        if keyword == "FROM":
            seen_from = True
        elif keyword != "ARG" or seen_from:
            continue
        if _MODIFIED.search(arguments):
            try:
                arguments = expand(arguments, args, document.escape)
            except BadExpansion:
                pass  # the library leaves such a reference alone; it is not known then
        if keyword == "FROM":
            known.append(all(name in args for name in _NAME.findall(arguments)))
        if keyword == "ARG":
            name, equals, value = arguments.partition("=")
            if equals:
                args[name] = value.strip("\"'")
        lines.append(f"{keyword} {arguments}\n")
    images = _parents("".join(lines))
    if images is None:
        return [None] * len(known)
    return [image if sure else None for image, sure in zip(images, known, strict=True)]


def written(document: Document) -> list[str]:
    """Give the image of each stage as far as it is known: an argument without a default stays.

    `FROM ${REGISTRY}/app:${TAG}`, where TAG has no default, gives `registry.example.com/app:$TAG`.
    """
    args: dict[str, str] = {}
    found: list[str] = []
    for instruction in document.instructions:
        if instruction.keyword == "FROM":
            reference = from_words(instruction)[0]
            found.append(_filled(reference, args, document.escape))
        elif instruction.keyword == "ARG" and not found:
            for word in instruction.arguments.split():
                name, equals, value = word.partition("=")
                if equals:
                    args[name] = _filled(value, args, document.escape)
    return found


def _filled(word: str, args: dict[str, str], escape: str) -> str:
    names = _NAME.findall(_MODIFIED.sub("", word))
    try:
        return expand(word, {**{name: f"${name}" for name in names}, **args}, escape)
    except BadExpansion:
        return word


@lru_cache(maxsize=64)
def _parents(masked: str) -> list[str] | None:
    """Give the images of a text of ARG and FROM lines; None where an ARG is none."""
    from dockerfile_parse import DockerfileParser

    try:
        return list(
            DockerfileParser(fileobj=io.BytesIO(masked.encode("utf-8", "replace"))).parent_images
        )
    except ValueError:  # BuildKit rejects it later
        return None
