"""What Pydantic leaves out of the schemas of its types: bounds of dates and durations, tags, keys, encodings, URLs."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache, partial
from typing import Any

from pydantic import ByteSize
from pydantic.json_schema import JsonSchemaValue
from pydantic.types import Base64Encoder, Base64UrlEncoder, EncodedBytes, EncodedStr
from pydantic_core import core_schema

from ....errors import UnsupportedFeature
from ..formats import CLOCK, DATE, ZONE
from .bounds import (
    BOUNDS,
    also,
    bounded,
    content,
    dates,
    from_now,
    moments,
    spans,
    whole,
    zoned,
)
from .keys import readable
from .numbers import WithNumbers
from .patterns import PYDANTIC_FORMATS, SCOPED_IPV6, base64, integers_beyond, url
from .regex import PYTHON, Engine, translated

_ASCII = r"^[\u0000-\u007f]*$"
_ONE_CASE = r"^[^A-Z\u0080-\u{10ffff}]*$"
_TRIMMED = r"^(?:[^\s\u0085](?:[^]*[^\s\u0085])?)?$"
# A timedelta has at most 999,999,999 days, and Pydantic counts the seconds of a duration in 32 bits.
_DURATION = (r"-?P(?!$)(?:\d{1,6}Y)?(?:\d{1,4}M)?(?:\d{1,5}W)?(?:\d{1,7}D)?"
             r"(?:T(?!$)(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,8}(?:\.\d{1,6})?S)?)?")
# The same, with one way to divide it into parts.
_HOURS = r"(?:T(?!$)(?:(?:1?\d|2[0-3])H)?(?:[1-5]?\dM)?(?:[1-5]?\d(?:\.\d{1,6})?S)?)?"
_SPAN = rf"-?P(?!$)(?:(?:0|[1-9]\d{{0,7}})D)?{_HOURS}"
_YEARS = (rf"{integers_beyond(2_739_726, later=False)[0]}Y(?:(?:[1-9]?\d|[12]\d\d|3[0-5]\d|36[0-4])D)?"
          r"|2739726Y(?:[0-8]D)?")
_LONG = rf"-?P(?:{_YEARS}){_HOURS}|P2739726Y9D{_HOURS}|-P2739726Y9D"  # as Pydantic writes them
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


class Described(WithNumbers):
    """Pydantic's schemas, with what its validators demand beyond them. Raises `UnsupportedFeature` for what no schema
    can tell."""

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """None for validators whose verdict no schema can tell."""
        function = _function(schema)
        name = getattr(function, "__qualname__", "")
        if name in NEVER and str(function.__module__).startswith("pydantic."):
            feature, why, hint = NEVER[name]
            raise UnsupportedFeature(feature, f"{feature}: {why}", hint=hint)
        found = super().generate_inner(schema)
        if found.get("format") == "ipv6" and schema["type"] == "lax-or-strict":  # Python's own, with a zone
            del found["format"]
            return {**found, "pattern": whole(SCOPED_IPV6)}
        return found

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """With a zone, without one, or with any of these."""
        found = {"type": "string", "pattern": whole(rf"(?:{DATE})[tT]{CLOCK}{_zone(schema)}")}
        naive = schema.get("tz_constraint") == "naive"
        return from_now(schema, bounded(found, schema, moments if naive else zoned), margin=1)

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        """In the future or the past, as seen today."""
        return from_now(schema, bounded(super().date_schema(schema), schema, dates), margin=0)

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        """With a zone, without one, or with any of these."""
        return bounded({"type": "string", "pattern": whole(f"{CLOCK}{_zone(schema)}")}, schema, zoned)

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """As long as Python can hold, and as Pydantic writes it."""
        bounds = [key for key in BOUNDS if schema.get(key) is not None]
        return bounded({"type": "string", "pattern": whole(_SPAN if bounds else f"{_DURATION}|{_LONG}")}, schema, spans)

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Without spaces around where Pydantic takes them away before it looks on."""
        pattern, found = schema.get("pattern"), super().str_schema(schema)
        if isinstance(pattern, re.Pattern) and (flags := pattern.flags & ~re.UNICODE):
            raise UnsupportedFeature("flags of a pattern", f"{re.RegexFlag(flags)!r} of the pattern "
                                     f"{pattern.pattern!r:.80} is not supported",
                                     hint="write a pattern that needs no flag, as [Aa] for either case")
        if pattern is not None:
            found["pattern"] = translated(found["pattern"], self._engine(schema))
        strips = schema.get("strip_whitespace", self._config.str_strip_whitespace)
        parts = [_TRIMMED] if strips and (self._distinct or {"minLength", "pattern"} & found.keys()) else []
        parts += [_ASCII] if schema.get("ascii_only") else []
        changes_case = (schema.get("to_lower", self._config.str_to_lower)
                        or schema.get("to_upper", self._config.str_to_upper))
        parts += [_ONE_CASE] if changes_case and self._distinct else []
        return also(found, *({"pattern": part} for part in parts))

    def _engine(self, schema: core_schema.StringSchema) -> Engine:
        """What reads the pattern."""
        compiled = isinstance(schema["pattern"], re.Pattern)
        return PYTHON if compiled else schema.get("regex_engine") or self._config.regex_engine

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
        found = {**super().enum_schema({**schema, "members": []}), "enum": readable(schema, schema["members"])}
        if not found["enum"]:
            name = schema["cls"].__name__
            raise UnsupportedFeature(name, f"no value of {name} can be read from JSON",
                                     hint="use values that are strings or numbers")
        return found

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """The same."""
        if all(type(value) in _PLAIN for value in schema["expected"]):
            return super().literal_schema(schema)
        found = readable(schema, schema["expected"])
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


def _zone(schema: Any) -> str:
    """What stands behind a time: nothing only where no zone is asked for, and no bound has one."""
    needed = schema.get("tz_constraint")
    if needed == "naive":
        return ""
    bounds = [bound for key in BOUNDS if (bound := schema.get(key)) is not None]
    return ZONE if needed is not None or any(bound.utcoffset() is not None for bound in bounds) else f"(?:{ZONE})?"


def _url(schema: Any) -> str:
    host = bool(schema.get("host_required")) and not schema.get("default_host")
    return whole(url(schema.get("allowed_schemes"), host))
