"""Dockerfiles that the steps of a Cloud Build file name: `-f`, `--file` and `--dockerfile`.

They are seen from the step's `dir`, that from the top of the source which is sent: the folder of
the file, or the top of the work tree. kaniko looks below its context, too. Source: the build
configuration file schema, "dir"; `docker build --help`; the README of kaniko, `--dockerfile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipslim.carriers.references import from_either
from pipslim.carriers.references.commands import files
from pipslim.carriers.references.nodes import documents, get, items, mappings, text
from pipslim.carriers.references.paths import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipslim.carriers.references import Reference


def read(content: str) -> Iterator[Reference]:
    """Give what is named."""
    for step in mappings(documents(content)):
        words = [text(each) for each in items(get(step, "args"))]
        found = list(_of_words(words))
        for script in [*words, text(get(step, "script"))]:
            found += files(script)
        for each in found:
            path = inside(text(get(step, "dir")) or ".", each)
            if path:
                yield from from_either(path)


def _of_words(words: list[str]) -> Iterator[str]:
    """Give the values of the options in the words of one command."""
    for word, value in zip(words, [*words[1:], ""], strict=False):
        if word in ("-f", "--file", "--dockerfile"):
            yield value
        elif word.startswith(("--file=", "--dockerfile=")):
            yield word.partition("=")[2]
