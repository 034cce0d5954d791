"""What a lattice says about its ways: sums over them, marginals of tokens, draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from .machine import jit


@jit
def backward(length: Any, size: Any, good: Any, ptr: Any, source: Any, target: Any, score: Any) -> Any:
    """float64 [N + 1, W]: log of the summed probabilities of all ways from each kept configuration to a good end."""
    out = np.full((length + 1, good.shape[0]), -np.inf)
    for x in range(size[length]):
        if good[x]:
            out[length, x] = 0.0
    for i in range(length - 1, -1, -1):
        peak = np.full(size[i], -np.inf)
        total = np.zeros(size[i])
        for e in range(ptr[i], ptr[i + 1]):
            peak[source[e]] = max(peak[source[e]], score[e] + out[i + 1, target[e]])
        for e in range(ptr[i], ptr[i + 1]):
            if peak[source[e]] > -np.inf:
                total[source[e]] += np.exp(score[e] + out[i + 1, target[e]] - peak[source[e]])
        for x in range(size[i]):
            if total[x] > 0:
                out[i, x] = peak[x] + np.log(total[x])
    return out


@jit
def forward(length: Any, size: Any, width: Any, ptr: Any, source: Any, target: Any, score: Any) -> Any:
    """float64 [N + 1, W]: log of the summed probabilities of all ways to each kept configuration."""
    out = np.full((length + 1, width), -np.inf)
    out[0, 0] = 0.0
    for i in range(length):
        peak = np.full(size[i + 1], -np.inf)
        total = np.zeros(size[i + 1])
        for e in range(ptr[i], ptr[i + 1]):
            peak[target[e]] = max(peak[target[e]], score[e] + out[i, source[e]])
        for e in range(ptr[i], ptr[i + 1]):
            if peak[target[e]] > -np.inf:
                total[target[e]] += np.exp(score[e] + out[i, source[e]] - peak[target[e]])
        for x in range(size[i + 1]):
            if total[x] > 0:
                out[i + 1, x] = peak[x] + np.log(total[x])
    return out


@jit
def weights(ptr: Any, source: Any, target: Any, score: Any, ahead: Any, behind: Any) -> Any:
    """float64 [E]: the share of each edge, all ways to a good end together being 1."""
    out = np.zeros(source.shape[0])
    for i in range(ptr.shape[0] - 1):
        for e in range(ptr[i], ptr[i + 1]):
            out[e] = np.exp(min(ahead[i, source[e]] + score[e] + behind[i + 1, target[e]] - behind[0, 0], 0.0))
    return out


@jit
def summary(ptr: Any, token: Any, weight: Any, columns: Any, tokens: Any) -> Any:
    """(confidence of `tokens`, int64 [N], and entropy in nats of the marginals), both float64 [N]."""
    length = ptr.shape[0] - 1
    sure, entropy = np.zeros(length), np.zeros(length)
    mass = np.zeros(columns)
    for i in range(length):
        for e in range(ptr[i], ptr[i + 1]):
            mass[token[e]] += weight[e]
        sure[i] = min(mass[tokens[i]], 1.0)
        for e in range(ptr[i], ptr[i + 1]):
            p = mass[token[e]]
            if p > 0:
                entropy[i] -= p * np.log(p)
            mass[token[e]] = 0.0
        entropy[i] = max(entropy[i], 0.0)
    return sure, entropy


@jit
def draw(ptr: Any, source: Any, target: Any, token: Any, score: Any, behind: Any, uniform: Any) -> Any:
    """int64 [N]: the tokens of a way drawn by probability; uniform: float64 [N] in [0, 1)."""
    length = ptr.shape[0] - 1
    out = np.empty(length, np.int64)
    x = 0
    for i in range(length):
        wanted, chosen = uniform[i], np.int64(-1)
        for e in range(ptr[i], ptr[i + 1]):
            if source[e] == x and behind[i + 1, target[e]] > -np.inf:
                chosen = np.int64(e)
                wanted -= np.exp(score[e] + behind[i + 1, target[e]] - behind[i, x])
                if wanted < 0:
                    break
        out[i] = token[chosen]
        x = target[chosen]
    return out
