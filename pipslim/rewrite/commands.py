"""The proof for one edited RUN: without the words put in, it is the commands that it was."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from pipslim.rewrite.declared import are_dropped
from pipslim.rewrite.ends import EVEN, hangs
from pipslim.syntax.forms import flags, inner
from pipslim.syntax.script import Opaque, Python, Script
from pipslim.syntax.source import View
from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, lazy, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipslim.facts.runs import Body, Run
    from pipslim.rewrite.declared import Declared
    from pipslim.syntax.document import Document, Instruction
    from pipslim.syntax.script import Command

_LINKS = frozenset(("&&", "||", ";", "|", "|&", "&", "\n"))
_JOINTS = _LINKS | {"!", "(", ")", "{", "}"}
_BRACKETS = {"{": "}", "(": ")", "case": "esac", "if": "fi", "for": "done", "while": "done"}

# the end of a line that the next one continues, by escape character
_CONTINUED = {escape: lazy(re.escape(escape) + r"[ \t]*\r?\n") for escape in ("\\", "`")}
_FAR = 1 << 62
_BLANK = " \t\r\n\\,"  # what may be cut out beside tokens; a comma stands in an exec form

Range = tuple[int, int]


class Side(NamedTuple):
    """An instruction in its document, what it runs, and which parts of its text are cut out.

    `cuts` are ranges from the instruction's first character on, in order: what was removed, of the
    instruction as it was; what was inserted, of the instruction as it is.
    """

    document: Document
    instruction: Instruction
    run: Run
    cuts: Sequence[Range]


class _Level(NamedTuple):
    """A script of a RUN: its view into the instruction, its tree, and the cuts in its text."""

    view: View
    script: Script | Opaque | Python
    cuts: list[Range]

    def cut(self, start: int, end: int) -> bool:
        """Tell whether a range of the text lies whole in one cut."""
        cuts = self.cuts
        if not cuts or start < cuts[0][0] or end > cuts[-1][1]:
            return False
        return cuts[bisect_right(cuts, (start, _FAR)) - 1][1] >= end

    def touching(self, start: int, end: int) -> list[Range]:
        """Give the cuts that a range of the text overlaps."""
        cuts = self.cuts
        first = max(bisect_right(cuts, (start, _FAR)) - 1, 0)
        return [c for c in cuts[first : bisect_left(cuts, (end, 0))] if c[1] > start]


def differs(before: Side, after: Side, declared: Declared) -> str:
    """Tell how an edited RUN is not what it was with words or whole commands put in, or nothing.

    `declared` are the commands, words and flags that were removed or changed on purpose.
    """
    old, now = before.instruction, after.instruction
    (kind, args), (kind_now, args_now) = inner(old), inner(now)
    if kind != "RUN" or kind_now != "RUN" or old.keyword != now.keyword:
        return "another instruction than a RUN was edited"
    escape = before.document.escape
    if old.view.text.startswith("--", args) or now.view.text.startswith("--", args_now):
        if not declared.flags_alike(_flags(old, escape), _flags(now, escape)):
            return "its flags changed"
        before, after = _behind_flags(before), _behind_flags(after)
    bodies, bodies_now = before.run.bodies, after.run.bodies
    if [body.exec_form for body in bodies] != [body.exec_form for body in bodies_now]:
        return "it runs more or fewer scripts, or in another form"
    heredocs = old.heredocs or now.heredocs or before.run.unread or after.run.unread
    if heredocs and _unread(before) != _unread(after):
        return "a part that is not read as a script changed"
    if before.cuts and not _only_dropped(before, declared.drops):
        return "words were removed"
    written = 0
    for body, body_now in zip(bodies, bodies_now, strict=True):
        levels, levels_now = _levels(body, before), _levels(body_now, after)
        if len(levels) != len(levels_now):
            return "a script inside it was lost or added"
        for depth in range(len(levels)):
            reason = _compare(levels[depth:], levels_now[depth:], body.exec_form)
            if reason:
                return reason
        top = levels_now[0]
        written += sum([_signs(top.view.text[low:high]) for low, high in top.cuts])
    # what was written stands in scripts, but for continued lines and blanks
    continued = _CONTINUED[escape]
    origin = now.start
    texts = [after.document.text[origin + low : origin + high] for low, high in after.cuts]
    if sum([_signs(continued.sub("", text)) for text in texts]) > written:
        return "something was written where no script is"
    return ""


def _signs(text: str) -> int:
    """Count the characters of a text that are not blank."""
    return len("".join(text.split()))


def _flags(instruction: Instruction, escape: str) -> list[str]:
    """Give the flags of an instruction as they are written, each on one line."""
    text = instruction.view.text
    return [text[flag.start : flag.end] for flag in flags(instruction, escape)[0]]


def _behind_flags(side: Side) -> Side:
    """Leave out what is cut of a RUN's flags, which are compared by themselves."""
    found, behind = flags(side.instruction, side.document.escape)
    if not side.cuts or not found or behind >= len(side.instruction.view.text):
        return side
    end = side.instruction.at(behind) - side.instruction.start
    behind_them = [(max(low, end), high) for low, high in side.cuts if high > end]
    return side._replace(cuts=behind_them)


def _unread(side: Side) -> list[str]:
    """Give the texts that no edit may touch: of scripts not followed, of heredocs that are data."""
    found = [part.text for part in side.run.unread]
    start = side.instruction.start
    scripts = {body.view.at(0) for body in side.run.bodies if body.view.text}
    for heredoc in side.instruction.heredocs:
        found.append(heredoc.name)
        if heredoc.body.start not in scripts:
            body = side.document.text[start + heredoc.body.start : start + heredoc.body.end]
            found.append(body)
    return found


def _only_dropped(before: Side, drops: frozenset[str]) -> bool:
    """Tell whether what was removed is blanks, a word of `drops`, or a command with its link."""
    origin = before.instruction.start
    exec_form = any(body.exec_form for body in before.run.bodies)
    for start, end in before.cuts:
        cut = before.document.text[origin + start : origin + end]
        text = _CONTINUED[before.document.escape].sub("", cut)
        words = " ".join(text.split())
        if exec_form:
            words = words.strip(", ").strip('"')
        for link in ("&&", ";"):
            words = words.removeprefix(link).removesuffix(link).strip()
        if not are_dropped(words, drops):
            return False
    return True


def dropped_whole(side: Side, drops: frozenset[str]) -> bool:
    """Tell whether a RUN runs nothing but commands of `drops`, one after the other."""
    run = side.run
    if len(run.bodies) != 1 or run.unread or run.bodies[0].exec_form:
        return False
    script, text = run.bodies[0].reading.script, run.bodies[0].view.text
    if isinstance(script, Opaque) or not script.commands:
        return False
    for command in script.commands:
        written = " ".join(text[command.start : command.end].split())
        if command.lead not in ("", "&&", *EVEN) or command.nest or written not in drops:
            return False
    return True


def _levels(body: Body, side: Side) -> list[_Level]:
    """Give a script and those inside it, each with its view into the instruction."""
    outer = body.view
    found = [_level(outer, body.reading.script, side.cuts)]
    for view, script in body.reading.nested:
        segments: list[tuple[int, int, int]] = []
        for start, offset, length in view.segments:
            part = outer.part(offset, offset + length)
            segments.extend([(start + s, o, n) for s, o, n in part.segments])
        found.append(_level(View(view.text, tuple(segments)), script, side.cuts))
    return found


def _level(view: View, script: Script | Opaque | Python, cuts: Sequence[Range]) -> _Level:
    covered = [part for low, high in cuts for part in view.covered(low, high)] if cuts else []
    return record(_Level, (view, script, covered))


def _compare(olds: Sequence[_Level], nows: Sequence[_Level], exec_form: bool) -> str:
    """Compare a script with what it was; behind each stand those inside its words."""
    old, now = olds[0], nows[0]
    if isinstance(old.script, Python) and isinstance(now.script, Python) and not old.cuts:
        from pipslim.rewrite.python import differs

        return differs(old.view.text, now.view.text, now.cuts, _within(now, nows[1:]))
    if not isinstance(old.script, Script) or not isinstance(now.script, Script):
        same = old.view.text == now.view.text and not old.cuts and not now.cuts
        return "" if same else "a script that could not be followed changed"
    if not old.cuts and not now.cuts:
        if old.view.text == now.view.text:
            return ""
        if not exec_form:  # its text is that of the whole RUN, flags included
            return "a script changed"
    were, are = _apart(old, _within(old, olds[1:])), _apart(now, _within(now, nows[1:]))
    if were is None or are is None or were.texts != are.texts:
        return "its commands are not those of before with words added"
    if old.cuts and hangs(old.view.text, old.script, old.cut):
        return "how it ends hung on a command that was dropped"
    before, _ = _parted(old, old.script)
    after, added = _parted(now, now.script)
    if len(before) != len(after):
        return "a command was lost or split"
    moved = bool(added) or len(before) < len(old.script.commands)
    first = now.cuts[0][0] if now.cuts else _FAR
    for was, command in zip(before, after, strict=True):
        _, assigned, redirects, _, _, nest, lead, _ = was
        words, assigned_now, redirects_now, _, end, nest_now, lead_now, _ = command
        if nest != nest_now or (lead != lead_now and not moved):
            return "a command stands in another construct than before"
        if len(assigned) != len(assigned_now):
            return "a command got or lost an assignment"
        if redirects or redirects_now:
            if [r.operator for r in redirects] != [r.operator for r in redirects_now]:
                return "a command got or lost a redirection"
        if end > first and words and now.cut(words[0].start, words[0].end):
            return "a command runs another program than before"
    if not now.cuts or _links_alike(now, now.script, are, sorted(added), were.places()):
        return ""
    return "an added command is not linked as those around it"


def _within(level: _Level, nested: Sequence[_Level]) -> list[Range]:
    """Give the parts of a script's text where the scripts inside its words stand."""
    found: list[Range] = []
    for part in sorted(
        part
        for each in nested
        if each.view.text
        for part in level.view.covered(each.view.at(0), each.view.after(len(each.view.text)))
    ):
        if not found or part[0] >= found[-1][1]:  # not a script inside the one before
            found.append(part)
    return found


def _parted(level: _Level, script: Script) -> tuple[Sequence[Command], list[int]]:
    """Give the commands of a script that lie not whole in a cut, and the starts of the others."""
    if not level.cuts:
        return script.commands, []
    first, last = level.cuts[0][0], level.cuts[-1][1]
    kept: list[Command] = []
    starts: list[int] = []
    for command in script.commands:
        _, _, _, start, end, _, _, _ = command
        if start >= first and end <= last and level.cut(start, end):
            starts.append(start)
        else:
            kept.append(command)
    return kept, starts


class _Apart(NamedTuple):
    """A script's tokens, sorted: the texts of those that stay, and of which to which are cut out.

    `cut` are half-open ranges of the places of tokens, one for each cut that holds any.
    """

    texts: list[str]
    cut: list[Range]

    def places(self) -> frozenset[int]:
        """Give where something is cut out: the number of tokens that stay ahead of it."""
        if not self.cut:
            return frozenset()
        found: list[int] = []
        passed = 0
        for first, last in self.cut:
            found.append(first - passed)
            passed += last - first
        return frozenset(found)


def _apart(level: _Level, within: Sequence[Range]) -> _Apart | None:
    """Take the tokens that lie whole in a cut from those of a script.

    A token that is partly cut gives None, unless the cut lies in `within`, a script inside it: it
    stays without what is cut. So does a cut with more than tokens and blanks in it.
    """
    text, script = level.view.text, level.script
    if not isinstance(script, Script):
        return None
    tokens = script.tokens
    texts: list[str] = []
    cut: list[Range] = []
    done = 0
    for low, high in level.cuts:
        first = bisect_left(tokens, (low, 0))
        if first and tokens[first - 1].end > low:
            start, end, _ = tokens[first - 1]
            at = bisect_right(within, (low, _FAR)) - 1
            if at < 0 or within[at][1] < high:
                return None
            if first > done:  # the first cut in this token
                texts += [text[start:end] for start, end, _ in tokens[done : first - 1]]
                texts.append(_without(text, start, end, level.touching(start, end)))
                done = first
            continue
        last = bisect_left(tokens, (high, 0), first)
        for start, end, _ in tokens[first:last]:
            if end > high or text[low:start].strip(_BLANK):
                return None
            low = end
        if text[low:high].strip(_BLANK):
            return None
        if first < last:
            cut.append((first, last))
            texts += [text[start:end] for start, end, _ in tokens[done:first]]
            done = last
    texts += [text[start:end] for start, end, _ in tokens[done:]]
    return _Apart(texts, cut)


def _without(text: str, start: int, end: int, cuts: Sequence[Range]) -> str:
    """Give `text[start:end]` without the ranges `cuts`, which are in order."""
    parts: list[str] = []
    for low, high in cuts:
        if high <= start or low >= end:
            continue
        parts.append(text[start : max(start, low)])
        start = max(start, min(high, end))
    parts.append(text[start:end])
    return "".join(parts)


def _links_alike(
    level: _Level, script: Script, apart: _Apart, heads: Sequence[int], replaced: frozenset[int]
) -> bool:
    """Tell whether added commands are linked, outside brackets, by the operator that stood there.

    An `&&` behind a command that ended in `;` would take it out of `set -e`; an `||` would catch
    the failure of a command ahead of it. `apart` are the tokens that were added, `heads` the starts
    of the commands that were, in order; `replaced` are places at which something was taken out.
    """
    text, tokens, cut = level.view.text, script.tokens, apart.cut
    at = passed = 0
    while at < len(cut):
        first, last = cut[at]
        at += 1
        while at < len(cut) and cut[at][0] == last:  # what is added beside it
            last = cut[at][1]
            at += 1
        stretch = [(start, text[start:end]) for start, end, _ in tokens[first:last]]
        ahead = text[tokens[first - 1].start : tokens[first - 1].end] if first else ""
        rest = [text[start:end] for start, end, _ in tokens[last:]]
        # what ends a script links its last command to nothing
        behind = rest[0] if any(token not in (";", "\n") for token in rest) else ""
        if first - passed in replaced and not any(word in _JOINTS for _, word in stretch):
            passed += last - first
            continue  # one command in the place of another
        passed += last - first
        if not _linked(stretch, heads, ahead, behind):
            return False
    return True


def _linked(stretch: list[tuple[int, str]], heads: Sequence[int], ahead: str, behind: str) -> bool:
    """Judge the tokens of one insertion, between the tokens `ahead` and `behind`."""
    first, last = stretch[0], stretch[-1]
    at = bisect_left(heads, first[0])
    if at == len(heads) or heads[at] > last[0]:
        # words of a command, none of them an operator
        return not any(word in _JOINTS for _, word in stretch)
    words = next((n for n, (_, word) in enumerate(stretch) if word in _LINKS), 0)
    if words and stretch[words][0] < heads[at]:  # words of the command ahead, then a command
        first, stretch = stretch[words], stretch[words:]
    if first[1] in _LINKS:
        link, fits = first[1], behind in (first[1], "") and last[1] not in _LINKS
    elif last[1] in _LINKS:
        link, fits = last[1], ahead in (last[1], "")
    else:  # in the place of a command that was dropped
        link, fits = ahead, ahead in _LINKS and behind in (ahead, "")
    if not fits:
        return False
    open_brackets: list[str] = []
    for _, word in stretch:
        if open_brackets and word == open_brackets[-1]:
            open_brackets.pop()
        elif word in _BRACKETS:
            open_brackets.append(_BRACKETS[word])
        elif not open_brackets and word in _LINKS and word != link:
            return False
    return not open_brackets
