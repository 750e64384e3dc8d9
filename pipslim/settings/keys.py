"""The one table of keys that a settings file may hold: reader, schema, `config` and docs use it."""

from __future__ import annotations

from pipslim.syntax.startup import NamedTuple


class Key(NamedTuple):
    """One key of a settings file.

    `kind` is `file`, `folder`, `passes`, `patterns`, `switch`, `version`, `versions` (a table from
    a pattern of images to a version) or `passes by pattern` (a table from a pattern of files).
    `default` and `help` are told to people. `joins` says that values of several files add up; else
    the nearest one holds. A key has the name of its option, if it has one.
    """

    name: str
    kind: str
    default: str
    help: str
    joins: bool = False

    @property
    def field(self) -> str:
        """The field of `pipslim.options.Arguments` that says the same, where there is one."""
        return self.name.replace("-", "_")


KEYS = (
    Key("extend", "file", "none", "A settings file that this one builds on, seen from here."),
    Key("select", "passes", "all", "Run these passes alone."),
    Key("ignore", "passes", "none", "Do not run these passes.", joins=True),
    Key(
        "per-file-ignores",
        "passes by pattern",
        "none",
        "Do not run these passes for files that match a pattern.",
        joins=True,
    ),
    Key("unsafe", "switch", "false", "Apply fixes that may change the meaning, too."),
    Key(
        "cache",
        "cache",
        "keep",
        "pip's cache: keep its mounts, else none; none, nor mounts; or a mount for each call.",
    ),
    Key("cache-id", "id", "none", "The id of the cache mounts that are added."),
    Key("context", "folder", "its own", "The folder that a Dockerfile is built with, from here."),
    Key("follow", "switch", "false", "Look into scripts of the context that RUNs run."),
    Key(
        "carriers",
        "carriers",
        "compose, bake, template",
        "Which files that may hold Dockerfiles are looked into.",
    ),
    Key("assume-pip", "version", "unknown", "pip's version in unknown base images."),
    Key(
        "images",
        "versions",
        "none",
        "pip's version in base images, by image or image:tag; both may hold *, ? and [].",
        joins=True,
    ),
    Key(
        "include",
        "patterns",
        "none",
        "Files that are read too, though their names are not those of Dockerfiles.",
        joins=True,
    ),
    Key("exclude", "patterns", "none", "Files and folders that are left out.", joins=True),
    Key("force-exclude", "switch", "false", "Leave them out when they are named, too."),
    Key("gitignore", "switch", "true", "Leave out what git ignores."),
)
BY_NAME = {key.name: key for key in KEYS}

# What each kind takes, for messages and tables.
TAKES = {
    "file": "a path",
    "folder": "a path",
    "cache": "keep, none or mount",
    "id": "an id, as text",
    "passes": "a list of passes",
    "carriers": "a list of carriers",
    "patterns": "a list of patterns",
    "switch": "true or false",
    "version": "a version, as text",
    "versions": "a table of image = version",
    "passes by pattern": "a table of pattern = list of passes",
}
EXAMPLES = {
    "file": '"../pipslim.toml"',
    "folder": '"."',
    "cache": '"mount"',
    "id": '"pip"',
    "passes": '["pip-cache"]',
    "carriers": '["compose"]',
    "patterns": '["vendor/"]',
    "switch": "true",
    "version": '"24.0"',
    "versions": '{ "acme/python" = "24.0" }',
    "passes by pattern": '{ "*.dev" = ["bytecode"] }',
}
