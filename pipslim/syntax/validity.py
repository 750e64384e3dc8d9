"""Whether the builder would accept a Document that BuildKit's parser lets pass."""

from __future__ import annotations

from pipslim.syntax.document import Unparsable
from pipslim.syntax.pairs import Malformed, pairs
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.syntax.document import Document, Instruction

KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)


# Behind the first FROM, whatever they are given is an argument.
_PLAIN = KEYWORDS - {"FROM", "ENV", "CMD"}


def check(document: Document) -> Unparsable | None:
    """Give the first reason why no builder would take this document, or None.

    Sources: the Dockerfile reference; `frontend/dockerfile/instructions` of moby/buildkit.
    """
    seen_from = False
    for instruction in document.instructions:
        keyword, _, _, view, args, _ = instruction
        if seen_from and keyword in _PLAIN and args < len(view.text):
            continue
        if keyword not in KEYWORDS:
            return _unknown(document, instruction)
        if keyword == "FROM":
            seen_from = True
            words = [w for w in instruction.arguments.split() if not w.startswith("--")]
            if len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
                return _at(instruction, "FROM takes an image, or an image, AS and a name")
        elif not seen_from and keyword != "ARG":
            return _at(
                instruction, f"{keyword} before the first FROM; is the file a part of another one?"
            )
        elif keyword == "ENV":
            found = pairs(instruction, document.escape)
            if isinstance(found, Malformed):
                if found.offset >= len(view.text):
                    return _at(instruction, found.reason)
                return Unparsable(instruction.at(found.offset), found.reason)
        elif args >= len(view.text) and keyword != "CMD":
            return _at(instruction, f"{keyword} without arguments; complete or remove it")
    if not seen_from:
        return Unparsable(0, "no FROM in this file; is it a Dockerfile?")
    return None


def _at(instruction: Instruction, reason: str) -> Unparsable:
    return Unparsable(instruction.start, reason)


def _unknown(document: Document, instruction: Instruction) -> Unparsable:
    word = (instruction.view.text.split(None, 1) or [instruction.keyword])[0][:40]
    if word.startswith(("{", "<%", "%", "@", "[")) or "{{" in word:
        reason = f"{word!r} is no instruction but looks like a template; rewrite what it generates"
    elif word.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        reason = f"{word!r} is left of a merge conflict; resolve it"
    elif word.startswith(("&&", "|", ";")):
        reason = f"{word!r} starts a line: the line before lacks its {document.escape}; add it"
    else:
        reason = f"unknown instruction {word!r}; a pre-processed file, or a missing continuation?"
    return _at(instruction, reason)
