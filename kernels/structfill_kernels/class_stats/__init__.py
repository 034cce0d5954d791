"""One read of the logits: what every class of tokens amounts to at every position.

`plan(token_class, classes, columns)` -> `Plan`: the columns 0..columns-1 in class order. Columns of no class (and
    those beyond ``len(token_class)``) form class C, the rest: it counts in the softmax's normaliser only.

`class_stats(logits, plan, scale, out)`: logits float32 or float64 [N, columns], read once. NaN counts as -inf, +inf
    as the largest finite number. For every position and class, in float64 / int32 arrays [N, C + 1] of `out`
    (a `Stats`): ``peak`` max x (-inf: no member is possible); ``spread`` log sum exp(scale (x - peak)), >= 0, -inf
    without members; ``slope`` sum w scale (x - peak) with w = softmax(scale x) within the class, <= 0; ``top`` the
    lowest token id at the peak. Where peak is -inf all members count alike. Relative error about 1e-6.
    Scaled log-sum-exp = scale peak + spread; entropy within the class = spread - slope.

`draw_members(logits, plan, classes, stats, scale, uniforms)` -> (tokens int32 [N], weights float64 [N]): at position i
    the member of class ``classes[i]`` (ids ascending) at which its inverse CDF passes ``uniforms[i]`` in [0, 1), and
    that member's probability within the class; never a member of weight 0 unless all are. -1 skips a position.

`token_probabilities(logits, plan, mass, stats, scale, out)`: ``out`` (float32 [N, V]) gets ``mass[i, c]`` (float64
    [N, C]) times the probability of the token within its class c; 0 for the rest.

`add_odds(logits, plan, odds, top, scale, out)`: ``out`` (of the logits' type, [N, columns]) gets
    ``scale x + odds[i, c]`` (float64 [N, C + 1]) for every token x of every class c, ``top[i]`` (float64 [N]) at most,
    -inf where the odds are: with the logarithm of a class's mass over its unscaled weight, the logarithm of the token's
    probability.

`device.class_stats`, `device.draw_members`: the same where the logits are, on any torch device.

`clean(values)` -> float64, NaN as -inf and +inf as the largest finite number of the type.
"""

from . import device
from ._types import Plan, Stats, clean, plan
from .cpu import add_odds, class_stats, draw_members, token_probabilities

__all__ = ["Plan", "Stats", "add_odds", "class_stats", "clean", "device", "draw_members", "plan", "token_probabilities"]
