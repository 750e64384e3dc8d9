"""The command `pipslim fix`: find, settle what holds for each file, rewrite, tell."""

from __future__ import annotations

import os

from pipslim.cli import (
    FAILED,
    INTERRUPTED,
    OK,
    SIGNALLED,
    UNREAD,
    USAGE,
    WOULD_CHANGE,
    complain,
    say,
)
from pipslim.files.disk import Unreachable, check_savable, save
from pipslim.files.find import find
from pipslim.report.diff import unified
from pipslim.report.summary import Summary
from pipslim.rewrite.engine import Outcome, rewrite
from pipslim.runner import FileOutcome, Job, read_number, run
from pipslim.settings.book import Book
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import decode, encode
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipslim.cli import Streams
    from pipslim.options import Arguments
    from pipslim.review.patches import Patches
    from pipslim.rewrite.engine import Problem

STDIN = "-"
_TEXT = "text"


def fix(arguments: Arguments, streams: Streams) -> int:
    """Carry out `pipslim fix`; give the exit code."""
    unread: list[str] = []
    code = _fix(arguments, streams, unread)
    return max(code, UNREAD) if unread and code != USAGE else code


def _fix(arguments: Arguments, streams: Streams, unread: list[str]) -> int:
    """Do so; add the folders that cannot be read, of which the exit code tells."""
    if arguments.output_file == STDIN:  # or standard output, where something is written
        arguments = arguments._replace(output_file="")
    try:
        if arguments.write and arguments.check:
            raise BadSetting("--write and --check exclude each other")
        _check_output(arguments)
        if arguments.interactive:
            from pipslim.review.interactive import check

            check(arguments, terminal=streams.stdin.isatty() and streams.stdout.isatty())
        if arguments.patch_dir or arguments.group_by:
            from pipslim.review.patches import check as check_patches

            check_patches(arguments)
        book = Book(arguments)
        if STDIN in arguments.paths:
            if len(arguments.paths) > 1:
                raise BadSetting("- (standard input) is not to be mixed with other paths")
            return _fix_stdin(arguments, book, streams)
        number = read_number(arguments.jobs)
        jobs = list(_jobs(arguments, book, unread))
        patches = _patches(jobs, arguments)
    except (BadSetting, Unreachable) as error:
        complain(streams, error)
        return USAGE
    for line in unread:
        say(streams, line)
    if not jobs:
        if not arguments.quiet:
            say(streams, "no Dockerfiles found")
        arguments = arguments._replace(quiet=True)
    if arguments.interactive:
        return _ask(jobs, arguments, streams)
    if len(jobs) < 2:
        return _put(run(jobs, write=arguments.write), patches, arguments, streams)
    return _follow(jobs, number, patches, arguments, streams)


def _jobs(arguments: Arguments, book: Book, unread: list[str]) -> Iterator[Job]:
    """Give the files to rewrite, each with what holds for it; add what cannot be searched."""
    for path in find(arguments.paths or (".",), book.search, unread.append):
        if not book.excludes(path):
            yield Job(path, book.choice(path))


def _follow(
    jobs: list[Job], number: int, patches: Patches | None, arguments: Arguments, streams: Streams
) -> int:
    """Report on many files, with progress for whoever watches, until all are done or Ctrl-C."""
    from pipslim.report.progress import Progress

    progress = Progress(streams.stderr, len(jobs), shown=not arguments.quiet)
    results = progress.follow(run(jobs, write=arguments.write, processes=number))
    streams = streams._replace(
        stdout=progress.above(streams.stdout), stderr=progress.above(streams.stderr)
    )
    try:
        return _put(results, patches, arguments, streams)
    except KeyboardInterrupt as stop:
        streams.stdout.flush()
        say(streams, progress.stopped(written=arguments.write))
        return SIGNALLED + stop.args[0] if stop.args else INTERRUPTED
    finally:
        results.close()


def _put(
    results: Iterable[FileOutcome],
    patches: Patches | None,
    arguments: Arguments,
    streams: Streams,
) -> int:
    """Report, and gather patches where they are asked for; give the exit code."""
    if patches is None:
        return _report(results, arguments, streams)
    if not arguments.output_file:  # the patches hold the diff
        arguments = arguments._replace(diff=bool(arguments.diff))
    code = _report(patches.gathered(results), arguments, streams)
    return max(code, _write(patches, arguments, streams))


def _ask(jobs: list[Job], arguments: Arguments, streams: Streams) -> int:
    """Ask for each fix and write what is taken; give the exit code, or raise KeyboardInterrupt."""
    from pipslim.review.interactive import Walk
    from pipslim.review.keys import keys

    def show(text: str) -> None:
        streams.stdout.write(encode(text))
        streams.stdout.flush()

    with keys(streams.stdin) as typed:
        walk = Walk(jobs, show, typed, colour=not os.environ.get("NO_COLOR"))
        written = arguments._replace(write=True, diff=False)
        code = _report(walk.outcomes(), written, streams)
    if not arguments.quiet:
        say(streams, walk.told())
    if walk.interrupted:
        raise KeyboardInterrupt
    return code


def _patches(jobs: list[Job], arguments: Arguments) -> Patches | None:
    """Give what gathers patches, where they are asked for; raises BadSetting or Unreachable."""
    if not arguments.patch_dir:
        return None
    from pipslim.review.patches import Patches

    return Patches(arguments.patch_dir, arguments.group_by, [job.path for job in jobs])


def _write(patches: Patches, arguments: Arguments, streams: Streams) -> int:
    """Write a patch for each group of files; give the exit code."""
    try:
        lines = patches.write()
    except (BadSetting, Unreachable) as error:
        say(streams, f"pipslim: {error}")
        return USAGE
    if not arguments.quiet:
        for line in lines:
            say(streams, line)
    return OK


def _report(results: Iterable[FileOutcome], arguments: Arguments, streams: Streams) -> int:
    """Tell what became of each file as it comes; give the exit code."""
    code = OK
    summary = Summary()
    plain = arguments.output_format == _TEXT
    diff = plain and _shows_diff(arguments)
    to_file = bool(arguments.output_file)
    colour = diff and not to_file and streams.stdout.isatty() and not os.environ.get("NO_COLOR")
    kept: list[FileOutcome] = []  # for a format or a page that wants them all
    parts: list[bytes] = []  # for a file, which is written whole
    put = parts.append if to_file else streams.stdout.write
    for result in results:
        summary.add(result)
        if arguments.report or not plain:
            kept.append(_named(result))
        outcome = result.outcome
        if outcome is None:
            say(streams, result.error)
            code = max(code, UNREAD)
            continue
        if outcome.problem is not None:
            code = max(code, _tell(result.path, outcome.problem, streams))
        elif outcome.changed:
            if arguments.check:
                code = max(code, WOULD_CHANGE)
            if diff:
                path = _relative(result.path)
                text = unified(path, outcome.before, outcome.edits, colour=colour)
                put(encode(text))
    if not plain:
        from pipslim.report.formats import build

        put(encode(build(arguments.output_format, kept, written=arguments.write)))
    if to_file:
        code = max(code, _save(arguments.output_file, b"".join(parts), streams))
    streams.stdout.flush()
    if not arguments.quiet:
        for line in summary.lines(written=arguments.write):
            say(streams, line)
    return max(code, _write_page(kept, arguments, streams)) if arguments.report else code


def _write_page(results: list[FileOutcome], arguments: Arguments, streams: Streams) -> int:
    """Write the page for review; give the exit code."""
    from pipslim.report.review_page import review_page

    page = review_page(results, written=arguments.write)
    code = _save(arguments.report, page.encode(), streams)
    if code == OK and not arguments.quiet:
        say(streams, f"written: {arguments.report}")
    return code


def _check_output(arguments: Arguments) -> None:
    """Raise BadSetting or Unreachable for what cannot be put out; nothing is done yet."""
    if arguments.output_format != _TEXT:
        from pipslim.report.formats import check_format

        check_format(arguments.output_format)
        if arguments.diff:
            raise BadSetting(f"--diff is for text, not for {arguments.output_format}; leave it out")
    if arguments.output_file:
        of_files = arguments.output_format == _TEXT and STDIN not in arguments.paths
        if of_files and arguments.diff is False:
            raise BadSetting("--no-diff leaves nothing to write to --output-file")
        check_savable(arguments.output_file)
    if arguments.report:
        check_savable(arguments.report)


def _shows_diff(arguments: Arguments) -> bool:
    """Tell whether the diff is put out: where it is asked for, or nothing else is done."""
    if arguments.diff is None:
        return not arguments.write or bool(arguments.output_file)
    return arguments.diff


def _save(path: str, data: bytes, streams: Streams) -> int:
    try:
        save(path, data)
    except Unreachable as error:
        say(streams, f"pipslim: {error}")
        return USAGE
    return OK


def _named(result: FileOutcome) -> FileOutcome:
    """Give a result as the formats take it: a relative path, an error without it."""
    error = result.error.removeprefix(f"{result.path}: ")
    return FileOutcome(_relative(result.path), result.outcome, error)


def _fix_stdin(arguments: Arguments, book: Book, streams: Streams) -> int:
    """Rewrite standard input: the new text to standard output, or its diff if asked for."""
    name = arguments.stdin_filename or "stdin"
    text, choice = decode(streams.stdin.read()), book.choice(name)
    left_out = bool(arguments.stdin_filename) and book.excludes(name)
    outcome = Outcome(text, text) if left_out else rewrite(text, choice)
    if arguments.check or arguments.diff or arguments.output_format != _TEXT:
        arguments = arguments._replace(quiet=True, write=False)
        return _report([FileOutcome(name, outcome)], arguments, streams)
    code = OK if outcome.problem is None else _tell(name, outcome.problem, streams)
    if arguments.report:
        told = arguments._replace(quiet=True, write=False)
        code = max(code, _write_page([FileOutcome(name, outcome)], told, streams))
    if arguments.output_file:
        return max(code, _save(arguments.output_file, encode(outcome.after), streams))
    streams.stdout.write(encode(outcome.after))
    streams.stdout.flush()
    return code


def _tell(path: str, problem: Problem, streams: Streams) -> int:
    about = f"{problem.pass_id}: " if problem.pass_id else ""
    say(streams, f"{path}:{problem.position}: {about}{problem.reason}")
    return FAILED if problem.pass_id else UNREAD


def _relative(path: str) -> str:
    """Give a path as the diff names it: relative to the current folder, with slashes."""
    if os.path.isabs(path):
        try:
            path = os.path.relpath(path)
        except ValueError:  # on another drive there is no way to it
            pass
    return os.path.normpath(path).replace(os.sep, "/")
