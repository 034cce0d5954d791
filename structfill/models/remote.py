"""What models without logits share: an answer is judged when it is there, and asked for again where it fails.

There is no mask-level guarantee here and there can be none: the engine's exactness needs the model's logits. What holds
is that nothing leaves `until_valid` that the constraint does not accept, and that the number of answers is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ..errors import EmptyLanguage, ModelError, RefusedValue, SpecError, StructfillError, TooLarge
from ..front.constraint import Constraint
from ..front.json_schema.constraint import JsonSchema
from ..front.template import Bounded, Template
from ..front.text import TextConstraint
from ..samplers.options import Options, RemoteOptions
from .protocol import RemoteModel, Written

FIELD = "answer"  # of the object in which a text travels where the server wants JSON
SHOWN = 300  # characters of an answer that errors show
CUT_WORK = 1_000_000  # characters read at most to find where a text is to be cut
_BLANK = " \t\r\n"
_FENCED = re.compile(r"\s*```[\w-]*\n(.*?)\n?```\s*", re.DOTALL)


class Refusal(NamedTuple):
    """An answer that is not valid, why, and the error of the type's validators if it was they who refused it."""

    answer: str
    reason: str
    error: RefusedValue | None = None


class Valid(NamedTuple):
    """A text that its constraint accepts, and its value."""

    text: str
    value: Any


Judge = Callable[[str], Valid | Refusal]


class Form(NamedTuple):
    """How a constraint is put to a server: its JSON Schema (None: as plain text), and whether the text is a field."""

    schema: dict[str, Any] | None
    wrapped: bool


def writer(model: RemoteModel, constraint: Constraint, options: Options | None, max_tokens: int | None,
           canvas_length: int | None) -> Callable[[str], Written]:
    """`model.write` for one constraint. Raises `SpecError` for what a remote model cannot do, `EmptyLanguage`."""
    options = model.default_options if options is None else options
    if not isinstance(options, RemoteOptions):
        raise SpecError(f"{type(model).__name__} takes RemoteOptions, not {type(options).__name__}")
    if canvas_length is not None:
        raise SpecError("a remote model has no canvas: leave canvas_length out")
    if max_tokens is not None:
        options = RemoteOptions(options.refills, max_tokens, options.temperature, options.reasoning_effort,
                                options.response_format)
    _check_not_empty(constraint)
    return partial(_checked_write, model, constraint, options)


def _checked_write(model: RemoteModel, constraint: Constraint, options: RemoteOptions, prompt: str) -> Written:
    if not isinstance(prompt, str):
        raise SpecError(f"a prompt must be a str, not {type(prompt).__name__}")
    written = model.write(prompt, constraint, options)
    if not isinstance(written, Written):  # whoever wrote the model
        raise ModelError(f"{type(model).__name__}.write must give a structfill.models.protocol.Written, not "
                         f"{written!r:.80}")
    if not constraint.accepts(written.text):
        raise ModelError(f"{type(model).__name__} gave a text that the constraint does not accept: "
                         f"{written.text!r:.{SHOWN}}")
    return written


def _check_not_empty(constraint: Constraint) -> None:
    """Nobody is asked for what cannot be."""
    try:
        empty = not constraint.accepts_prefix("")
    except TooLarge:  # to be enumerated, which nobody needs here
        return
    if empty:
        raise EmptyLanguage("no text satisfies the constraint")


def until_valid(ask: Callable[[Refusal | None], str], judge: Judge, refills: int, what: str) -> Written:
    """The first valid one of at most ``1 + refills`` answers; `ask` is told what was wrong with the one before.

    Raises `RefusedValue` if the type's own validators refuse the last one, else `ModelError`; both show it.
    """
    refused: Refusal | None = None
    for count in range(1, refills + 2):
        found = judge(ask(refused))
        if isinstance(found, Valid):
            return Written(found.text, found.value, count)
        refused = found
    assert refused is not None  # refills >= 0
    message = (f"{what} is not valid after {refills + 1} answer{'s' if refills else ''} (raise refills, or help the "
               f"model with the prompt); the last one was {refused.answer!r:.{SHOWN}}: {refused.reason:.{2 * SHOWN}}")
    raise RefusedValue(message, refused.error.place) if refused.error else ModelError(message)


def judge(constraint: Constraint, answer: str) -> Valid | Refusal:
    """Is the answer a text of the constraint, as it stands, without blanks around it, or out of a fenced block?"""
    refusal = Refusal(answer, "")
    for text in _candidates(constraint, answer):
        found = _read(constraint, text)
        if isinstance(found, Valid):
            return found
        refusal = found if found.reason else refusal
    return refusal if refusal.reason else Refusal(answer, _why(constraint, answer))


def judge_field(constraint: Constraint, answer: str) -> Valid | Refusal:
    """Does the answer hold a text of the constraint, as the one field of a JSON object?"""
    try:
        found = json.loads(next(_fenced(answer), answer))
    except (ValueError, RecursionError) as error:
        return Refusal(answer, f"it is not JSON: {error}" if answer else "the answer is empty")
    if not isinstance(found, dict) or not isinstance(found.get(FIELD), str):
        return Refusal(answer, f"it is not a JSON object with a string as its one property {FIELD!r}")
    return judge(constraint, found[FIELD])


def judge_beginning(constraint: Constraint, answer: str) -> Valid | Refusal:
    """Is the longest beginning of the answer that the constraint accepts fit? For models that write beyond a hole."""
    for text in dict.fromkeys((answer, answer.lstrip(_BLANK))):
        cut = longest_valid(constraint, text)
        if cut is not None:
            return judge(constraint, cut)
    return judge(constraint, answer)


def longest_valid(constraint: Constraint, text: str) -> str | None:
    """The longest beginning of `text` that the constraint accepts, None if there is none.

    It is looked for from the longest beginning that can be continued, downwards, until `CUT_WORK` characters are read.
    """
    try:
        if constraint.accepts(text):
            return text
        most = _continuable(constraint, text)
        ends = range(most, max(most - 1 - CUT_WORK // (most + 1), -1), -1)
        return next((text[:end] for end in ends if constraint.accepts(text[:end])), None)
    except (TooLarge, RecursionError):
        return None


def _continuable(constraint: Constraint, text: str) -> int:
    """How long the longest beginning is that can be continued into the language."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if constraint.accepts_prefix(text[:middle]) else (low, middle - 1)
    return low


def _candidates(constraint: Constraint, answer: str) -> Iterator[str]:
    """Readings of an answer; blanks around JSON mean nothing, around other texts they may."""
    if not isinstance(innermost(constraint), JsonSchema):
        yield answer
    yield answer.strip(_BLANK)
    yield from _fenced(answer)


def _fenced(answer: str) -> Iterator[str]:
    found = _FENCED.fullmatch(answer)
    if found is not None:
        yield found[1]


def _read(constraint: Constraint, text: str) -> Valid | Refusal:
    try:
        if constraint.accepts(text):
            return Valid(text, constraint.value(text))
    except RefusedValue as error:
        return Refusal(text, str(error), error)
    except (StructfillError, ValueError, RecursionError) as error:  # too deep, or a number of too many digits
        return Refusal(text, str(error))
    return Refusal(text, "")


def _why(constraint: Constraint, text: str) -> str:
    """Where the text leaves the language, for the model to read."""
    if not text.strip(_BLANK):
        return "the answer is empty"
    try:
        if isinstance(constraint, JsonSchema):
            found = constraint.read(text)
            place = f"at character {found.position} ({text[found.position:found.position + 40]!r})"
            return f"it ends where {found.expected} is expected" if found.continuable else \
                f"{place}: expected {found.expected}"
        most = _continuable(constraint, text)
    except (StructfillError, RecursionError) as error:
        return str(error)
    return "it ends too early" if most == len(text) else \
        f"it cannot go on as it does at character {most} ({text[most:most + 40]!r}); wanted is {describe(constraint)}"


def innermost(constraint: Constraint) -> Constraint:
    """The constraint without the bounds around it."""
    while isinstance(constraint, Bounded):
        constraint = constraint.inner
    return constraint


def form_of(constraint: Constraint, response_format: str) -> Form:
    """How to put a constraint to a server that takes JSON Schemas."""
    inner = innermost(constraint)
    if response_format == "json_schema" and isinstance(inner, JsonSchema):
        return Form(_bundled(inner), False)
    if response_format == "json_schema" and isinstance(inner, TextConstraint):
        return Form({"type": "object", "properties": {FIELD: inner.schema}, "required": [FIELD],
                     "additionalProperties": False}, True)
    return Form(None, False)


def _bundled(constraint: JsonSchema) -> dict[str, Any]:
    """One schema with the documents to which its references lead, as JSON Schema bundles them: 2020-12, section 9.3."""
    schema: dict[str, Any] = {} if isinstance(constraint.schema, bool) else constraint.schema
    if not constraint.documents:
        return schema
    documents = {uri: {"$id": uri, **document} for uri, document in constraint.documents.items()
                 if isinstance(document, dict)}
    return {**schema, "$defs": {**schema.get("$defs", {}), **documents}}


def describe(constraint: Constraint) -> str:
    """What is to be written, in words."""
    if isinstance(constraint, Bounded):
        most = "" if constraint.most is None else f" and at most {constraint.most}"
        return f"{describe(constraint.inner)}, at least {constraint.least}{most} bytes of UTF-8 long"
    if isinstance(constraint, JsonSchema):
        return f"a JSON text that satisfies the JSON Schema {json.dumps(_bundled(constraint), ensure_ascii=False)}"
    if isinstance(constraint, TextConstraint) and "enum" in constraint.schema:
        return f"one of the texts {json.dumps(constraint.schema['enum'], ensure_ascii=False)}"
    if isinstance(constraint, TextConstraint):
        return f"a text that matches the regular expression {constraint.schema['pattern']}"
    if isinstance(constraint, Template):
        holes = "".join(f"; {{{part.name}}} is {describe(part.constraint)}" for part in constraint.parts
                        if not isinstance(part, str))
        return f"the text {constraint.outline!r}{holes}"
    return constraint.outline or f"a text of the language {type(constraint).__name__}"
