"""Languages cut in the order of their strings: each string in one part, none of the parts empty."""

from __future__ import annotations

from itertools import product

import pytest

from structfill.automaton.ordered import parts
from structfill.front.regex import fullmatch_dfa


@pytest.mark.parametrize("pattern, count, letters, most, made", [
    ("[a-c]", 2, "abcd", 2, 2), ("[a-c]", 5, "abcd", 2, 3), ("[a-z]{2}", 3, "abyz", 3, 3), ("(a{5})*", 4, "a", 30, 4),
    ("", 3, "a", 2, 1), ("(ab|c)*d?", 6, "abcd", 6, 6), (r"x-.*", 8, "x-a~", 4, 8), (r"[^]*", 100, "aé~", 3, 100),
    (r"\d{4}-\d\d-\d\d", 7, "01-", 4, 7), ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 16, "0-", 2, 16),
    ("[é-ü]", 4, "éü", 1, 4), ("[A-Z]|ä", 27, "AZä", 1, 27), (r"[\ud800-\udfff]", 2, "a", 1, 1),
])
def test_parts(pattern: str, count: int, letters: str, most: int, made: int) -> None:
    language = fullmatch_dfa(pattern)
    found = parts(language, count)
    assert len(found) == made and not any(part.is_empty() for part in found)
    places = []
    for word in sorted("".join(word) for size in range(most + 1) for word in product(letters, repeat=size)):
        holding = [place for place, part in enumerate(found) if part.accepts(word)]
        assert len(holding) == language.accepts(word), word
        places += holding
    assert places == sorted(places)


def test_cuts_are_even() -> None:
    assert [part.shortest() for part in parts(fullmatch_dfa("[A-Z]"), 2)] == ["A", "N"]
    assert [part.accepts("n") for part in parts(fullmatch_dfa(r"[^]*"), 2)] == [False, True]
