"""The ECMA-262 front-end: golden lines, Python's `re` on the common subset, errors, hostile input."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structfill.automaton.memo import Memo
from structfill.errors import SpecError, StructfillError, TooLarge, UnsupportedFeature
from structfill.front.regex import fullmatch_dfa, pattern_dfa
from structfill.limits import Limits

GOLDEN = Path(__file__).parents[1] / "golden"
ROOT = Path(__file__).parents[2]


def lines(name):
    return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines()]


@pytest.mark.parametrize("case", lines("regex.jsonl"), ids=lambda case: ascii(case["pattern"]))
def test_golden(case):
    """Lines made with Node 20 (`RegExp.prototype.test`), with the u flag where that allows the pattern."""
    assert case["accept"] or case["reject"]
    dfa = pattern_dfa(case["pattern"])
    assert [text for text in case["accept"] + case["reject"] if dfa.accepts(text)] == case["accept"]


# A common subset of ECMA-262 and Python. `$` is spelled `\Z` there; repeats are kept small.
ATOMS = ["a", "b", "[ab]", "[^a]", ".", r"\w", r"\W", r"\d", "1", "-", ""]
ANCHORS = ["^", "$", r"\b", r"\B"]
QUANTIFIERS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{1,3}?", "{0}"]
TEXTS = st.text(st.sampled_from("ab1- \n"), min_size=1, max_size=7)


def patterns(looks):
    leaves = st.sampled_from([(atom, bool(atom)) for atom in ATOMS] + [(anchor, False) for anchor in ANCHORS])

    def quantified(parts):
        (body, _), quantifier, group = parts
        return f"{group}{body}){quantifier}", True

    def extend(inner):
        groups = st.sampled_from(["(", "(?:"])
        options = [
            st.tuples(inner, inner).map(lambda p: (p[0][0] + p[1][0], False)),
            st.tuples(inner, inner).map(lambda p: (f"(?:{p[0][0]}|{p[1][0]})", True)),
            st.tuples(inner, st.sampled_from(QUANTIFIERS), groups).map(quantified),
        ]
        if looks:
            looking = st.tuples(inner, st.sampled_from(["(?=", "(?!"]))
            options.append(looking.map(lambda p: (f"{p[1]}{p[0][0]})", False)))
        return st.one_of(options)

    return st.recursive(leaves, extend, max_leaves=8).map(lambda p: p[0])


def python_pattern(pattern):
    """Python's `$` also matches before a last newline, and its `.` is only stopped by newlines."""
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


def check_against_python(pattern, texts):
    expected = python_pattern(pattern)
    search, whole = pattern_dfa(pattern), fullmatch_dfa(pattern)
    for text in texts:
        assert search.accepts(text) == (expected.search(text) is not None), (pattern, text)
        assert whole.accepts(text) == (expected.fullmatch(text) is not None), (pattern, text)


@settings(max_examples=400, deadline=None)
@given(patterns(looks=False), st.lists(TEXTS, min_size=6, max_size=12))
def test_agrees_with_python(pattern, texts):
    check_against_python(pattern, texts)


@settings(max_examples=200, deadline=None)
@given(patterns(looks=True), st.lists(TEXTS, min_size=6, max_size=12))
def test_lookaheads_agree_with_python(pattern, texts):
    check_against_python(pattern, texts)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["a", "ab", "[ab]", "(?:a|b1)", "a{2}", "^", "^a", "-?a"[2:]]), st.booleans(),
       patterns(looks=False), st.lists(TEXTS, min_size=6, max_size=12))
def test_lookbehinds_agree_with_python(body, negative, rest, texts):
    """Python has lookbehinds of one width only."""
    try:
        re.compile(f"(?<={body})")
    except re.error:
        return
    check_against_python(f"(?:-|(?<{'!' if negative else '='}{body}))(?:{rest})", texts)


@given(st.text(st.sampled_from("ab|()[]{}*+?.^$\\-,:=!<>pLudwsbB0123 \ud800"), max_size=14))
@settings(max_examples=1500, deadline=None)
def test_only_named_errors_leave(pattern):
    """No input is filtered. Errors have a place inside the pattern and can be printed."""
    try:
        pattern_dfa(pattern, Limits(states=2000, work=10**6))
    except TooLarge:
        pass
    except StructfillError as error:
        assert isinstance(error, SpecError)
        assert error.span.source == pattern
        assert 0 <= error.span.start < error.span.end <= len(pattern)
        assert "^" in str(error)


@pytest.mark.parametrize("pattern, start, end", [
    ("(", 0, 1), ("a(b", 1, 2), (")", 0, 1), ("a)b", 1, 2), ("[z-a]", 1, 4), ("[a", 0, 1), ("a**", 2, 3),
    ("a{2}{3}", 4, 7), ("a{2,1}", 1, 6), ("*a", 0, 1), ("a|+", 2, 3), ("{2}", 0, 1), ("\\", 0, 1),
    ("a\\", 1, 2),
    ("^*", 0, 2), ("\\b+", 0, 3), ("(?=a)*", 0, 6), ("\\xg1", 0, 4), ("\\u12", 0, 4), ("\\u{110000}", 0, 10),
    ("\\u{}", 0, 3), ("\\c1", 0, 3), ("\\01", 0, 3), ("[\\1]", 1, 3), ("[a-\\d]", 1, 5), ("\\q", 0, 2),
    ("(?<1>a)", 0, 3), ("(?*a)", 0, 3), ("a{,2}", 1, 5), ("\\pL", 0, 3),
])
def test_syntax_errors_have_a_place(pattern, start, end):
    for compiled in (pattern_dfa, fullmatch_dfa):
        with pytest.raises(SpecError) as caught:
            compiled(pattern)
        assert not isinstance(caught.value, UnsupportedFeature)
        assert (caught.value.span.start, caught.value.span.end) == (start, end)


@pytest.mark.parametrize("pattern, feature, start", [
    ("(a)\\1", "back-reference", 3), ("(?<n>a)\\k<n>", "back-reference", 7), ("(?>a)", "atomic group", 0),
    ("a++", "possessive quantifier", 1), ("a{2}+", "possessive quantifier", 1), ("(?i)a", "inline flag", 0),
    ("(?i:a)", "inline flag", 0), ("(?P<n>a)", "(?P group", 0), ("\\Aa", "\\A", 0), ("a\\Z", "\\Z", 1),
    ("[[:alpha:]]", "POSIX class", 1), ("\\p{Script=Greek}", "Unicode property 'Script=Greek'", 0),
    ("\\p{Emoji}", "Unicode property 'Emoji'", 0), ("[\\p{Nope}]", "Unicode property 'Nope'", 1),
    ("(?<=a$)b", "$ in a lookbehind", 0), ("(?<=\\b)b", "b in a lookbehind", 0),
    ("x(?=(?<=a)b)", "lookbehind in a lookahead", 1), ("(?<!(?=a))", "lookahead in a lookbehind", 0),
])
def test_unsupported_features_are_named(pattern, feature, start):
    with pytest.raises(UnsupportedFeature) as caught:
        pattern_dfa(pattern)
    assert caught.value.feature == feature
    assert caught.value.span.start == start


@pytest.mark.parametrize("left, right", [
    ("a*?", "a*"), ("(?:a|b)", "[ab]"), ("a{1,}", "a+"), ("(a*)*", "a*"), ("\\x41", "\\u{41}"),
    ("(?<n>a)", "(a)"),
    ("[^\\d]", "\\D"), ("[\\s\\S]", "[^]"), ("(?:a?){3}", "a{0,3}"), ("\\p{Lu}", "\\p{gc=Uppercase_Letter}"),
])
def test_equal_languages_have_equal_keys(left, right):
    assert fullmatch_dfa(left).key == fullmatch_dfa(right).key
    assert pattern_dfa(f"^(?:{left})$").key == fullmatch_dfa(right).key


@pytest.mark.parametrize("pattern, states", [("^[a-z]{1,2000}$", 2001), ("[a-z]{1,2000}", 2),
                                             ("^.{0,10000}$", 10001)])
def test_long_repeats_are_small(pattern, states):
    assert len(pattern_dfa(pattern)) == states


@pytest.mark.parametrize("pattern", ["^a{50}$", "(?:a|b)*a(?:a|b){5}$", "^(?!a{20}).*$"])
@pytest.mark.parametrize("limit", ["states", "work"])
def test_limits_are_exact(pattern, limit):
    """There is a least limit that passes, and one below it refuses."""
    def passes(value):
        try:
            pattern_dfa(pattern, Limits(**{limit: value}))
        except TooLarge as error:
            assert error.limit == limit
            assert error.needed > error.allowed == value
            return False
        return True

    low, high = 1, 1 << 20
    assert not passes(low) and passes(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    assert high > 6


def test_results_are_cached_within_a_bound():
    assert pattern_dfa("^cached$") is pattern_dfa("^cached$")
    assert pattern_dfa("cached") is not fullmatch_dfa("cached")
    cache = Memo(max_bytes=10_000)
    dfa = pattern_dfa("a")
    for i in range(20):
        cache.put(i, dfa, 1000)
        assert cache.nbytes <= 10_000
    assert cache.get(0) is None
    assert cache.get(19) is dfa
    cache.put("huge", dfa, 5000)
    assert cache.get("huge") is None


def test_cache_drops_the_least_recently_used():
    cache, dfa = Memo(max_bytes=3 * 1024 + 30), pattern_dfa("a")
    cache.max_bytes *= 2
    for key in "abcde":
        cache.put(key, dfa, 0)
    assert cache.get("a") is dfa
    cache.put("f", dfa, 0)
    cache.put("g", dfa, 0)
    assert cache.get("b") is None
    assert cache.get("a") is dfa


def test_hostile_patterns():
    """Every line ends as expected, in CPU seconds and mebibytes counted in a child process of its own."""
    cases = lines("hostile_patterns.jsonl")
    runner = Path(__file__).with_name("hostile_runner.py")
    done = subprocess.run([sys.executable, runner, GOLDEN / "hostile_patterns.jsonl"], cwd=ROOT, check=True,
                          text=True, stdout=subprocess.PIPE, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(cases) > 40
    for case, result in zip(cases, results, strict=True):
        assert result["kind"] == case["expect"], case
        assert result["seconds"] < 5, case
        assert result["mebibytes"] < 1024, case
