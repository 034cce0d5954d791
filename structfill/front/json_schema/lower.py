"""JSON Schema -> formulas. Every keyword is honoured, an annotation, or refused by name with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ...errors import SpecError, TooLarge, UnsupportedFeature
from ...limits import Limits
from . import atoms as at
from .dialect import Dialect, knows
from .formula import TRUE, Formula, conj, constant, disj
from .keywords import BESIDE, KEYWORDS, REFUSED
from .keywords.reading import check_name, kind_name
from .keywords.values import equal
from .pointers import escape
from .references import RECURSIVE, References

WORK_PER_NODE = 1_000  # of a formula, which is walked more than once
MAX_COMBINATOR_DEPTH = 60  # allOf/anyOf/oneOf/$ref nested without a property or an item between them

EXACT, ANNOTATION = "exact", "annotation: constrains nothing"
Scope = tuple[tuple[str, str], ...]  # dynamic anchors and the places to which they are bound, outermost first


class Lowering:
    """Formulas of one schema document, by key, made on demand and kept.

    A key is the place of a schema, and more where dynamic references give it another meaning for each way to it.
    Raises `SpecError` for a malformed schema, `UnsupportedFeature` for a keyword that cannot be honoured.

    Attributes:
        ungenerable: keywords by which texts can be judged but not written, as errors to raise.
        beyond_reading: does the schema say what only whole values tell: formats by judgement, unique items?
        explained: what became of every keyword that was met, by its place.
        weights: about how many states a keyword costs by itself, by its place.
        free_lengths: those `maxLength` of names that are left to the budget of the canvas.
    """

    def __init__(self, schema: Any, limits: Limits, format_mode: str = "assert",
                 documents: Mapping[str, Any] | None = None, approximate: bool = False) -> None:
        self.limits, self.format_mode, self.approximate = limits, format_mode, approximate
        self.references = References(schema, documents or {})
        self.ungenerable: list[UnsupportedFeature] = []
        self.beyond_reading = False
        self.explained: dict[str, str] = {}
        self.weights: dict[str, int] = {}
        self.free_lengths: list[int] = []
        self._schemas: dict[str, tuple[Any, str, Scope]] = {"": (schema, "", ())}
        self._makers: dict[str, Callable[[], Formula]] = {}
        self._formulas: dict[str, Formula] = {}
        self._open: list[str] = []
        self._scope: Scope = ()
        self._scopes: dict[Scope, int] = {(): 0}

    def check(self) -> None:
        """Lower everything that can be reached from the root, so that every refusal comes now."""
        seen, waiting = {""}, [""]
        while waiting:
            for atom in self.formula(waiting.pop()).atoms:
                self.beyond_reading |= isinstance(atom, at.Unique) or getattr(atom, "judge", None) is not None
                key = getattr(atom, "pointer", None)
                if key is not None and key not in seen:
                    seen.add(key)
                    waiting.append(key)

    def formula(self, key: str) -> Formula:
        """The formula of the schema that the document or an earlier formula has named."""
        if key not in self._formulas:
            found = self._lower(key)
            if found.size * WORK_PER_NODE > self.limits.work:  # shared parts count each time: so they are walked
                raise TooLarge("work", found.size * WORK_PER_NODE, self.limits.work)
            self._formulas[key] = found
        return self._formulas[key]

    def _lower(self, key: str) -> Formula:
        if key in self._makers:
            return self._makers[key]()
        schema, place, scope = self._schemas[key]
        if isinstance(schema, bool):
            return constant(schema)
        if not isinstance(schema, dict):
            raise SpecError(f"a schema must be an object or a boolean, not {kind_name(schema)}", pointer=place)
        if key in self._open:
            raise UnsupportedFeature("$ref", "$ref leads back to itself without a property or an item between",
                                     pointer=place)
        if len(self._open) >= MAX_COMBINATOR_DEPTH:
            raise TooLarge("nesting of allOf, anyOf, oneOf and $ref", len(self._open) + 1, MAX_COMBINATOR_DEPTH)
        self._open.append(key)
        try:
            with self._within(self.extended(scope, place)):
                return conj(list(self._parts(schema, place)))
        finally:
            self._open.pop()

    def _parts(self, schema: dict[str, Any], place: str) -> Iterable[Formula]:
        for key in schema:
            check_name(key, place)
        dialect, schema = self.dialect(place), self.effective(schema, place)
        for key in REFUSED:
            if key in schema:
                raise UnsupportedFeature(key, pointer=f"{place}/{escape(key)}")
        for key in schema:
            known = (key in KEYWORDS or key in BESIDE) and knows(dialect, key)
            self.explained.setdefault(f"{place}/{escape(key)}", EXACT if known else ANNOTATION)
        for key, lower in KEYWORDS.items():
            if key in schema and knows(dialect, key):
                yield lower(self, schema, f"{place}/{escape(key)}")

    def effective(self, schema: dict[str, Any], place: str) -> dict[str, Any]:
        """What counts of a schema: up to draft 7 a reference hides all beside it."""
        return {"$ref": schema["$ref"]} if "$ref" in schema and self.dialect(place) <= Dialect.DRAFT7 else schema

    def inside(self, place: str) -> AbstractContextManager[None]:
        """Lower as within the resource of a place that a reference led to."""
        return self._within(self.extended(self._scope, place))

    @contextmanager
    def _within(self, scope: Scope) -> Iterator[None]:
        outer, self._scope = self._scope, scope
        try:
            yield
        finally:
            self._scope = outer

    def dialect(self, place: str) -> Dialect:
        """The draft in which the schema at a place is written."""
        return self.references.resource_of(place).dialect

    def extended(self, scope: Scope, place: str) -> Scope:
        """The dynamic scope behind the resource of a place: the outermost binding of an anchor counts."""
        found = self.references.resource_of(place).dynamic
        bound = dict(scope)
        return scope + tuple((name, at) for name, at in found.items() if name not in bound)

    def child(self, schema: Any, place: str) -> str:
        """The key of a schema at `place`, to be lowered when it is needed."""
        number = self._scopes.setdefault(self._scope, len(self._scopes))
        key = f"{place}\0{number}" if number else place
        self._schemas.setdefault(key, (schema, place, self._scope))
        return key

    def constant(self, value: Any, place: str) -> str:
        """The key of equality with a JSON value."""
        return self._made(f"{place}\0=", lambda: equal(self, value, place))

    def either(self, keys: Sequence[str], place: str) -> str:
        """The key of the disjunction of what the keys stand for."""
        return self._made("\0|".join([place, *keys]), lambda: disj([self.formula(key) for key in keys]))

    def _made(self, key: str, make: Callable[[], Formula]) -> str:
        self._makers.setdefault(key, make)
        return key

    def knows(self, keyword: str, place: str) -> bool:
        """Is it a keyword of the draft in which the schema at a place is written?"""
        return knows(self.dialect(place), keyword)

    def same_value(self, schema: Any, place: str) -> Formula:
        """A schema about the same value, lowered now."""
        return self.formula(self.child(schema, place))

    def annotates(self, place: str) -> Formula:
        """A keyword that constrains nothing here, for what it says."""
        self.explained[place] = ANNOTATION
        return TRUE

    def judged_only(self, key: str, reason: str, place: str) -> None:
        """Texts can be judged by a keyword, but not written; or only some, where that was asked for."""
        if self.approximate:
            self.explained[place] = "checked exactly, written in part only (approximate)"
            return
        self.ungenerable.append(UnsupportedFeature(key, f"{key} can be checked, but not compiled, {reason}",
                                                   pointer=place,
                                                   hint="let it be all that a Generator or compile_or_explore writes, "
                                                        "not a hole of a template, or pass approximate="
                                                        '"sound" for a part of what is allowed'))
        self.explained[place] = f"checked exactly, written by judging whole texts: {reason}"

    def target(self, schema: dict[str, Any], key: str, place: str) -> tuple[Any, str]:
        """(schema, place) to which the reference `key` of the schema at `place` leads."""
        ref = schema[key]
        if not isinstance(ref, str):
            raise SpecError(f"{key} must be a string", pointer=f"{place}/{key}")
        value, target = self.references.resolve(ref, place, key)
        if key == "$ref":
            return value, target
        anchor = ref.partition("#")[2] if key == "$dynamicRef" else RECURSIVE
        if self.references.resource_of(target).dynamic.get(anchor) == target:
            target = dict(self.extended(self._scope, target))[anchor]
            value = self.references.schema_at(target)
        return value, target
