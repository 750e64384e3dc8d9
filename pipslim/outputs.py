"""What a run puts out besides its account: the diff, a format for machines, patches, a page."""

from __future__ import annotations

import os

from pipslim.files.disk import check_savable, save
from pipslim.report.diff import diff_of
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import encode
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import IO, Protocol

    from pipslim.options import Arguments
    from pipslim.runner import FileOutcome

    class Output(Protocol):
        """It takes the results as they come, and is closed behind the last one."""

        def take(self, result: FileOutcome) -> None:
            """Take in what became of one file."""

        def close(self) -> list[str]:
            """Put out what is still to be put out; give what there is to tell, line by line.

            Raises BadSetting or Unreachable where something cannot be written.
            """


STDIN = "-"
TEXT = "text"


def check(arguments: Arguments) -> None:
    """Raise BadSetting or Unreachable for what cannot be put out, before anything is done."""
    if arguments.output_format != TEXT:
        from pipslim.report.formats import check_format

        check_format(arguments.output_format)
        if arguments.diff:
            raise BadSetting(f"--diff is for text, not for {arguments.output_format}; leave it out")
    if arguments.output_file:
        of_files = arguments.output_format == TEXT and STDIN not in arguments.paths
        if of_files and arguments.diff is False:
            raise BadSetting("--no-diff leaves nothing to write to --output-file")
        check_savable(arguments.output_file)
    if arguments.report:
        check_savable(arguments.report)
    if arguments.patch_dir or arguments.group_by:
        from pipslim.review.patches import check as check_patches

        check_patches(arguments)


def opened(arguments: Arguments, stdout: IO[bytes], paths: Iterable[str]) -> list[Output]:
    """Give the outputs that are asked for; `paths` are the files of the run.

    Raises BadSetting or Unreachable as `check` does, for what depends on the files.
    """
    outputs: list[Output] = []
    written = arguments.write
    file = _File(arguments.output_file) if arguments.output_file else None
    put = stdout.write if file is None else file.put
    if arguments.output_format != TEXT:
        from pipslim.report.formats import build

        name = arguments.output_format
        outputs.append(_Whole(lambda told: put(encode(build(name, told, written=written)))))
    elif STDIN in arguments.paths and not arguments.check and not arguments.diff:
        outputs.append(_Text(put))
    elif _shows_diff(arguments):
        colour = file is None and stdout.isatty() and not os.environ.get("NO_COLOR")
        outputs.append(_Diff(put, colour=colour))
    if file is not None:
        outputs.append(file)  # closed behind what puts into it
    if arguments.report:
        outputs.append(_Page(arguments.report, written=written))
    if arguments.patch_dir:
        from pipslim.review.patches import Patches

        outputs.append(Patches(arguments.patch_dir, arguments.group_by, paths))
    return outputs


def _shows_diff(arguments: Arguments) -> bool:
    """Tell whether the diff is put out: where it is asked for, or nothing else is done."""
    if arguments.diff is not None:
        return arguments.diff
    return bool(arguments.output_file) or not (arguments.write or arguments.patch_dir)


class _Diff:
    """The unified diff of each file, as it comes."""

    def __init__(self, put: Callable[[bytes], object], *, colour: bool) -> None:
        self._put = put
        self._colour = colour

    def take(self, result: FileOutcome) -> None:
        if result.outcome is not None and result.outcome.changed:
            named = result._replace(path=relative(result.path))
            self._put(encode(diff_of(named, colour=self._colour)))

    def close(self) -> list[str]:
        return []


class _Text:
    """The rewritten text itself, of the Dockerfile alone."""

    def __init__(self, put: Callable[[bytes], object]) -> None:
        self._put = put

    def take(self, result: FileOutcome) -> None:
        if result.outcome is not None and not result.other:
            self._put(encode(result.outcome.after))

    def close(self) -> list[str]:
        return []


class _Whole:
    """What is made of all results at once; `put` is given them."""

    def __init__(self, put: Callable[[list[FileOutcome]], object]) -> None:
        self._put = put
        self._results: list[FileOutcome] = []

    def take(self, result: FileOutcome) -> None:
        error = result.error.removeprefix(f"{result.path}: ")
        self._results.append(result._replace(path=relative(result.path), error=error))

    def close(self) -> list[str]:
        self._put(self._results)
        return []


class _Page(_Whole):
    """The page for review."""

    def __init__(self, path: str, *, written: bool) -> None:
        super().__init__(self._save)
        self._path = path
        self._written = written

    def _save(self, results: list[FileOutcome]) -> None:
        from pipslim.report.review_page import review_page

        save(self._path, review_page(results, written=self._written).encode())

    def close(self) -> list[str]:
        super().close()
        return [f"written: {self._path}"]


class _File:
    """A file that is written whole, at the end, in the place of standard output."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._parts: list[bytes] = []
        self.put = self._parts.append

    def take(self, result: FileOutcome) -> None:
        """Nothing: others put their text in."""

    def close(self) -> list[str]:
        save(self._path, b"".join(self._parts))
        return []


def relative(path: str) -> str:
    """Give a path as outputs name it: relative to the current folder, with slashes."""
    if os.path.isabs(path):
        try:
            path = os.path.relpath(path)
        except ValueError:  # on another drive there is no way to it
            pass
    return os.path.normpath(path).replace(os.sep, "/")
