"""Formats that are asserted exactly, as character automata. The others are refused by name."""

from __future__ import annotations

from functools import lru_cache

from ...automaton.char_dfa import CharDFA
from ..regex import pattern_dfa

# RFC 3339, section 5.6. Leap seconds and the year 0000 are left out: Python's own types refuse them.
_MONTH_DAY = (r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
              r"|02-(?:0[1-9]|1\d|2[0-8]))")
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = rf"(?:\d{{4}}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[zZ]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

PATTERNS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": rf"{_DATE}[tT]{_TIME}",
    "uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",  # RFC 4122, section 3
    "ipv4": rf"{_OCTET}(?:\.{_OCTET}){{3}}",  # RFC 2673, section 3.2
}
REFUSED = frozenset(
    "duration email idn-email hostname idn-hostname ipv6 uri uri-reference iri iri-reference uri-template json-pointer "
    "relative-json-pointer regex".split())


@lru_cache(maxsize=len(PATTERNS))
def format_dfa(name: str) -> CharDFA:
    """The strings of a format in `PATTERNS`."""
    dfa = pattern_dfa(f"^(?:{PATTERNS[name]})$")
    return dfa - pattern_dfa("^0000") if name.startswith("date") else dfa
