"""The options of `pipslim fix`: one table, read by the quick parser here and by the typer app."""

from __future__ import annotations

import os

from pipslim.syntax.startup import NamedTuple


class Option(NamedTuple):
    """One option: its field in Arguments, its spellings, and what it takes.

    `kind` is `flag`, `switch` (a flag with a `--no-` twin and a third state), `text` or `list`
    (may be repeated, and takes commas).
    """

    field: str
    names: tuple[str, ...]
    kind: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it where no flag does."""
        return "PIPSLIM_" + self.field.upper()


class Arguments(NamedTuple):
    """What `pipslim fix` was told, one field for each option, defaults as here."""

    paths: tuple[str, ...] = ()
    write: bool = False
    check: bool = False
    diff: bool | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool | None = None
    quiet: bool = False
    stdin_filename: str = ""
    cache: str = ""
    cache_id: str = ""
    context: str = ""
    follow: bool | None = None
    carriers: tuple[str, ...] = ()
    assume_pip: str = ""
    images: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool | None = None
    gitignore: bool | None = None
    since: str = ""
    jobs: str = "auto"
    interactive: bool = False
    output_format: str = "text"
    output_file: str = ""
    report: str = ""
    patch_dir: str = ""
    group_by: str = ""
    config: str = ""
    isolated: bool = False


_FORMAT = "What standard output carries: text (default), json, sarif, github, gitlab or junit."

OPTIONS = (
    Option("write", ("--write", "-w"), "flag", "Rewrite the files in place."),
    Option("check", ("--check",), "flag", "Write nothing; exit 1 if anything would change."),
    Option("diff", ("--diff",), "switch", "Print the diff (default, but not with --write)."),
    Option("select", ("--select",), "list", "Run only these passes (ids, see `pipslim rules`)."),
    Option("ignore", ("--ignore",), "list", "Do not run these passes."),
    Option("unsafe", ("--unsafe",), "switch", "Apply fixes that may change the meaning, too."),
    Option("quiet", ("--quiet", "-q"), "flag", "No summary; errors are still told."),
    Option("stdin_filename", ("--stdin-filename",), "text", "Name of what `-` reads."),
    Option("cache", ("--cache",), "text", "pip's cache: keep (mounts; default), none or mount."),
    Option("cache_id", ("--cache-id",), "text", "The id of cache mounts that are added."),
    Option("context", ("--context",), "text", "Build context; default: the Dockerfile's folder."),
    Option("follow", ("--follow",), "switch", "Look into scripts of the context that RUNs run."),
    Option("carriers", ("--carriers",), "list", "Files that may hold Dockerfiles; or none."),
    Option("assume_pip", ("--assume-pip",), "text", "pip's version in unknown base images."),
    Option("images", ("--images",), "list", "pip's version in these: IMAGE[:TAG]=VERSION."),
    Option("include", ("--include",), "list", "Read these files too (patterns as in .gitignore)."),
    Option("exclude", ("--exclude",), "list", "Leave these files and folders out (patterns)."),
    Option("force_exclude", ("--force-exclude",), "switch", "Leave them out when named, too."),
    Option("gitignore", ("--gitignore",), "switch", "Leave out what git ignores (default)."),
    Option("since", ("--since",), "text", "Only files that differ from this git revision."),
    Option("jobs", ("--jobs", "-j"), "text", "Processes: a number, or auto (default)."),
    Option("interactive", ("--interactive", "-i"), "flag", "Ask for each fix, then write."),
    Option("output_format", ("--output-format",), "text", _FORMAT),
    Option("output_file", ("--output-file",), "text", "Write that to a file instead."),
    Option("report", ("--report",), "text", "Write an HTML page for review to this file."),
    Option("patch_dir", ("--patch-dir",), "text", "Write one patch per group to this folder."),
    Option("group_by", ("--group-by",), "text", "What a group is: folder, owner or file."),
    Option("config", ("--config",), "text", "Take the settings of this file alone."),
    Option("isolated", ("--isolated",), "flag", "Take no settings file."),
)


def parse_quickly(argv: list[str]) -> Arguments | None:
    """Read the words behind `pipslim fix`; None for whatever is not plain.

    The caller then asks the full parser, which knows help, errors and abbreviations. So a plain
    run does not pay for importing it. A variable that sets an option is such a thing too.
    """
    if any(option.variable in os.environ for option in OPTIONS):
        return None
    by_name = {name: option for option in OPTIONS for name in option.names}
    for each in OPTIONS:
        if each.kind == "switch":
            by_name["--no-" + each.names[0][2:]] = each
    given: dict[str, object] = {}
    paths: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            paths.extend(words)
            break
        if word == "-" or not word.startswith("-"):
            paths.append(word)
            continue
        name, equals, value = word.partition("=")
        option = by_name.get(name)
        if option is None:
            return None
        if option.kind in ("flag", "switch"):
            if equals:
                return None
            given[option.field] = not name.startswith("--no-")
            continue
        if not equals:
            value = next(words, "-")
            if value.startswith("-"):
                return None
        if option.kind == "list":
            before = given.get(option.field, ())
            given[option.field] = (*before, *split(value)) if isinstance(before, tuple) else ()
        else:
            given[option.field] = value
    return Arguments(paths=tuple(paths))._replace(**given)  # type: ignore[arg-type]


def split(value: str) -> tuple[str, ...]:
    """Give the parts of a comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
