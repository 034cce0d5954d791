"""Escapes and character classes of ECMA-262 patterns (clauses 22.2.1 and 22.2.2.9), as character sets."""

from __future__ import annotations

from typing import NoReturn

from structfill.automaton.charset import CharSet
from structfill.errors import Span, SpecError, UnsupportedFeature
from structfill.front import unicode_sets as sets

_SETS = {"d": sets.DIGIT, "D": ~sets.DIGIT, "s": sets.SPACE, "S": ~sets.SPACE, "w": sets.WORD,
         "W": ~sets.WORD}
_CONTROL = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_FOREIGN = {"A": "use ^", "Z": "use $", "z": "use $", "G": None, "h": "use [ \\t]", "H": "use [^ \\t]",
            "R": "use (?:\\r\\n|\\n|\\r)", "K": None, "Q": "escape each character", "E": None, "X": None,
            "N": "use \\u{...}", "a": "use \\x07", "e": "use \\x1b"}


class Escapes:
    """Reads escapes and classes of one pattern; every method returns what it read and the place after it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str, start: int, end: int, hint: str | None = None) -> NoReturn:
        raise SpecError(message, span=Span(self.text, start, min(end, len(self.text))), hint=hint)

    def atom(self, at: int) -> tuple[CharSet, int]:
        """The escape at `at` outside a class."""
        digit = self.text[at + 1:at + 2]
        if "1" <= digit <= "9" or self.text.startswith("\\k<", at):
            raise UnsupportedFeature("back-reference", span=Span(self.text, at, at + 2),
                                     hint="a language with back-references is not regular")
        return self._either(at)

    def _either(self, at: int) -> tuple[CharSet, int]:
        """An escape that stands for a set or for a character."""
        letter = self.text[at + 1:at + 2]
        if letter in _SETS and letter:
            return _SETS[letter], at + 2
        if letter in ("p", "P"):
            return self._property(at)
        code, at = self._character(at)
        return CharSet(((code, code),)), at

    def _character(self, at: int) -> tuple[int, int]:
        """CharacterEscape (22.2.1): one code point."""
        text = self.text
        letter = text[at + 1:at + 2]
        if not letter:
            self.fail("a pattern cannot end in a backslash", at, at + 1, "write \\\\ for the character")
        if letter in _CONTROL:
            return _CONTROL[letter], at + 2
        if letter == "c":
            control = text[at + 2:at + 3]
            if not (control.isascii() and control.isalpha()):
                self.fail("\\c needs a letter", at, at + 3)
            return ord(control) % 32, at + 3
        if letter == "0":
            if text[at + 2:at + 3].isdigit():
                self.fail("octal escapes are not allowed", at, at + 3, "write \\x00")
            return 0, at + 2
        if letter == "x":
            return self._hex(at, at + 2, 2), at + 4
        if letter == "u":
            return self._unicode(at)
        if letter in _FOREIGN:
            raise UnsupportedFeature(f"\\{letter}", span=Span(text, at, at + 2), hint=_FOREIGN[letter])
        if letter.isalnum():
            self.fail(f"unknown escape \\{letter}", at, at + 2)
        return ord(letter), at + 2

    def _hex(self, start: int, at: int, digits: int) -> int:
        value = self.text[at:at + digits]
        if len(value) != digits or not all(c in "0123456789abcdefABCDEF" for c in value):
            self.fail(f"{self.text[start:start + 2]} needs {digits} hexadecimal digits", start, at + digits)
        return int(value, 16)

    def _unicode(self, at: int) -> tuple[int, int]:
        """RegExpUnicodeEscapeSequence: ``\\uHHHH``, a surrogate pair of two of them, or ``\\u{H...}``."""
        text = self.text
        if text.startswith("{", at + 2):
            close = text.find("}", at, at + 64)
            digits = text[at + 3:close] if close > 0 else ""
            if not digits or any(c not in "0123456789abcdefABCDEF" for c in digits):
                self.fail("\\u{ needs hexadecimal digits and a closing brace", at, at + 3)
            if int(digits, 16) > 0x10FFFF:
                self.fail("there is no such code point", at, close + 1)
            return int(digits, 16), close + 1
        code = self._hex(at, at + 2, 4)
        if 0xD800 <= code <= 0xDBFF and text.startswith("\\u", at + 6) and not text.startswith("{", at + 8):
            low = self._hex(at + 6, at + 8, 4)
            if 0xDC00 <= low <= 0xDFFF:
                return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), at + 12
        return code, at + 6

    def _property(self, at: int) -> tuple[CharSet, int]:
        """``\\p{...}`` and ``\\P{...}`` (22.2.1, UnicodePropertyValueExpression)."""
        text = self.text
        close = text.find("}", at, at + 128)
        if not text.startswith("{", at + 2) or close < 0:
            self.fail("a Unicode property is written \\p{Name}", at, at + 3)
        name, equals, value = text[at + 3:close].partition("=")
        if equals and name in ("General_Category", "gc"):
            found = sets.category(value)
        elif equals:
            found = None
        else:
            found = sets.category(name) or sets.binary_property(name)
        if found is None:
            name = f"Unicode property {text[at + 3:close]!r}"
            raise UnsupportedFeature(name, span=Span(text, at, close + 1),
                                     hint="general categories such as \\p{L} or \\p{Lu} are available")
        return (found if text[at + 1] == "p" else ~found), close + 1

    def char_class(self, start: int) -> tuple[CharSet, int]:
        """``[...]`` from its bracket on."""
        text, at = self.text, start + 1
        negated = text.startswith("^", at)
        at += negated
        ranges: list[tuple[int, int]] = []
        while not text.startswith("]", at):
            if at >= len(text):
                self.fail("this class is never closed", start, start + 1)
            self._refuse_posix(at)
            first, after = self._class_atom(at)
            if text.startswith("-", after) and after + 1 < len(text) and text[after + 1] != "]":
                last, end = self._class_atom(after + 1)
                ranges.append(self._range(first, last, at, end))
                at = end
            else:
                ranges.extend(first.ranges)
                at = after
        found = CharSet.of(ranges)
        return (~found if negated else found), at + 1

    def _refuse_posix(self, at: int) -> None:
        if self.text.startswith(("[:", "[.", "[="), at):
            mark = self.text[at + 1]
            close = self.text.find(mark + "]", at + 2, at + 40)
            if close > 0 and self.text[at + 2:close].replace("^", "").isalpha():
                raise UnsupportedFeature("POSIX class", span=Span(self.text, at, close + 2),
                                         hint="write the ranges, as in [A-Za-z]")

    def _class_atom(self, at: int) -> tuple[CharSet, int]:
        text = self.text
        if text[at] != "\\":
            return CharSet(((ord(text[at]), ord(text[at])),)), at + 1
        letter = text[at + 1:at + 2]
        if letter == "b":
            return CharSet(((8, 8),)), at + 2
        if "1" <= letter <= "9":
            self.fail("octal escapes are not allowed", at, at + 2, "write \\xHH")
        return self._either(at)

    def _range(self, first: CharSet, last: CharSet, start: int, end: int) -> tuple[int, int]:
        if len(first) != 1 or len(last) != 1:
            self.fail("the end of a range must be one character", start, end, "write \\- for the character")
        low, high = first.ranges[0][0], last.ranges[0][0]
        if low > high:
            self.fail("this range is out of order", start, end)
        return low, high
