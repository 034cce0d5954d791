"""Decimal automata against exact rationals."""

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structfill.automaton import decimals
from structfill.errors import TooLarge
from structfill.limits import Limits

CANONICAL = re.compile(r"(?!-0(\.0+)?\Z)-?(0|[1-9][0-9]*)(\.[0-9]+)?")
DIGITS = st.text(st.sampled_from("0123579"), min_size=1, max_size=4)
BOUNDS = st.one_of(
    st.integers(-120, 120).map(Fraction),
    st.builds(Fraction, st.integers(-2000, 2000), st.sampled_from([1, 2, 3, 7, 8, 9, 10, 11, 100, 1000, 12])))
DENOMINATORS = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 10, 20, 25, 100, 1000])
DIVISORS = st.builds(Fraction, st.integers(1, 40), DENOMINATORS)


@st.composite
def numbers(draw):
    text = draw(st.sampled_from(["", "", "-"])) + draw(DIGITS).lstrip("0")
    text = text if text.strip("-") else text + "0"
    return text + (draw(st.sampled_from([".", ".0", ".00"])) + draw(DIGITS) if draw(st.booleans()) else "")


@st.composite
def near(draw, bounds):
    """A bound and a text that is close to it."""
    value = draw(bounds)
    places = draw(st.integers(0, 5))
    scaled = value * 10**places
    units = abs(scaled.numerator) // scaled.denominator + draw(st.integers(-1, 2))
    digits = str(max(units, 0)).zfill(places + 1)
    text = digits[:len(digits) - places] + ("." + digits[len(digits) - places:] if places else "")
    return value, ("-" if value < 0 else "") + text


@settings(deadline=None)
@given(st.one_of(numbers(), st.text(st.sampled_from("-.0123e+ "), max_size=6)))
def test_number_and_integer(text):
    canonical = CANONICAL.fullmatch(text) is not None
    assert decimals.number().accepts(text) == canonical
    assert decimals.integer().accepts(text) == (canonical and "." not in text)


@settings(deadline=None, max_examples=300)
@given(st.one_of(near(BOUNDS), st.tuples(BOUNDS, numbers())))
def test_bounds(case):
    value, text = case
    canonical = CANONICAL.fullmatch(text) is not None
    number = Fraction(text)
    assert decimals.at_least(value).accepts(text) == (canonical and number >= value)
    assert decimals.at_least(value, exclusive=True).accepts(text) == (canonical and number > value)
    assert decimals.at_most(value).accepts(text) == (canonical and number <= value)
    assert decimals.at_most(value, exclusive=True).accepts(text) == (canonical and number < value)
    assert decimals.equal(value).accepts(text) == (canonical and number == value)


@settings(deadline=None)
@given(BOUNDS)
def test_bounds_split_the_numbers(value):
    """<, = and > are disjoint and together every number: an exact identity of languages."""
    less, more = decimals.at_most(value, True), decimals.at_least(value, True)
    same = decimals.equal(value)
    assert (less & more).is_empty() and (less & same).is_empty() and (more & same).is_empty()
    assert (less | same | more).key == decimals.number().key
    assert (less | same).key == decimals.at_most(value).key
    for dfa in (less, more):
        assert dfa.accepts(dfa.shortest())


@settings(deadline=None, max_examples=300)
@given(DIVISORS, st.integers(-60, 60), st.integers(0, 3), numbers())
def test_multiples(divisor, times, zeros, text):
    dfa = decimals.multiple_of(divisor)
    canonical = CANONICAL.fullmatch(text) is not None
    assert dfa.accepts(text) == (canonical and (Fraction(text) / divisor).denominator == 1)
    product = divisor * times
    scaled = product * 10**6
    if scaled.denominator == 1:  # spell the multiple itself, with some trailing zeros
        digits = str(abs(scaled.numerator)).zfill(7)
        spelled = ("-" if times < 0 else "") + digits[:-6] + "." + digits[-6:] + "0" * zeros
        assert dfa.accepts(spelled) == (times != 0 or not spelled.startswith("-"))
        assert not dfa.accepts(spelled + "1" * 4) or (Fraction(spelled + "1" * 4) / divisor).denominator == 1


@pytest.mark.parametrize("value, accepted, rejected", [
    ("1", ["1", "1.0", "1.00"], ["-1", "1.", "01", "10", "1.01", "1e0"]),
    ("0", ["0", "0.0"], ["-0", "-0.0", "00", ""]),
    ("-2.50", ["-2.5", "-2.500"], ["2.5", "-2", "-2.05"]),
    ("100", ["100", "100.0"], ["1", "10", "1000"]),
])
def test_equal(value, accepted, rejected):
    dfa = decimals.equal(Fraction(value))
    assert [text for text in accepted + rejected if dfa.accepts(text)] == accepted


def test_huge_values_are_exact():
    value = 10**400 + 7
    dfa = decimals.at_most(value)
    assert dfa.accepts(str(value)) and dfa.accepts(f"{value - 1}.999") and dfa.accepts(f"-{value}9")
    assert not dfa.accepts(str(value + 1)) and not dfa.accepts(f"{value}.0001")
    tiny = decimals.at_least(Fraction(1, 10**30), exclusive=True)
    assert tiny.accepts("0." + "0" * 29 + "11") and not tiny.accepts("0." + "0" * 29 + "10")


def test_endless_expansions():
    third = Fraction(1, 3)
    assert decimals.equal(third).is_empty()
    assert decimals.at_most(third).key == decimals.at_most(third, exclusive=True).key
    assert decimals.at_most(third).accepts("0." + "3" * 50)
    assert not decimals.at_most(third).accepts("0." + "3" * 50 + "4")


@pytest.mark.parametrize("divisor, states", [("1000000", 20), ("1e-9", 40), ("0.01", 20), ("7", 20),
                                             ("96", 60)])
def test_friendly_divisors_stay_small(divisor, states):
    assert len(decimals.multiple_of(Fraction(divisor))) <= states


@pytest.mark.parametrize("build", [
    lambda limits: decimals.multiple_of(99_991, limits),
    lambda limits: decimals.multiple_of(Fraction(1, 99_991), limits),
    lambda limits: decimals.at_least(Fraction(1, 99_991), limits=limits),
    lambda limits: decimals.at_most(10**2000, limits=limits),
    lambda limits: decimals.equal(10**200_000, limits=limits),
])
def test_too_large(build):
    with pytest.raises(TooLarge) as caught:
        build(Limits(states=1000))
    assert caught.value.limit == "states"


@pytest.mark.parametrize("divisor", [0, -1, Fraction(-1, 2)])
def test_divisors_are_positive(divisor):
    with pytest.raises(ValueError, match="positive"):
        decimals.multiple_of(divisor)
