"""The command `pipslim config`: what is in force for a path, and the schema of settings files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipslim.cli import OK, USAGE, complain
from pipslim.files.above import is_folder
from pipslim.files.disk import Unreachable
from pipslim.report.settings import LEFT_OUT, Told, settings_json, settings_text
from pipslim.settings.book import Book
from pipslim.settings.choice import BadSetting
from pipslim.settings.origins import every_part, files
from pipslim.settings.schema import schema_text

if TYPE_CHECKING:
    from pipslim.cli import Streams
    from pipslim.options import Arguments

FORMATS = ("text", "json")


def config(
    path: str,
    arguments: Arguments,
    variables: frozenset[str],
    output_format: str,
    streams: Streams,
    *,
    schema: bool,
) -> int:
    """Tell what is in force for a path, or print the schema; give the exit code.

    `variables` are the fields of `arguments` that a variable gave.
    """
    try:
        if output_format not in FORMATS:
            raise BadSetting(f"no format {output_format!r}; formats: {', '.join(FORMATS)}")
        text = schema_text() if schema else _told(path, arguments, variables, output_format)
    except (BadSetting, Unreachable) as error:
        complain(streams, error)
        return USAGE
    streams.stdout.write(text.encode("utf-8", "backslashreplace"))
    streams.stdout.flush()
    return OK


def _told(path: str, arguments: Arguments, variables: frozenset[str], output_format: str) -> str:
    book = Book(arguments._replace(paths=("-",)))  # so no path counts as named
    if is_folder(path):
        force = book.at(os.path.join(path, "Dockerfile"))
        passes, left_out = force.choice().passes, ""
    else:
        force = book.at(path)
        passes = book.choice(path).passes
        left_out = LEFT_OUT[book.excludes(path) + (force.force_exclude and book.excludes(path))]
    told = Told(path, files(force), passes, left_out, every_part(force, variables))
    return settings_json(told) if output_format == "json" else settings_text(told)
