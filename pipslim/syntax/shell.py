"""The commands of a shell script, each word with its span; `Opaque` whenever not certain.

Reads the POSIX shell language (Shell Command Language, IEEE Std 1003.1) and what bash adds to it
in the scripts that builds run: `[[ ]]`, `(( ))`, arrays, `<<<`, `&>`, process substitution,
`function`. It refuses rather than guesses: a script that it cannot follow to the end is Opaque.
"""

from __future__ import annotations

from pipslim.syntax.script import Command, Opaque, Refusal, Script, Word, plain_words
from pipslim.syntax.simple import DEEPEST, REDIRECT, SPACED, SimpleCommands
from pipslim.syntax.startup import lazy, record

_BLANKS = lazy(r"(?:[ \t]+|\\\r?\n)*")
_PLAIN_WORD = lazy(r"[^ \t\n'\"\\$`|&;<>()#][^ \t\n'\"\\$`|&;<>()]*(?=[ \t\n|&;)]|$)")
_OPERATOR = lazy(r"&&|\|\||;;&|;;|;&|\|&|[;|&\n]")
# words of plain characters up to an operator, or to the end; read ahead, then taken whole, for
# none of them is given back
_LINK = lazy(r"(?=([^\n'\"\\$`|&;<>()#]+))\1(&&|\|\|(?!&)|\|(?![|&])|;(?![;&])|\n|\Z)")

_OPENERS = frozenset(("if", "while", "until", "for", "select", "case", "function", "[["))
_OPENING = frozenset(word[0] for word in (*_OPENERS, "time"))
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}", "in"))
_RESERVED = _OPENERS | _CLOSERS | {"time", "!", "{"}


def scan(text: str, *, bodies: bool = True) -> Script | Opaque:
    """Scan a shell script.

    With `bodies` false, the text is one line of a RUN whose heredoc bodies the builder has taken
    already: a `<<EOF` has no body in `text`. Offsets in the result are 0-based, into `text`.
    Never raises.
    """
    scanner = _Scanner(text, bodies)
    try:
        scanner.script()
    except Refusal as refusal:
        return refusal.opaque
    return record(Script, (tuple(scanner.commands), tuple(scanner.tokens)))


class _Scanner(SimpleCommands):
    """Reads lists of commands and the constructs around them."""

    __slots__ = ()

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
        if self.depth > DEEPEST:
            raise self.refuse("nested too deeply")
        while True:
            lead = self.links(nest, lead)
            if text[self.at : self.at + 1] in SPACED:
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

    def links(self, nest: tuple[str, ...], lead: str) -> str:
        """Read the plain commands that stand here, each with the operator behind it.

        It leaves all that `command` may read otherwise; give what stands before that.
        """
        if self.pending:
            return lead
        text, commands, tokens = self.text, self.commands, self.tokens
        while True:
            match = _LINK.match(text, self.at)
            if match is None:
                return lead
            words = plain_words(match[1], self.at)
            if not words:
                return lead
            start, end, first = words[0]
            if first in _RESERVED or "=" in first:
                return lead
            end = words[-1].end
            commands.append(record(Command, (tuple(words), (), (), start, end, nest, lead, ())))
            tokens += words
            lead, self.at = match[2], match.end()
            if not lead:
                return lead
            tokens.append(record(Word, (match.start(2), self.at, lead)))

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
            word = ""
            if char in _OPENING:
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
        if text[self.at : self.at + 1] in SPACED:
            self.space()
        if self.at >= self.end:
            return ""
        operator = text[self.at : self.at + 2]
        if operator not in ("&&", "||"):
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
            at, self.at = self.at, self.at + len(operator)
            self.tokens.append(record(Word, (at, self.at, operator)))
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
            match = REDIRECT.match(self.text, self.at)
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
        match = lazy(r"\([ \t]*\)").match(self.text, self.at)
        if match is None:
            raise self.refuse("unexpected '('")
        self.token(*match.span())
        self.at = match.end()

    def function(self, nest: tuple[str, ...], *, brackets: bool = False) -> None:
        if brackets:
            self.parentheses()
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
