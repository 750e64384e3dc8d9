"""The book of settings: for any file, what is in force there."""

from __future__ import annotations

from pipslim.files.find import Search
from pipslim.settings.choice import choice
from pipslim.syntax.startup import TYPE_CHECKING

if TYPE_CHECKING:
    from pipslim.options import Arguments
    from pipslim.rewrite.engine import Choice


class Book:
    """Answers for paths, from the arguments of a run; raises BadSetting for what is wrong."""

    __slots__ = ("_choice", "arguments")

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self._choice = choice(arguments)

    def search(self, folder: str) -> Search:
        """Give how a folder is searched for Dockerfiles."""
        told = self.arguments
        return Search(told.include, told.exclude, told.gitignore is not False, told.since)

    def excludes(self, path: str) -> bool:
        """Tell whether a file is left out, also one that is named: with --force-exclude alone."""
        told = self.arguments
        if not (told.force_exclude and told.exclude):
            return False
        from pipslim.files.patterns import Patterns

        return bool(Patterns(told.exclude).match(path))

    def choice(self, path: str) -> Choice:
        """Give what the engine is told for a file."""
        return self._choice
