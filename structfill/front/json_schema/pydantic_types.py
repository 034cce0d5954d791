"""What Pydantic leaves out of the schemas of its types: bounds of dates and durations, tags, keys, encodings, URLs."""

from __future__ import annotations

import json
import math
import re
import zoneinfo
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any

from pydantic import ByteSize
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic.types import Base64Encoder, Base64UrlEncoder, EncodedBytes, EncodedStr
from pydantic_core import SchemaValidator, ValidationError, core_schema, to_jsonable_python

from ...errors import UnsupportedFeature
from .formats import DATE
from .pydantic_bounds import (
    BOUNDS,
    NUMBER,
    also,
    bounded,
    content,
    dates,
    from_now,
    integers,
    moments,
    spans,
    whole,
    zoned,
)
from .pydantic_patterns import PYDANTIC_FORMATS, base64, url

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_KEYS = {"int": r"0|-?[1-9]\d*", "float": NUMBER, "decimal": NUMBER, "bool": "true|false",
         "fraction": rf"{NUMBER}|-?\d+/[1-9]\d*"}
_ASCII = r"^[\u0000-\u007f]*$"
_TRIMMED = r"^(?:[^\s\u0085](?:[^]*[^\s\u0085])?)?$"
# A timedelta has at most 999,999,999 days, and Pydantic counts the seconds of a duration in 32 bits.
_DURATION = (r"-?P(?!$)(?:\d{1,6}Y)?(?:\d{1,4}M)?(?:\d{1,5}W)?(?:\d{1,7}D)?"
             r"(?:T(?!$)(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,8}(?:\.\d{1,6})?S)?)?")
_SPAN = (r"-?P(?!$)(?:(?:0|[1-9]\d{0,7})D)?"  # the same, with one way to divide it into parts
         r"(?:T(?!$)(?:(?:1?\d|2[0-3])H)?(?:[1-5]?\dM)?(?:[1-5]?\d(?:\.\d{1,6})?S)?)?")
MAX_DIGITS = 20  # of a decimal, for each of which its places are an alternative
MAX_KEYS = 1_000
NEVER = {  # validators of Pydantic whose verdict no schema can tell
    "import_string": ("ImportString", "what a model writes is not imported", "declare a Literal of the names"),
    **{f"PathType.validate_{kind}": (name, "whether a path exists is not known to a schema", "declare a Path")
       for kind, name in (("file", "FilePath"), ("directory", "DirectoryPath"), ("new", "NewPath"),
                          ("socket", "SocketPath"))}}


@cache
def format_pattern(name: str) -> str | None:
    """What strings of a format of Pydantic's own look like. None for other formats."""
    if name == "zoneinfo":
        return "|".join(zone.replace("+", r"\+") for zone in sorted(zoneinfo.available_timezones())) or None
    if name == "base64url":
        return base64("-_")
    return PYDANTIC_FORMATS.get(name)


class Described(GenerateJsonSchema):
    """Pydantic's schemas, with what its validators demand beyond them. Raises `UnsupportedFeature` for what no schema
    can tell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._defined: dict[str, Any] = {}

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """None for validators whose verdict no schema can tell."""
        function = _function(schema)
        name = getattr(function, "__qualname__", "")
        if name in NEVER and str(function.__module__).startswith("pydantic."):
            feature, why, hint = NEVER[name]
            raise UnsupportedFeature(feature, f"{feature}: {why}", hint=hint)
        return super().generate_inner(schema)

    def definitions_schema(self, schema: core_schema.DefinitionsSchema) -> JsonSchemaValue:
        """Remembered, since keys and tags look into them."""
        self._defined.update((part["ref"], part) for part in schema["definitions"])
        return super().definitions_schema(schema)

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Without a zone, which the format demands, where there must be none."""
        naive = schema.get("tz_constraint") == "naive"
        found = super().datetime_schema(schema)
        if naive:
            found = {"type": "string", "pattern": whole(f"(?:{DATE})T{_CLOCK}")}
        return from_now(schema, bounded(found, schema, moments if naive else zoned), margin=1)

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        """In the future or the past, as seen today."""
        return from_now(schema, bounded(super().date_schema(schema), schema, dates), margin=0)

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        """Between its bounds."""
        return bounded(super().time_schema(schema), schema, zoned)

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """As long as Python can hold, and as Pydantic writes it."""
        bounds = [key for key in BOUNDS if schema.get(key) is not None]
        return bounded({"type": "string", "pattern": whole(_SPAN if bounds else _DURATION)}, schema, spans)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number of so many digits: a string might be anything."""
        found = _number(super().decimal_schema(schema))
        digits, places = schema.get("max_digits"), schema.get("decimal_places")
        if digits is None and places is None:
            return found
        ways = range(min(digits or 0, MAX_DIGITS) + 1) if places is None else [places]
        sizes = [{"multipleOf": float(f"1e-{way if digits is None else min(way, digits)}"),
                  **_below(None if digits is None else digits - way)} for way in ways]
        return also(found, {"anyOf": sizes})

    def fraction_schema(self, schema: Any) -> JsonSchemaValue:
        """A number: a string might be anything."""
        return _number(super().fraction_schema(schema))

    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        """As Python writes it."""
        return {**super().complex_schema(schema), "pattern": whole(rf"{NUMBER}(?:[+-]\d+(?:\.\d+)?j)?")}

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Without spaces around where Pydantic takes them away before it looks on."""
        pattern, found = schema.get("pattern"), super().str_schema(schema)
        if isinstance(pattern, re.Pattern) and (flags := pattern.flags & ~re.UNICODE):
            raise UnsupportedFeature("flags of a pattern", f"{re.RegexFlag(flags)!r} of the pattern "
                                     f"{pattern.pattern!r:.80} is not supported",
                                     hint="write a pattern that needs no flag, as [Aa] for either case")
        strips = schema.get("strip_whitespace", self._config.str_strip_whitespace)
        parts = [_TRIMMED] if strips and {"minLength", "pattern"} & found.keys() else []
        return also(found, *({"pattern": part} for part in [*parts, *([_ASCII] if schema.get("ascii_only") else [])]))

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """In the encoding that is read. Lengths are those of the bytes."""
        least, most = schema.get("min_length") or 0, schema.get("max_length")
        found: JsonSchemaValue = {"type": "string", "format": "binary"}
        if self._config.val_json_bytes == "hex":
            return {**found, "pattern": whole(f"(?:[0-9a-fA-F]{{2}}){{{least},{'' if most is None else most}}}")}
        if self._config.val_json_bytes == "base64":
            return {**found, "pattern": whole(f"{base64('-_', least, most)}|{base64('+/', least, most)}")}
        found = super().bytes_schema(schema)
        return {**found, "format": "binary", **({"pattern": _ASCII} if len(found) > 2 else {})}

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """Of what Pydantic decodes by functions: what they can decode."""
        function = _function(schema)
        owner = getattr(function, "__self__", None)
        if isinstance(owner, type) and issubclass(owner, ByteSize):
            units = "|".join(owner.byte_sizes)
            return {"anyOf": [{"type": "string", "pattern": whole(rf"\d{{1,15}}(?:\.\d{{1,9}})?(?: ?(?:{units}))?")},
                              {"type": "integer", "minimum": 0}]}
        if isinstance(function, partial) and {"min_length", "max_length"} & function.keywords.keys() and isinstance(
                getattr(_function(schema["schema"]), "__self__", None), EncodedBytes | EncodedStr):
            raise UnsupportedFeature("lengths of decoded bytes", "the length of what is encoded cannot be bounded",
                                     hint="bound the length of bytes, under val_json_bytes='base64'")
        found = super().function_after_schema(schema)
        last = _ALPHABETS.get(owner.encoder) if isinstance(owner, EncodedStr) else None
        return {**found, "pattern": whole(base64(last, ascii_only=True))} if last else found

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Of values that can be read from JSON."""
        if all(isinstance(member.value, _PLAIN) for member in schema["members"]):
            return super().enum_schema(schema)
        found = {**super().enum_schema({**schema, "members": []}), "enum": _readable(schema, schema["members"])}
        if not found["enum"]:
            name = schema["cls"].__name__
            raise UnsupportedFeature(name, f"no value of {name} can be read from JSON",
                                     hint="use values that are strings or numbers")
        return found

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """The same."""
        if all(type(value) in _PLAIN for value in schema["expected"]):
            return super().literal_schema(schema)
        found = _readable(schema, schema["expected"])
        if not found:
            raise UnsupportedFeature("Literal", f"no value of {schema['expected']!r:.80} can be read from JSON",
                                     hint="use strings or numbers")
        return {"enum": found}

    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        """None: JSON holds no classes."""
        raise UnsupportedFeature("type[...]", f"type[{schema['cls'].__name__}] cannot be read from JSON",
                                 hint="declare a Literal of names")

    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        """Of the allowed schemes."""
        return {**super().url_schema(schema), "pattern": _url(schema)}

    def multi_host_url_schema(self, schema: core_schema.MultiHostUrlSchema) -> JsonSchemaValue:
        """Of the allowed schemes, with one host."""
        return {**super().multi_host_url_schema(schema), "pattern": _url(schema)}

    def json_schema(self, schema: core_schema.JsonSchema) -> JsonSchemaValue:
        """A string that holds JSON: of plain types only."""
        found = super().json_schema(schema)
        inside = content(found["contentSchema"])
        if inside is None:
            raise UnsupportedFeature("Json", "a string that holds JSON of this type cannot be written",
                                     hint="declare the type itself in place of Json[...]")
        return {**found, "pattern": whole(inside)}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """With a tag in each branch: Pydantic looks for it before it knows of defaults."""
        found, tag = super().tagged_union_schema(schema), schema["discriminator"]
        if callable(tag):  # may look at anything: such tags are there as a branch alone could have
            tags = [(self.generate_inner(part), self._tags(part)) for part in schema["choices"].values()]
            needed = [next((names for known, names in tags if known == part), []) for part in found["oneOf"]]
            return {**found, "oneOf": [_requiring(*both) for both in zip(found["oneOf"], needed, strict=True)]}
        names = [path[0] for path in _paths(tag) if len(path) == 1 and isinstance(path[0], str)]
        if known := found.get("discriminator"):
            return {**found, "oneOf": [_requiring(part, [known["propertyName"]]) for part in found["oneOf"]]}
        anyone = {"anyOf": [{"required": [name]} for name in names]}
        return {**found, "oneOf": [also(part, anyone) if names else part for part in found["oneOf"]]}

    def _tags(self, schema: Any) -> list[str]:
        """Names of the fields that are literals with a default."""
        while "fields" not in schema:
            if schema["type"] == "definition-ref":
                schema = self._defined.get(schema["schema_ref"], {})
            if "schema" not in schema:
                return []
            schema = schema["schema"]
        fields = schema["fields"]
        named = fields.items() if isinstance(fields, dict) else [(field["name"], field) for field in fields]
        return [self._get_alias_name(field, name) for name, field in named
                if field["schema"]["type"] == "default" and field["schema"]["schema"]["type"] == "literal"]

    def _get_alias_name(self, field: Any, name: str) -> str:
        """Refused, where a value is looked for inside another one only."""
        alias = field.get("validation_alias")
        found = super()._get_alias_name(field, name)
        if not isinstance(alias, list) or self._config.validate_by_name or self._config.populate_by_name:
            return found
        whole = [path[0] for path in _paths(alias) if len(path) == 1 and isinstance(path[0], str)]
        if not whole:
            raise UnsupportedFeature("AliasPath", f"the value of {name} is looked for inside another one",
                                     hint="declare the outer value as a model of its own, or add a plain alias")
        return whole[0]

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """With keys that Pydantic can read as what they are to be."""
        return self._with_keys(super().dict_schema(schema), schema)

    def counter_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().counter_schema(schema), schema)

    def ordered_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().ordered_dict_schema(schema), schema)

    def frozendict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().frozendict_schema(schema), schema)

    def _with_keys(self, found: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
        """With what keys have to be like that are no strings."""
        keys = schema.get("keys_schema", {"type": "any"})
        names = self._names(keys)
        if names is None:
            raise UnsupportedFeature("keys of a dict", f"keys of this type ({keys['type']}) cannot be read from JSON",
                                     hint="use keys that are strings or numbers, or a list of pairs")
        if "patternProperties" in found or names.get("type") == "string" and "propertyNames" in found:
            return found  # as Pydantic has described them
        if names in ({}, {"type": "string"}):
            return found
        return {**found, "propertyNames": names}

    def _names(self, keys: Any) -> JsonSchemaValue | None:
        """What names can be read as keys of a type. None if there are none."""
        kind = keys["type"]
        if kind in ("enum", "literal"):
            texts = _readable_names(keys)
            return {"enum": texts} if texts else None
        if kind in _KEYS:
            return _number_names(keys)
        if kind == "definition-ref":
            return self._names(self._defined[keys["schema_ref"]])
        if kind == "union":
            ways = [way for part in core_schema.iter_union_choices(keys) if (way := self._names(part)) is not None]
            return {"anyOf": ways} if ways else None
        found = self.resolve_ref_schema(self.generate_inner(keys))
        if not found or found.get("type") == "string":
            return found
        texts = [part for part in found.get("anyOf", []) if part.get("type") == "string"]
        if texts and kind not in ("nullable", "default"):
            return {"anyOf": texts}
        inner = keys.get("json_schema_input_schema") or keys.get("schema") or keys.get("lax_schema") or (
            keys.get("json_schema") or keys.get("steps", [None])[0])
        return self._names(inner) if inner and kind not in ("dataclass", "typed-dict") else None


_PLAIN = (str, int, float, type(None))
_ALPHABETS = {Base64Encoder: "+/", Base64UrlEncoder: "-_"}


def _function(schema: Any) -> Any:
    """What a schema calls to validate."""
    function = schema.get("function")
    return function.get("function") if isinstance(function, dict) else None


def _paths(alias: Any) -> list[list[Any]]:
    """The ways to a value: one of names and indices, several of them, or a name."""
    if isinstance(alias, str):
        return [[alias]]
    return alias if all(isinstance(path, list) for path in alias) else [alias]


def _requiring(part: JsonSchemaValue, names: list[str]) -> JsonSchemaValue:
    return {**part, "required": list(dict.fromkeys([*part.get("required", []), *names]))} if names else part


def _url(schema: Any) -> str:
    host = bool(schema.get("host_required")) and not schema.get("default_host")
    return whole(url(schema.get("allowed_schemes"), host))


def _number(found: JsonSchemaValue) -> JsonSchemaValue:
    """The number, of a schema that allows strings beside it."""
    return next((part for part in found.get("anyOf", []) if part.get("type") == "number"), found)


def _below(digits: int | None) -> JsonSchemaValue:
    """At most so many digits before the point, where a zero counts as one."""
    if digits is None:
        return {}
    found = {"exclusiveMinimum": -(10 ** max(digits, 0)), "exclusiveMaximum": 10 ** max(digits, 0)}
    return found if digits > 0 else {**found, "not": {"const": 0}}


def _readable(schema: Any, values: Iterable[Any]) -> list[Any]:
    """The JSON of values of a type, as far as Pydantic reads the same from it."""
    validator, found = SchemaValidator(schema), []
    for value in values:
        with suppress(ValueError):  # of bytes, too, that are no UTF-8
            plain = to_jsonable_python(value.value if isinstance(value, Enum) else value)
            ways = [plain, *([float(plain)] if isinstance(getattr(value, "value", value), Decimal) else [])]
            found += [way for way in ways if _read(validator, way) == value][:1]
    return found


def _read(validator: SchemaValidator, value: Any) -> Any:
    """What Pydantic reads from the JSON of a value; None if it refuses."""
    with suppress(ValidationError):
        return validator.validate_json(json.dumps(value))
    return None


def _readable_names(keys: Any) -> list[str]:
    """The names that are read as members of an Enum, or as values of a Literal."""
    values = [getattr(value, "value", value) for value in keys.get("members", keys.get("expected"))]
    validator = SchemaValidator(core_schema.dict_schema(keys))
    return [text for text in dict.fromkeys(value if isinstance(value, str) else str(value) for value in values)
            if _read(validator, {text: None})]


def _number_names(keys: Any) -> JsonSchemaValue:
    """Names that are numbers. Bounds are those of integers; multiples are listed, if they are few."""
    limits = {"multiple_of", "max_digits", "decimal_places", *BOUNDS} & {key for key in keys if keys[key] is not None}
    names = {"pattern": whole(_KEYS[keys["type"]])}
    if keys["type"] != "int" and limits:
        raise UnsupportedFeature("bounds of keys", f"{', '.join(sorted(limits))} of keys that are no integers",
                                 hint="use integers or strings as keys, or a list of pairs")
    least = max(keys.get("ge", -math.inf), keys.get("gt", -math.inf) + 1)
    most = min(keys.get("le", math.inf), keys.get("lt", math.inf) - 1)
    step = keys.get("multiple_of", 1)
    if most - least < MAX_KEYS * step:
        return {"enum": [str(number) for number in range(-(-least // step) * step, most + 1, step)]}
    if step != 1:
        raise UnsupportedFeature("multiple_of of keys", f"the multiples of {step} are too many to be listed",
                                 hint="bound the keys on both sides")
    return bounded(names, keys, integers)
