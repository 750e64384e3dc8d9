"""The commands of a shell script, each word with its span; `Opaque` whenever not certain.

Reads the POSIX shell language (Shell Command Language, IEEE Std 1003.1) and what bash adds to it
in the scripts that builds run: `[[ ]]`, `(( ))`, arrays, `<<<`, `&>`, process substitution,
`function`. It refuses rather than guesses: a script that it cannot follow to the end is Opaque.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HOLE = "\0"
"""Stands in a word's value for what an expansion will put there."""


class Word(NamedTuple):
    """A word of a command: its span in the script, and its value with the quotes removed.

    Each expansion (`$x`, `${x}`, `$(…)`, backticks, `$((…))`) is one HOLE in `value`.
    """

    start: int
    end: int
    value: str


class Redirect(NamedTuple):
    """A redirection: operator such as `>` or `2>&`'s `>&`, and its target."""

    operator: str
    start: int
    target: Word


class Command(NamedTuple):
    """A simple command.

    `nest` names the constructs around it, outermost first: `if while until for case { ( function
    $( [[`. `lead` is what stands before it: an operator (`&& || ; | & newline`), a reserved word,
    an opening bracket, or nothing at the start.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int
    nest: tuple[str, ...]
    lead: str
    heredocs: tuple[tuple[int, int, bool], ...] = ()

    @property
    def name(self) -> str:
        """The value of the first word; empty for a command of assignments alone."""
        return self.words[0].value if self.words else ""


class Script(NamedTuple):
    """A whole script: its simple commands, and all its tokens as spans, comments left out.

    A script is a function of its tokens, so equal token texts mean equal trees.
    """

    commands: tuple[Command, ...]
    tokens: tuple[tuple[int, int], ...]


class Opaque(NamedTuple):
    """A script that could not be followed: where reading stopped, and why."""

    offset: int
    reason: str


class _Refusal(Exception):
    def __init__(self, offset: int, reason: str) -> None:
        self.opaque = Opaque(offset, reason)


_BLANKS = re.compile(r"(?:[ \t]+|\\\r?\n)*")
_PLAIN = re.compile(r"[^ \t\n'\"\\$`|&;<>()]+")
_PLAIN_WORD = re.compile(r"[^ \t\n'\"\\$`|&;<>()#][^ \t\n'\"\\$`|&;<>()]*(?=[ \t\n|&;)]|$)")
_PLAIN_AND_BLANKS = re.compile(
    r"([^ \t\n'\"\\$`|&;<>()#][^ \t\n'\"\\$`|&;<>()]*)(?:[ \t]+|(?=[\n|&;)]|$))"
)
_REDIRECT = re.compile(r"(?:\d*|\{\w+\})(<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)|(&>>|&>)")
_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|\|&|[;|&\n]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^]\s]*\])?\+?=")
_NAME = re.compile(r"[A-Za-z_][\w.-]*$")
_SIMPLE_DOLLAR = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])")
_IN_DOUBLE = re.compile(r'[^"\\$`]+')
_IN_BRACES = re.compile(r"[^}'\"\\$`{]+")
_BACKTICKED = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_BACKTICK_ESCAPE = re.compile(r"\\[$`\\]")
_LINE = re.compile(r"[^\n]*")

_OPENERS = frozenset(("if", "while", "until", "for", "select", "case", "function", "[["))
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}", "in"))
_DEEPEST = 60


def scan(text: str, *, bodies: bool = True) -> Script | Opaque:
    """Scan a shell script.

    With `bodies` false, the text is one line of a RUN whose heredoc bodies the builder has taken
    already: a `<<EOF` has no body in `text`. Offsets in the result are 0-based, into `text`.
    Never raises.
    """
    scanner = _Scanner(text, bodies)
    try:
        scanner.script()
    except _Refusal as refusal:
        return refusal.opaque
    return Script(tuple(scanner.commands), tuple(scanner.tokens))


class _Scanner:
    __slots__ = ("at", "bodies", "commands", "depth", "end", "pending", "text", "tokens")

    def __init__(self, text: str, bodies: bool) -> None:
        self.text = text
        self.end = len(text)
        self.at = 0
        self.bodies = bodies
        self.depth = 0
        self.commands: list[Command] = []
        self.tokens: list[tuple[int, int]] = []
        # heredocs whose bodies start behind the next newline: name, chomp, quoted, owner, place
        self.pending: list[tuple[str, bool, bool, int, int]] = []

    def refuse(self, reason: str, offset: int | None = None) -> _Refusal:
        return _Refusal(self.at if offset is None else offset, reason)

    # -- lists of commands ---------------------------------------------------------------------

    def script(self) -> None:
        self.sequence((), "", frozenset())
        if self.at < self.end:
            raise self.refuse(f"unexpected {self.text[self.at]!r}")
        if self.pending and self.bodies:
            raise self.refuse("a heredoc without its body")

    def sequence(self, nest: tuple[str, ...], lead: str, closers: frozenset[str]) -> str:
        """Read commands up to one of `closers`, which is left unread, or the end; give which."""
        text = self.text
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse("nested too deeply")
        while True:
            self.space()
            if self.at >= self.end:
                if closers:
                    raise self.refuse(f"{' or '.join(sorted(closers))} is missing at the end")
                if lead in ("&&", "||", "|", "|&", "!"):
                    raise self.refuse(f"nothing behind {lead}")
                break
            char = text[self.at]
            if char == "\n":
                self.newline()
                if lead not in ("&&", "||", "|", "|&", "!"):
                    lead = "\n"
                continue
            found = ""
            if char == ")":
                found = ")"
            elif char == ";":
                match = _OPERATOR.match(text, self.at)
                found = match[0] if match else ";"
            elif char in "}dtefi":
                match = _PLAIN_WORD.match(text, self.at)
                found = match[0] if match and match[0] in _CLOSERS else ""
            if found:
                if found in closers and lead not in ("&&", "||", "|", "|&", "!"):
                    self.depth -= 1
                    return found
                raise self.refuse(f"unexpected {found!r}")
            lead = self.command(nest, lead)
        self.depth -= 1
        return ""

    def command(self, nest: tuple[str, ...], lead: str) -> str:
        """Read one command and the operator behind it; give the operator."""
        text, at = self.text, self.at
        char = text[at]
        own, compound = True, char in "({"
        if char == "(":
            if text.startswith("((", at) and self.arithmetic_command():
                pass
            else:
                self.bracket("(", ")", (*nest, "("))
            self.redirects()
        elif char == "{" and text[at + 1 : at + 2] in (" ", "\t", "\n"):
            self.bracket("{", "}", (*nest, "{"))
            self.redirects()
        elif char == "!" and text[at + 1 : at + 2] in (" ", "\t", "\n", "("):
            self.token(at, at + 1)
            self.at += 1
            return "!"
        else:
            match = _PLAIN_WORD.match(text, at)
            word = match[0] if match else ""
            if word in _OPENERS:
                compound = True
                self.compound(word, nest)
                self.redirects()
            elif word == "time" and self.timed(at + 4):
                self.token(at, at + 4)
                self.at += 4
                return "time"
            else:
                own = self.simple(nest, lead)
        self.space()
        if self.at >= self.end:
            return ""
        match = _OPERATOR.match(text, self.at)
        operator = match[0] if match else ""
        if not operator:
            if text[self.at] == ")" or not own:
                return ""
            match = _PLAIN_WORD.match(text, self.at)
            if compound and match is not None and match[0] in _CLOSERS:
                return ""  # `done fi`
            raise self.refuse(f"unexpected {text[self.at]!r}")
        if operator in (";;", ";&", ";;&"):
            return ""  # the end of a case arm, for `list` to judge
        if operator == "\n":
            self.newline()
        else:
            self.token(self.at, self.at + len(operator))
            self.at += len(operator)
        return operator

    def timed(self, at: int) -> bool:
        match = _BLANKS.match(self.text, at)
        rest = self.text[match.end() if match else at :][:2]
        return rest[:1] == "(" or rest in ("{ ", "{\n")

    def bracket(self, opening: str, closing: str, nest: tuple[str, ...]) -> None:
        self.token(self.at, self.at + 1)
        self.at += 1
        self.sequence(nest, opening, frozenset((closing,)))
        self.token(self.at, self.at + 1)
        self.at += 1

    def redirects(self) -> None:
        """Read the redirections behind a compound command."""
        while True:
            self.space()
            match = _REDIRECT.match(self.text, self.at)
            if match is None:
                return
            self.redirect(match, [])

    # -- compound commands ---------------------------------------------------------------------

    def expect(self, *words: str) -> str:
        """Read one of the reserved words."""
        self.space(newlines=True)
        match = _PLAIN_WORD.match(self.text, self.at)
        if match is None or match[0] not in words:
            raise self.refuse(f"{' or '.join(words)} is missing")
        self.token(*match.span())
        self.at = match.end()
        return match[0]

    def compound(self, word: str, nest: tuple[str, ...]) -> None:
        inner = (*nest, word)
        self.expect(word)
        if word == "if":
            while True:
                self.sequence(inner, word, frozenset(("then",)))
                self.expect("then")
                self.sequence(inner, "then", frozenset(("elif", "else", "fi")))
                word = self.expect("elif", "else", "fi")
                if word == "else":
                    self.sequence(inner, "else", frozenset(("fi",)))
                    word = self.expect("fi")
                if word == "fi":
                    return
        elif word in ("while", "until"):
            self.sequence(inner, word, frozenset(("do",)))
            self.body(inner)
        elif word in ("for", "select"):
            self.loop(inner)
        elif word == "case":
            self.case(inner)
        elif word == "function":
            self.space()
            self.word(inner)
            self.space()
            if self.text.startswith("(", self.at):
                self.parentheses()
            self.function(nest)
        else:
            self.test()

    def body(self, nest: tuple[str, ...]) -> None:
        self.expect("do")
        self.sequence(nest, "do", frozenset(("done",)))
        self.expect("done")

    def loop(self, nest: tuple[str, ...]) -> None:
        self.space()
        if self.text.startswith("((", self.at):
            if not self.arithmetic_command():
                raise self.refuse("unreadable arithmetic")
        else:
            self.word(nest)
            self.space(newlines=True)
            match = _PLAIN_WORD.match(self.text, self.at)
            if match is not None and match[0] == "in":
                self.expect("in")
                while True:
                    self.space()
                    if self.at >= self.end or self.text[self.at] in ";\n":
                        break
                    self.word(nest)
        self.space()
        if self.text.startswith(";", self.at):
            self.token(self.at, self.at + 1)
            self.at += 1
        self.body(nest)

    def case(self, nest: tuple[str, ...]) -> None:
        self.space()
        self.word(nest)
        self.expect("in")
        while True:
            self.space(newlines=True)
            match = _PLAIN_WORD.match(self.text, self.at)
            if match is not None and match[0] == "esac":
                self.expect("esac")
                return
            if self.text.startswith("(", self.at):
                self.token(self.at, self.at + 1)
                self.at += 1
            while True:
                self.space()
                self.word(nest)
                self.space()
                mark = self.text[self.at : self.at + 1]
                if mark not in ("|", ")"):
                    raise self.refuse("a case pattern that does not end")
                self.token(self.at, self.at + 1)
                self.at += 1
                if mark == ")":
                    break
            closer = self.sequence(nest, ")", frozenset((";;", ";&", ";;&", "esac")))
            if closer != "esac":
                self.token(self.at, self.at + len(closer))
                self.at += len(closer)

    def parentheses(self) -> None:
        match = re.compile(r"\([ \t]*\)").match(self.text, self.at)
        if match is None:
            raise self.refuse("unexpected '('")
        self.token(*match.span())
        self.at = match.end()

    def function(self, nest: tuple[str, ...]) -> None:
        self.space(newlines=True)
        if self.at >= self.end:
            raise self.refuse("a function without a body")
        nest = (*nest, "function")
        char = self.text[self.at]
        if char == "{":
            self.bracket("{", "}", nest)
        elif char == "(":
            self.bracket("(", ")", nest)
        else:
            raise self.refuse("a function body without brackets")
        self.redirects()

    def test(self) -> None:
        """Read the inside of `[[ … ]]` as words, operators and brackets."""
        while True:
            self.space(newlines=True)
            if self.at >= self.end:
                raise self.refuse("]] is missing at the end")
            char = self.text[self.at]
            if char in "()<>|&":
                self.token(self.at, self.at + 1)
                self.at += 1
                continue
            if char == ";":
                raise self.refuse("unexpected ';' in [[ ]]")
            start = self.at
            self.word(("[[",))
            if self.text[start : self.at] == "]]":
                return

    def arithmetic_command(self) -> bool:
        """Read `((…))`; where it is no arithmetic, read nothing and tell so."""
        start = self.at
        if not self.arithmetic(start + 2, ()):
            return False
        self.token(start, self.at)
        return True

    def arithmetic(self, start: int, nest: tuple[str, ...]) -> bool:
        """Read an arithmetic text and the `))` behind it; where it is none, read nothing."""
        text, opened = self.text, self.at
        commands, tokens = len(self.commands), len(self.tokens)
        depth = 0
        self.at = start
        while self.at < self.end:
            char = text[self.at]
            if char == ")":
                if not depth:
                    if not text.startswith("))", self.at):
                        break
                    self.at += 2
                    return True
                depth -= 1
            elif char == "(":
                depth += 1
            elif char == "$":
                self.dollar(nest)
                continue
            elif char in "'\"`\\;\n":
                break
            self.at += 1
        self.at = opened
        del self.commands[commands:], self.tokens[tokens:]
        return False

    # -- simple commands -----------------------------------------------------------------------

    def simple(self, nest: tuple[str, ...], lead: str) -> bool:
        """Read a simple command, or a function definition; tell whether it was the former."""
        text, start = self.text, self.at
        words: list[Word] = []
        assignments: list[Word] = []
        redirects: list[Redirect] = []
        tokens = self.tokens
        while True:
            # the common case first, a word of plain characters and the blanks behind it
            match = _PLAIN_AND_BLANKS.match(text, self.at)
            if match is not None:
                word = match[1]
                if words or "=" not in word or _ASSIGNMENT.match(word) is None:
                    begin, end = match.span(1)
                    words.append(Word(begin, end, word))
                    tokens.append((begin, end))
                    self.at = match.end()
                    continue
                assignments.append(self.assigned(nest))
                end = self.at
            elif text.startswith(("\\\n", "\\\r\n"), self.at):
                pass  # a continued line, for `space` to pass
            else:
                redirect = _REDIRECT.match(text, self.at)
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
                        self.parentheses()
                        self.function(nest)
                        return False
                    raise self.refuse("unexpected '('")
                else:
                    break
            self.space()
        self.commands.append(
            Command(tuple(words), tuple(assignments), tuple(redirects), start, end, nest, lead)
        )
        if self.pending:
            mine = len(self.commands) - 1
            self.pending = [
                (name, chomp, quoted, mine if owner < 0 else owner, place)
                for name, chomp, quoted, owner, place in self.pending
            ]
        return True

    def assigned(self, nest: tuple[str, ...]) -> Word:
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
            self.tokens.append((start, self.at))
            if owner >= 0:
                command = self.commands[owner]
                body = (start, begin, not quoted)
                self.commands[owner] = command._replace(heredocs=(*command.heredocs, body))
        self.pending = []

    # -- words ---------------------------------------------------------------------------------

    def token(self, start: int, end: int) -> None:
        self.tokens.append((start, end))

    def space(self, *, newlines: bool = False) -> None:
        """Pass blanks, escaped newlines, comments, and newlines if told."""
        text = self.text
        while True:
            if self.at < self.end and text[self.at] in " \t\\":
                match = _BLANKS.match(text, self.at)
                if match is not None:
                    self.at = match.end()
            if self.at >= self.end:
                return
            char = text[self.at]
            if char == "#":
                match = _LINE.match(text, self.at)
                self.at = match.end() if match is not None else self.end
            elif char == "\n" and newlines:
                self.newline()
            else:
                return

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
        self.tokens.append((start, self.at))
        return Word(start, self.at, "".join(parts))

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
        if self.depth > _DEEPEST:
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
        script = _Scanner(inner, bodies=True)
        script.depth = self.depth + 1
        script.script()
        for command in script.commands:
            self.commands.append(_placed(command, places, nest))
        self.at = match.end()
        return HOLE


def _placed(command: Command, places: list[int], nest: tuple[str, ...]) -> Command:
    """Give a command of a backquoted script with its offsets in the outer text."""

    def word(w: Word) -> Word:
        return Word(places[w.start], places[w.end], w.value)

    return Command(
        tuple(word(w) for w in command.words),
        tuple(word(w) for w in command.assignments),
        tuple(Redirect(r.operator, places[r.start], word(r.target)) for r in command.redirects),
        places[command.start],
        places[command.end],
        (*nest, "$(", *command.nest),
        command.lead,
        tuple((places[start], places[end], expand) for start, end, expand in command.heredocs),
    )
