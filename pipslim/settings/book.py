"""The book of settings: for any file, what is in force there."""

from __future__ import annotations

import os

from pipslim.files.above import here, is_folder, regular_files
from pipslim.files.find import Search
from pipslim.files.names import host, is_dockerfile
from pipslim.settings.choice import BadSetting
from pipslim.settings.layers import in_force, told
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.files.patterns import Rule
    from pipslim.options import Arguments
    from pipslim.rewrite.engine import Choice
    from pipslim.settings.layers import InForce, Layer

NAMES = (".pipslim.toml", "pipslim.toml", "pyproject.toml")
_SIGN = b"pipslim"  # a pyproject.toml without it is none of ours, and not even parsed


class Book:
    """Answers for paths, from the arguments of a run and the settings files above the paths.

    What it raises, for what is wrong anywhere: BadSetting, and Unreachable for a settings file that
    cannot be read. Each file is read once.
    """

    __slots__ = (
        "_choices",
        "_contexts",
        "_folders",
        "_here",
        "_judged",
        "_known",
        "_named",
        "_only",
        "_plain",
        "_rules",
        "_told",
        "arguments",
    )

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self._here = here()
        self._told = told(arguments, self._here)
        named = (*(arguments.paths or (".",)), arguments.stdin_filename or "-")
        self._named = frozenset([self.absolute(path) for path in named])
        self._folders: dict[str, InForce] = {}
        self._contexts: dict[str, str] = {}
        self._choices: dict[tuple[int, frozenset[str]], Choice] = {}
        self._known: dict[str, tuple[Layer, ...]] = {}
        self._rules: dict[tuple[str, ...], list[Rule]] = {}
        self._judged: dict[tuple[str, bool], bool] = {}
        self._plain: dict[str, Choice | None] = {}
        self._only: InForce | None = None
        if arguments.config and arguments.isolated:
            raise BadSetting("--config and --isolated exclude each other")
        if arguments.isolated:
            self._only = in_force((self._told,))
        elif arguments.config:
            self._only = in_force((*self._given(arguments.config), self._told))

    def absolute(self, path: str) -> str:
        """Give a path from the root of the file system on."""
        return os.path.normpath(os.path.join(self._here, path))

    def search(self, folder: str) -> Search:
        """Give how a folder is searched for Dockerfiles.

        What settings files exclude is not in it: a folder below may have one that takes it back,
        and so `excludes` asks for each file.
        """
        top = self.absolute(folder)
        force = self._below(top)
        include: tuple[str, ...] = ()
        exclude: tuple[str, ...] = ()
        if force.include or self.arguments.exclude:
            from pipslim.settings.moved import moved

            for base, lines in force.include:
                include += moved(lines, base, top)
            exclude = moved(self.arguments.exclude, self._here, top)
        return Search(include, exclude, force.gitignore, self.arguments.since, force.carriers)

    def excludes(self, path: str, *, referred: bool = False) -> bool:
        """Tell whether a file is left out; `referred` says that another one names it.

        It is if it, or a folder that it is in, is excluded by the settings of the folder that has
        that. What is named, and all above it, is not asked about, but with `force-exclude`. What is
        in an excluded folder has no say: its settings are not read.
        """
        path = self.absolute(path)
        if self._left_out(path):
            return True
        force = self.at(path)
        if force.force_exclude and self._left_out(path, forced=True):
            return True
        name = os.path.basename(path)
        kind = host(name)
        if referred or is_dockerfile(name) or kind in force.carriers:
            return False
        if path in self._named and not (kind and force.force_exclude):
            return False
        return not self._match(force.include, path)

    def _left_out(self, path: str, *, forced: bool = False, is_dir: bool = False) -> bool:
        """Tell it of a file or folder; `forced` asks about what is named, too."""
        judged = self._judged
        ahead: list[str] = []  # folders may lie deeper than calls may
        answer = False
        at = path
        while forced or at not in self._named:
            known = judged.get((at, forced))
            if known is not None:
                answer = known
                break
            ahead.append(at)
            at, below = os.path.dirname(at), at
            if at == below:
                break
        while ahead:
            at = ahead.pop()
            if not answer:
                layers = self._below(os.path.dirname(at)).exclude
                answer = self._match(layers, at, alone=True, is_dir=is_dir or at is not path)
            judged[at, forced] = answer
        return answer

    def _match(
        self,
        layers: Sequence[tuple[str, tuple[str, ...]]],
        path: str,
        *,
        alone: bool = False,
        is_dir: bool = False,
    ) -> bool:
        """Tell whether patterns mean a path, or not `alone`, a folder it is in.

        They are as those of .gitignore files: of the layers of `(base, lines)` the strongest one,
        the last, that says something of a folder or of the path decides; nothing in a folder that
        is meant is taken back.
        """
        if not layers:
            return False
        from pipslim.files.patterns import decide

        strongest_first = [
            (self._rules_of(lines), _parts(base, path)) for base, lines in reversed(layers)
        ]
        most = 1 if alone else max(len(parts) for _, parts in strongest_first)
        for left in range(most - 1, -1, -1):
            for rules, parts in strongest_first:
                if left < len(parts):
                    inner = os.fsencode("/".join(parts[: len(parts) - left]))
                    answer = decide(rules, inner, is_dir=is_dir or left > 0)
                    if answer is not None:
                        break
            else:
                continue
            if answer:
                return True
        return False

    def choice(self, path: str) -> Choice:
        """Give what the engine is told for a file."""
        path = self.absolute(path)
        force = self.at(path)
        ignored: frozenset[str] = frozenset()
        for base, pattern, ids in force.per_file:
            if self._match(((base, (pattern,)),), path):
                ignored |= ids
        key = id(force), ignored
        choice = self._choices.get(key)
        if choice is None:
            choice = self._choices[key] = force.choice(ignored)
        return choice

    def context(self, path: str) -> str:
        """Give the build context of a Dockerfile, seen from here; nothing for its own folder."""
        told = self.at(path).context
        if not told:
            return ""
        found = self._contexts.get(told)
        if found is None:
            if not is_folder(told):
                raise BadSetting(
                    f"the build context {told} is no folder; name another by --context"
                )
            try:
                found = os.path.relpath(told, self._here)
            except ValueError:  # another drive
                found = told
            self._contexts[told] = found
        return found

    def follows(self, path: str) -> bool:
        """Tell whether the scripts that a Dockerfile's RUNs run are looked into."""
        return self.at(path).follow

    def carrier(self, path: str) -> str:
        """Give the kind of host that a file is looked into as; nothing for a Dockerfile.

        Those of a kind that is off are looked into where they are named themselves, but with
        `force-exclude`.
        """
        kind = host(os.path.basename(path))
        if not kind:
            return ""
        absolute = self.absolute(path)
        force = self.at(absolute)
        named = absolute in self._named and not force.force_exclude
        return kind if named or kind in force.carriers else ""

    def settled(self, path: str, *, referred: bool = False) -> Choice | None:
        """Give what the engine is told for a file that was found; None where it is left out.

        `referred` says that it was found because another one names it. The same as `excludes` and
        `choice` say. Most folders have nothing that tells their Dockerfiles from each other, and
        are asked about once.
        """
        folder, _, name = path.rpartition(os.sep)
        plain = self._plain.get(folder)
        if plain is None and folder not in self._plain:
            plain = self._plain[folder] = self._of_all_in(self.absolute(path))
        if plain is not None and (referred or is_dockerfile(name) or self.carrier(path)):
            return plain
        return None if self.excludes(path, referred=referred) else self.choice(path)

    def _of_all_in(self, path: str) -> Choice | None:
        """Give what holds for all Dockerfiles in the folder of a path; None where they differ."""
        folder = os.path.dirname(path)
        if self._left_out(folder, is_dir=True):
            return None  # and its settings are not read
        force = self.at(path)
        if force.exclude or force.per_file:
            return None
        if force.force_exclude and self._left_out(folder, forced=True, is_dir=True):
            return None
        return force.choice()

    def at(self, path: str) -> InForce:
        """Give what is in force for a file; per-file-ignores not yet taken off."""
        return self._below(os.path.dirname(self.absolute(path)))

    def _below(self, folder: str) -> InForce:
        """Give what is in force for the files of a folder, an absolute path."""
        if self._only is not None:
            return self._only
        passed: list[str] = []
        while True:
            found = self._folders.get(folder)
            if found is None:
                found = self._found(folder)
            if found is None:
                passed.append(folder)
                above = os.path.dirname(folder)
                if above != folder:
                    folder = above
                    continue
                found = in_force((self._told,))
            self._folders[folder] = found
            for each in passed:
                self._folders[each] = found
            return found

    def _found(self, folder: str) -> InForce | None:
        """Read the settings file of a folder, if it has one."""
        for path, data in regular_files(folder, NAMES):
            if _SIGN in data or not path.endswith(NAMES[-1]):
                from pipslim.settings.reader import read_layers

                layers = read_layers(path, data, self._known)
                if layers:
                    return in_force((*layers, self._told))
        return None

    def _given(self, config: str) -> tuple[Layer, ...]:
        """Read the settings file that is named; its patterns count from the current folder."""
        from pipslim.files.disk import read
        from pipslim.settings.reader import read_layers

        layers = read_layers(self.absolute(config), read(config), self._known, self._here)
        if not layers:
            raise BadSetting(f"{config} has no table [tool.pipslim]; add one, or name another file")
        return layers

    def _rules_of(self, lines: tuple[str, ...]) -> list[Rule]:
        found = self._rules.get(lines)
        if found is None:
            from pipslim.files.patterns import rules

            content = "\n".join(lines).encode("utf-8", "surrogateescape")
            found = self._rules[lines] = rules(content)
        return found


def _parts(base: str, path: str) -> list[str]:
    """Give the parts of a path that lie below a folder; outside of it, those from where both part.

    So patterns of a call hold for a path elsewhere, too.
    """
    if not path.startswith(base.rstrip(os.sep) + os.sep):
        base = os.path.commonpath((base, path)) if base[:2] == path[:2] else ""
    inner = path[len(base) :].strip(os.sep)
    return inner.split(os.sep) if inner else []
