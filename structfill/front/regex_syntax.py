"""The grammar of ECMA-262 patterns (clause 22.2.1, Unicode mode): text -> a flat list of nodes.

No recursion: nesting is bounded by memory, not by the stack. Where Unicode mode is stricter than what people
write, Annex B's reading is accepted as long as it has one meaning: escaped punctuation (``\\-``, ``\\@``) and
lone
``]``, ``{``, ``}`` stand for themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NoReturn

from structfill.automaton.charset import CharSet
from structfill.errors import Span, SpecError, UnsupportedFeature
from structfill.front import unicode_sets as sets
from structfill.front.regex_escapes import Escapes

EMPTY: Final = "empty"  # ()
CHARS: Final = "chars"  # (CharSet,)
CAT: Final = "cat"  # (children,)
ALT: Final = "alt"  # (children,)
REPEAT: Final = "repeat"  # (child, minimum, maximum or None)
ASSERT: Final = "assert"  # ("^" | "$" | "b" | "B",)
LOOK: Final = "look"  # (child, negative, behind, start, end)


@dataclass
class Pattern:
    """A parsed pattern: `nodes` are (kind, *fields) tuples that refer to each other by index.

    ``consumes[i]`` says whether node i can match a character at all; `root` is the top node.
    """

    nodes: list[tuple[object, ...]] = field(default_factory=list)
    consumes: list[bool] = field(default_factory=list)
    root: int = 0

    def add(self, consumes: bool, *node: object) -> int:
        """Appends a node; returns its index."""
        self.nodes.append(node)
        self.consumes.append(consumes)
        return len(self.nodes) - 1


@dataclass
class _Frame:
    """An open group: finished alternatives, the items of the current one, and what the group is."""

    start: int
    look: tuple[bool, bool] | None = None  # (negative, behind)
    branches: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


_LITERALS = re.compile(r"[^\\^$.*+?()\[\]{}|]+")


class Parser:
    """One pass over a pattern. Raises `SpecError` (syntax) or `UnsupportedFeature`, both with a span."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out = Pattern()
        self.empty = self.out.add(False, EMPTY)
        self.escapes = Escapes(text)
        self._chars: dict[CharSet, int] = {}
        self._singles: dict[str, int] = {}
        self._asserts: dict[str, int] = {}

    def fail(self, message: str, start: int, end: int | None = None, hint: str | None = None) -> NoReturn:
        end = min(self.at if end is None else end, len(self.text))
        raise SpecError(message, span=Span(self.text, start, end), hint=hint)

    def parse(self) -> Pattern:
        """The whole pattern."""
        frames = [_Frame(-1)]
        text, end = self.text, len(self.text)
        while self.at < end:
            start = self.at
            char = text[start]
            if char == "(":
                frames.append(self._open(start))
            elif char == ")":
                if len(frames) == 1:
                    self.fail("this parenthesis closes nothing", start, start + 1, "write \\)")
                self.at += 1
                closed = frames.pop()
                frames[-1].items.append(self._quantified(self._close(closed), closed.start, closed.look))
            elif char == "|":
                self.at += 1
                frames[-1].branches.append(self._sequence(frames[-1].items))
                frames[-1].items = []
            elif (literals := _LITERALS.match(text, start)) and literals.end() > start + 1:
                # All but the last character of a run have no quantifier.
                self.at = literals.end() - 1
                frames[-1].items.extend(map(self._literal, text[start:self.at]))
            else:
                frames[-1].items.append(self._term(char, start))
        if len(frames) > 1:
            self.fail("this parenthesis is never closed", frames[-1].start, frames[-1].start + 1)
        self.out.root = self._alternatives(frames[0])
        return self.out

    def _open(self, start: int) -> _Frame:
        text = self.text
        self.at = start + 1
        if not text.startswith("?", self.at):
            return _Frame(start)
        for mark, look in ((":", None), ("=", (False, False)), ("!", (True, False)),
                           ("<=", (False, True)), ("<!", (True, True))):
            if text.startswith(mark, start + 2):
                self.at = start + 2 + len(mark)
                return _Frame(start, look)
        if text.startswith("<", start + 2):
            close = text.find(">", start + 3)
            name = text[start + 3:close] if close > 0 else ""
            if not name.replace("$", "_").isidentifier():
                self.fail("a group name must be an identifier followed by >", start, start + 3)
            self.at = close + 1
            return _Frame(start)
        self._refuse_group(start)

    def _refuse_group(self, start: int) -> NoReturn:
        rest = self.text[start + 2:start + 4]
        span = Span(self.text, start, min(start + 4, len(self.text)))
        if rest[:1] == ">":
            raise UnsupportedFeature("atomic group", span=span, hint="ECMA-262 has none; use (?:...)")
        if rest[:1] == "P":
            raise UnsupportedFeature("(?P group", span=span, hint="ECMA-262 writes (?<name>...)")
        if rest[:1].isalpha() or rest[:1] == "-":
            raise UnsupportedFeature("inline flag", span=span, hint="spell both cases out, as in [aA]")
        self.fail("unknown kind of group", start, start + 3)

    def _sequence(self, items: list[int]) -> int:
        """The node of one alternative."""
        parts = [item for item in items if item != self.empty]
        if len(parts) < 2:
            return parts[0] if parts else self.empty
        return self.out.add(any(self.out.consumes[p] for p in parts), CAT, parts)

    def _alternatives(self, frame: _Frame) -> int:
        branches = list(dict.fromkeys([*frame.branches, self._sequence(frame.items)]))
        if len(branches) == 1:
            return branches[0]
        return self.out.add(any(self.out.consumes[b] for b in branches), ALT, branches)

    def _close(self, frame: _Frame) -> int:
        body = self._alternatives(frame)
        if frame.look is None:
            return body
        return self.out.add(False, LOOK, body, *frame.look, frame.start, self.at)

    def _term(self, char: str, start: int) -> int:
        """An atom or assertion with its quantifier."""
        if char in "^$":
            self.at += 1
            return self._unquantified(self._assertion(char), start)
        if char == "\\":
            if self.text.startswith(("\\b", "\\B"), start):
                self.at += 2
                return self._unquantified(self._assertion(self.text[start + 1]), start)
            chars, self.at = self.escapes.atom(start)
        elif char == "[":
            chars, self.at = self.escapes.char_class(start)
        elif char in "*+?" or self._braces() is not None:
            self.fail("nothing to repeat", start, start + 1, f"write \\{char} for the character")
        else:
            self.at += 1
            if char != ".":
                return self._quantified(self._literal(char), start, None)
            chars = sets.DOT
        return self._quantified(self._set(chars), start, None)

    def _literal(self, char: str) -> int:
        if char not in self._singles:
            self._singles[char] = self._set(CharSet(((ord(char), ord(char)),)))
        return self._singles[char]

    def _set(self, chars: CharSet) -> int:
        if chars not in self._chars:
            self._chars[chars] = self.out.add(True, CHARS, chars)
        return self._chars[chars]

    def _assertion(self, kind: str) -> int:
        if kind not in self._asserts:
            self._asserts[kind] = self.out.add(False, ASSERT, kind)
        return self._asserts[kind]

    def _unquantified(self, node: int, start: int) -> int:
        if self._quantifier() is not None:
            self.fail("an assertion cannot be repeated", start, self.at)
        return node

    def _braces(self) -> tuple[int, int | None, int] | None:
        """``{n}``, ``{n,}``, ``{n,m}`` here as (n, m, end), or None if this is no quantifier."""
        text, at = self.text, self.at
        if not text.startswith("{", at):
            return None
        close = text.find("}", at, at + 64)
        low, comma, high = text[at + 1:close].partition(",") if close > 0 else ("", "", "")
        if comma and not low and high.isascii() and high.isdigit():
            self.fail("a repeat needs a lower bound", at, close + 1, f"write {{0,{high}}}")
        if not (low.isascii() and low.isdigit() and (not high or (high.isascii() and high.isdigit()))):
            return None
        maximum = int(high) if high else (None if comma else int(low))
        return int(low), maximum, close + 1

    def _quantifier(self) -> tuple[int, int | None] | None:
        """The quantifier at this place, if any; steps over it and over its ``?``."""
        start = self.at
        char = self.text[start:start + 1]
        found: tuple[int, int | None]
        if char == "*":
            found, self.at = (0, None), start + 1
        elif char == "+":
            found, self.at = (1, None), start + 1
        elif char == "?":
            found, self.at = (0, 1), start + 1
        elif (braces := self._braces()) is not None:
            found, self.at = braces[:2], braces[2]
        else:
            return None
        if found[1] is not None and found[0] > found[1]:
            self.fail("the bounds of this repeat are out of order", start)
        if self.text.startswith("?", self.at):
            self.at += 1  # lazy: the same language
        elif self.text.startswith("+", self.at):
            raise UnsupportedFeature("possessive quantifier", span=Span(self.text, start, self.at + 1),
                                     hint="ECMA-262 has none")
        return found

    def _quantified(self, node: int, start: int, look: tuple[bool, bool] | None) -> int:
        found = self._quantifier()
        if found is None:
            return node
        if look is not None:
            self.fail("an assertion cannot be repeated", start, self.at)
        after = self.at
        if self._quantifier() is not None:
            self.fail("nothing to repeat: the quantifier before has been applied", after)
        low, high = found
        if high == 0 or node == self.empty:
            return self.empty
        if (low, high) == (1, 1):
            return node
        if not self.out.consumes[node]:
            # Repeating what consumes nothing changes nothing, but leaving it out may.
            return node if low else self.out.add(False, ALT, [node, self.empty])
        return self.out.add(True, REPEAT, node, low, high)
