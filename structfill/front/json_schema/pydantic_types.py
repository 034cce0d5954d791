"""What Pydantic leaves out of the schemas of its types: patterns for their formats, for keys, for URLs."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ...errors import UnsupportedFeature
from .formats import DATE, IPV4, IPV6

_HEX = "[0-9a-fA-F]"
_INTEGER = r"-?(?:0|[1-9]\d*)"
_NUMBER = rf"{_INTEGER}(?:\.\d+)?"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_KEYS = {"int": r"0|-?[1-9]\d*", "float": _NUMBER, "decimal": _NUMBER, "bool": "true|false"}
MAX_DIGITS = 20  # of a decimal, for each of which its places are an alternative
MAX_KEYS = 1_000


def _uuid(version: int) -> str:
    """RFC 9562, section 4: the version is the digit that begins the third group."""
    return rf"{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-[89abAB]{_HEX}{{3}}-{_HEX}{{12}}"


def _multiples(bits: int, width: int, spell: str) -> list[str]:
    """The numbers of `width` bits of which only the first `bits` may be set, without leading zeros."""
    return [format(number, spell) for number in range(0, 1 << width, 1 << width - bits)]


def _networks_4() -> str:
    """Networks have no bits behind their prefix: Python refuses others."""
    octet = IPV4.partition(r"(?:\.")[0]
    found = [rf"{IPV4}(?:/32)?"]
    for prefix in range(32):
        whole, bits = divmod(prefix, 8)
        part = "|".join(_multiples(bits, 8, "d"))
        found.append(rf"(?:{octet}\.){{{whole}}}(?:{part})(?:\.0){{{3 - whole}}}/{prefix}")
    return "|".join(found)


def _networks_6() -> str:
    """The same, with the zeros behind the prefix as ``::``."""
    found = [rf"(?:{IPV6})(?:/128)?", "::/0"]
    for prefix in range(1, 128):
        whole, bits = divmod(prefix, 16)
        group = f"(?:{_HEX}{{1,4}}:)"
        if bits == 0:
            found.append(rf"{group}{{{whole}}}:/{prefix}")
            continue
        digits, rest = divmod(bits, 4)
        last = f"[{''.join(_multiples(rest, 4, 'x'))}]" if rest else ""
        part = rf"(?:{_HEX}{{0,{digits}}}{last}{'0' * (4 - digits - bool(rest))}|0)"
        found.append(rf"{group}{{{whole}}}{part}{'::' if whole < 7 else ''}/{prefix}")
    return "|".join(found)


_INTERFACE_4, _INTERFACE_6 = rf"{IPV4}(?:/(?:[12]?\d|3[0-2]))?", rf"(?:{IPV6})(?:/(?:[1-9]?\d|1[01]\d|12[0-8]))?"
FORMATS = {
    **{f"uuid{version}": _uuid(version) for version in range(1, 9)},
    "ipv4interface": _INTERFACE_4, "ipv6interface": _INTERFACE_6, "ipv4network": _networks_4(),
    "ipv6network": _networks_6(), "ipvanyaddress": f"{IPV4}|{IPV6}",
    "ipvanyinterface": f"{_INTERFACE_4}|{_INTERFACE_6}", "ipvanynetwork": f"{_networks_4()}|{_networks_6()}"}

_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_HOST = rf"(?:{IPV4}|(?:{_LABEL}\.)*[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)"  # no number at the end: an IPv4 address
_PORT = r"(?::(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?"
_USER = r"(?:[A-Za-z0-9._~-]+(?::[A-Za-z0-9._~-]*)?@)?"
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_END = rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
_PLACE = rf"{_USER}{_HOST}{_PORT}(?:/{_CHARACTER}*)*{_END}"
_SPECIAL = "(?:https?|wss?|ftp|file):"  # schemes that need a host, or take what follows for one


def _url(schemes: list[str] | None) -> str:
    """URLs of some schemes (None: of any) with a host; such as have none only of schemes that need none."""
    if schemes is None:
        opaque = rf"(?!{_SPECIAL})[a-z][a-z0-9+.-]*:{_CHARACTER}(?:{_CHARACTER}|/)*{_END}"
        return rf"(?!file:)[a-z][a-z0-9+.-]*://{_PLACE}|file://(?:/{_CHARACTER}*)+|{opaque}"
    found = [rf"{re.escape(scheme)}://{_PLACE}" for scheme in schemes if scheme != "file"]
    return "|".join([*found, *([rf"file://(?:/{_CHARACTER}*)+"] if "file" in schemes else [])])


_STRING = r'"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt])*"'
_SCALARS = {"null": "null", "boolean": "(?:true|false)", "integer": _INTEGER, "number": _NUMBER, "string": _STRING}
_ANY = f"(?:{'|'.join(_SCALARS.values())})"


def _listed(kind: str, part: str) -> str:
    """An array of such parts, or an object with such values."""
    part = part if kind == "array" else rf"{_STRING}: ?{part}"
    inside = rf"(?:{part}(?:, ?{part})*)?"
    return rf"\[{inside}\]" if kind == "array" else rf"\{{{inside}\}}"


def _content(schema: Any, depth: int = 0) -> str | None:
    """A pattern of JSON texts that satisfy a plain schema: scalars, arrays and maps of them. None for other schemas."""
    if not isinstance(schema, dict):
        return None
    rest = {key: part for key, part in schema.items() if key != "title"}
    kind = rest.pop("type", None)
    if kind is None and not rest:  # any value: a shallow one
        return f"(?:{_ANY}|{_listed('array', _ANY)}|{_listed('object', _ANY)})"
    if kind in _SCALARS and not rest:
        return _SCALARS[kind]
    key = {"array": "items", "object": "additionalProperties"}.get(kind, "")
    if list(rest) != [key] or depth > 3 or (inner := _content(rest[key], depth + 1)) is None:
        return None
    return _listed(kind, inner)


def _compared(text: str, later: bool) -> str:
    """What begins with digits that come after (or before) the given ones, sign by sign."""
    end = "9" if later else "0"
    other = [f"{text[:at]}[{int(char) + 1}-9]" if later else f"{text[:at]}[0-{int(char) - 1}]"
             for at, char in enumerate(text) if char.isdigit() and char != end]
    return f"^(?:{'|'.join(other)})"


def _from_now(schema: Any, found: JsonSchemaValue, margin: int) -> JsonSchemaValue:
    """With what a date (a time: `margin` days away, since zones differ) has to be like to lie in the future or past."""
    if "now_op" not in schema:
        return found
    later = schema["now_op"] == "future"
    day = dt.date.today() + dt.timedelta(margin if later else -margin)
    return {**found, "allOf": [{"pattern": _compared(day.isoformat(), later)}]}


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


class Described(GenerateJsonSchema):
    """Pydantic's schemas, with what its validators demand beyond them."""

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Without a zone, which the format demands, where there must be none."""
        found = super().datetime_schema(schema)
        if schema.get("tz_constraint") == "naive":
            found = {"type": "string", "pattern": _whole(f"(?:{DATE})T{_CLOCK}")}
        return _from_now(schema, found, margin=1)

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        """In the future or the past, as seen today."""
        return _from_now(schema, super().date_schema(schema), margin=0)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number of so many digits: a string might be anything."""
        found = _number(super().decimal_schema(schema))
        digits, places = schema.get("max_digits"), schema.get("decimal_places")
        if digits is None and places is None:
            return found
        ways = [places] if places is not None else range(min(digits or 0, MAX_DIGITS) + 1)
        sizes = [{"multipleOf": float(f"1e-{way}"), **_below(None if digits is None else digits - way)} for way in ways]
        return {**found, "allOf": [{"anyOf": sizes}]}

    def fraction_schema(self, schema: Any) -> JsonSchemaValue:
        """A number: a string might be anything."""
        return _number(super().fraction_schema(schema))

    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        """As Python writes it."""
        return {**super().complex_schema(schema), "pattern": _whole(rf"{_NUMBER}(?:[+-]\d+(?:\.\d+)?j)?")}

    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        """Of the allowed schemes."""
        return {**super().url_schema(schema), "pattern": _whole(_url(schema.get("allowed_schemes")))}

    def multi_host_url_schema(self, schema: core_schema.MultiHostUrlSchema) -> JsonSchemaValue:
        """Of the allowed schemes, with one host."""
        return {**super().multi_host_url_schema(schema), "pattern": _whole(_url(schema.get("allowed_schemes")))}

    def json_schema(self, schema: core_schema.JsonSchema) -> JsonSchemaValue:
        """A string that holds JSON: of plain types only."""
        found = super().json_schema(schema)
        content = _content(found["contentSchema"])
        if content is None:
            raise UnsupportedFeature("Json", "a string that holds JSON of this type cannot be written",
                                     hint="declare the type itself in place of Json[...]")
        return {**found, "pattern": _whole(content)}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """With keys that Pydantic can read as what they are to be."""
        return _with_keys(super().dict_schema(schema), schema)

    def counter_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return _with_keys(super().counter_schema(schema), schema)

    def ordered_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return _with_keys(super().ordered_dict_schema(schema), schema)

    def frozendict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return _with_keys(super().frozendict_schema(schema), schema)


def _number(found: JsonSchemaValue) -> JsonSchemaValue:
    """The number, of a schema that allows strings beside it."""
    return next((part for part in found.get("anyOf", []) if part.get("type") == "number"), found)


def _below(digits: int | None) -> JsonSchemaValue:
    """At most so many digits before the point."""
    return {} if digits is None else {"exclusiveMinimum": -(10 ** max(digits, 0)),
                                      "exclusiveMaximum": 10 ** max(digits, 0)}


def _with_keys(found: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
    """With what keys have to be like that are no strings."""
    keys = schema.get("keys_schema", {})
    kind = keys.get("type")
    if kind == "literal":
        names: JsonSchemaValue = {"enum": [key for key in keys["expected"] if isinstance(key, str)]}
    elif kind == "int":
        names = _integers(keys)
    elif kind in _KEYS:
        names = {"pattern": _whole(_KEYS[kind])}
    else:
        return found
    return {"propertyNames": names, **found}


def _integers(keys: Any) -> JsonSchemaValue:
    """Integers as keys. Between two bounds each of them, if they are few; else only the sign is kept of bounds."""
    least = keys.get("ge", keys.get("gt", -math.inf) + 1)
    most = keys.get("le", keys.get("lt", math.inf) - 1)
    if most - least < MAX_KEYS:
        return {"enum": [str(number) for number in range(least, most + 1)]}
    return {"pattern": _whole(_KEYS["int"] if least < 0 else r"0|[1-9]\d*" if least == 0 else r"[1-9]\d*")}
