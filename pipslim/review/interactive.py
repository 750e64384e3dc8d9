"""Asking for each fix, file by file, and writing what was taken."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from pipslim.files import disk
from pipslim.fixes.base import CONF
from pipslim.options import Arguments
from pipslim.passes import PASSES
from pipslim.report.diff import unified
from pipslim.report.summary import count_files
from pipslim.review.keys import ENTER
from pipslim.runner import FileOutcome, rewritten
from pipslim.runner.together import together
from pipslim.settings.choice import BadSetting
from pipslim.syntax.edits import Edit
from pipslim.syntax.source import decode, encode, position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipslim.review.keys import Keys
    from pipslim.rewrite.engine import Choice, Offer, Outcome
    from pipslim.runner import Job

_ANSWERS = "y,n,a,d,A,D,q,e,?"
_HELP = """\
y - apply this fix
n - do not apply this fix
a - apply this fix and all later ones in this file
d - do not apply this fix, nor any later one in this file
A - apply this fix and all later ones of {pass_id}, in all files
D - do not apply this fix, nor any later one of {pass_id}, in any file
q - quit; what was taken in this file so far is written
e - explain {pass_id}: why, and its price
? - print this help
"""
_BOLD, _BLUE, _PLAIN = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
_WIDTH = 88

# What would steer the terminal instead of being seen: control characters but for tab and newline,
# those that turn the direction of writing, and bytes that are not UTF-8.
_UNSEEN = re.compile(
    "\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def check(arguments: Arguments, *, terminal: bool) -> None:
    """Raise BadSetting where `--interactive` cannot do what else was asked for.

    `terminal` tells whether somebody can read the questions and answer them.
    """
    plain = Arguments()
    others = {
        "--check": arguments.check,
        "--diff and --no-diff": arguments.diff is not None,
        "--output-format": arguments.output_format != plain.output_format,
        "--output-file": arguments.output_file,
        "--report": arguments.report,
        "--patch-dir": arguments.patch_dir,
        "- (standard input)": "-" in arguments.paths,
    }
    for name, given in others.items():
        if given:
            raise BadSetting(f"--interactive asks and writes by itself; leave out {name}")
    if not terminal:
        raise BadSetting(
            "--interactive needs a terminal to ask at; without one use --write, or review the diff"
        )


def visible(text: str) -> str:
    """Give a text, as long as before, in which nothing steers a terminal; CRLF is left."""
    return _UNSEEN.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # its picture
    return "\u2421" if code == 0x7F else "\ufffd"


class Walk:
    """A walk through the fixes of many files; what was answered so far.

    `show` prints, `keys` give the answers. `taken` and `skipped` count fixes. `interrupted` tells
    that the walk was ended by Ctrl-C: nothing was written of the file it was in.
    """

    __slots__ = (
        "_all",
        "_colour",
        "_done",
        "_every",
        "_jobs",
        "_keys",
        "_never",
        "_quit",
        "_read",
        "_show",
        "interrupted",
        "skipped",
        "taken",
    )

    def __init__(
        self, jobs: Sequence[Job], show: Callable[[str], None], keys: Keys, *, colour: bool
    ) -> None:
        self._jobs = jobs
        self._show = show
        self._keys = keys
        self._colour = colour
        self._every: set[str] = set()  # passes, all of whose fixes are wanted
        self._never: set[str] = set()  # passes, none of whose fixes is wanted
        self._all: bool | None = None  # the answer for the rest of a file
        self._quit = False
        self._done = 0  # files
        self._read: list[FileOutcome] = []  # those that read other files
        self.taken = self.skipped = 0
        self.interrupted = False

    def outcomes(self) -> Iterator[FileOutcome]:
        """Ask and write, file by file; give what became of each, until the walk ends.

        What was taken of other files is written at the end, when all that read them were asked
        about.
        """
        try:
            for job in self._jobs:
                result = self._file(job._replace(choice=self._choice(job.choice)))
                if result.outcome is not None and result.outcome.others:
                    self._read.append(result)
                yield result
                self._done += 1
                if self._quit:
                    break
            if self._done == len(self._jobs):
                yield from together(self._read, self._jobs, write=True)
                self._read = []
        except KeyboardInterrupt:
            self.interrupted = True
            self._show("\n")

    def told(self) -> str:
        """Give the count of what was answered, and of what was not looked at."""
        text = f"{self.taken} taken, {self.skipped} skipped"
        left = len(self._jobs) - self._done
        others = {
            other.path
            for result in self._read
            for other in (result.outcome.others if result.outcome is not None else ())
            if any(report.fixed for report in other.reports)
        }
        if self.interrupted:
            path = visible(self._jobs[self._done].path) if left else ""
            text += f"; interrupted: nothing written of {path}" if path else "; interrupted"
            left -= 1
        text += f"; {count_files(left)} not looked at" if left > 0 else ""
        if others:
            verb = "is" if len(others) == 1 else "are"
            text += f", so {count_files(len(others), 'other ')} {verb} as before"
        return text

    def _choice(self, choice: Choice) -> Choice:
        """Give what holds for a file, without the passes that are not wanted any more."""
        if not self._never:
            return choice
        options = choice.options._replace(
            bytecode=choice.options.bytecode and "bytecode" not in self._never
        )
        return choice._replace(passes=choice.passes - self._never, options=options)

    def _file(self, job: Job) -> FileOutcome:
        path = job.path
        try:
            data = disk.read(path)
            text = decode(data)
            outcome = rewritten(job, text)
            reports = [report for other in outcome.others for report in other.reports]
            if not outcome.changed and not any(report.fixed for report in reports):
                return FileOutcome(path, outcome)  # nothing to ask for, or a problem to tell
            outcome, taken, skipped = self._ask(job, text)
            if outcome.changed:
                if disk.read(path) != data:
                    raise disk.Unreachable(f"{path}: changed meanwhile; it is left as it is")
                disk.write(path, encode(outcome.after))
        except disk.Unreachable as error:
            return FileOutcome(path, None, str(error))
        if outcome.problem is None:
            self.taken += taken
            self.skipped += skipped
        return FileOutcome(path, outcome)

    def _ask(self, job: Job, text: str) -> tuple[Outcome, int, int]:
        """Rewrite a text with the fixes that are wanted; give also how many are, and are not."""
        self._all = None
        head = f"[{self._done + 1}/{len(self._jobs)}] {visible(job.path)}"
        taken = skipped = 0

        def accept(offer: Offer) -> bool:
            nonlocal taken, skipped
            place = f"{head}:{position(text, offer.offset)}"
            other = offer.finding.elsewhere
            if other is not None:
                where = position(other.text, other.span.start)
                place = f"{head}: {visible(other.path)}:{where}"
            wanted = self._wanted(offer, place)
            taken += wanted
            skipped += not wanted
            return wanted

        return rewritten(job, text, accept), taken, skipped

    def _wanted(self, offer: Offer, place: str) -> bool:
        """Tell whether a fix is wanted: as was said of all such, or by asking."""
        pass_id = offer.finding.pass_id
        if self._all is not None:
            return self._all
        if pass_id in self._every or pass_id in self._never:
            return pass_id in self._every
        self._show(self._offered(offer, place))
        while True:
            key = self._answer(offer)
            if key in ("y", "n"):
                return key == "y"
            if key in ("a", "d", "q", ""):
                self._quit = key in ("q", "")
                self._all = key == "a"
                return self._all
            if key in ("A", "D"):
                (self._every if key == "A" else self._never).add(pass_id)
                return key == "A"
            if key == "e":
                self._show(_explained(pass_id))
            elif key != ENTER:
                self._show(_HELP.format(pass_id=pass_id))

    def _answer(self, offer: Offer) -> str:
        title = visible(offer.finding.fix.title) if offer.finding.fix is not None else ""
        self._show(self._in(_BLUE, f"Apply this fix: {title} [{_ANSWERS}]?") + " ")
        key = self._keys.read()
        if self._keys.at_once or not key:  # the terminal has not shown it
            self._show((key if key.isprintable() else "") + "\n")
        return key

    def _offered(self, offer: Offer, place: str) -> str:
        """Give a fix as it is shown: where, what, and its diff alone."""
        finding = offer.finding
        edits = finding.fix.edits if finding.fix is not None else ()
        shown = [Edit(start, end, visible(text)) for start, end, text in sorted(edits)]
        private = finding.elsewhere is not None and finding.elsewhere.kind == CONF
        text = visible(offer.text)
        diff = unified("", text, shown, colour=self._colour, private=private)
        hunks = diff.split("\n", 2)[-1]
        head = f"{place}: {finding.pass_id}: {visible(finding.message)}"
        return f"\n{self._in(_BOLD, head)}\n{hunks}"

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text


def _explained(pass_id: str) -> str:
    """Give why a pass is there and what it costs, for reading."""
    about = next(step.about for step in PASSES if step.id == pass_id)
    told = (f"{about.id}: {about.summary}", f"Why: {about.why}", f"Price: {about.price}")
    return "".join([textwrap.fill(each, _WIDTH) + "\n" for each in told])
