"""Languages of decimal numbers as a JSON text spells them, decided exactly on rationals.

A canonical decimal is ``-?(0|[1-9][0-9]*)(\\.[0-9]+)?`` without negative zero and without exponent. Trailing zeros
of a fraction are allowed, so one value has many texts. Combine with `char_dfa.product` or ``&``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from structfill.automaton.char_dfa import CharDFA
from structfill.errors import TooLarge
from structfill.limits import Limits

_DEFAULT = Limits()
_BOUNDS = np.array([0, 0x2D, 0x2E, 0x2F, *range(0x30, 0x3B)], np.int32)
_CLASSES = np.array([12, 10, 11, 12, *range(10), 12], np.int32)  # digits 0-9, minus 10, point 11, others 12
_MINUS, _POINT, _OTHERS = 10, 11, 12
_LESS, _EQUAL, _MORE = 0, 1, 2
_DIGITS = range(10)

_State = Hashable
_Step = Callable[[_State, int], "_State | None"]


def _explore(start: _State, step: _Step, label: Callable[[_State], int], limits: Limits) -> CharDFA:
    """The automaton whose transitions `step` (state, class) -> state or None computes."""
    number: dict[_State, int] = {start: 0}
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
    step = {("", _MINUS): "-", ("", 0): "0", ("0", _POINT): None}
    for digit in range(1, 10):
        step["", digit] = step["-", digit] = "1"
    for digit in _DIGITS:
        step["1", digit] = "1"
    return _explore("", lambda q, c: step.get((str(q), c)), lambda q: 0 if q in ("0", "1") else -1, _DEFAULT)


def at_least(value: Fraction | int, exclusive: bool = False, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals >= `value` (> with `exclusive`), for any rational. Cost: states by its digits and its period."""
    return _bounded(Fraction(value), {_EQUAL, _MORE} - ({_EQUAL} if exclusive else set()), limits)


def at_most(value: Fraction | int, exclusive: bool = False, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals <= `value` (< with `exclusive`), for any rational."""
    return _bounded(Fraction(value), {_EQUAL, _LESS} - ({_EQUAL} if exclusive else set()), limits)


def equal(value: Fraction | int, limits: Limits = _DEFAULT) -> CharDFA:
    """The texts of one value: ``1``, ``1.0``, ``1.00``; empty if the value has no finite expansion."""
    return _bounded(Fraction(value), {_EQUAL}, limits)


def _bounded(value: Fraction, wanted: set[int], limits: Limits) -> CharDFA:
    """Decimals whose comparison with `value` is in `wanted`."""
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
    keep = np.concatenate([np.isin(magnitude.labels, list(positive)), np.isin(magnitude.labels, list(negative))])
    return CharDFA.build(bounds.astype(np.int32), classes.astype(np.int32), delta,
                         np.where(keep, 0, -1).astype(np.int32))


def _fraction_digits(value: Fraction, limits: Limits) -> tuple[list[int], int]:
    """The decimals of ``value mod 1`` and the place to which they return (0 <= place <= number of digits).

    A finite expansion returns to its last digit's successor, a 0 for ever.
    """
    rest, seen, digits = value.numerator % value.denominator, {}, []
    while rest not in seen:
        if len(digits) >= limits.states:
            raise TooLarge("states", len(digits) + 1, limits.states)
        seen[rest] = len(digits)
        digit, rest = divmod(10 * rest, value.denominator)
        digits.append(digit)
    return digits, seen[rest]


def _magnitude(value: Fraction, limits: Limits) -> CharDFA:
    """Unsigned decimals, labelled by how they compare with `value` >= 0."""
    whole = _digits(int(value), limits)
    decimals, back = _fraction_digits(value, limits)
    size = len(whole)
    # States: ("int", digits read, comparison of what was read), ("zero", comparison),
    # ("point" | "tail", place in the expansion or -1, comparison)
    def step(state: _State, symbol: int) -> _State | None:
        kind, place, order = state  # type: ignore[misc]
        if symbol == _MINUS or (symbol == _POINT and (kind in ("point", "tail") or place == 0)):
            return None
        if symbol == _POINT:
            verdict = _verdict(place, size, order)
            return ("point", 0 if verdict == _EQUAL else -1, verdict)
        if kind == "int":
            if place == 1 and order == "zero":
                return None
            return _next_whole(place, order, symbol)
        if order == _EQUAL:
            order = _compare(symbol, decimals[place])
            place = (place + 1 if place + 1 < len(decimals) else back) if order == _EQUAL else -1
        return ("tail", place, order)

    def _next_whole(place: int, order: object, symbol: int) -> _State:
        if place == 0 and symbol == 0:
            return ("int", 1, "zero")
        if place >= size:
            return ("int", size + 1, _MORE)
        compared = _compare(symbol, whole[place]) if order == _EQUAL else order
        return ("int", place + 1, compared)

    def _verdict(place: int, size: int, order: object) -> int:
        if order == "zero":
            return _EQUAL if whole == [0] else _LESS
        if place != size:
            return _LESS if place < size else _MORE
        return int(order)  # type: ignore[call-overload, no-any-return]

    finite = back == len(decimals) - 1 and decimals[back] == 0

    def label(state: _State) -> int:
        kind, place, order = state  # type: ignore[misc]
        if kind == "point" or (kind == "int" and place == 0):
            return -1
        if kind == "int":
            verdict = _verdict(place, size, order)
            return _LESS if verdict == _EQUAL and value.denominator > 1 else verdict
        if order != _EQUAL:
            return int(order)
        return _EQUAL if finite and place == back else _LESS

    return _explore(("int", 0, _EQUAL), step, label, limits)


def _compare(a: int, b: int) -> int:
    return _LESS if a < b else (_MORE if a > b else _EQUAL)


def _digits(value: int, limits: Limits) -> list[int]:
    """The decimal digits of an integer >= 0, without Python's limit on integer texts."""
    if value.bit_length() > 4 * limits.states:
        raise TooLarge("states", value.bit_length() // 4, limits.states)
    parts: list[int] = []
    chunk = 10 ** 400
    while value >= chunk:
        value, low = divmod(value, chunk)
        parts.extend(int(c) for c in reversed(str(low).zfill(400)))
    return [int(c) for c in str(value)] + parts[::-1]


def multiple_of(value: Fraction | int, limits: Limits = _DEFAULT) -> CharDFA:
    """Decimals that are integer multiples of `value` > 0, exactly.

    A state holds the digits that may still follow: a text t misses the next multiple of p/q by D (in units of the
    last place), and D·q is an integer. Integer parts are told apart only by the completions they allow, so that a
    divisor of the form 2^a·5^b costs its digits. Raises `TooLarge` for other large numerators.
    """
    p, q = Fraction(value).numerator, Fraction(value).denominator
    if p <= 0:
        raise ValueError(f"a divisor must be positive, not {value}")
    residues: dict[_State, int] = {}
    repeating = q  # the part of q that makes expansions endless
    for factor in (2, 5):
        while repeating % factor == 0:
            repeating //= factor

    def whole(residue: int) -> _State:
        """The state after an integer part I with ``I * q % p == residue``: what k more digits have to add."""
        needs: list[int] = []
        power = 1
        while not needs or q * power < 10 * p:
            gap = -power * residue % p
            needs.append(gap if gap < q * power else -1)
            power *= 10
        state = ("whole", *needs)
        residues.setdefault(state, residue)
        return state

    def tail(places: int, gap: int) -> _State | None:
        """The state after a fraction digit: `gap` is D * q; `places` -1 stands for many."""
        if 0 <= places and p * 10 ** places < q:
            return ("tail", places, gap)
        # Multiples are at least one unit of this place apart: only D itself can still be added, digit by digit.
        return ("tail", -1, gap) if 0 <= gap < q and gap % repeating == 0 else None

    def step(state: _State, symbol: int) -> _State | None:
        kind, *rest = state  # type: ignore[misc]
        if symbol == _MINUS:
            return ("minus",) if kind == "start" else None
        if kind in ("start", "minus"):
            if symbol == _POINT:
                return None
            return whole(symbol * q % p) if symbol else ("zero",)
        if kind in ("zero", "whole"):
            residue = residues.get(state, 0)
            if symbol == _POINT:
                return ("point", 0, -residue % p)
            return whole((10 * residue + symbol * q) % p) if kind == "whole" else None
        if symbol == _POINT:
            return None
        places, gap = rest
        if places < 0 or p * 10 ** places >= q:
            return tail(-1, 10 * gap - symbol * q)
        after = 10 * gap - symbol * q
        return tail(places + 1, after % (p * 10 ** (places + 1)))

    def label(state: _State) -> int:
        kind, *rest = state  # type: ignore[misc]
        if kind == "whole":
            return 0 if residues[state] == 0 else -1
        return 0 if kind == "zero" or (kind == "tail" and rest[1] == 0) else -1

    return _explore(("start",), step, label, limits) & number()
