"""Byte automata of strings against json and the UTF-8 codec."""

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.json_string import plain, quoted
from structfill.front.regex import fullmatch_dfa, pattern_dfa

CHARS = [chr(code) for code in (
    0, 1, 8, 9, 0xA, 0xB, 0xC, 0xD, 0x1F, 0x20, 0x22, 0x2F, 0x41, 0x5C, 0x61, 0x75, 0x7F, 0x80, 0xBF, 0xC0,
    0x7FF, 0x800, 0xFFF, 0x1000, 0x2028, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x1F600, 0x3FFFF, 0x40000,
    0x10FFFF)]
TEXTS = st.text(st.sampled_from(CHARS), max_size=5)
PATTERNS = ["", "^$", "^[a-z]*$", "^.*$", "[^A]$", "^[\\s\\S]{0,3}$", "^[\\u0000-\\u0800]+$",
            "^[\\u07ff-\\u{10001}]*$", "^(?:A|\\u{1F600})*[\\\\\"]?$", "\\u0001|\\u007f", "^\\P{L}*$",
            "^[\\ud800-\\udfffA]*$", "^[^\\ud7ff\\ue000]*$"]
LANGUAGES = [pattern_dfa(p) for p in PATTERNS]
LANGUAGES.append(CharDFA.trie({"A": 3, "a": 1, "\\": 0, "no": -1, "\U0001F600": 2}, 5))


class Runner:
    """Runs a Fragment over bytes, checking its form on the way in."""

    def __init__(self, fragment):
        self.labels = fragment.labels
        self.step = {}
        edges = fragment.edges
        assert edges.dtype == fragment.labels.dtype == np.int32
        order = np.lexsort((edges[:, 1], edges[:, 0]))
        assert (order == np.arange(len(edges))).all()
        for source, low, high, target in edges.tolist():
            assert 0 <= low <= high <= 255 and 0 <= target < len(self.labels)
            for byte in range(low, high + 1):
                assert (source, byte) not in self.step
                self.step[source, byte] = target

    def label(self, data):
        state = 0
        for byte in data:
            state = self.step.get((state, byte), -1)
            if state < 0:
                return -1
        return int(self.labels[state])

    def check_live(self):
        reached, live = {0}, {q for q, label in enumerate(self.labels.tolist()) if label >= 0}
        edges = {(source, target) for (source, _), target in self.step.items()}
        for _ in range(len(self.labels)):
            reached |= {target for source, target in edges if source in reached}
            live |= {source for source, target in edges if target in live}
        assert reached == live == set(range(len(self.labels)))


QUOTED = [Runner(quoted(dfa)) for dfa in LANGUAGES]
PLAIN = [Runner(plain(dfa)) for dfa in LANGUAGES]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_canonical_spelling(text):
    """json.dumps writes the same escapes, except DEL, which both leave as it is."""
    spelled = json.dumps(text, ensure_ascii=False).encode()
    for dfa, runner in zip(LANGUAGES, QUOTED, strict=True):
        assert runner.label(spelled) == dfa.label(text)
    for dfa, runner in zip(LANGUAGES, PLAIN, strict=True):
        assert runner.label(text.encode()) == dfa.label(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(range(len(LANGUAGES))), st.lists(st.integers(0, 2**16), min_size=30, max_size=30))
def test_what_is_accepted_decodes(index, choices):
    """A random walk to an accepted text: it is UTF-8, it is JSON, canonical, and of the language."""
    for runner, as_json in ((QUOTED[index], True), (PLAIN[index], False)):
        state, data = 0, b""
        for choice in choices:
            if runner.labels[state] >= 0:
                text = json.loads(data) if as_json else data.decode()
                assert LANGUAGES[index].label(text) == runner.labels[state]
                if as_json:
                    assert json.dumps(text, ensure_ascii=False).encode() == data
            options = [(byte, target) for (source, byte), target in runner.step.items() if source == state]
            if not options:
                break
            byte, state = options[choice % len(options)]
            data += bytes([byte])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=8))
def test_nothing_else_is_accepted(data):
    for dfa, runner in zip(LANGUAGES, PLAIN, strict=True):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            assert runner.label(data) == -1
        else:
            assert runner.label(data) == dfa.label(text)


@pytest.mark.parametrize("spelled", [
    b'"\\/"', b'"\\u0041"', b'"\\u000A"', b'"\\u0009"', b'"\\u001F"', b'"\n"', b'"A', b'A"',
    b'"\xed\xa0\x80"',
    b'"\\ud83d\\ude00"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"'])
def test_other_spellings_are_rejected(spelled):
    assert Runner(quoted(CharDFA.everything())).label(spelled) == -1


@pytest.mark.parametrize("runner", QUOTED + PLAIN)
def test_states_are_live_and_reachable(runner):
    runner.check_live()


def test_one_final_state_per_label_without_edges():
    fragment = quoted(CharDFA.trie({"a": 3, "b": 1, "c": 1, "d": -1}, 5))
    finals = np.flatnonzero(fragment.labels >= 0)
    assert sorted(fragment.labels[finals].tolist()) == [1, 3, 5]
    assert not np.isin(fragment.edges[:, 0], finals).any()


@pytest.mark.parametrize("lower", [quoted, plain])
@pytest.mark.parametrize("pattern", ["[]", "\\ud800", "a\\udfff|\\udbff"])
def test_empty_languages(lower, pattern):
    fragment = lower(fullmatch_dfa(pattern))
    assert fragment.labels.tolist() == [-1]
    assert fragment.edges.shape == (0, 4)


def test_surrogate_branches_are_trimmed():
    runner = Runner(quoted(fullmatch_dfa("a|\\ud800(?:bc)*|b\\udc00")))
    runner.check_live()
    assert runner.label(b'"a"') == 0
    assert len(runner.labels) == 4


def test_continuations_are_shared():
    """A loop over all characters costs seven UTF-8 nodes and six for escapes."""
    fragment = quoted(CharDFA.everything())
    assert len(fragment.labels) == 1 + 1 + 7 + 6 + 1


def test_long_strings_are_fast():
    """maxLength 10,000: measured 0.06 s."""
    dfa = CharDFA.length(0, 10_000)
    quoted(CharDFA.length(0, 1))
    before = time.process_time()
    fragment = quoted(dfa)
    assert time.process_time() - before < 1
    assert len(fragment.labels) < 15 * 10_001
