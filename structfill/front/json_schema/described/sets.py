"""Sets in the schemas of Pydantic's types: items that have a hash, and differ in Python where they do in JSON."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from ....errors import UnsupportedFeature
from .bounds import also, whole
from .keys import WithKeys

_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_NO_HASH = {"any", "list", "set", "dict", "typed-dict", "deque", "counter", "ordered-dict"}
_MICRO = r"(?:\.\d{0,5}[1-9])?"
_SIXTY = r"(?:[1-9]|[1-5]\d)"
_PARTS = rf"(?:(?:[1-9]|1\d|2[0-3])H)?(?:{_SIXTY}M)?(?:{_SIXTY}{_MICRO}S|0\.\d{{0,5}}[1-9]S)?"
_GROUP = "(?:0|[1-9a-f][0-9a-f]{0,3})"
_ADDRESS = rf"[^:]*|(?:{_GROUP}:){{7}}{_GROUP}"
_ONE_SPELLING = {  # of each value, by the type or by the format
    "datetime": whole(rf"[^t]+T[\d:]+{_MICRO}Z?"), "time": whole(rf"[\d:]+{_MICRO}Z?"), "uuid": "^[^A-F]*$",
    "timedelta": whole(rf"PT0S|-?P(?!$)(?:[1-9]\d*D)?(?:T(?!$){_PARTS})?"),
    **dict.fromkeys(("ipv6", "ipvanyaddress"), whole(_ADDRESS)),
    **dict.fromkeys(("ipv4network", "ipv6network", "ipvanynetwork", "ipv4interface", "ipv6interface",
                     "ipvanyinterface"), whole(f"(?:{_ADDRESS})/.*"))}


class WithSets(WithKeys):
    """Pydantic's schemas, with what its validators demand of the items of a set. Raises `UnsupportedFeature` for items
    that have no hash."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._distinct = False  # have values to differ that are spelled differently?

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """With one spelling of each value, where values have to differ."""
        found = super().generate_inner(schema)
        spelling = _ONE_SPELLING.get(schema["type"], _ONE_SPELLING.get(found.get("format", "")))
        return also(found, {"pattern": spelling}) if self._distinct and spelling else found

    def _common_set_schema(self, schema: core_schema.SetSchema | core_schema.FrozenSetSchema) -> JsonSchemaValue:
        """Of items that have a hash."""
        items: Any = schema.get("items_schema", {"type": "any"})
        if items["type"] == "any":
            return {**super()._common_set_schema(schema), "items": _SCALAR}
        if kind := unhashable(items, self._defined):
            raise UnsupportedFeature("items of a set", f"items of this type ({kind}) have no hash, which a set needs",
                                     hint="declare a list, or items that are tuples or frozen")
        if self._distinct:
            raise UnsupportedFeature("sets in a set", "sets that differ in the order of their items only are the same",
                                     hint="declare a list of sets, or a set that may hold a single item")
        self._distinct = (schema.get("min_length") or 0) > 1
        try:
            return super()._common_set_schema(schema)
        finally:
            self._distinct = False

    def _possible_names(self, keys: Any) -> JsonSchemaValue:
        names = super()._possible_names(keys)
        if keys["type"] != "any" and (kind := unhashable(keys, self._defined)):
            raise UnsupportedFeature("keys of a dict", f"keys of this type ({kind}) have no hash, which a dict needs",
                                     hint="use keys that are strings or numbers, or that are frozen")
        return names

    def chain_schema(self, schema: core_schema.ChainSchema) -> JsonSchemaValue:
        """No arrays and no objects, where the value has to have a hash."""
        last = schema["steps"][-1]
        return _SCALAR if last["type"] == "is-instance" and last["cls"] is Hashable else super().chain_schema(schema)


def unhashable(schema: Any, defined: Mapping[str, Any]) -> str | None:
    """The name of a type without a hash that values of a schema may be or hold. None where functions decide on it."""
    waiting, seen = [schema], set()
    while waiting:
        part = waiting.pop()
        kind, owner = part["type"], part.get("cls")
        if kind == "json" and "schema" not in part:
            kind = "any"
        if kind in _NO_HASH or kind in ("model", "dataclass") and owner.__hash__ is None:
            return owner.__name__ if owner else str(kind)
        if kind == "definition-ref" and part["schema_ref"] not in seen:
            seen.add(part["schema_ref"])
            waiting.append(defined[part["schema_ref"]])
        elif kind not in ("model", "dataclass", "frozenset", "function-after", "function-wrap", "function-plain"):
            waiting += _parts(part)
    return None


def _parts(schema: Any) -> list[Any]:
    """What values of a schema may be or hold, but for its own type."""
    found = [schema[key] for key in ("schema", "json_schema", "lax_schema", "values_schema") if key in schema]
    if schema["type"] == "union":
        return list(core_schema.iter_union_choices(schema))
    if schema["type"] in ("tagged-union", "tuple"):
        return list(schema["choices"].values() if "choices" in schema else schema["items_schema"])
    return [*found, *schema.get("steps", [])[-1:], *(field["schema"] for field in schema.get("fields", []))]
