"""Sum-product, max-product and sampling over the trellis of states and positions.

Scores are natural logs in float64: ``score[i, c]`` is the log weight of class c at position i, -inf where the
class cannot occur. `live` (uint64 [S, W] position bits) are the feasible (state, position) pairs and the only thing
that decides what may be visited: scores of feasible classes must be finite, so that a path always exists. The one
state that is live at position 0 is the start.
`edges` is an `Edges`: CSR by source and of the sets of classes, with a tree over the classes that makes sums over sets
cheap.

`best_path(edges, peak, top, live)` -> (tokens, classes), int32 [N]: max-product (Viterbi 1967). ``peak[i, c]`` is the
    score of the best token of class c, ``top[i, c]`` that token. Among paths that tie exactly the one with the
    lowest token id at the first position where they differ.

`posterior(edges, score, live)` -> `Posterior`: forward-backward (Rabiner 1989, section III). The linear form scales
    every position by its maximum; where the evidence left and right disagrees by more than float64 can hold (a
    path mass below 1e-220 in these units) the extended form takes over, in which every number has an exponent of its
    own. Absolute error of a probability about 1e-12 in either form; states of a posterior below 1e-24 are left out.

`posterior_and_path(edges, score, peak, top, live)` -> (posterior, tokens, classes): both of the above in fewer looks.

`draw_path(edges, score, posterior, live, uniforms)` -> int32 [N] classes of one exact draw; `uniforms` is float64
    [N, 2] in [0, 1).

`local_odds(edges, score, live, classes)` -> float64 [N]: the share that each class of a live path has among the
    classes that may stand there behind the path's classes before it, whatever follows.
"""

from ._types import Edges, Posterior
from .cpu import best_path, draw_path, posterior, posterior_and_path
from .local import local_odds

__all__ = ["Edges", "Posterior", "best_path", "draw_path", "local_odds", "posterior", "posterior_and_path"]
