"""Languages of decimal numbers as a JSON text spells them, decided exactly on rationals.

A canonical decimal is ``-?(0|[1-9][0-9]*)(\\.[0-9]+)?`` without negative zero and without exponent. Trailing
zeros of a fraction are allowed, so one value has many texts. Combine with `char_dfa.product` or ``&``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

import numpy as np

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.memo import Memo
from structfill.errors import TooLarge
from structfill.limits import Limits

_DEFAULT = Limits()
_BOUNDS = np.array([0, 0x2D, 0x2E, 0x2F, *range(0x30, 0x3B)], np.int32)
_CLASSES = np.array([12, 10, 11, 12, *range(10), 12], np.int32)  # digits 0-9, minus 10, point 11, others 12
_MINUS, _POINT, _OTHERS = 10, 11, 12
_LESS, _EQUAL, _MORE = 0, 1, 2
_DIGITS = range(10)

_known: Memo[CharDFA] = Memo(max_bytes=8 << 20)
_S = TypeVar("_S", bound=Hashable)


def _explore(start: _S, step: Callable[[_S, int], _S | None], label: Callable[[_S], int],
             limits: Limits) -> CharDFA:
    """The automaton whose transitions `step` (state, class) -> state or None computes."""
    number: dict[_S, int] = {start: 0}
    queue = [start]
    rows: list[list[int]] = []
    for state in queue:
        row = [-1] * (_OTHERS + 1)
        for symbol in range(_OTHERS):
            target = step(state, symbol)
            if target is not None:
                if target not in number:
                    if len(queue) >= limits.states:
                        raise TooLarge("states", len(queue) + 1, limits.states)
                    number[target] = len(queue)
                    queue.append(target)
                row[symbol] = number[target]
        rows.append(row)
    labels = np.array([label(state) for state in queue], np.int32)
    return CharDFA.build(_BOUNDS, _CLASSES, np.array(rows, np.int32), labels)


@lru_cache(maxsize=1)
def number() -> CharDFA:
    """Every canonical decimal."""
    return _signed(_magnitude(Fraction(0), _DEFAULT), {_MORE}, {_EQUAL, _MORE})


@lru_cache(maxsize=1)
def integer() -> CharDFA:
    """Canonical decimals without a fraction part."""
    edges = {("", 0): "0", ("", _MINUS): "-"}
    for digit in _DIGITS[1:]:
        edges["", digit] = edges["-", digit] = "1"
    for digit in _DIGITS:
        edges["1", digit] = "1"
    return _explore("", lambda q, c: edges.get((q, c)), lambda q: 0 if q in ("0", "1") else -1, _DEFAULT)


def at_least(value: Fraction | int, exclusive: bool = False, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals >= `value` (> with `exclusive`), for any rational; states by its digits and its period."""
    return _bounded(Fraction(value), {_EQUAL, _MORE} - ({_EQUAL} if exclusive else set()), limits)


def at_most(value: Fraction | int, exclusive: bool = False, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals <= `value` (< with `exclusive`), for any rational."""
    return _bounded(Fraction(value), {_EQUAL, _LESS} - ({_EQUAL} if exclusive else set()), limits)


def equal(value: Fraction | int, limits: Limits = _DEFAULT) -> CharDFA:
    """The texts of one value: ``1``, ``1.0``, ``1.00``; empty if the value has no finite expansion."""
    return _bounded(Fraction(value), {_EQUAL}, limits)


def _bounded(value: Fraction, wanted: set[int], limits: Limits) -> CharDFA:
    """Decimals whose comparison with `value` is in `wanted`. Kept for a while: many schemas have the same bounds."""
    key = value, frozenset(wanted), limits
    found = _known.get(key)
    if found is None:
        found = _compared(value, wanted, limits)
        _known.put(key, found, found.nbytes)
    return found


def _compared(value: Fraction, wanted: set[int], limits: Limits) -> CharDFA:
    mirrored = {_MORE - outcome for outcome in wanted}
    if value > 0:
        negative = {_LESS, _EQUAL, _MORE} if _LESS in wanted else set()
        return _signed(_magnitude(value, limits), negative, wanted) & number()
    if value < 0:
        positive = {_LESS, _EQUAL, _MORE} if _MORE in wanted else set()
        return _signed(_magnitude(-value, limits), mirrored, positive) & number()
    return _signed(_magnitude(value, limits), mirrored - {_EQUAL}, wanted)


def _signed(magnitude: CharDFA, negative: set[int], positive: set[int]) -> CharDFA:
    """`magnitude` without sign where its label is in `positive`, after a minus where it is in `negative`."""
    n = len(magnitude)
    minus = int(magnitude.classes[magnitude.bounds.searchsorted(0x2D, side="right") - 1])
    # Two copies, one for each sign; the first one's start also reads the minus.
    delta = np.concatenate([magnitude.delta, np.where(magnitude.delta >= 0, magnitude.delta + n, -1)])
    delta = np.column_stack([delta, np.full(2 * n, -1)]).astype(np.int32)
    delta[0, -1] = n
    at = magnitude.bounds.searchsorted(0x2D)
    bounds, classes = magnitude.bounds.copy(), magnitude.classes.copy()
    if at == bounds.size or bounds[at] != 0x2D:
        bounds, classes = np.insert(bounds, at, 0x2D), np.insert(classes, at, minus)
    if at + 1 == bounds.size or bounds[at + 1] != 0x2E:
        bounds, classes = np.insert(bounds, at + 1, 0x2E), np.insert(classes, at + 1, minus)
    classes[at] = delta.shape[1] - 1
    keep = np.concatenate([np.isin(magnitude.labels, list(wanted)) for wanted in (positive, negative)])
    return CharDFA.build(bounds.astype(np.int32), classes.astype(np.int32), delta,
                         np.where(keep, 0, -1).astype(np.int32))


def _fraction_digits(value: Fraction, limits: Limits) -> tuple[list[int], int]:
    """The decimals of ``value mod 1`` and the place to which they return (0 <= place <= number of digits).

    A finite expansion returns to its last digit's successor, a 0 for ever.
    """
    rest = value.numerator % value.denominator
    seen: dict[int, int] = {}
    digits: list[int] = []
    while rest not in seen:
        if len(digits) >= limits.states:
            raise TooLarge("states", len(digits) + 1, limits.states)
        seen[rest] = len(digits)
        digit, rest = divmod(10 * rest, value.denominator)
        digits.append(digit)
    return digits, seen[rest]


class _Comparison:
    """Unsigned decimals against `value` >= 0. A state is (kind, place, order so far).

    The place counts the digits read before the point, and is an index into the expansion after it (-1:
    decided).
    """

    WHOLE, ZERO, POINT, TAIL = range(4)

    def __init__(self, value: Fraction, limits: Limits) -> None:
        self.whole = _digits(int(value), limits)
        self.decimals, self.back = _fraction_digits(value, limits)
        self.fractional = value.denominator > 1
        self.finite = self.back == len(self.decimals) - 1 and self.decimals[self.back] == 0

    def step(self, state: tuple[int, int, int], symbol: int) -> tuple[int, int, int] | None:
        kind, place, order = state
        if symbol == _MINUS:
            return None
        if symbol == _POINT:
            if kind in (self.POINT, self.TAIL) or place == 0:
                return None
            verdict = self._verdict(state)
            return self.POINT, 0 if verdict == _EQUAL else -1, verdict
        if kind == self.ZERO:
            return None
        if kind == self.WHOLE:
            if place == 0 and symbol == 0:
                return self.ZERO, 1, _EQUAL
            if place >= len(self.whole):
                return self.WHOLE, len(self.whole) + 1, _MORE
            return self.WHOLE, place + 1, _compare(symbol, self.whole[place]) if order == _EQUAL else order
        if order == _EQUAL:
            order = _compare(symbol, self.decimals[place])
            following = place + 1 if place + 1 < len(self.decimals) else self.back
            return self.TAIL, following if order == _EQUAL else -1, order
        return self.TAIL, -1, order

    def _verdict(self, state: tuple[int, int, int]) -> int:
        """How the integer part read so far compares with the value's integer part."""
        kind, place, order = state
        if kind == self.ZERO:
            return _EQUAL if self.whole == [0] else _LESS
        return _compare(place, len(self.whole)) if place != len(self.whole) else order

    def label(self, state: tuple[int, int, int]) -> int:
        kind, place, order = state
        if kind == self.POINT or (kind == self.WHOLE and place == 0):
            return -1
        if kind == self.TAIL:
            # A text that ends before the value's expansion does is less.
            ended = order != _EQUAL or (self.finite and place == self.back)
            return order if ended else _LESS
        verdict = self._verdict(state)
        return _LESS if verdict == _EQUAL and self.fractional else verdict


def _magnitude(value: Fraction, limits: Limits) -> CharDFA:
    """Unsigned decimals, labelled by how they compare with `value` >= 0."""
    comparison = _Comparison(value, limits)
    return _explore((comparison.WHOLE, 0, _EQUAL), comparison.step, comparison.label, limits)


def _compare(a: int, b: int) -> int:
    return _LESS if a < b else (_MORE if a > b else _EQUAL)


def _digits(value: int, limits: Limits) -> list[int]:
    """The decimal digits of an integer >= 0, without Python's limit on integer texts."""
    least = value.bit_length() // 4  # states: every digit has two or three
    if least > limits.states:
        raise TooLarge("states", least, limits.states)
    parts: list[int] = []
    chunk = 10 ** 400
    while value >= chunk:
        value, low = divmod(value, chunk)
        parts.extend(int(c) for c in reversed(str(low).zfill(400)))
    return [int(c) for c in str(value)] + parts[::-1]


class _Multiples:
    """Unsigned decimals against the multiples of p/q (lowest terms).

    A text t misses the next multiple by D units of its last place, and D * q is an integer, the *gap*.
    States: (START,), (ZERO,), (WHOLE, needs...) and (POINT | TAIL, places, gap). `needs` lists, for k = 0, 1,
    ..., the gap that k more digits of the integer part have to leave (-1: no k digits will do). So integer
    parts are told apart by the completions they allow only, and a divisor 2^a * 5^b costs its digits.
    """

    START, ZERO, WHOLE, POINT, TAIL = range(5)

    def __init__(self, value: Fraction) -> None:
        self.start: tuple[int, ...] = (self.START,)
        self.p, self.q = value.numerator, value.denominator
        self.residues: dict[tuple[int, ...], int] = {}
        self.endless = self.q  # the part of q that makes expansions endless
        for factor in (2, 5):
            while self.endless % factor == 0:
                self.endless //= factor

    def _whole(self, residue: int) -> tuple[int, ...]:
        """The state after an integer part I with ``I * q % p == residue``."""
        needs: list[int] = []
        power = 1
        while not needs or self.q * power < 10 * self.p:
            gap = -power * residue % self.p
            needs.append(gap if gap < self.q * power else -1)
            power *= 10
        state = (self.WHOLE, *needs)
        self.residues.setdefault(state, residue)
        return state

    def step(self, state: tuple[int, ...], symbol: int) -> tuple[int, ...] | None:
        kind = state[0]
        if symbol == _MINUS or (symbol == _POINT and kind not in (self.ZERO, self.WHOLE)):
            return None
        if kind == self.START:
            return self._whole(symbol * self.q % self.p) if symbol else (self.ZERO,)
        if kind in (self.ZERO, self.WHOLE):
            residue = self.residues.get(state, 0)
            if symbol == _POINT:
                return self.POINT, 0, -residue % self.p
            return self._whole((10 * residue + symbol * self.q) % self.p) if kind == self.WHOLE else None
        return self._tail(state[1], 10 * state[2] - symbol * self.q)

    def _tail(self, places: int, gap: int) -> tuple[int, ...] | None:
        """The state after one more fraction digit; -1 stands for all places where multiples are sparse."""
        if places >= 0 and self.p * 10 ** places < self.q:
            scale = self.p * 10 ** (places + 1)
            gap %= scale
            if scale < self.q:
                return self.TAIL, places + 1, gap
        # Multiples are a unit of this place or more apart: only D itself can still be added.
        return (self.TAIL, -1, gap) if 0 <= gap < self.q and gap % self.endless == 0 else None

    def label(self, state: tuple[int, ...]) -> int:
        kind = state[0]
        hits = kind == self.ZERO or (kind == self.WHOLE and self.residues[state] == 0)
        return _EQUAL if hits or (kind == self.TAIL and state[2] == 0) else -1


def multiple_of(value: Fraction | int, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals that are integer multiples of `value` > 0, exactly.

    Raises `TooLarge` if the numerator has a large factor other than 2 and 5, or the denominator.
    """
    value = Fraction(value)
    if value <= 0:
        raise ValueError(f"a divisor must be positive, not {value}")
    multiples = _Multiples(value)
    unsigned = _explore(multiples.start, multiples.step, multiples.label, limits)
    return _signed(unsigned, {_EQUAL}, {_EQUAL}) & number()
