"""Options of the samplers, one class for each decoding rule: frozen values, checked where they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import SpecError

RULES = ("confidence", "margin", "entropy")
EFFORTS = ("instant", "low", "medium", "high")
FORMATS = ("json_schema", "text")


@dataclass(frozen=True)
class SamplerOptions:
    """How a canvas is filled.

    Attributes:
        passes: denoising steps at most (1 or more). Fewer are made when everything left is decided.
        temperature: 0 takes the most probable valid canvas at every pass; above 0, a draw from the exact posterior of
            the tempered distribution.
        seed: of all randomness; equal inputs and seeds give equal texts.
        rule: which positions are committed first: those of highest "confidence" (posterior probability of the path's
            token; LLaDA), largest "margin" (that probability less the next best token's; Kim et al. 2025) or lowest
            "entropy" (Dream).
        window: only positions less than this far from the first open one are committed (semi-autoregressive decoding,
            as LLaDA's blocks). While the lengths of values are unknown, what lies far to the right has no fixed place
            yet: committing it early would dictate how long the values before it are. None for no window.
        threshold: positions more confident than this are committed at once, beyond the schedule (1 switches this off);
            with a window, only where nothing before them is open.
        entropy_bound: positions are committed beyond the schedule, in the order of the rule, while the entropies of
            those before sum up to no more than this, in nats (entropy-bounded unmasking, Ben-Hamu et al. 2025). None
            switches this off.
        horizon: the next so many positions are chosen without regard to what the model says about later ones, which it
            can hardly know before it has seen what comes first; what is valid there counts in full. None looks at the
            whole canvas, as does the last pass, every draw (temperature above 0) and every pass of a grammar that is
            explored lazily.
        fade: within the horizon logits count less with every position, by this factor (1: all count in full). Where
            lengths are unknown, a token's place is the less certain the further away it is, and free text, which fits
            anywhere, would win over what has to stand in one place.
        particles: above 1, trajectory-exact decoding by sequential Monte Carlo with so many particles a text
            (`samplers/particles.py`), each of which costs a row of the model; needs a temperature above 0, and
            `rule`, `window`, `threshold`, `entropy_bound`, `horizon`, `fade` and `remask` do not apply.
        refills: how often a field that the Python type's own validators refuse is opened again and filled anew.
        remask: share of the committed positions, the least confident ones, that each pass but the last reopens.
    """

    passes: int = 16
    temperature: float = 0.0
    seed: int = 0
    rule: str = "confidence"
    window: int | None = 4
    threshold: float = 0.99
    entropy_bound: float | None = None
    horizon: int | None = 16
    fade: float = 0.3
    remask: float = 0.0
    particles: int = 1
    refills: int = 3

    def __post_init__(self) -> None:
        _require(_is_int(self.passes) and self.passes >= 1, "passes must be an integer >= 1", self.passes)
        _require(_in_range(self.temperature, 0, 0) or _is_temperature(self.temperature),
                 "temperature must be 0 or a number in 1e-30..1e30", self.temperature)
        _require(self.rule in RULES, f"rule must be one of {', '.join(RULES)}", self.rule)
        _require(self.window is None or (_is_int(self.window) and self.window >= 1),
                 "window must be None or an integer >= 1", self.window)
        _require(self.horizon is None or (_is_int(self.horizon) and self.horizon >= 1),
                 "horizon must be None or an integer >= 1", self.horizon)
        _require(_in_range(self.fade, 0, 1) and self.fade > 0, "fade must lie in 0..1, above 0", self.fade)
        _require(_in_range(self.threshold, 0, 1), "threshold must lie in 0..1", self.threshold)
        _require(self.entropy_bound is None or _in_range(self.entropy_bound, 0, math.inf),
                 "entropy_bound must be None or a number >= 0", self.entropy_bound)
        _require(_is_int(self.particles) and self.particles >= 1, "particles must be an integer >= 1", self.particles)
        _require(self.particles == 1 or self.temperature > 0, "particles need a temperature above 0", self.temperature)
        _require_common(self.seed, self.refills)
        _require(_in_range(self.remask, 0, 1) and self.remask < 1, "remask must lie in 0..1, below 1", self.remask)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_range(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_temperature(value: object) -> bool:
    """Can logits be divided by it?"""
    return _in_range(value, 1e-30, 1e30)


def _require(condition: bool, message: str, found: object) -> None:
    if not condition:
        raise SpecError(f"{message}, not {found!r}")


@dataclass(frozen=True)
class RenoiseOptions:
    """How a canvas is filled by a model without a mask token, which starts from random tokens (DiffusionGemma).

    Attributes:
        passes: denoising steps at most; fewer are made once the canvas is stable and sure.
        temperature: of the first and of the last step, in equal parts between; both above 0.
        entropy_bound: nats; the surest positions are accepted while their entropies, without the largest, sum up to no
            more than this (Ben-Hamu et al. 2025). The others are set to random tokens again.
        stability: a row is done when its canvas was the same for so many steps before, and
        confidence: the mean entropy of its positions, in nats, is below this.
        seed: of all randomness; equal inputs and seeds give equal texts.
        refills: how often a field that the Python type's own validators refuse is opened again and filled anew.
    """

    passes: int = 48
    temperature: tuple[float, float] = (0.8, 0.4)
    entropy_bound: float = 0.1
    stability: int = 1
    confidence: float = 0.005
    seed: int = 0
    refills: int = 3

    def __post_init__(self) -> None:
        _require(_is_int(self.passes) and self.passes >= 1, "passes must be an integer >= 1", self.passes)
        _require(isinstance(self.temperature, tuple) and len(self.temperature) == 2
                 and all(map(_is_temperature, self.temperature)), "temperature must be two numbers in 1e-30..1e30",
                 self.temperature)
        _require(_in_range(self.entropy_bound, 0, math.inf), "entropy_bound must be a number >= 0", self.entropy_bound)
        _require(_is_int(self.stability) and self.stability >= 0, "stability must be an integer >= 0", self.stability)
        _require(_in_range(self.confidence, 0, math.inf), "confidence must be a number >= 0", self.confidence)
        _require_common(self.seed, self.refills)


@dataclass(frozen=True)
class LeftToRightOptions:
    """How a text is written token by token.

    Attributes:
        temperature: 0 takes the most probable token that may follow; above 0, a draw from those.
        drafts: what the constraint leaves no choice about is put before the model in one pass, up to so many tokens at
            a time; the text is the same as without (0).
        seed: of all randomness; equal inputs and seeds give equal texts.
        refills: how often a field that the Python type's own validators refuse is opened again and filled anew.
    """

    temperature: float = 0.0
    drafts: int = 16
    seed: int = 0
    refills: int = 3

    def __post_init__(self) -> None:
        _require(_in_range(self.temperature, 0, 0) or _is_temperature(self.temperature),
                 "temperature must be 0 or a number in 1e-30..1e30", self.temperature)
        _require(_is_int(self.drafts) and self.drafts >= 0, "drafts must be an integer >= 0", self.drafts)
        _require_common(self.seed, self.refills)


@dataclass(frozen=True)
class RemoteOptions:
    """How a model behind a network interface is asked, which gives texts and no logits.

    Attributes:
        refills: how often an answer that is not valid (or the text of a template's hole) is asked for again, with the
            reason; 0 takes the first or fails.
        max_tokens: of an answer at most, what the model thinks before it included, or of a hole; None leaves it to the
            server.
        temperature: of answers; None leaves it to the server.
        reasoning_effort: how long the model thinks before an answer: "instant", "low", "medium" or "high"; None leaves
            it to the server.
        response_format: "json_schema" hands the schema to the server, to be kept strictly; "text" describes it in the
            message only, for schemas that the server refuses.
    """

    refills: int = 3
    max_tokens: int | None = None
    temperature: float | None = None
    reasoning_effort: str | None = None
    response_format: str = "json_schema"

    def __post_init__(self) -> None:
        _require(_is_int(self.refills) and self.refills >= 0, "refills must be an integer >= 0", self.refills)
        _require(self.max_tokens is None or (_is_int(self.max_tokens) and self.max_tokens >= 1),
                 "max_tokens must be None or an integer >= 1", self.max_tokens)
        _require(self.temperature is None or _in_range(self.temperature, 0, 2),
                 "temperature must be None or lie in 0..2", self.temperature)
        _require(self.reasoning_effort is None or self.reasoning_effort in EFFORTS,
                 f"reasoning_effort must be None or one of {', '.join(EFFORTS)}", self.reasoning_effort)
        _require(self.response_format in FORMATS, f"response_format must be one of {', '.join(FORMATS)}",
                 self.response_format)


Options = SamplerOptions | RenoiseOptions | LeftToRightOptions | RemoteOptions


def _require_common(seed: int, refills: int) -> None:
    _require(_is_int(seed) and 0 <= seed < 2**63, "seed must be an integer in 0..2^63-1", seed)
    _require(_is_int(refills) and refills >= 0, "refills must be an integer >= 0", refills)
