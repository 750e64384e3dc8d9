"""The typer app: help, `rules`, `explain`, and every call of `fix` that is not plain."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Optional

import typer

import pipslim
from pipslim.facts.options import CACHES, KEEP
from pipslim.options import OPTIONS, Arguments, Option, split
from pipslim.passes import IDS, PASSES
from pipslim.report.formats import FORMATS
from pipslim.settings.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipslim.cli import Streams

_TYPES: dict[str, Any] = {
    "flag": bool,
    "switch": Optional[bool],  # noqa: UP045 - typer reads it at run time on 3.10 too
    "text": str,
    "list": list[str],
}


def run_app(argv: list[str], streams: Streams) -> int:
    """Run the full command line; give the exit code."""
    command = typer.main.get_command(build(streams))
    try:
        code = command.main(args=argv, prog_name="pipslim", standalone_mode=False)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        show = getattr(error, "show", None)
        if show is None:
            raise
        show(file=streams.stderr)
        return int(getattr(error, "exit_code", 2))
    return code if isinstance(code, int) else 0


def build(streams: Streams) -> typer.Typer:
    """Give the app that writes to `streams`."""
    app = typer.Typer(
        help="Rewrites Dockerfiles so that pip leaves no cache and no bytecode in the image.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    def say(text: str) -> None:
        streams.stdout.write((text + "\n").encode())
        streams.stdout.flush()

    def version(value: bool) -> None:
        if value:
            say(f"pipslim {pipslim.__version__}")
            raise typer.Exit

    @app.callback()
    def options(
        version: bool = typer.Option(
            False, "--version", callback=version, is_eager=True, help="Print the version."
        ),
    ) -> None:
        """Rewrite Dockerfiles so that pip leaves no cache and no bytecode in the image."""

    app.command("fix", help=_FIX)(_fix(streams))

    app.command("config", help=_CONFIG)(_config(streams))

    from pipslim.measuring import command as measure

    app.command("measure", help=_MEASURE)(measure(streams))

    @app.command()
    def rules() -> None:
        """List the passes, in the order in which they are applied."""
        width = max(map(len, IDS))
        for step in PASSES:
            say(f"{step.id:{width}}  {step.about.summary}")

    @app.command()
    def explain(
        pass_id: str = typer.Argument(..., metavar="ID", autocompletion=_completion(IDS)),
    ) -> int:
        """Say what a pass finds and why, what it costs, and show it at work."""
        for step in PASSES:
            if step.id == pass_id:
                say(explained(pass_id))
                return 0
        streams.stderr.write(f"pipslim: unknown pass {pass_id!r}; passes: {', '.join(IDS)}\n")
        return 2

    return app


_MEASURE = "Build each Dockerfile as it is and as rewritten, and compare the images."
_FIX = "Rewrite Dockerfiles. By default a dry run: prints the diff, changes nothing."
_CONFIG = "Show what is in force for a file or a folder, and where each value comes from."


def _fix(streams: Streams) -> Callable[..., int]:
    """Give the command `fix`, its parameters made from the table of options."""

    def command(**given: Any) -> int:
        from pipslim.fixing import fix

        return fix(_arguments(given), streams)

    paths = typer.Argument(None, help="Files, folders (default: .), or - for stdin.")
    many = Optional[list[str]]  # noqa: UP045
    return _with_options(command, OPTIONS, paths=(paths, many))


def _config(streams: Streams) -> Callable[..., int]:
    """Give the command `config`, with those options of `fix` that are settings too."""

    def command(**given: Any) -> int:
        from pipslim.configuring import config

        context, path = given.pop("call"), given.pop("path")
        schema, output_format = given.pop("schema"), given.pop("output_format")
        arguments = _arguments({"paths": [], **given})
        sources = {each: context.get_parameter_source(each).name for each in context.params}
        variables = frozenset(each for each, name in sources.items() if name == "ENVIRONMENT")
        return config(path, arguments, variables, output_format, streams, schema=schema)

    fields = {key.field for key in KEYS} | {"config", "isolated"}
    return _with_options(
        command,
        [each for each in OPTIONS if each.field in fields],
        call=(inspect.Parameter.empty, typer.Context),
        path=(typer.Argument(".", help="A file, or a folder (default: .)."), str),
        schema=(typer.Option(False, "--schema", help="Print the JSON Schema of the files."), bool),
        output_format=(typer.Option("text", help="One of: text, json."), str),
    )


def _arguments(given: dict[str, Any]) -> Arguments:
    """Give what typer read, as the quick parser gives it."""
    fields: dict[str, Any] = {**given, "paths": tuple(given["paths"] or ())}
    for option in OPTIONS:
        if option.kind == "list" and option.field in fields:
            values = fields[option.field] or ()
            fields[option.field] = tuple([part for each in values for part in split(each)])
    return Arguments(**fields)


def _with_options(
    command: Callable[..., int], options: Iterable[Option], **others: tuple[Any, Any]
) -> Callable[..., int]:
    """Give a command its parameters for typer: others, with default and type, and options."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    wanted = {**others, **{each.field: (_option(each), _TYPES[each.kind]) for each in options}}
    parameters = [
        inspect.Parameter(name, keyword, default=default, annotation=kind)
        for name, (default, kind) in wanted.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _option(option: Option) -> Any:
    default = Arguments._field_defaults[option.field]
    names = list(option.names)
    if option.kind == "switch":
        names[0] = f"{names[0]}/--no-{names[0][2:]}"
    if option.kind == "list":
        default = []
    complete = _completion(_VALUES[option.field]) if option.field in _VALUES else None
    return typer.Option(
        default,
        *names,
        help=option.help,
        envvar=option.variable,
        show_default=False,
        autocompletion=complete,
    )


# What the shell completes, beside the names of options and files.
_VALUES: dict[str, Iterable[str]] = {
    "select": IDS,
    "ignore": IDS,
    "output_format": FORMATS,
    "cache": CACHES,
}


def _completion(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Give what completes the last of the words between commas, with what is not there yet."""

    def complete(incomplete: str) -> list[str]:
        ahead, comma, last = incomplete.rpartition(",")
        there = split(ahead)
        rest = [each for each in values if each.startswith(last) and each not in there]
        return [ahead + comma + each for each in rest]

    return complete


def explained(pass_id: str) -> str:
    """Give the text of `pipslim explain` for a pass."""
    about = next(step.about for step in PASSES if step.id == pass_id)

    def block(title: str, text: str) -> str:
        return f"{title}:\n" + "\n".join(f"    {line}" for line in text.splitlines())

    after = "After" if about.cache == KEEP else f"After, with --cache {about.cache}"
    return "\n\n".join(
        (
            f"{about.id}: {about.summary}",
            _wrapped("Why: " + about.why),
            _wrapped("Price: " + about.price),
            block("Before", about.before),
            block(after, about.after),
        )
    )


def _wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 88)
