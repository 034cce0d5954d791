"""CharSet against plain sets of integers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structfill.automaton.charset import LAST, CharSet

EDGES = st.sampled_from([0, 1, 0x7F, 0x80, 0xD7FF, 0xD800, 0xDFFF, 0xE000, LAST - 1, LAST])
POINTS = st.one_of(st.integers(0, 20), EDGES)
PAIRS = st.lists(st.tuples(POINTS, POINTS).map(lambda p: (min(p), max(p))), max_size=6)
PROBES = [*range(25), 0x7F, 0x80, 0xD7FF, 0xD800, 0xDFFF, 0xE000, LAST - 1, LAST]


def holds(pairs, code):
    return any(first <= code <= last for first, last in pairs)


@settings(deadline=None)
@given(PAIRS, PAIRS)
def test_operations(left, right):
    a, b = CharSet.of(left), CharSet.of(right)
    for code in PROBES:
        x, y = holds(left, code), holds(right, code)
        assert (code in a) == x
        assert (chr(code) in a) == x
        assert (code in a | b) == (x or y)
        assert (code in a & b) == (x and y)
        assert (code in a - b) == (x and not y)
        assert (code in ~a) == (not x)


@settings(deadline=None)
@given(PAIRS)
def test_ranges_are_canonical(pairs):
    a = CharSet.of(pairs)
    assert all(second[0] > first[1] + 1 for first, second in zip(a.ranges, a.ranges[1:], strict=False))
    assert a == CharSet.of(reversed(pairs)) == ~~a
    assert hash(a) == hash(CharSet.of(reversed(pairs)))
    assert len(a) + len(~a) == LAST + 1
    assert bool(a) == bool(pairs)


def test_surrogates_are_characters():
    assert 0xD800 in CharSet.everything()
    assert 0xDFFF in ~CharSet.chars("a")
    assert CharSet.chars("cab").ranges == ((97, 99),)


@pytest.mark.parametrize("ranges", [((2, 1),), ((0, 1), (2, 3)), ((5, 6), (1, 2)), ((0, LAST + 1),),
                                    ((-1, 0),)])
def test_bad_ranges_are_refused(ranges):
    with pytest.raises(ValueError):
        CharSet(ranges)
