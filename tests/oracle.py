"""Brute force: every canvas over a tiny vocabulary. Knows the rules, none of the engine's code.

A canvas is valid iff its tokens are: text tokens whose bytes together are accepted, then nothing; or then
one end-of-text token followed by end-of-text and padding tokens only. The mask is never part of one.
"""

from __future__ import annotations

import itertools

import numpy as np


def is_valid(canvas, automaton, vocab):
    """Is this canvas valid?"""
    text = b""
    for i, token in enumerate(canvas):
        if token in vocab.eos_ids:
            if any(t not in vocab.eos_ids and t != vocab.pad_id for t in canvas[i:]):
                return False
            break
        if not vocab.tokens[token]:
            return False
        text += vocab.tokens[token]
    return automaton.accepts(text)


def canvases(automaton, vocab, length, fixed=None):
    """All valid canvases that agree with `fixed` (position -> token), in lexicographic order."""
    fixed = fixed or {}
    choices = [[fixed[i]] if i in fixed else range(len(vocab)) for i in range(length)]
    return [c for c in itertools.product(*choices) if is_valid(c, automaton, vocab)]


def log_softmax(logits):
    """float64 log-softmax by row; NaN counts as -inf, a row of -inf as a row of equals."""
    x = np.where(np.isnan(logits), -np.inf, np.asarray(logits, np.float64))
    top = x.max(1, keepdims=True)
    x = np.where(x == top, 0.0, x - top)
    return x - np.log(np.exp(x).sum(1, keepdims=True))


class Exact:
    """The constrained distribution by summing over all valid canvases."""

    def __init__(self, valid, logits, vocabulary):
        self.valid, logp = valid, log_softmax(logits)
        self.scores = np.array([sum(logp[i, t] for i, t in enumerate(c)) for c in valid])
        self.log_mass = -np.inf
        if len(valid) and self.scores.max() > -np.inf:
            self.log_mass = self.scores.max() + np.log(np.exp(self.scores - self.scores.max()).sum())
            self.probabilities = np.exp(self.scores - self.log_mass)
            self.marginals = np.zeros((len(logits), vocabulary))
            for c, p in zip(valid, self.probabilities, strict=True):
                for i, t in enumerate(c):
                    self.marginals[i, t] += p
            safe = np.where(self.marginals > 0, self.marginals, 1.0)
            self.entropy = -(self.marginals * np.log(safe)).sum(1)


def masks(valid, length, vocabulary):
    """bool [N, V]: which tokens occur where."""
    allowed = np.zeros((length, vocabulary), bool)
    for c in valid:
        allowed[np.arange(length), list(c)] = True
    return allowed


def unpack(words, vocabulary):
    """int32 mask words [.., W] -> bool [.., 32 W], and the tail beyond the vocabulary apart."""
    bits = (np.asarray(words)[..., None] >> np.arange(32) & 1).astype(bool)
    flat = bits.reshape(*bits.shape[:-2], -1)
    return flat[..., :vocabulary], flat[..., vocabulary:]
