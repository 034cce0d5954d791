"""Character sets that ECMA-262 patterns name: ``\\d``, ``\\s``, ``\\w``, ``.``, general categories."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from structfill.automaton.charset import LAST, CharSet

DIGIT = CharSet.of([(0x30, 0x39)])
WORD = CharSet.of([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
LINE_END = CharSet.chars("\n\r\u2028\u2029")
# WhiteSpace (ECMA-262 12.2: TAB VT FF U+FEFF and category Zs) and LineTerminator (12.3)
SPACE = CharSet.of([(0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
                    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)])
DOT = ~LINE_END

# Property value aliases of General_Category (PropertyValueAliases.txt): long names for the codes.
_LONG = {
    "Cased_Letter": "LC", "Close_Punctuation": "Pe", "Connector_Punctuation": "Pc", "Control": "Cc",
    "cntrl": "Cc", "Currency_Symbol": "Sc", "Dash_Punctuation": "Pd", "Decimal_Number": "Nd", "digit": "Nd",
    "Enclosing_Mark": "Me", "Final_Punctuation": "Pf", "Format": "Cf", "Initial_Punctuation": "Pi",
    "Letter": "L", "Letter_Number": "Nl", "Line_Separator": "Zl", "Lowercase_Letter": "Ll", "Mark": "M",
    "Combining_Mark": "M", "Math_Symbol": "Sm", "Modifier_Letter": "Lm", "Modifier_Symbol": "Sk",
    "Nonspacing_Mark": "Mn", "Number": "N", "Open_Punctuation": "Ps", "Other": "C", "Other_Letter": "Lo",
    "Other_Number": "No", "Other_Punctuation": "Po", "Other_Symbol": "So", "Paragraph_Separator": "Zp",
    "Private_Use": "Co", "Punctuation": "P", "punct": "P", "Separator": "Z", "Space_Separator": "Zs",
    "Spacing_Mark": "Mc", "Surrogate": "Cs", "Symbol": "S", "Titlecase_Letter": "Lt", "Unassigned": "Cn",
    "Uppercase_Letter": "Lu",
}
_CODES = frozenset(_LONG.values())


@lru_cache(maxsize=1)
def _categories() -> dict[str, CharSet]:
    """Two-letter general category -> its characters; one scan of all code points (about 0.1 s)."""
    found: dict[str, list[tuple[int, int]]] = {}
    begin, current = 0, unicodedata.category("\0")
    for code in range(1, LAST + 1):
        category = unicodedata.category(chr(code))
        if category != current:
            found.setdefault(current, []).append((begin, code - 1))
            begin, current = code, category
    found.setdefault(current, []).append((begin, LAST))
    return {name: CharSet.of(ranges) for name, ranges in found.items()}


def category(name: str) -> CharSet | None:
    """The characters of a general category, by code ("Lu", "L") or long name ("Uppercase_Letter").

    None if there is no such category. Categories are those of Python's `unicodedata`.
    """
    code = _LONG.get(name, name)
    if code not in _CODES:
        return None
    parts = ("Lu", "Ll", "Lt") if code == "LC" else None
    ranges = [r for key, chars in _categories().items()
              if (key in parts if parts else key.startswith(code)) for r in chars.ranges]
    return CharSet.of(ranges)


def binary_property(name: str) -> CharSet | None:
    """The binary properties that need no data beyond general categories; None for the others."""
    if name == "Any":
        return CharSet.everything()
    if name == "ASCII":
        return CharSet.of([(0, 0x7F)])
    if name in ("ASCII_Hex_Digit", "AHex"):
        return CharSet.of([(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)])
    if name == "Assigned":
        unassigned = category("Cn")
        return None if unassigned is None else ~unassigned
    if name in ("White_Space", "space"):
        return (SPACE | CharSet.chars("\x85")) - CharSet.chars("\ufeff")
    return None
