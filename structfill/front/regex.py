"""ECMA-262 patterns -> character automata.

`pattern_dfa` has the meaning of JSON Schema's ``pattern`` (a match anywhere in the string,
RegExp.prototype.test),
`fullmatch_dfa` that of a whole match. Greedy and lazy quantifiers describe the same language. What no finite
automaton can express, or ECMA-262 does not have, is refused by name with its place in the pattern.
"""

from __future__ import annotations

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.memo import Memo
from structfill.front.regex_lowering import lower
from structfill.limits import Limits

_cache: Memo[CharDFA] = Memo(max_bytes=64 << 20)


def pattern_dfa(pattern: str, limits: Limits = Limits()) -> CharDFA:  # noqa: B008 (frozen)
    """The strings in which `pattern` matches somewhere, unless ``^`` and ``$`` say where.

    Raises `SpecError` (syntax), `UnsupportedFeature`, both with a span, or `TooLarge`.
    """
    return _compiled(pattern, True, limits)


def fullmatch_dfa(pattern: str, limits: Limits = Limits()) -> CharDFA:  # noqa: B008 (frozen)
    """The strings that `pattern` matches from first to last character. Raises as `pattern_dfa` does."""
    return _compiled(pattern, False, limits)


def _compiled(pattern: str, search: bool, limits: Limits) -> CharDFA:
    key = (pattern, search, limits)
    found = _cache.get(key)
    if found is None:
        found = lower(pattern, search, limits)
        _cache.put(key, found, found.nbytes + 4 * len(pattern))
    return found
