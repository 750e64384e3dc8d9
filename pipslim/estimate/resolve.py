"""Which files pip takes from an index for what a call asks for: newest first, no backtracking."""

from __future__ import annotations

from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pipslim.estimate.archives import Archive, read_sdist, remote_metadata, wheel_metadata
from pipslim.estimate.index import Unreachable
from pipslim.estimate.requirements import applies, wanted
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version

    from pipslim.estimate.index import File, Index
    from pipslim.estimate.requirements import Asked, Wanted
    from pipslim.estimate.targets import Target

_LARGE = 1 << 20
_MOST_ROUNDS = 64
_MOST_PROJECTS = 2000


class Pick(NamedTuple):
    """A file that pip takes: its project, version and place, and for whom.

    `others` are all files of that version: on another Python or system one of them is taken.
    `archive` is what an sdist holds, None for a wheel.
    """

    name: str
    version: Version
    file: File
    wanted: Wanted
    others: tuple[File, ...]
    archive: Archive | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel, not an sdist."""
        return self.file.name.endswith(".whl")


class _Clash(Exception):
    """A version that was picked does not suit what is asked for later."""


class Resolver:
    """Picks files for one call after another; each project is picked once, if its version suits.

    `picks` are all picked files in order; `pages` are the projects whose pages were read, each with
    whether as HTML.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self.picks: list[Pick] = []
        self.pages: dict[str, bool] = {}
        self._known: dict[str, list[tuple[Version, frozenset[Tag], File]]] = {}
        self._there: dict[str, Version] = {}
        self._needs: dict[str, tuple[list[Requirement], Archive | None, str]] = {}

    def resolve(self, asked: Asked, target: Target) -> list[Pick]:
        """Pick the files of a call, and give those that no call before it has picked.

        Whatever cannot be found goes to `asked.unseen`. Where what is asked for later excludes a
        version, all is picked anew with that known.
        """
        learned: dict[str, SpecifierSet] = {}
        for _ in range(_MOST_ROUNDS):
            attempt = _Attempt(self, asked, target, learned)
            try:
                attempt.run()
                break
            except _Clash:
                continue
        else:
            asked.miss("the versions of its projects", "too many exclude each other")
        for note in attempt.notes:
            asked.miss(*note)
        for pick in attempt.picked.values():
            self._there[pick.name] = pick.version
        self.picks += attempt.picked.values()
        return list(attempt.picked.values())

    def candidates(self, name: str, target: Target) -> list[tuple[Version, int, File]]:
        """Give the files of a project that fit: version, rank of its tags (0 is best), file.

        An sdist ranks behind all wheels. Raises Unreachable.
        """
        found: list[tuple[Version, int, File]] = []
        for version, tags, file in self._files(name, target):
            ranks = [target.tags[tag] for tag in tags if tag in target.tags]
            rank = min(ranks, default=-1) if tags else len(target.tags)
            if rank < 0:
                continue
            try:
                if not SpecifierSet(file.requires_python).contains(target.python, True):
                    continue
            except InvalidSpecifier:
                pass  # pip passes over what it cannot read
            found.append((version, rank, file))
        return found

    def of_version(self, name: str, version: Version, target: Target) -> tuple[File, ...]:
        """Give the files of one version of a project, for whatever system. Raises Unreachable."""
        return tuple(file for each, _, file in self._files(name, target) if each == version)

    def _files(self, name: str, target: Target) -> list[tuple[Version, frozenset[Tag], File]]:
        """Give the files of a project: version, tags (none for an sdist), file."""
        page = self._index.page(name, html=target.html)
        self.pages.setdefault(name, target.html)
        if name in self._known:
            return self._known[name]
        found: list[tuple[Version, frozenset[Tag], File]] = []
        for file in page.files:
            tags: frozenset[Tag] = frozenset()
            try:
                if file.name.endswith(".whl"):
                    project, version, _, tags = parse_wheel_filename(file.name)
                else:
                    project, version = parse_sdist_filename(file.name)
            except (InvalidWheelFilename, InvalidSdistFilename):
                continue
            if project == name:
                found.append((version, tags, file))
        self._known[name] = found
        return found

    def there(self, name: str) -> Version | None:
        """Give the version of a project that a call before has picked."""
        return self._there.get(name)

    def needs(self, file: File) -> tuple[list[Requirement], Archive | None, str]:
        """Give what a file depends on, what it holds if an sdist, and why that is uncertain."""
        known = self._needs.get(file.url)
        if known is None:
            known = self._needs[file.url] = self._read(file)
        return known

    def _read(self, file: File) -> tuple[list[Requirement], Archive | None, str]:
        wheel = file.name.endswith(".whl")
        archive = None
        why = ""
        try:
            if file.metadata:
                text = self._index.metadata(file).body.decode("utf-8", "replace")
            elif wheel:
                text = self._from_wheel(file)
            else:
                archive = read_sdist(self._index.content(file).body)
                text = archive.metadata
                if not archive.final:
                    why = "an sdist, whose dependencies are known only when it is built"
        except Unreachable as error:
            return [], None, f"its dependencies are unknown: {error.reason}"
        except ValueError:
            return [], None, "its dependencies are unknown: the file cannot be read"
        found: list[Requirement] = []
        for line in HeaderParser().parsestr(text).get_all("Requires-Dist", []):
            try:
                found.append(Requirement(str(line)))
            except InvalidRequirement:
                why = why or "one of its dependencies cannot be read"
        return found, archive, why

    def _from_wheel(self, file: File) -> str:
        """Read the metadata of a wheel: of a large one in parts, if its host gives them."""
        try:
            size = self._index.size(file)
            if size > _LARGE:
                return remote_metadata(size, lambda start, end: self._index.part(file, start, end))
        except (Unreachable, ValueError):
            pass
        return wheel_metadata(self._index.content(file).body)


class _Attempt:
    """One walk through what a call asks for, with what earlier walks have learned."""

    def __init__(
        self, resolver: Resolver, asked: Asked, target: Target, learned: dict[str, SpecifierSet]
    ) -> None:
        self.resolver = resolver
        self.asked = asked
        self.target = target
        self.learned = learned
        self.picked: dict[str, Pick] = {}
        self.notes: list[tuple[str, str, int]] = []
        self.versions: dict[str, Version] = {}
        self.files: dict[str, File] = {}
        self.demands: dict[str, SpecifierSet] = {}
        self.extras: dict[str, set[str]] = {}
        self.allowed = {name: spec & SpecifierSet() for name, spec in asked.constraints.items()}
        for name, spec in learned.items():
            self.allowed[name] = self.allowed.get(name, SpecifierSet()) & spec
        for each in asked.wanted:
            self.allowed[each.name] = self.allowed.get(each.name, SpecifierSet()) & each.specifier

    def run(self) -> None:
        """Walk; raises _Clash where another walk has to be made."""
        queue = list(self.asked.wanted)
        failed: set[str] = set()
        for each in queue:  # it grows
            name = each.name
            if name in failed or len(queue) > _MOST_PROJECTS * 8:
                continue
            version = self.versions.get(name)
            if version is None:
                version = self.take(each)
                if version is None:
                    failed.add(name)
                    continue
                self.demands[name] = each.specifier
            elif each.specifier.contains(version, True):
                self.demands[name] &= each.specifier
            else:
                known = self.learned.get(name, SpecifierSet())
                both = known & each.specifier
                if both == known or not self.possible(name, both):
                    why = f"{each.why} asks for it, beside {version}: pip looks for older versions"
                    self.miss(each, why)
                    continue
                self.learned[name] = both
                raise _Clash
            if "--no-deps" not in self.asked.options and name in self.files:
                queue += self.dependencies(each)

    def possible(self, name: str, specifier: SpecifierSet) -> bool:
        """Tell whether a version of a project suits all that is known, and `specifier`."""
        allowed = self.allowed.get(name, SpecifierSet()) & self.demands[name] & specifier
        try:
            found = self.resolver.candidates(name, self.target)
        except Unreachable:
            return False
        return any(allowed.contains(version, True) for version, _, _ in found)

    def miss(self, each: Wanted, why: str) -> None:
        """Note what is not found."""
        self.notes.append((f"{each.name}{each.specifier}", why, each.line))

    def take(self, each: Wanted) -> Version | None:
        """Pick a file for a project; None where there is none."""
        name = each.name
        allowed = self.allowed.get(name, SpecifierSet()) & each.specifier
        there = self.resolver.there(name) or self.target.there.get(name)
        again = {"--force-reinstall", "--ignore-installed"} & self.asked.options
        brought = name in self.target.there or name in self.target.maybe
        upgrade = brought and "--upgrade" in self.asked.options
        if there is not None and not again and not upgrade and allowed.contains(there, True):
            self.versions[name] = there
            known = [pick.file for pick in self.resolver.picks if pick.name == name]
            if known:
                self.files[name] = known[-1]
            return there
        if name in self.target.maybe and not again and not upgrade and not len(allowed):
            return None  # it is there, in whatever version
        try:
            found = self.resolver.candidates(name, self.target)
        except Unreachable as error:
            self.miss(each, error.reason)
            return None
        found = [every for every in found if self.form(name, every[2])]
        if each.hashes:
            found = [every for every in found if every[2].sha256 in each.hashes] or found
        pinned = any(clause.operator in ("==", "===") for clause in allowed)
        plain = [every for every in found if not every[2].yanked]
        before = True if "--pre" in self.asked.options else None
        for some in (plain, found if pinned else []):
            versions = set(allowed.filter({every[0] for every in some}, before))
            if versions:
                newest = self.best(versions, some)
                if newest == there and not again:
                    self.versions[name] = newest
                    return newest
                fits = [every[1:] for every in some if every[0] == newest]
                file = min(fits, key=lambda pair: pair[0])[1]
                others = self.resolver.of_version(name, newest, self.target)
                self.versions[name] = newest
                self.files[name] = file
                self.picked[name] = Pick(name, newest, file, each, others)
                return newest
        self.miss(each, f"the index has no file of it for {self.target}")
        return None

    def best(self, versions: set[Version], some: list[tuple[Version, int, File]]) -> Version:
        """Give the newest version; with --prefer-binary, the newest that has a wheel."""
        if "--prefer-binary" in self.asked.options:
            wheels = {each[0] for each in some if each[2].name.endswith(".whl")} & versions
            versions = wheels or versions
        return max(versions)

    def form(self, name: str, file: File) -> bool:
        """Tell whether --no-binary and --only-binary allow a file."""
        asked = self.asked
        no, only = asked.no_binary, asked.only_binary
        if file.name.endswith(".whl"):
            return not (name in no or (":all:" in no and name not in only))
        return not (name in only or (":all:" in only and name not in no))

    def dependencies(self, each: Wanted) -> list[Wanted]:
        """Give what the file of a project asks for with these extras and has not yet asked for."""
        name = each.name
        done = self.extras.get(name)
        fresh = each.extras if done is None else each.extras - done
        if done is not None and not fresh:
            return []
        self.extras[name] = (done or set()) | fresh
        file = self.files[name]
        found, archive, why = self.resolver.needs(file)
        if why and done is None:
            self.notes.append((file.name, why, each.line))
        if archive is not None and name in self.picked:
            self.picked[name] = self.picked[name]._replace(archive=archive)
        asks = f"{name} {self.versions[name]}"
        given: list[Wanted] = []
        for requirement in found:
            if not applies(requirement, self.asked.marker, frozenset(fresh)):
                continue
            if requirement.url:
                what = canonicalize_name(requirement.name)
                self.notes.append((what, f"{asks} asks for it by a URL", each.line))
            else:
                given.append(wanted(requirement, asks, each.line))
        return given
