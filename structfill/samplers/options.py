"""Options of the samplers: one frozen value, checked where it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import SpecError

RULES = ("confidence", "entropy")


@dataclass(frozen=True)
class SamplerOptions:
    """How a canvas is filled.

    Attributes:
        passes: denoising steps at most (1 or more). Fewer are made when everything left is decided.
        temperature: 0 takes the most probable valid canvas at every pass; above 0, a draw from the exact posterior of
            the tempered distribution.
        seed: of all randomness; equal inputs and seeds give equal texts.
        rule: which positions are committed first: highest "confidence" (posterior probability of the path's token)
            or lowest "entropy".
        window: only positions less than this far from the first open one are committed (semi-autoregressive decoding,
            as LLaDA's blocks). While the lengths of values are unknown, what lies far to the right has no fixed place
            yet: committing it early would dictate how long the values before it are. None for no window.
        threshold: positions more confident than this are committed at once, beyond the schedule (1 switches this off);
            with a window, only where nothing before them is open.
        horizon: the next so many positions are chosen without regard to what the model says about later ones, which it
            can hardly know before it has seen what comes first; what is valid there counts in full. None looks at the
            whole canvas, as does the last pass, every draw (temperature above 0) and every pass of a grammar that is
            explored lazily.
        fade: within the horizon logits count less with every position, by this factor (1: all count in full). Where
            lengths are unknown, a token's place is the less certain the further away it is, and free text, which fits
            anywhere, would win over what has to stand in one place.
        particles: above 1, trajectory-exact decoding by sequential Monte Carlo with so many particles a text
            (`samplers/particles.py`), each of which costs a row of the model; needs a temperature above 0, and
            `rule`, `window`, `threshold`, `horizon`, `fade` and `remask` do not apply.
        refills: how often a field that the Python type's own validators refuse is opened again and filled anew.
        remask: share of the committed positions, the least confident ones, that each pass but the last reopens.
    """

    passes: int = 16
    temperature: float = 0.0
    seed: int = 0
    rule: str = "confidence"
    window: int | None = 4
    threshold: float = 0.99
    horizon: int | None = 16
    fade: float = 0.3
    remask: float = 0.0
    particles: int = 1
    refills: int = 3

    def __post_init__(self) -> None:
        _require(_is_int(self.passes) and self.passes >= 1, "passes must be an integer >= 1", self.passes)
        _require(_is_int(self.seed) and 0 <= self.seed < 2**63, "seed must be an integer in 0..2^63-1", self.seed)
        _require(_in_range(self.temperature, 0, math.inf) and math.isfinite(self.temperature),
                 "temperature must be a finite number >= 0", self.temperature)
        _require(self.rule in RULES, f"rule must be one of {', '.join(RULES)}", self.rule)
        _require(self.window is None or (_is_int(self.window) and self.window >= 1),
                 "window must be None or an integer >= 1", self.window)
        _require(self.horizon is None or (_is_int(self.horizon) and self.horizon >= 1),
                 "horizon must be None or an integer >= 1", self.horizon)
        _require(_in_range(self.fade, 0, 1) and self.fade > 0, "fade must lie in 0..1, above 0", self.fade)
        _require(_in_range(self.threshold, 0, 1), "threshold must lie in 0..1", self.threshold)
        _require(_is_int(self.particles) and self.particles >= 1, "particles must be an integer >= 1", self.particles)
        _require(self.particles == 1 or self.temperature > 0, "particles need a temperature above 0", self.temperature)
        _require(_is_int(self.refills) and self.refills >= 0, "refills must be an integer >= 0", self.refills)
        _require(_in_range(self.remask, 0, 1) and self.remask < 1, "remask must lie in 0..1, below 1", self.remask)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_range(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _require(condition: bool, message: str, found: object) -> None:
    if not condition:
        raise SpecError(f"{message}, not {found!r}")
