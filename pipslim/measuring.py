"""The command `pipslim measure`: what the rewrite saves, by builds or by an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from pipslim import files
from pipslim.cli import FAILED, OK, UNREAD, USAGE, say
from pipslim.measure.builds import Measured, Wish, measure
from pipslim.measure.engine import ENGINES, Engine, NoEngine, find
from pipslim.options import Arguments, split
from pipslim.report.page import savings_page
from pipslim.report.savings import as_json, table
from pipslim.settings import BadSetting, choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipslim.cli import Streams

FORMATS = ("text", "json")


class _Told(NamedTuple):
    """What goes to where: the format, the page's file, and how much is said meanwhile."""

    format: str
    report: str
    quiet: bool


def command(streams: Streams) -> Callable[..., int]:
    """Give the command, which writes to `streams`, for typer to read its parameters from."""

    def measure_command(
        paths: list[str] = typer.Argument(None, help="Files, folders (default: .)."),
        engine: str = typer.Option("", help=f"One of: {', '.join(ENGINES)}; else the first found."),
        context: str = typer.Option("", help="Build context; default: the Dockerfile's folder."),
        target: str = typer.Option("", help="Stage to build."),
        build_arg: list[str] = typer.Option([], help="NAME=value, for the build; repeatable."),
        engine_arg: list[str] = typer.Option([], help="One more word for the engine's build."),
        layer_cache: bool = typer.Option(False, help="Take layers of earlier builds."),
        run: str = typer.Option("", metavar="CMD", help="Time this command in both images."),
        runs: int = typer.Option(5, min=1, help="How often, each in a new container."),
        output_format: str = typer.Option("text", help=f"One of: {', '.join(FORMATS)}."),
        report: str = typer.Option("", metavar="FILE", help="Write an HTML page with bars."),
        keep: bool = typer.Option(False, help="Leave the images."),
        select: list[str] = typer.Option([], help="Measure these passes alone."),
        ignore: list[str] = typer.Option([], help="Measure without these passes."),
        assume_pip: str = typer.Option("", help="pip's version in unknown base images."),
        quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing meanwhile."),
    ) -> int:
        try:
            if output_format not in FORMATS:
                raise BadSetting(f"no format {output_format!r}; formats: {', '.join(FORMATS)}")
            if engine and engine not in ENGINES:
                raise BadSetting(f"no engine {engine!r}; engines: {', '.join(ENGINES)}")
            chosen = choice(
                Arguments(
                    select=tuple(part for each in select for part in split(each)),
                    ignore=tuple(part for each in ignore for part in split(each)),
                    assume_pip=assume_pip,
                )
            )
            found = list(files.find(paths or (".",)))
            builder = find(engine)
        except (BadSetting, files.Unreachable) as error:
            say(streams, f"pipslim: {error}")
            return USAGE
        except NoEngine as error:
            say(streams, f"pipslim: no container engine answers ({error})")
            return USAGE
        wish = Wish(
            chosen,
            context,
            target,
            tuple(build_arg),
            not layer_cache,
            run,
            runs,
            tuple(engine_arg),
        )
        return _measured(found, builder, wish, _Told(output_format, report, quiet), keep, streams)

    return measure_command


def _measured(
    paths: list[str], engine: Engine, wish: Wish, told: _Told, keep: bool, streams: Streams
) -> int:
    """Measure each file, tell of it, and remove what was made for it; give the exit code."""

    def tell(line: str) -> None:
        if not told.quiet:
            say(streams, f"{line} …")
            streams.stderr.flush()

    measured: list[Measured] = []
    try:
        measured.extend(measure(path, engine, wish, tell) for path in paths)
    finally:  # an interrupt, too, leaves nothing behind
        for image in engine.close(keep=keep):
            tell(f"kept: {image}")
    if told.format == "json":
        text = as_json(measured, engine.name)
    else:
        text = table(measured) or "no Dockerfiles found\n"
    streams.stdout.write(text.encode("utf-8", "surrogateescape"))
    streams.stdout.flush()
    if told.report:
        try:
            page = savings_page(measured, engine.name)
            files.save(told.report, page.encode("utf-8", "backslashreplace"))
        except files.Unreachable as error:
            say(streams, f"pipslim: {error}")
            return FAILED
        tell(f"written: {told.report}")
    return UNREAD if any(each.problem for each in measured) else OK
