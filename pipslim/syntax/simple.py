"""Reads the simple commands of a shell script: words, assignments, redirections, heredocs."""

from __future__ import annotations

import re

from pipslim.syntax.script import HOLE, Command, Redirect, Refusal, Word, placed, plain_words
from pipslim.syntax.startup import lazy, record

# blanks, escaped newlines and comments
_SPACE = lazy(r"(?:[ \t]+|\\\r?\n|#[^\n]*)*")
_PLAIN = lazy(r"[^ \t\n'\"\\$`|&;<>()]+")
# words of plain characters, each with the blanks behind it
_PLAIN_WORDS = lazy(r"(?:[^ \t\n'\"\\$`|&;<>()#][^ \t\n'\"\\$`|&;<>()]*(?:[ \t]+|(?=[\n|&;)]|$)))+")
REDIRECT = lazy(r"(?:\d*|\{\w+\})(<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)|(&>>|&>)")
_ASSIGNMENT = lazy(r"[A-Za-z_]\w*(?:\[[^]\s]*\])?\+?=")
_NAME = lazy(r"[A-Za-z_][\w.-]*$")
_SIMPLE_DOLLAR = lazy(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])")
_IN_DOUBLE = lazy(r'[^"\\$`]+')
_IN_BRACES = lazy(r"[^}'\"\\$`{]+")
_BACKTICKED = lazy(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_BACKTICK_ESCAPE = lazy(r"\\[$`\\]")
# what stands behind the last word of a command, where an `&` does not start `&>`
_BEHIND = frozenset(("", "|", ";", "\n", ")"))

DEEPEST = 60
SPACED = " \t\\#"  # what `space` passes, or the end


class SimpleCommands:
    """A reader on its way through a script; what it has read is in `commands` and `tokens`.

    It knows words and simple commands; the lists and constructs around them, which command
    substitutions hold as well, are for the class built on it.
    """

    __slots__ = ("at", "bodies", "commands", "depth", "end", "pending", "text", "tokens")

    def __init__(self, text: str, bodies: bool) -> None:
        self.text = text
        self.end = len(text)
        self.at = 0
        self.bodies = bodies
        self.depth = 0
        self.commands: list[Command] = []
        self.tokens: list[Word] = []
        # heredocs whose bodies start behind the next newline: name, chomp, quoted, owner, place
        self.pending: list[tuple[str, bool, bool, int, int]] = []

    def refuse(self, reason: str, offset: int | None = None) -> Refusal:
        """Give what to raise where the script cannot be followed, here or at `offset`."""
        return Refusal(self.at if offset is None else offset, reason)

    def sequence(self, nest: tuple[str, ...], lead: str, closers: frozenset[str]) -> str:
        """Read commands up to one of `closers`, which is left unread, or the end; give which."""
        raise NotImplementedError

    def script(self) -> None:
        """Read the whole script."""
        raise NotImplementedError

    def function(self, nest: tuple[str, ...], *, brackets: bool = False) -> None:
        """Read the body of a function, behind its `()` where told."""
        raise NotImplementedError

    def arithmetic(self, start: int, nest: tuple[str, ...]) -> bool:
        """Read an arithmetic text and the `))` behind it; where it is none, read nothing."""
        raise NotImplementedError

    # -- simple commands -----------------------------------------------------------------------

    def simple(self, nest: tuple[str, ...], lead: str) -> bool:
        """Read a simple command, or a function definition; tell whether it was the former."""
        text, start = self.text, self.at
        words: list[Word] = []
        assignments: list[Word] = []
        redirects: list[Redirect] = []
        end = start
        while True:
            match = _PLAIN_WORDS.match(text, self.at)
            if match is not None:
                plain = match[0]
                if not words and "=" in plain and _ASSIGNMENT.match(text, self.at) is not None:
                    assignments.append(self.assigned(nest))
                    end = self.at
                else:
                    found = plain_words(plain, self.at)
                    words += found
                    self.tokens += found
                    end = found[-1].end
                    at = self.at = match.end()
                    following = text[at : at + 1]
                    if following in _BEHIND or (following == "&" and text[at + 1 : at + 2] != ">"):
                        break
                    continue
            elif text.startswith(("\\\n", "\\\r\n"), self.at):
                pass  # a continued line, for `space` to pass
            else:
                redirect = REDIRECT.match(text, self.at)
                if redirect is not None and not text.startswith(("<(", ">("), self.at):
                    self.redirect(redirect, redirects)
                    end = self.at
                elif self.at < self.end and text[self.at] not in "|&;\n()#":
                    begin = self.at
                    if not words and _ASSIGNMENT.match(text, begin):
                        assignments.append(self.assigned(nest))
                    else:
                        words.append(self.word(nest))
                    end = self.at
                elif self.at < self.end and text[self.at] == "(":
                    if len(words) == 1 and not assignments and _NAME.match(words[0].value):
                        self.function(nest, brackets=True)
                        return False
                    raise self.refuse("unexpected '('")
                else:
                    break
            if text[self.at : self.at + 1] in SPACED:
                self.space()
        if end == start:
            raise self.refuse(f"unexpected {text[start]!r}")
        read = (tuple(words), tuple(assignments), tuple(redirects), start, end, nest, lead, ())
        self.commands.append(record(Command, read))
        if self.pending:
            mine = len(self.commands) - 1
            self.pending = [
                (name, chomp, quoted, mine if owner < 0 else owner, place)
                for name, chomp, quoted, owner, place in self.pending
            ]
        return True

    def assigned(self, nest: tuple[str, ...]) -> Word:
        """Read `name=value`, or `name=(…)`."""
        match = _ASSIGNMENT.match(self.text, self.at)
        if match is None:
            raise self.refuse("not an assignment")
        if not self.text.startswith("(", match.end()):
            return self.word(nest)
        start = self.at
        self.token(start, match.end() + 1)
        self.at = match.end() + 1
        while True:
            self.space(newlines=True)
            if self.at >= self.end:
                raise self.refuse(") is missing at the end")
            if self.text[self.at] == ")":
                break
            self.word(nest)
        self.token(self.at, self.at + 1)
        self.at += 1
        return Word(start, self.at, self.text[start : match.end()] + HOLE)

    def redirect(self, match: re.Match[str], redirects: list[Redirect]) -> None:
        """Read a redirection, whose operator is `match`, into `redirects`."""
        operator = match[1] or match[2]
        start = self.at
        self.token(*match.span())
        self.at = match.end()
        self.space()
        if self.at >= self.end or self.text[self.at] in "|&;\n()<>":
            if not self.text.startswith(("<(", ">("), self.at):
                raise self.refuse(f"nothing behind {operator}")
        target = self.word(())
        redirects.append(Redirect(operator, start, target))
        if operator in ("<<", "<<-"):
            raw = self.text[target.start : target.end]
            quoted = raw != target.value
            if HOLE in target.value:
                raise self.refuse("a heredoc whose name is not plain", target.start)
            self.pending.append((target.value, operator == "<<-", quoted, -1, start))

    def newline(self) -> None:
        """Read a newline, and the heredoc bodies that stand behind it."""
        self.token(self.at, self.at + 1)
        self.at += 1
        if not self.pending:
            return
        if not self.bodies:
            raise self.refuse("a heredoc in a continued line")
        for name, chomp, quoted, owner, _ in self.pending:
            start = self.at
            while True:
                if self.at >= self.end:
                    raise self.refuse(f"heredoc {name!r} is not terminated", start)
                begin = self.at
                newline = self.text.find("\n", begin)
                self.at = self.end if newline < 0 else newline + 1
                line = self.text[begin : self.end if newline < 0 else newline]
                if (line.lstrip("\t") if chomp else line) == name:
                    break
            self.tokens.append(Word(start, self.at, ""))
            if owner >= 0:
                command = self.commands[owner]
                body = (start, begin, not quoted)
                self.commands[owner] = command._replace(heredocs=(*command.heredocs, body))
        self.pending = []

    # -- words ---------------------------------------------------------------------------------

    def token(self, start: int, end: int) -> None:
        """Take in a token."""
        self.tokens.append(record(Word, (start, end, self.text[start:end])))

    def space(self, *, newlines: bool = False) -> None:
        """Pass blanks, escaped newlines, comments, and newlines if told."""
        text = self.text
        while True:
            match = _SPACE.match(text, self.at)
            if match is not None:
                self.at = match.end()
            if not newlines or text[self.at : self.at + 1] != "\n":
                return
            self.newline()

    def word(self, nest: tuple[str, ...]) -> Word:
        """Read one word; refuses an empty one."""
        text, start = self.text, self.at
        parts: list[str] = []
        before = len(self.tokens)
        while self.at < self.end:
            char = text[self.at]
            match = _PLAIN.match(text, self.at)
            if match is not None:
                parts.append(match[0])
                self.at = match.end()
            elif char == "'":
                end = text.find("'", self.at + 1)
                if end < 0:
                    raise self.refuse("a single quote that does not close")
                parts.append(text[self.at + 1 : end])
                self.at = end + 1
            elif char == '"':
                parts.append(self.double_quoted(nest))
            elif char == "\\":
                if self.at + 1 >= self.end:
                    parts.append("\\")
                    self.at += 1
                    continue
                escaped = text[self.at + 1]
                if escaped == "\n":
                    self.at += 2
                    continue
                parts.append(escaped)
                self.at += 2
            elif char == "$":
                parts.append(self.dollar(nest))
            elif char == "`":
                parts.append(self.backticks(nest))
            elif char in "<>" and text.startswith("(", self.at + 1):
                self.at += 1
                self.substitution(nest)
                parts.append(HOLE)
            elif char == "(" and parts and parts[-1][-1:] in ("?", "*", "+", "@", "!"):
                raise self.refuse("an extended pattern")
            else:
                break
        if self.at == start:
            what = repr(text[start]) if start < self.end else "the end"
            raise self.refuse(f"unexpected {what}")
        # the word is one token, whatever its substitutions hold
        del self.tokens[before:]
        word = record(Word, (start, self.at, "".join(parts)))
        self.tokens.append(word)
        return word

    def double_quoted(self, nest: tuple[str, ...]) -> str:
        """Read `"…"`; give its value."""
        text = self.text
        opened = self.at
        self.at += 1
        parts: list[str] = []
        while self.at < self.end:
            match = _IN_DOUBLE.match(text, self.at)
            if match is not None:
                parts.append(match[0])
                self.at = match.end()
                continue
            char = text[self.at]
            if char == '"':
                self.at += 1
                return "".join(parts)
            if char == "\\":
                escaped = text[self.at + 1 : self.at + 2]
                if escaped and escaped in '$`"\\':
                    parts.append(escaped)
                elif escaped != "\n":
                    parts.append("\\" + escaped)
                self.at += 2
            elif char == "$":
                parts.append(self.dollar(nest, quoted=True))
            else:
                parts.append(self.backticks(nest))
        raise self.refuse("a double quote that does not close", opened)

    def dollar(self, nest: tuple[str, ...], *, quoted: bool = False) -> str:
        """Read what a `$` starts; give its value: a HOLE, or the `$` itself."""
        text = self.text
        match = _SIMPLE_DOLLAR.match(text, self.at)
        if match is not None:
            self.at = match.end()
            return HOLE
        following = text[self.at + 1 : self.at + 2]
        if following == "{":
            self.braces(nest)
            return HOLE
        if following == "(":
            if text.startswith("$((", self.at) and self.arithmetic(self.at + 3, nest):
                return HOLE
            self.at += 1
            self.substitution(nest)
            return HOLE
        if following == "'" and not quoted:  # bash: $'…'
            at = self.at + 2
            while at < self.end and text[at] != "'":
                at += 2 if text[at] == "\\" else 1
            if at >= self.end:
                raise self.refuse("a single quote that does not close")
            self.at = at + 1
            return HOLE
        self.at += 1
        return "" if following == '"' and not quoted else "$"

    def braces(self, nest: tuple[str, ...]) -> None:
        """Read `${…}`."""
        text = self.text
        opened = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refuse("nested too deeply")
        self.at += 2
        while self.at < self.end:
            match = _IN_BRACES.match(text, self.at)
            if match is not None:
                self.at = match.end()
                continue
            char = text[self.at]
            if char == "}":
                self.at += 1
                self.depth -= 1
                return
            if char == "'":
                end = text.find("'", self.at + 1)
                if end < 0:
                    break
                self.at = end + 1
            elif char == '"':
                self.double_quoted(nest)
            elif char == "\\":
                self.at += 2
            elif char == "$":
                self.dollar(nest)
            elif char == "`":
                self.backticks(nest)
            else:  # a brace opened inside is text
                self.at += 1
        raise self.refuse("${ without its }", opened)

    def substitution(self, nest: tuple[str, ...]) -> None:
        """Read `(…)` of a command or process substitution, `self.at` on the bracket."""
        self.at += 1
        waiting, self.pending = self.pending, []
        self.sequence((*nest, "$("), "(", frozenset((")",)))
        if self.pending:
            raise self.refuse("a heredoc without its body")
        self.pending = waiting
        self.at += 1

    def backticks(self, nest: tuple[str, ...]) -> str:
        """Read a backquoted command substitution; give its value, a HOLE."""
        match = _BACKTICKED.match(self.text, self.at)
        if match is None:
            raise self.refuse("a backtick that does not close")
        # the inner shell reads the text with these escapes taken off
        inner, first = match[1], match.start(1)
        places = [first + at for at in range(len(inner) + 1)]
        if "\\" in inner:
            dropped = {found.start() for found in _BACKTICK_ESCAPE.finditer(inner)}
            kept = [at for at in range(len(inner)) if at not in dropped]
            places = [*(first + at for at in kept), match.end(1)]
            inner = "".join([inner[at] for at in kept])
        script = type(self)(inner, bodies=True)
        script.depth = self.depth + 1
        script.script()
        for command in script.commands:
            self.commands.append(placed(command, places, nest))
        self.at = match.end()
        return HOLE
