"""The JSON Schema front-end: `json_schema` and the constraint it returns."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property
from math import isinf
from typing import Any

from structfill_kernels.counters import UNBOUNDED

from ...automaton.byte_automaton import ByteAutomaton
from ...automaton.counted import CountedAutomaton
from ...automaton.product import difference
from ...automaton.pushdown import NestedCounters, Whitespace
from ...collector import paused_collector
from ...errors import EmptyLanguage, RefusedValue, SpecError, TooLarge, UnsupportedFeature
from ...limits import Limits
from ..between import between, without
from ..constraint import Begun, Constraint, Repeat, check_text
from .containers import COUNTED_ITEMS, UNIQUE_ITEMS
from .contradiction import culprits, nests_without_end
from .document import check_json, check_size, parse_document
from .emit import emit
from .evaluate import Evaluator, parse
from .goals import GoalSpace
from .liveness import Liveness
from .lower import Lowering
from .members import MAX_PHASES
from .mistaken import warn_of_no_keyword
from .outline import outline
from .python_types import is_schema, schema_of, type_adapter
from .reader import Reader, Reading
from .refused import refused_part
from .repeats import begun, item_from, one_value, repeats

WHITESPACE = {"compact": Whitespace.COMPACT, "flexible": Whitespace.FLEXIBLE, "any": Whitespace.ANY}

UNWRITTEN = {  # why a keyword is not written, and the way out
    "minProperties": ("undeclared names that have to differ are written in the order of their characters, at most "
                      f"{MAX_PHASES} of them, and there are too few here", "name the properties, or ask for fewer"),
    "propertyNames": ("some names are only known to be right when they are judged as a whole",
                      "name the properties, or say by a pattern what names are like"),
    "uniqueItems": (f"with approximate=\"sound\", of at most {UNIQUE_ITEMS} items strings differ in their lengths and "
                    "numbers in their digits, and this schema leaves no such items",
                    "use a Generator without approximate"),
}


class JsonSchema(Constraint):
    """The JSON texts that satisfy a schema. Made by `json_schema`."""

    def __init__(self, schema: Any, *, whitespace: Whitespace, formats: str, any_order: bool, approximate: bool,
                 documents: Mapping[str, Any], adapter: Any, limits: Limits) -> None:
        self.schema, self.whitespace, self.formats, self.adapter = schema, whitespace, formats, adapter
        self.any_order, self.approximate = any_order, approximate
        self._repeat = False  # is written what `repeating` tells?
        self._any_spelling = False  # are constants written in all their spellings?
        check_size(schema)
        self._lowering = Lowering(schema, limits, formats, documents, approximate)
        self._lowering.check()
        self.documents = dict(self._lowering.references.read)  # those that matter
        for document in (schema, *self.documents.values()):
            check_json(document)

    @property
    def identity(self) -> str:
        """The schema, in its own order, and the options."""
        return json.dumps([self.schema, int(self.whitespace), self.formats, self.any_order, self.approximate,
                           self.documents, self._repeat, self._any_spelling])

    @property
    def outline(self) -> str:
        """The schema in one line, for the prompt of a model."""
        return outline(self.schema)

    def accepts(self, text: str) -> bool:
        """Is this text a JSON value that satisfies the schema? Any spelling, any whitespace, keys in any order.

        A key that comes twice has to be undeclared, in its place behind the declared ones, and right each time. Raises
        `TooLarge` for a text that nests too deep to be judged.
        """
        check_text(text)
        accepted = self._judged(text)
        return self._read_deep(text).accepted if accepted is None else accepted

    def _read_deep(self, text: str) -> Reading:
        """What the reader finds in a text too deep to be judged; raises `TooLarge` where that does not decide."""
        reading = self._reader.read(text)
        if reading.accepted and not self._lowering.beyond_reading or not reading.accepted and reading.continuable:
            return reading
        raise TooLarge("nesting of the text", _depth(text), sys.getrecursionlimit())

    def _judged(self, text: str) -> bool | None:
        """Does the value satisfy the schema? None if it nests deeper than Python's stack."""
        try:
            value, repeats = parse(text)
            accepted = Evaluator(self._lowering).accepts(value)
        except (ValueError, ArithmeticError):
            return False
        except RecursionError:
            return None
        return accepted and (not repeats or self._reader.read(text).accepted)

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language, with keys in the order that was asked for?"""
        check_text(text)
        return self._reader.read(text).continuable

    def read(self, text: str) -> Reading:
        """Where and why a text leaves the language, or that it does not."""
        check_text(text)
        accepted = self._judged(text)
        if accepted is None:
            return self._read_deep(text)
        reading = self._reader.read(text)
        if accepted == reading.accepted:
            return reading
        if accepted:  # in another order of keys than can be continued
            return Reading(True, reading.continuable, reading.position)
        return Reading(False, False, len(text), "a value that satisfies the schema as a whole (formats, uniqueItems)")

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The canonical spellings, with recursive definitions nested at most `limits.depth` times in themselves."""
        found = self._written(limits, self._lowering.limits.length)
        return found if isinstance(found, ByteAutomaton) else found.unrolled(limits)

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """The canonical spellings, with counters for long strings and long arrays that are in no other long array."""
        return self._written(limits, UNBOUNDED)

    def _written(self, limits: Limits, counts_below: int) -> ByteAutomaton | CountedAutomaton:
        if self._lowering.ungenerable and not self._repeat:
            raise self._lowering.ungenerable[0]
        counted_from: int | None = COUNTED_ITEMS
        odd_names = False
        while True:
            space = GoalSpace(self._lowering, True, self.any_order, counted_from, counts_below, self._repeat,
                              self._any_spelling, odd_names)
            try:
                automaton = emit(space).enumerate(self.whitespace, limits)
                return replace(automaton, exact_up_to=space.free_length)
            except EmptyLanguage:
                if space.left_out_names:
                    odd_names = True
                    continue
                if self._repeat:  # more than allowed is written, but less where uniqueness is forbidden
                    raise _forbidden(self._lowering.ungenerable[0]) from None
                unwritten = space.narrowed and not self._is_contradictory()
                raise self._unwritten(space.narrowed) if unwritten else self._empty() from None
            except NestedCounters as nested:  # the longest ones first
                counted_from = nested.most + 1 if nested.most + 1 > (counted_from or 0) else None

    @property
    def largest_part(self) -> str | None:
        """The place of the keyword that costs most states by itself."""
        weights = self._lowering.weights
        return max(weights, key=weights.__getitem__, default=None)

    def _changed(self, **attributes: Any) -> JsonSchema:
        found = copy(self)
        found.__dict__.update(attributes)
        return found

    def repeating(self) -> JsonSchema | None:
        """The same constraint, generating also texts in which items repeat that are to be unique. None where uniqueness
        is written as it is."""
        return self._changed(_repeat=True) if self._lowering.ungenerable else None

    def repeats(self, text: str) -> list[Repeat] | None:
        """As `Constraint.repeats`: items of one array, the innermost one."""
        return repeats(self._lowering, text)

    def another(self, whole: ByteAutomaton, one: Repeat, tried: Iterable[str], limits: Limits) -> ByteAutomaton:
        """As `Constraint.another`: one item that has another value than these, however they are spelled."""
        found = between(whole, one.text[: one.start], one.text[one.end :], one_value)
        return self._unlike(found, [*one.others, *tried], limits)

    def begun(self, written: str, end: str) -> list[Begun]:
        """As `Constraint.begun`: items of arrays, the outer ones first."""
        return begun(self.accepts, written, end)

    def differing(self, whole: ByteAutomaton, state: int, others: Iterable[str], limits: Limits) -> ByteAutomaton:
        """As `Constraint.differing`: items that have other values than these, however they are spelled."""
        return self._unlike(item_from(whole, state), list(others), limits)

    def _unlike(self, items: ByteAutomaton, others: list[str], limits: Limits) -> ByteAutomaton:
        found = without(items, others)
        many_spellings = [item for item in dict.fromkeys(others) if item[0] in "[{-0123456789"]
        if not many_spellings:
            return found
        alike = json_schema(f'{{"enum": [{", ".join(many_spellings)}]}}', key_order="any", limits=self._lowering.limits)
        others_spelled = alike._changed(whitespace=self.whitespace, _any_spelling=True).automaton(limits)
        if others_spelled.nesting:  # not all of them
            raise TooLarge("states", limits.states + 1, limits.states)
        return difference(found, others_spelled, limits)

    def _is_contradictory(self) -> bool:
        """Is there nothing to be written even where names may come again? False where that is not found soon."""
        space = GoalSpace(self._lowering, True, self.any_order, odd_names=True, names_differ=False)
        try:
            return not Liveness(space.root).of_value(space.root) and not space.narrowed
        except TooLarge:
            return False

    def _unwritten(self, key: str) -> UnsupportedFeature:
        places = [place for place in self._lowering.explained if place.endswith(f"/{key}")]
        why, hint = UNWRITTEN[key]
        return UnsupportedFeature(key, f"{key if places else 'this schema'} can be checked here, but not "
                                  f"generated: {why}", pointer=places[0] if places else None, hint=hint)

    def _empty(self) -> EmptyLanguage:
        if self.schema is False:
            return EmptyLanguage("no JSON value satisfies the schema false")
        places = culprits(self._lowering, self.schema, self.formats, self.documents)
        if not places:
            return EmptyLanguage("no JSON value satisfies the schema",
                                 hint="look for constraints that contradict each other, or a definition that needs "
                                      "itself without an end")
        hint = "without it some would"
        if nests_without_end(self.schema, places[0], self.formats, self.documents):
            hint = "a value would have to hold itself, without an end"
        elif len(places) > 1:
            hint = f"it contradicts {places[1]}"
        return EmptyLanguage("no JSON value satisfies the schema", pointer=places[0], hint=hint)

    @property
    def explained(self) -> dict[str, str]:
        """What became of every keyword that can be reached, by its JSON pointer: exact, an annotation, or narrowed."""
        return self._lowering.explained

    def value(self, text: str) -> Any:
        """The Python value of a text: an instance of the type that was given, or plain JSON data."""
        check_text(text)
        if self.adapter is None:
            return _loaded(text)
        from pydantic import ValidationError

        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            if not (reading := self.read(text)).accepted:
                raise SpecError(f"the text {text!r:.200} does not satisfy the schema: at character {reading.position}, "
                                f"expected {reading.expected}") from None
            place, span = refused_part(text, error.errors(include_url=False, include_context=False))
            refused = RefusedValue(f"the text {text!r:.200} satisfies the schema, but the type's own validators refuse "
                                   f"it: {error}", place)
            refused.span = span
            raise refused from None

    @cached_property
    def _reader(self) -> Reader:
        return Reader(GoalSpace(self._lowering, False, self.any_order))


@paused_collector()
def json_schema(schema: Any, *, whitespace: str = "flexible", formats: str = "assert", key_order: str = "declared",
                approximate: str | None = None, documents: Mapping[str, Any] | None = None,
                limits: Limits | None = None) -> JsonSchema:
    """The JSON texts that satisfy `schema`.

    Args:
        schema: a JSON Schema (dict, bool, or a str of JSON), or a Python type that Pydantic can describe.
        whitespace: of generated text: "compact" (none), "flexible" (what formatters write: a space, or one line break
            and its indentation), or "any".
        formats: "assert" honours every `format` of the specification; "annotate" ignores it, as is allowed.
        key_order: of generated text: "declared", properties in the order in which the schema first names them, others
            last; or "any", where n optional properties of one object cost 2**n states.
        approximate: None, or "sound" to have `uniqueItems` over endless languages written in part: at most eight items,
            strings of different lengths and numbers of different digits. What is written is valid all the same.
        documents: schemas by URI, to which references may lead; nothing is fetched.

    Raises `SpecError` for a malformed schema, `UnsupportedFeature` for a keyword that cannot be honoured (both with
    its JSON pointer), `TooLarge` past the limits.
    """
    _one_of("whitespace", whitespace, WHITESPACE)
    _one_of("formats", formats, ("assert", "annotate"))
    _one_of("key_order", key_order, ("declared", "any"))
    if approximate is not None:
        _one_of("approximate", approximate, ("sound",))
    if isinstance(schema, str):
        schema = parse_document(schema)
    given = {} if documents is None else documents
    if not isinstance(given, Mapping) or not all(isinstance(uri, str) for uri in given):
        raise SpecError(f"documents must map URIs to schemas, not {documents!r:.80}")
    adapter = None if is_schema(schema) else type_adapter(schema)
    if adapter is None:
        warn_of_no_keyword(schema)
    described = schema if adapter is None else schema_of(adapter, schema)
    return JsonSchema(described, whitespace=WHITESPACE[whitespace], formats=formats, any_order=key_order == "any",
                      approximate=approximate is not None, documents=dict(given), adapter=adapter,
                      limits=Limits.of(limits))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise SpecError(f"the text {text!r:.80} is not JSON: {error}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting by the thousand
        raise SpecError(f"Python reads no value out of the text {text!r:.80}: {error}") from None


def _finite(text: str) -> float:
    found = float(text)
    if isinf(found):
        raise ValueError(f"{text:.40} is more than a float can hold")
    return found


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:  # of brackets in strings, too: it is only to be reported
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    return deepest


def _forbidden(found: UnsupportedFeature) -> UnsupportedFeature:
    """What tells that nothing can be written where items have to repeat."""
    key = found.feature
    return UnsupportedFeature(key, f"{key} can be checked, but where it may not hold nothing is written",
                              pointer=found.pointer, hint=f"leave {key} out, and judge what was written with `accepts`")


def _one_of(name: str, value: Any, allowed: Any) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise SpecError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
