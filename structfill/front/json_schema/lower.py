"""JSON Schema -> formulas. Every keyword is honoured, an annotation, or refused by name with its pointer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

from ...automaton.char_dfa import CharDFA
from ...errors import SpecError, TooLarge, UnsupportedFeature
from ...limits import Limits
from ..regex import pattern_dfa
from . import atoms as at
from . import formats
from .formula import FALSE, TRUE, Formula, atoms, conj, constant, disj, exactly_one, negate

MAX_COMBINATOR_DEPTH = 60  # allOf/anyOf/oneOf/$ref nested without a property or an item between them

TYPES = {
    "null": at.NULL, "boolean": at.TRUE_LITERAL | at.FALSE_LITERAL, "number": at.NUMBER, "string": at.STRING,
    "array": at.ARRAY, "object": at.OBJECT,
}

REFUSED = frozenset(
    "not if then else dependentRequired dependentSchemas dependencies patternProperties propertyNames minProperties "
    "maxProperties contains minContains maxContains uniqueItems multipleOf unevaluatedProperties unevaluatedItems "
    "$dynamicRef $recursiveRef extends disallow divisibleBy contentSchema".split())
HARMLESS: dict[str, tuple[Any, ...]] = {  # values that constrain nothing
    "uniqueItems": (False,), "minProperties": (0,), "unevaluatedProperties": (True, {}),
    "unevaluatedItems": (True, {}), "propertyNames": (True, {}), "patternProperties": ({},), "dependencies": ({},),
    "dependentRequired": ({},), "dependentSchemas": ({},)}
OLD_DRAFTS = ("draft-03", "draft-04", "draft-05", "draft-06", "draft-07")  # $ref hides its siblings there


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


class Lowering:
    """Formulas of one schema document, by JSON pointer, made on demand and kept.

    Raises `SpecError` for a malformed schema, `UnsupportedFeature` for a keyword that cannot be honoured.
    """

    def __init__(self, schema: Any, limits: Limits, format_mode: str = "assert") -> None:
        self.root, self.limits, self.format_mode = schema, limits, format_mode
        self._schemas: dict[str, Any] = {"": schema}
        self._formulas: dict[str, Formula] = {}
        self._open: list[str] = []
        draft = schema.get("$schema", "") if isinstance(schema, dict) else ""
        self._ref_hides_siblings = isinstance(draft, str) and any(d in draft for d in OLD_DRAFTS)

    def check(self) -> None:
        """Lower everything that can be reached from the root, so that every refusal comes now."""
        seen, waiting = {""}, [""]
        while waiting:
            for atom in atoms(self.formula(waiting.pop())):
                pointer = getattr(atom, "pointer", None)
                if pointer is not None and pointer not in seen:
                    seen.add(pointer)
                    waiting.append(pointer)

    def formula(self, pointer: str) -> Formula:
        """The formula of the schema at `pointer`, which the document or an earlier formula has named."""
        if pointer not in self._formulas:
            self._formulas[pointer] = self._lower(self._schemas[pointer], pointer)
        return self._formulas[pointer]

    def _lower(self, schema: Any, pointer: str) -> Formula:
        if isinstance(schema, bool):
            return constant(schema)
        if not isinstance(schema, dict):
            raise SpecError(f"a schema must be an object or a boolean, not {_kind_name(schema)}", pointer=pointer)
        if pointer in self._open:
            raise UnsupportedFeature("$ref", "$ref leads back to itself without a property or an item between",
                                     pointer=pointer)
        if len(self._open) >= MAX_COMBINATOR_DEPTH:
            raise TooLarge("nesting of allOf, anyOf, oneOf and $ref", len(self._open) + 1, MAX_COMBINATOR_DEPTH)
        self._open.append(pointer)
        try:
            return conj(list(self._parts(schema, pointer)))
        finally:
            self._open.pop()

    def _parts(self, schema: dict[str, Any], pointer: str) -> Iterable[Formula]:
        if "$ref" in schema and self._ref_hides_siblings:
            yield self._reference(schema["$ref"], f"{pointer}/$ref")
            return
        for key, value in schema.items():
            if key in REFUSED:
                self._refuse(key, value, pointer)
        for key, lower in KEYWORDS.items():
            if key in schema:
                yield lower(self, schema, f"{pointer}/{escape(key)}")

    def _refuse(self, key: str, value: Any, pointer: str) -> None:
        if any(value is harmless or (value == harmless and type(value) is type(harmless))
               for harmless in HARMLESS.get(key, ())):
            return
        raise UnsupportedFeature(key, pointer=f"{pointer}/{escape(key)}")

    def _child(self, schema: Any, pointer: str) -> str:
        """Name the schema at `pointer`, to be lowered when it is needed."""
        self._schemas.setdefault(pointer, schema)
        return pointer

    def _same_value(self, schema: Any, pointer: str) -> Formula:
        """A schema about the same value, lowered now."""
        return self.formula(self._child(schema, pointer))

    # --- references -------------------------------------------------------------------------------------------

    def _ref(self, schema: dict[str, Any], pointer: str) -> Formula:
        return self._reference(schema["$ref"], pointer)

    def _reference(self, ref: Any, pointer: str) -> Formula:
        if not isinstance(ref, str):
            raise SpecError("$ref must be a string", pointer=pointer)
        if not (ref == "#" or ref.startswith("#/")):
            raise UnsupportedFeature("$ref", f"$ref {ref!r} does not point into this document by a JSON pointer; "
                                     "nothing is fetched", pointer=pointer)
        target = self.root
        path = ""
        for token in unquote(ref[2:]).split("/") if len(ref) > 1 else ():
            name = token.replace("~1", "/").replace("~0", "~")
            target = _member(target, name)
            if target is _MISSING:
                raise SpecError(f"$ref {ref!r} leads nowhere: {name!r} is not there", pointer=pointer)
            path = f"{path}/{escape(name)}"
        return self._same_value(target, path)

    # --- any kind of value ------------------------------------------------------------------------------------

    def _type(self, schema: dict[str, Any], pointer: str) -> Formula:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        parts = []
        for name in names:
            if name == "integer":
                parts.append(conj([at.KindIs(at.NUMBER), at.NumberAtom("integer")]))
            elif isinstance(name, str) and name in TYPES:
                parts.append(at.KindIs(TYPES[name]))
            else:
                raise SpecError(f"unknown type {name!r}", pointer=pointer)
        if "number" in names or all(isinstance(p, at.KindIs) for p in parts):
            return at.KindIs(_union(TYPES[name] for name in names if name != "integer"))
        return disj(parts)

    def _enum(self, schema: dict[str, Any], pointer: str) -> Formula:
        values = schema["enum"]
        if not isinstance(values, list):
            raise SpecError("enum must be an array", pointer=pointer)
        words = [v for v in values if isinstance(v, str)]
        rest = [self._constant(v, f"{pointer}/{i}") for i, v in enumerate(values) if not isinstance(v, str)]
        if words:
            rest.insert(0, conj([at.KindIs(at.STRING), at.StringAtom(CharDFA.words(words))]))
        return disj(rest)

    def _const(self, schema: dict[str, Any], pointer: str) -> Formula:
        return self._constant(schema["const"], pointer)

    def _constant(self, value: Any, pointer: str) -> Formula:
        """Equality with a JSON value; the parts of an array or object become schemas of their own."""
        if value is None or isinstance(value, bool):
            return at.KindIs({None: at.NULL, True: at.TRUE_LITERAL, False: at.FALSE_LITERAL}[value])
        if isinstance(value, str):
            return conj([at.KindIs(at.STRING), at.StringAtom(CharDFA.words([value]))])
        if isinstance(value, int | float):
            return conj([at.KindIs(at.NUMBER), at.NumberAtom("==", _exact(value, pointer))])
        if isinstance(value, list):
            items = [at.ItemAt(i, self._child({"const": v}, f"{pointer}/{i}")) for i, v in enumerate(value)]
            return conj([at.KindIs(at.ARRAY), *items, *_count(len(value), len(value))])
        if isinstance(value, dict):
            members: list[Formula] = [at.KindIs(at.OBJECT)]
            for name, part in value.items():
                _check_name(name, pointer)
                members += [at.Property(name, self._child({"const": part}, f"{pointer}/{escape(name)}")),
                            at.Required(name)]
            closed = self._child(False, f"{pointer}//")
            return conj([*members, at.OtherProperties(frozenset(value), closed)])
        raise SpecError(f"{_kind_name(value)} is not a JSON value", pointer=pointer)

    def _combinator(self, schema: dict[str, Any], pointer: str,
                    connective: Callable[[Iterable[Formula]], Formula]) -> Formula:
        key = pointer.rsplit("/", 1)[1]
        parts = schema[key]
        if not isinstance(parts, list) or not parts:
            raise SpecError(f"{key} must be a non-empty array of schemas", pointer=pointer)
        return connective([self._same_value(part, f"{pointer}/{i}") for i, part in enumerate(parts)])

    # --- strings and numbers ----------------------------------------------------------------------------------

    def _length(self, schema: dict[str, Any], pointer: str) -> Formula:
        low = _natural(schema.get("minLength", 0), "minLength", pointer)
        high = _natural(schema["maxLength"], "maxLength", pointer) if "maxLength" in schema else None
        if high is not None and max(low, high) > self.limits.states:
            raise TooLarge("states", high, self.limits.states)
        if low > self.limits.states:
            raise TooLarge("states", low, self.limits.states)
        return at.StringAtom(CharDFA.length(low, high)) if low or high is not None else TRUE

    def _pattern(self, schema: dict[str, Any], pointer: str) -> Formula:
        if not isinstance(schema["pattern"], str):
            raise SpecError("pattern must be a string", pointer=pointer)
        try:
            return at.StringAtom(pattern_dfa(schema["pattern"], self.limits))
        except SpecError as error:
            raise error.at(pointer) from None

    def _format(self, schema: dict[str, Any], pointer: str) -> Formula:
        name = schema["format"]
        if self.format_mode == "annotate" or not isinstance(name, str):
            return TRUE
        if name in formats.REFUSED:
            raise UnsupportedFeature("format", f"format {name!r} is not supported", pointer=pointer,
                                     hint='use a "pattern", or formats="annotate" to treat formats as annotations')
        return at.StringAtom(formats.format_dfa(name)) if name in formats.PATTERNS else TRUE  # others annotate

    def _bound(self, schema: dict[str, Any], pointer: str) -> Formula:
        key = pointer.rsplit("/", 1)[1]
        value, strict = schema[key], key.startswith("exclusive")
        low = key.lower().endswith("minimum")
        if isinstance(value, bool) and strict:  # draft 4: a flag on the other keyword
            return TRUE
        flag = schema.get("exclusiveMinimum" if low else "exclusiveMaximum")
        strict = strict or flag is True
        return at.NumberAtom((">" if low else "<") + ("" if strict else "="), _exact(value, pointer))

    # --- arrays -----------------------------------------------------------------------------------------------

    def _items(self, schema: dict[str, Any], pointer: str) -> Formula:
        items = schema["items"]
        if isinstance(items, list):  # up to draft 2019-09
            return conj([at.ItemAt(i, self._child(s, f"{pointer}/{i}")) for i, s in enumerate(items)])
        prefix = schema.get("prefixItems", [])
        return at.ItemsFrom(len(prefix) if isinstance(prefix, list) else 0, self._child(items, pointer))

    def _additional_items(self, schema: dict[str, Any], pointer: str) -> Formula:
        if not isinstance(schema.get("items"), list):
            return TRUE  # draft 2019-09, section 9.3.1.2: ignored without an array of items
        return at.ItemsFrom(len(schema["items"]), self._child(schema["additionalItems"], pointer))

    def _prefix_items(self, schema: dict[str, Any], pointer: str) -> Formula:
        parts = schema["prefixItems"]
        if not isinstance(parts, list):
            raise SpecError("prefixItems must be an array of schemas", pointer=pointer)
        return conj([at.ItemAt(i, self._child(s, f"{pointer}/{i}")) for i, s in enumerate(parts)])

    def _min_items(self, schema: dict[str, Any], pointer: str) -> Formula:
        return conj(_count(_natural(schema["minItems"], "minItems", pointer), None))

    def _max_items(self, schema: dict[str, Any], pointer: str) -> Formula:
        return conj(_count(0, _natural(schema["maxItems"], "maxItems", pointer)))

    # --- objects ----------------------------------------------------------------------------------------------

    def _properties(self, schema: dict[str, Any], pointer: str) -> Formula:
        members = _mapping(schema["properties"], pointer)
        return conj([at.Property(name, self._child(s, f"{pointer}/{escape(name)}")) for name, s in members.items()])

    def _required(self, schema: dict[str, Any], pointer: str) -> Formula:
        names = schema["required"]
        if isinstance(names, bool):  # draft 3 wrote it on the property; jsonschema ignores it since draft 4
            raise SpecError("required must be an array of names", pointer=pointer)
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise SpecError("required must be an array of names", pointer=pointer)
        return conj([at.Required(name) for name in names])

    def _additional_properties(self, schema: dict[str, Any], pointer: str) -> Formula:
        declared = _mapping(schema.get("properties", {}), pointer)
        return at.OtherProperties(frozenset(declared), self._child(schema["additionalProperties"], pointer))


_MISSING = object()


def _combinator(connective: Callable[[Iterable[Formula]], Formula]) -> Callable[[Lowering, Any, str], Formula]:
    return lambda lowering, schema, pointer: lowering._combinator(schema, pointer, connective)


# In this order, which is also the order in which property names are first met.
KEYWORDS: dict[str, Callable[[Lowering, dict[str, Any], str], Formula]] = {
    "type": Lowering._type, "enum": Lowering._enum, "const": Lowering._const,
    "minLength": Lowering._length, "maxLength": Lowering._length, "pattern": Lowering._pattern,
    "format": Lowering._format,
    "minimum": Lowering._bound, "maximum": Lowering._bound,
    "exclusiveMinimum": Lowering._bound, "exclusiveMaximum": Lowering._bound,
    "prefixItems": Lowering._prefix_items, "items": Lowering._items, "additionalItems": Lowering._additional_items,
    "minItems": Lowering._min_items, "maxItems": Lowering._max_items,
    "properties": Lowering._properties, "$ref": Lowering._ref,
    "allOf": _combinator(conj), "anyOf": _combinator(disj), "oneOf": _combinator(exactly_one),
    "required": Lowering._required, "additionalProperties": Lowering._additional_properties,
}


def _member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name, _MISSING)
    if isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return _MISSING


def _mapping(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SpecError(f"expected an object, found {_kind_name(value)}", pointer=pointer)
    for name in value:
        _check_name(name, pointer)
    return value


def _check_name(name: Any, pointer: str) -> None:
    if not isinstance(name, str):
        raise SpecError(f"a property name must be a string, not {_kind_name(name)}", pointer=pointer)


def _natural(value: Any, key: str, pointer: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value) or value < 0 \
            or int(value) != value:
        raise SpecError(f"{key} must be a non-negative integer, not {value!r}", pointer=pointer)
    return int(value)


def _finite(value: int | float) -> bool:
    return isinstance(value, int) or math.isfinite(value)  # integers beyond the floats are finite, too


def _exact(value: Any, pointer: str) -> Fraction:
    """The number as written: 0.1 is one tenth."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise SpecError(f"expected a finite number, found {value!r}", pointer=pointer)
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _count(low: int, high: int | None) -> list[Formula]:
    parts: list[Formula] = [at.CountAtLeast(low)] if low else []
    return parts if high is None else [*parts, negate(at.CountAtLeast(high + 1))]


def _union(kinds: Iterable[int]) -> int:
    total = 0
    for kind in kinds:
        total |= kind
    return total


def _kind_name(value: Any) -> str:
    return {dict: "an object", list: "an array", str: "a string", type(None): "null", bool: "a boolean",
            int: "a number", float: "a number"}.get(type(value), type(value).__name__)


__all__ = ["FALSE", "KEYWORDS", "Lowering", "escape"]
