"""One hole between two given texts."""

from __future__ import annotations

from .errors import BudgetTooSmall, SpecError
from .front.constraint import Constraint, check_given
from .front.template import Hole, Template
from .generator import FAR, NEAR, Generator, not_a_constraint
from .limits import Limits
from .models import load
from .models.protocol import AnyModel, RemoteModel
from .placing import Given
from .samplers import Options
from .trellis.arguments import LENGTH
from .trellis.arguments import whole as integer


def infill(prefix: str, suffix: str, constraint: Constraint | None = None, *, whole: Constraint | None = None,
           prompt: str = "", model: AnyModel = "default", options: Options | None = None,
           max_tokens: int | None = None, limits: Limits | None = None) -> str:
    """The text between `prefix` and `suffix`, as `model` finds it most fitting: one that `constraint` allows, or one
    with which all three together are a text that `whole` allows.

    The whole text is written on the canvas, so the length of the middle is found with it, and tokens may straddle its
    edges. `max_tokens` is the budget of all three. Errors are those of `Generator` and of `Generator.infill`, which
    fills many holes of one `whole`.
    """
    if (constraint is None) == (whole is None):
        raise SpecError("pass one of constraint (of the middle) and whole (of all three)")
    if whole is not None:
        return Generator(constraint=whole, model=model, options=options, max_tokens=max_tokens,
                         limits=limits).infill(prefix, suffix, prompt)
    if not isinstance(constraint, Constraint):
        raise not_a_constraint(constraint)
    check_given(prefix, suffix)
    loaded = load(model)
    near, far = suffix, 0  # of a long suffix the beginning shares canvases with the hole, the rest is only counted
    if len(suffix) >= FAR and not isinstance(loaded, RemoteModel):
        near, far = suffix[:NEAR], len(Given.of(loaded.vocab, "", suffix[NEAR:]).after)
    parts = [part for part in (prefix, Hole("middle", constraint), near) if part != ""]
    middle = Template(parts, shown=False)  # the canvas shows the model what is given
    budget = None if max_tokens is None else max(1, integer(max_tokens, "max_tokens", 1, LENGTH) - far)
    try:
        writer = Generator(constraint=middle, model=loaded, options=options, limits=limits, max_tokens=budget)
    except BudgetTooSmall as error:
        raise BudgetTooSmall(max_tokens or 0, error.needed + far) from None
    found = middle.split(writer.text_behind(prefix, prompt))
    assert found is not None  # the text follows the template
    return found["middle"]
