"""The specification of the sweeps: log space, one (state, position) pair at a time."""

from __future__ import annotations

import numpy as np

from ._types import Posterior


def is_live(live, q, i):
    """Bit i of state q."""
    return bool(live[q, i // 64] >> np.uint64(i % 64) & np.uint64(1))


def start_of(live):
    """The one state that is live at position 0."""
    return next(q for q in range(len(live)) if is_live(live, q, 0))


def log_sum(values):
    """log sum exp, -inf of nothing."""
    top = max(values, default=-np.inf)
    return top if top == -np.inf else top + np.log(np.sum(np.exp(np.array(values) - top)))


def set_scores(edges, score, combine):
    """`combine` over the classes of every set."""
    pairs = list(zip(edges.set_ptr[:-1], edges.set_ptr[1:], strict=True))
    return np.array([[combine(list(row[edges.set_class[a:b]])) for a, b in pairs] for row in score])


def backward(edges, weights, live, combine):
    """Value of every live (state, position), normalised per position, and the sum of the log factors."""
    N, S = len(weights), len(live)
    values, total = np.full((N + 1, S), -np.inf), 0.0
    values[N] = [0.0 if is_live(live, q, N) else -np.inf for q in range(S)]
    for i in reversed(range(N)):
        for q in range(S):
            if is_live(live, q, i):
                out = range(edges.out_ptr[q], edges.out_ptr[q + 1])
                values[i, q] = combine([weights[i, edges.out_set[k]] + values[i + 1, edges.out_target[k]] for k in out])
        total += values[i].max()
        values[i] -= values[i].max()
    return values, total


def best_path(edges, peak, top, live):
    """Viterbi, then a walk from the start."""
    values, _ = backward(edges, set_scores(edges, peak, max), live, max)
    state, tokens, classes = start_of(live), [], []
    for i in range(len(peak)):
        steps = [
            (-(peak[i, c] + values[i + 1, edges.out_target[k]]), top[i, c], c, edges.out_target[k])
            for k in range(edges.out_ptr[state], edges.out_ptr[state + 1])
            for c in edges.set_class[edges.set_ptr[edges.out_set[k]] : edges.set_ptr[edges.out_set[k] + 1]]
        ]
        _, token, c, state = min(steps)
        tokens.append(token)
        classes.append(c)
    return np.array(tokens, np.int32), np.array(classes, np.int32)


def posterior(edges, score, live):
    """Forward-backward over single classes; values and set weights are logs."""
    weights = set_scores(edges, score, log_sum)
    values, total = backward(edges, weights, live, log_sum)
    mass, forward = np.zeros(score.shape), np.full(len(live), -np.inf)
    forward[start_of(live)] = 0.0
    for i in range(len(score)):
        ahead, here = [[] for _ in forward], []
        for q in np.flatnonzero(forward > -np.inf):
            for k in range(edges.out_ptr[q], edges.out_ptr[q + 1]):
                s, r = edges.out_set[k], edges.out_target[k]
                ahead[r].append(forward[q] + weights[i, s])
                here += [
                    (c, forward[q] + score[i, c] + values[i + 1, r])
                    for c in edges.set_class[edges.set_ptr[s] : edges.set_ptr[s + 1]]
                ]
        norm = log_sum([x for _, x in here])
        for c, x in here:
            mass[i, c] += np.exp(x - norm)
        forward = np.array([log_sum(a) if is_live(live, r, i + 1) else -np.inf for r, a in enumerate(ahead)])
        forward -= forward.max()
    return Posterior(values, weights, mass, total + values[0, start_of(live)])


def pick(weights, u):
    """Inverse CDF, never an index of weight 0."""
    cumulative = np.cumsum(weights)
    return min(int(np.searchsorted(cumulative, u * cumulative[-1], side="right")), np.flatnonzero(weights)[-1])


def draw_path(edges, score, result, live, uniforms):
    """Edge by its weight times what follows, then the class within its set; `result` is that of `posterior` above."""
    state, classes = start_of(live), []
    for i, (u, v) in enumerate(uniforms):
        out = np.arange(edges.out_ptr[state], edges.out_ptr[state + 1])
        logs = result.set_weight[i, edges.out_set[out]] + result.values[i + 1, edges.out_target[out]]
        k = out[pick(np.exp(logs - logs.max()), u)]
        members = edges.set_class[edges.set_ptr[edges.out_set[k]] : edges.set_ptr[edges.out_set[k] + 1]]
        classes.append(members[pick(np.exp(score[i, members] - score[i, members].max()), v)])
        state = edges.out_target[k]
    return np.array(classes, np.int32)


def local_odds(edges, score, live, classes):
    """Every class of every live edge of the state that the path has reached."""
    state, odds = start_of(live), []
    for i, wanted in enumerate(classes):
        out = [k for k in range(edges.out_ptr[state], edges.out_ptr[state + 1])
               if is_live(live, edges.out_target[k], i + 1)]
        after = {c: edges.out_target[k] for k in out
                 for c in edges.set_class[edges.set_ptr[edges.out_set[k]] : edges.set_ptr[edges.out_set[k] + 1]]}
        odds.append(np.exp(score[i, wanted] - log_sum([score[i, c] for c in after])))
        state = after[wanted]
    return np.array(odds)
