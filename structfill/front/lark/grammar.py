"""A grammar in Lark's notation, read by Lark itself, as plain tables: rules, LALR(1) actions, terminals in context."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from structfill.errors import Span, SpecError, TooLarge, UnsupportedFeature
from structfill.limits import Limits

from .patterns import Program
from .scanner import Context, Scanner, build

if TYPE_CHECKING:  # Lark is loaded with the first grammar
    from lark.lexer import TerminalDef

END = "$END"


@dataclass(frozen=True)
class Item:
    """Of a state: `dot` symbols of `rule` are on the stack, the rest is to come."""

    rule: int
    dot: int


@dataclass(frozen=True)
class Grammar:
    """LALR(1) tables with the lexer of every state. Terminals are numbered 0..T - 1, the end of the text is T.

    Attributes:
        terminals: names, by number. ignored: numbers of those that `%ignore` names.
        rules: (left side, symbols) by number; a symbol is a terminal's number, or T + 1 + a nonterminal's.
        nonterminals: names, by number.
        actions: by state, terminal -> state shifted to, or -1 - the rule that is reduced.
        gotos: by state, nonterminal -> state.
        kernels: by state, the items that it stands for.
        first, last: the state of the empty stack; the one in which the end of the text is accepted.
        scanner: the lexer; ``scanner.starts[context[s]]`` is where it begins in state s.
        digest: of everything that Lark made of the text, imports included.
    """

    terminals: list[str]
    ignored: frozenset[int]
    rules: list[tuple[int, tuple[int, ...]]]
    nonterminals: list[str]
    actions: list[dict[int, int]]
    gotos: list[dict[int, int]]
    kernels: list[list[Item]]
    first: int
    last: int
    context: list[int]
    scanner: Scanner
    digest: str


def load(text: str, start: str, limits: Limits) -> Grammar:
    """Reads a grammar. Raises `SpecError` for what Lark refuses, `UnsupportedFeature` for what cannot be honoured, both
    with line and column where Lark tells them or the name is found, and `TooLarge`."""
    return _Reader(text, start, _parser(text, start), limits).grammar()


def _parser(text: str, start: str) -> Any:
    """Lark's own parser. Its loader is recursive, so a text that nests too deeply ends in an error of ours."""
    import lark
    from lark.exceptions import GrammarError, LexError, ParseError, UnexpectedInput

    try:
        return lark.Lark(text, parser="lalr", lexer="contextual", start=start, maybe_placeholders=False,
                         debug=True)  # states are then sets of items, not numbers
    except UnexpectedInput as error:
        at = getattr(error, "pos_in_stream", None)
        at = len(text) if at is None or at < 0 else min(at, len(text))
        raise _error(text, (at, at + 1), str(error).split("\n")[0].rstrip(".")) from None
    except (GrammarError, LexError, ParseError) as error:
        message = str(error).split("\n\n")[0]  # behind it Lark shows the place, as `_error` does
        message = message.split("\n    collision occurred")[0]
        raise _error(text, _mentioned(text, str(error)), _ordered(message)) from None
    except RecursionError:
        raise SpecError("the grammar nests too deeply", hint="give inner groups rules of their own") from None
    except (re.error, AssertionError, OSError, KeyError, IndexError, TypeError, ValueError, NameError) as error:
        raise _error(text, _mentioned(text, str(error)), f"Lark cannot use the grammar: {error}") from None


class _Reader:
    """Numbers everything."""

    def __init__(self, text: str, start: str, parser: Any, limits: Limits) -> None:
        self.text, self.start, self.parser, self.limits = text, start, parser, limits
        self.table = parser.parser.parser._parse_table
        (self.first,), (self.last,) = self.table.start_states.values(), self.table.end_states.values()
        self.sets = sorted(self.table.states, key=lambda found: sorted(map(_spelled_item, self._kernel(found))))
        self.state = {found: i for i, found in enumerate(self.sets)}
        self.defined: dict[str, TerminalDef] = {t.name: t for t in parser.terminals}
        self.terminals = sorted(self.defined)
        self.terminal = {name: i for i, name in enumerate([*self.terminals, END])}
        rules = {pointer.rule for found in self.sets for pointer in found}
        self.rules = sorted(rules, key=_spelled_rule)
        self.rule = {rule: i for i, rule in enumerate(self.rules)}
        self.nonterminals = sorted({rule.origin.name for rule in self.rules})
        self.nonterminal = {name: i for i, name in enumerate(self.nonterminals)}

    def _kernel(self, found: Any) -> list[Any]:
        """The items of a state that its others follow from: those that are under way, and in the first one the root."""
        return [pointer for pointer in found if pointer.index > 0
                or (found == self.first and pointer.rule.origin.name == f"$root_{self.start}")]

    def grammar(self) -> Grammar:
        """All tables."""
        from lark.parsers.lalr_analysis import Shift

        self._all_defined()
        rules = [(self.nonterminal[rule.origin.name], tuple(map(self._symbol, rule.expansion))) for rule in self.rules]
        actions: list[dict[int, int]] = []
        gotos: list[dict[int, int]] = []
        for found in self.sets:
            row = self.table.states[found]
            actions.append({self.terminal[name]: self.state[where] if kind is Shift else -1 - self.rule[where]
                            for name, (kind, where) in row.items() if name in self.terminal})
            gotos.append({self.nonterminal[name]: self.state[where] for name, (kind, where) in row.items()
                          if name not in self.terminal})
        kernels = [[Item(self.rule[one.rule], one.index) for one in self._kernel(found)] for found in self.sets]
        ignored = frozenset(self.terminal[name] for name in self.parser.ignore_tokens)
        context, scanner = self._scanner()
        last = self.state[self.last]
        actions[last][len(self.terminals)] = last  # Lark accepts here without a shift
        return Grammar(self.terminals, ignored, rules, self.nonterminals, actions, gotos, kernels,
                       self.state[self.first], last, context, scanner, self._digest())

    def _symbol(self, symbol: Any) -> int:
        return (self.terminal[symbol.name] if symbol.is_term
                else len(self.terminals) + 1 + self.nonterminal[symbol.name])

    def _all_defined(self) -> None:
        for rule in self.rules:
            for symbol in rule.expansion:
                if symbol.is_term and symbol.name not in self.terminal:
                    raise UnsupportedFeature("%declare", _placed(self.text, _mentioned(self.text, symbol.name),
                                             f"the terminal {symbol.name} is declared but has no pattern"),
                                             span=_span(self.text, _mentioned(self.text, symbol.name)),
                                             hint="define it: terminals made by a postlexer cannot be generated")

    def _scanner(self) -> tuple[list[int], Scanner]:
        """The context of every state and the lexer over all of them."""
        program, lexer = Program(self.limits), self.parser.parser.lexer
        entries: dict[str, int] = {}
        numbers: dict[frozenset[str], int] = {}
        contexts: list[Context] = []
        found: dict[Context, list[str]] = {}
        retyped: dict[int, list[str]] = {}
        context = []
        joins = _joins(lexer.root_lexer)
        lexers = {frozenset(t.name for t in one.terminals): one for one in lexer.lexers.values()}
        for item_set in self.sets:
            row = self.table.states[item_set]
            names = frozenset(name for name in row if name in self.defined) | frozenset(self.parser.ignore_tokens)
            if names not in numbers:
                tried, keywords, by_terminal = _tried(lexers[names], joins, self.text)
                for name in [*tried, *keywords]:
                    if name not in entries:
                        entries[name] = self._entry(program, name)
                for name, found_words in by_terminal.items():
                    known = retyped.setdefault(self.terminal[name], [])
                    known += [word for word in found_words if word not in known]
                one = Context(tuple(entries[n] for n in tried), tuple(entries[n] for n in keywords))
                numbers[names] = len(contexts)
                contexts.append(one)
                found[one] = tried
            context.append(numbers[names])
        order = {t.name: i for i, t in enumerate(lexer.root_lexer.terminals)}
        words = {t: [self.terminal[w] for w in sorted(names, key=order.__getitem__)] for t, names in retyped.items()}

        def blame(error: UnsupportedFeature, at: Context) -> UnsupportedFeature:
            for name in found[at]:
                try:
                    build(program, [Context((entries[name],), ())], {}, self.limits, lambda one, _: one)
                except UnsupportedFeature:
                    return self._refusal(error, name)
            return error

        try:
            scanner = build(program, contexts, words, self.limits, blame)
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
                     for t in sorted(self.parser.terminals, key=lambda t: t.name)]
        whole = repr((self.start, terminals, sorted(self.parser.ignore_tokens), list(map(_spelled_rule, self.rules))))
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _joins(lexer: Any) -> bool:
    """Can Lark join all terminals of a lexer to one pattern? Then so it can any of them."""
    try:
        return lexer.scanner is not None
    except (re.error, AssertionError):
        return False


def _tried(lexer: Any, joins: bool, text: str) -> tuple[list[str], list[str], dict[str, list[str]]]:
    """The terminals that one of Lark's lexers tries, in order, all keywords, and by regex terminal the string terminals
    that take its place where they match all of the lexeme.

    Lark's scanner knows that, too, but compiling its pattern takes a quarter of a second for a grammar like SQL's, and
    there are hundreds of lexers; so only where not all terminals join it is made, for the error.
    """
    from lark.lexer import PatternStr, _create_unless

    try:
        terminals, callbacks = _create_unless(lexer.terminals, lexer.g_regex_flags, lexer.re, lexer.use_bytes)
        assert joins or lexer.scanner is not None
    except (re.error, AssertionError) as error:
        raise _error(text, (0, 0), f"Lark cannot join the terminals to one pattern: {error}") from None
    words = {name: [t.name for t in callback.scanner.terminals] for name, callback in callbacks.items()}
    found = {word for some in words.values() for word in some}
    keywords = [t.name for t in lexer.terminals if t.name in found and isinstance(t.pattern, PatternStr)]
    return [t.name for t in terminals], keywords, words


def _spelled_rule(rule: Any) -> tuple[str, tuple[tuple[bool, str], ...], int]:
    return (rule.origin.name, tuple((s.is_term, s.name) for s in rule.expansion), rule.options.priority or 0)


def _spelled_item(pointer: Any) -> tuple[Any, int]:
    return _spelled_rule(pointer.rule), pointer.index


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


__all__ = ["END", "Grammar", "Item", "TooLarge", "load"]
