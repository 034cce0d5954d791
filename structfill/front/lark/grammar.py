"""A grammar in Lark's notation, read by Lark itself, as plain tables: rules, LALR(1) actions, terminals in context."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from structfill.errors import Span, SpecError, StructfillError, TooLarge, UnsupportedFeature
from structfill.limits import Limits

from .patterns import Program
from .scanner import Context, Scanner, build

if TYPE_CHECKING:  # Lark is loaded with the first grammar
    from lark.lexer import TerminalDef

    from .analysis import Analysis

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Grammar:
    """LALR(1) tables with the lexer of every state. Terminals are numbered 0..T - 1, the end of the text is T.

    Attributes:
        terminals: names, by number; an ignored string has a second one, under which it is fed to the parser where a
            regex matched it. ignored: numbers of those that `%ignore` names.
        rules: (left side, symbols) by number; a symbol is a terminal's number, or T + 1 + a nonterminal's.
        nonterminals: N names, by number.
        act: int32 [S, T + 1]: 1 + the state shifted to, -1 - the rule that is reduced, or 0.
        goto: int32 [S, N], the state behind a nonterminal, or -1.
        kernels: (rule, dot) of the items that each state stands for, int32 [.., 2], from ``kernel_ptr[state]`` on: so
            many symbols of the rule are on the stack.
        last: the state in which the end of the text is accepted; that of the empty stack is 0.
        scanner: the lexer; ``scanner.starts[context[s]]`` is where it begins in state s.
        digest: of everything that Lark made of the text, imports included.
    """

    terminals: list[str]
    ignored: frozenset[int]
    rules: list[tuple[int, tuple[int, ...]]]
    nonterminals: list[str]
    act: Int32
    goto: Int32
    kernel_ptr: NDArray[np.int64]
    kernels: Int32
    last: int
    context: list[int]
    scanner: Scanner
    digest: str


def load(text: str, start: str, limits: Limits) -> Grammar:
    """Reads a grammar. Raises `SpecError` for what Lark refuses, `UnsupportedFeature` for what cannot be honoured, both
    with line and column where Lark tells them or the name is found, and `TooLarge`."""
    return _Reader(text, start, *_read(text, start, limits), limits).grammar()


def _read(text: str, start: str, limits: Limits) -> tuple[Any, Analysis]:
    """What Lark makes of a text, and the parser's tables."""
    import lark

    from . import analysis

    with _as_errors_of_ours(text):
        found = lark.Lark(text, parser="lalr", lexer="contextual", start=start, maybe_placeholders=False,
                          _plugins={"LALR_Parser": analysis.NoParser, "ContextualLexer": analysis.OneLexer})
    _all_defined(text, found)
    with _as_errors_of_ours(text):
        fed = map(_fed, _ignored_strings(found))
        return found, analysis.analyse(found.rules, [*(t.name for t in found.terminals), *fed], start, limits.states)


def imports_files(text: str) -> bool:
    """Does a grammar import from files beside the program, and not from Lark's own ones alone?"""
    from lark.load_grammar import GrammarBuilder

    found: list[str] = []

    class Watching(GrammarBuilder):
        def do_import(self, dotted_path: Any, base_path: Any, *_: Any) -> None:
            found.extend(dotted_path if base_path is not None else ())
    with contextlib.suppress(Exception):  # a text that is no grammar: `load` says why
        Watching().load_grammar(text)
    return bool(found)


@contextlib.contextmanager
def _as_errors_of_ours(text: str) -> Iterator[None]:
    """What Lark raises about a grammar, as `SpecError`. Its loader is recursive, so nesting too deeply is one of it."""
    from lark.exceptions import GrammarError, LexError, ParseError, UnexpectedInput

    try:
        yield
    except StructfillError:
        raise
    except UnexpectedInput as error:
        at = getattr(error, "pos_in_stream", None)
        at = len(text) if at is None or at < 0 else min(at, len(text))
        raise _error(text, (at, at + 1), str(error).split("\n")[0].rstrip(".")) from None
    except (GrammarError, LexError, ParseError) as error:
        message = str(error).split("\n\n")[0]  # behind it Lark shows the place, as `_error` does
        raise _error(text, _mentioned(text, str(error)), _ordered(message)) from None
    except RecursionError:
        raise SpecError("the grammar nests too deeply", hint="give inner groups rules of their own") from None
    except (re.error, AssertionError, OSError, KeyError, IndexError, TypeError, ValueError, NameError) as error:
        raise _error(text, _mentioned(text, str(error)), f"Lark cannot use the grammar: {error}") from None


class _Reader:
    """Numbers everything."""

    def __init__(self, text: str, start: str, lark: Any, analysis: Analysis, limits: Limits) -> None:
        self.text, self.start, self.lark, self.analysis, self.limits = text, start, lark, analysis, limits
        self.defined: dict[str, TerminalDef] = {t.name: t for t in lark.terminals}
        self.terminal = {name: i for i, name in enumerate(analysis.terminals)}

    def grammar(self) -> Grammar:
        """All tables."""
        found = self.analysis
        for name in _ignored_strings(self.lark):
            found.act[:, self.terminal[_fed(name)]] = found.act[:, self.terminal[name]]
        context, scanner = self._scanner()
        found.act[found.last, len(found.terminals)] = 1 + found.last  # Lark accepts here without a shift
        ignored = frozenset(self.terminal[name] for name in self.lark.ignore_tokens)
        rules = list(zip(found.lefts, found.symbols, strict=True))
        return Grammar(found.terminals, ignored, rules, found.nonterminals, found.act, found.goto, found.kernel_ptr,
                       found.kernels, found.last, context, scanner, self._digest())

    def _scanner(self) -> tuple[list[int], Scanner]:
        """The context of every state and the lexer over all of them."""
        program, lexer = Program(self.limits), self.lark.parser.lexer.root_lexer
        entries: dict[str, int] = {}
        numbers: dict[bytes, int] = {}
        contexts: list[Context] = []
        found: dict[Context, list[str]] = {}
        retyped: dict[int, list[str]] = {}
        context = []
        joins = _joins(lexer)
        accepts = self.analysis.act[:, :-1] != 0
        accepts[:, [self.terminal[name] for name in self.lark.ignore_tokens]] = True
        for row, packed in zip(accepts, np.packbits(accepts, axis=1), strict=True):
            if (key := packed.tobytes()) not in numbers:
                some = [t for t in lexer.terminals if row[self.terminal[t.name]]]
                try:
                    tried, keywords, by_terminal = _tried(lexer, some, joins, self.text)
                except SpecError:
                    for terminal in some:  # one that is not supported would be the cause
                        self._entry(Program(self.limits), terminal.name)
                    raise
                for name in [*tried, *keywords]:
                    if name not in entries:
                        entries[name] = self._entry(program, name)
                for name, found_words in by_terminal.items():
                    if name in self.lark.ignore_tokens:  # the text is ignored, whatever it would become
                        continue
                    known = retyped.setdefault(self.terminal[name], [])
                    known += [word for word in found_words if word not in known]
                one = Context(tuple(entries[n] for n in tried), tuple(entries[n] for n in keywords))
                numbers[key] = len(contexts)
                contexts.append(one)
                found[one] = tried
            context.append(numbers[key])
        order = {t.name: i for i, t in enumerate(lexer.terminals)}
        words = {t: [self.terminal[w] for w in sorted(names, key=order.__getitem__)] for t, names in retyped.items()}
        fed = {self.terminal[name]: self.terminal[_fed(name)] for name in _ignored_strings(self.lark)}

        def blame(error: UnsupportedFeature, at: Context) -> UnsupportedFeature:
            for name in found[at]:
                try:
                    build(program, [Context((entries[name],), ())], {}, {}, self.limits, lambda one, _: one)
                except UnsupportedFeature:
                    return self._refusal(error, name)
            return error

        try:
            scanner = build(program, contexts, words, fed, self.limits, blame)
        except UnsupportedFeature as error:
            raise (error if error.span else self._refusal(error, None)) from None
        return context, scanner

    def _entry(self, program: Program, name: str) -> int:
        try:
            return program.compile(self.defined[name].pattern.to_regexp(), self.terminal[name])
        except UnsupportedFeature as error:
            raise self._refusal(error, name) from None
        except RecursionError:
            raise _error(self.text, _mentioned(self.text, name), f"terminal {name} nests too deeply") from None

    def _refusal(self, error: UnsupportedFeature, name: str | None) -> UnsupportedFeature:
        """The same error, placed where the terminal is defined."""
        where = _mentioned(self.text, name or "")
        what = f"{error.feature} is not supported" + (f" in the terminal {name}" if name else " in a terminal")
        return UnsupportedFeature(error.feature, _placed(self.text, where, what), span=_span(self.text, where),
                                  hint=error.hint)

    def _digest(self) -> str:
        terminals = [(t.name, t.pattern.to_regexp(), type(t.pattern).__name__, t.priority)
                     for t in sorted(self.lark.terminals, key=lambda t: t.name)]
        rules = [(rule.origin.name, rule.options.priority or 0) for rule in self.analysis.rules]
        whole = repr((self.start, terminals, sorted(self.lark.ignore_tokens), rules, self.analysis.symbols))
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _ignored_strings(lark: Any) -> list[str]:
    """The strings that are ignored: what a regex matches may become one of them, and is fed to the parser then."""
    return [t.name for t in lark.terminals if t.name in lark.ignore_tokens and t.pattern.type == "str"]


def _fed(name: str) -> str:
    """The terminal that stands for an ignored one where it is not ignored."""
    return f"{name} (not ignored)"


def _joins(lexer: Any) -> bool:
    """Can Lark join all terminals of a lexer to one pattern? Then so it can any of them."""
    try:
        return lexer.scanner is not None
    except (re.error, AssertionError):
        return False


def _all_defined(text: str, lark: Any) -> None:
    known = {t.name for t in lark.terminals}
    for symbol in (symbol for rule in lark.rules for symbol in rule.expansion):
        if symbol.is_term and symbol.name not in known:
            where = _mentioned(text, symbol.name)
            raise UnsupportedFeature("%declare", _placed(text, where, f"the terminal {symbol.name} is declared but has "
                                                         "no pattern"), span=_span(text, where),
                                     hint="define it: terminals made by a postlexer cannot be generated")


def _tried(lexer: Any, some: list[TerminalDef], joins: bool, text: str
           ) -> tuple[list[str], list[str], dict[str, list[str]]]:
    """What Lark's lexer over `some` of the terminals tries, in order, all keywords, and by regex terminal the string
    terminals that take its place where they match all of the lexeme.

    Lark's scanner knows that, too, but compiling its pattern takes a quarter of a second for a grammar like SQL's, and
    there are hundreds of lexers; so only where not all terminals join it is made, for the error.
    """
    from lark.lexer import PatternStr, Scanner, _create_unless

    try:
        terminals, callbacks = _create_unless(some, lexer.g_regex_flags, lexer.re, lexer.use_bytes)
        assert joins or Scanner(terminals, lexer.g_regex_flags, lexer.re, lexer.use_bytes)
    except (re.error, AssertionError) as error:
        raise _error(text, (0, 0), f"Lark cannot join the terminals to one pattern: {error}") from None
    words = {name: [t.name for t in callback.scanner.terminals] for name, callback in callbacks.items()}
    found = {word for some in words.values() for word in some}
    keywords = [t.name for t in some if t.name in found and isinstance(t.pattern, PatternStr)]
    return [t.name for t in terminals], keywords, words


def _mentioned(text: str, message: str) -> tuple[int, int]:
    """The place that a message of Lark's tells, or where the grammar defines or uses a name in it, quoted ones first.
    """
    if told := re.search(r"line (\d+),? column (\d+)", message):
        lines = text.split("\n")[:int(told[1]) - 1]
        at = sum(map(len, lines)) + len(lines) + int(told[2]) - 1
        return at, at + 1
    quoted = re.findall(r"'([A-Za-z_][A-Za-z_0-9]*)'", message)
    names: Iterable[str] = dict.fromkeys([*quoted, *re.findall(r"[A-Za-z_][A-Za-z_0-9]*", message)])
    forms = (r"^[ \t]*[?!]?({})[ \t]*(?:\{{[^}}]*\}})?(?:\.-?\d+)?[ \t]*:", r"(?<!\w)({})(?!\w)")
    for name, form in ((name, form) for name in quoted for form in forms):
        if found := re.search(form.format(re.escape(name)), text, re.MULTILINE):
            return found.span(1)
    for form in forms:
        hits = (re.search(form.format(re.escape(name)), text, re.MULTILINE) for name in names)
        places = [found.span(1) for found in hits if found]
        if places:
            return min(places)
    return 0, 0


def _ordered(message: str) -> str:
    """A message of Lark's that lists rules, which it does in any order, in one order."""
    first, *rest = message.strip().split("\n\t- ")
    return "\n\t- ".join([first, *sorted(rest)])


def _span(text: str, where: tuple[int, int]) -> Span:
    return Span(text, where[0], max(where[1], where[0] + 1))


def _placed(text: str, where: tuple[int, int], message: str) -> str:
    line, column = text.count("\n", 0, where[0]) + 1, where[0] - text.rfind("\n", 0, where[0])
    message = re.sub(r",? at line \d+,? column \d+", "", message)
    return f"line {line}, column {column}: {message}"


def _error(text: str, where: tuple[int, int], message: str) -> SpecError:
    return SpecError(_placed(text, where, message), span=_span(text, where))


__all__ = ["Grammar", "TooLarge", "load"]
