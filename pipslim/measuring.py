"""The command `pipslim measure`: what the rewrite saves, by builds or by an estimate.

What it needs is imported when it runs: the other commands share its app, and do without.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import typer

from pipslim.cli import OK, UNREAD, USAGE, complain, say
from pipslim.files import disk
from pipslim.files.find import find
from pipslim.measure import ENGINES
from pipslim.options import Arguments, split
from pipslim.rewrite.engine import Choice
from pipslim.settings.book import Book
from pipslim.settings.choice import BadSetting
from pipslim.syntax.source import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipslim.cli import Streams
    from pipslim.estimate.values import Estimate
    from pipslim.measure.builds import Measured, Wish

FORMATS = ("text", "json")


class _Told(NamedTuple):
    """What goes where: the format of the output, the page's file, whether nothing is said."""

    format: str
    report: str
    quiet: bool


def command(streams: Streams) -> Callable[..., int]:
    """Give the command, which writes to `streams`, for typer to read its parameters from."""

    def measure(
        paths: list[str] = typer.Argument(None, help="Files, folders (default: .)."),
        engine: str = typer.Option("", help=f"One of: {', '.join(ENGINES)}; else the first found."),
        context: str = typer.Option("", help="Build context; default: the Dockerfile's folder."),
        target: str = typer.Option("", help="Stage to build."),
        build_arg: list[str] = typer.Option([], help="NAME=value, for the build; repeatable."),
        engine_arg: list[str] = typer.Option([], help="One more word for the engine's build."),
        layer_cache: bool = typer.Option(
            False, "--layer-cache", help="Take layers of earlier builds."
        ),
        run: str = typer.Option("", metavar="CMD", help="Time this command in both images."),
        runs: int = typer.Option(5, min=1, help="How often, each in a new container."),
        output_format: str = typer.Option("text", help=f"One of: {', '.join(FORMATS)}."),
        report: str = typer.Option("", metavar="FILE", help="Write an HTML page with bars."),
        keep: bool = typer.Option(False, "--keep", help="Leave the images."),
        estimate: bool = typer.Option(
            False, "--estimate", help="Ask the package index; build nothing."
        ),
        index_url: str = typer.Option("", help="Index to ask; default: the one that pip uses."),
        select: list[str] = typer.Option(
            [], envvar="PIPSLIM_SELECT", help="Measure these passes alone."
        ),
        ignore: list[str] = typer.Option(
            [], envvar="PIPSLIM_IGNORE", help="Measure without these passes."
        ),
        assume_pip: str = typer.Option(
            "",
            envvar="PIPSLIM_ASSUME_PIP",
            help="pip's version in unknown base images.",
        ),
        images: list[str] = typer.Option(
            [],
            envvar="PIPSLIM_IMAGES",
            help="pip's version in these: IMAGE[:TAG]=VERSION.",
        ),
        config: str = typer.Option(
            "",
            envvar="PIPSLIM_CONFIG",
            help="Take the settings of this file alone.",
        ),
        isolated: bool = typer.Option(
            False,
            "--isolated",
            envvar="PIPSLIM_ISOLATED",
            help="Take no settings file.",
        ),
        quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing meanwhile."),
    ) -> int:
        told = _Told(output_format, report, quiet)
        try:
            if output_format not in FORMATS:
                raise BadSetting(f"no format {output_format!r}; formats: {', '.join(FORMATS)}")
            if engine and engine not in ENGINES:
                raise BadSetting(f"no engine {engine!r}; engines: {', '.join(ENGINES)}")
            book = Book(
                Arguments(
                    tuple(paths or (".",)),
                    select=tuple([part for each in select for part in split(each)]),
                    ignore=tuple([part for each in ignore for part in split(each)]),
                    assume_pip=assume_pip,
                    images=tuple([part for each in images for part in split(each)]),
                    config=config,
                    isolated=isolated,
                    carriers=("none",),  # what others hold cannot be built from here
                )
            )
            found = [
                (path, book.choice(path), context or book.context(path))
                for path in find(book.arguments.paths, book.search)
                if not book.excludes(path)
            ]
            if estimate:
                folders = [(path, folder) for path, _, folder in found]
                return _estimate(folders, index_url, told, streams)
            from pipslim.measure.builds import Wish

            arguments, more = tuple(build_arg), tuple(engine_arg)
            wish = Wish(Choice(), context, target, arguments, not layer_cache, run, runs, more)
            return _build(found, engine, wish, told, keep, streams)
        except (BadSetting, disk.Unreachable) as error:
            complain(streams, error)
            return USAGE

    return measure


def _build(
    found: list[tuple[str, Choice, str]],
    name: str,
    wish: Wish,
    told: _Told,
    keep: bool,
    streams: Streams,
) -> int:
    """Measure each file, tell of it, and remove what was made for it; give the exit code."""
    from pipslim.measure.builds import measure
    from pipslim.measure.engine import NoEngine
    from pipslim.measure.engine import find as find_engine
    from pipslim.report.savings import as_json, table
    from pipslim.report.savings_page import savings_page

    def tell(line: str) -> None:
        if not told.quiet:
            say(streams, line)
            streams.stderr.flush()

    try:
        engine = find_engine(name)
    except NoEngine as error:
        raise BadSetting(f"no container engine answers ({error})") from error
    measured: list[Measured] = []
    try:
        for path, choice, context in found:
            wished = wish._replace(choice=choice, context=context)
            measured.append(measure(path, engine, wished, tell))
    finally:  # an interrupt, too, leaves nothing behind
        for image in engine.close(keep=keep):
            tell(f"kept: {image}")
    text = as_json(measured, engine.name) if told.format == "json" else table(measured)
    _print(text, streams)
    if told.report:
        page = savings_page(measured, engine.name)
        try:
            disk.save(told.report, page.encode("utf-8", "backslashreplace"))
        except disk.Unreachable as error:
            say(streams, f"pipslim: {error}")
            return USAGE
        tell(f"written: {told.report}")
    return UNREAD if any(each.problem for each in measured) else OK


def _estimate(found: list[tuple[str, str]], index_url: str, told: _Told, streams: Streams) -> int:
    """Estimate each file and tell of it; give the exit code."""
    from pipslim.estimate.count import estimate
    from pipslim.estimate.index import Index
    from pipslim.report.estimates import estimates_json, estimates_table

    if told.report:
        raise BadSetting("--report shows builds; --estimate makes none")
    index = Index(index_url) if index_url else Index.configured(os.environ)
    code = OK
    estimates: list[tuple[str, Estimate]] = []
    for path, context in found:
        try:
            text = decode(disk.read(path))
        except disk.Unreachable as error:
            say(streams, str(error))
            code = UNREAD
            continue
        folder = context or str(PurePath(path).parent)
        estimates.append((path, estimate(text, folder, index, dockerfile=path)))
    if told.format == "json":
        _print(estimates_json(estimates, index.url), streams)
    else:
        _print(estimates_table(estimates), streams)
    return code


def _print(text: str, streams: Streams) -> None:
    streams.stdout.write((text or "no Dockerfiles found\n").encode("utf-8", "backslashreplace"))
    streams.stdout.flush()
