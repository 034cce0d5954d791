"""Python types as JSON Schemas, through Pydantic: models, dataclasses, TypedDicts, enums, literals, lists, unions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isroutine
from typing import Any, is_typeddict

from ...errors import SpecError
from .dialect import subschemas


def is_schema(spec: Any) -> bool:
    """Is `spec` a JSON Schema itself, rather than a Python type?"""
    return isinstance(spec, dict | bool)


def type_adapter(spec: Any) -> Any:
    """The Pydantic adapter of a Python type. Raises `SpecError` for what Pydantic cannot describe."""
    from pydantic import TypeAdapter

    if isroutine(spec):  # Pydantic would describe its arguments, and call it with what the model wrote
        raise SpecError(f"{spec!r:.80} is a function, not a type")
    try:
        return TypeAdapter(_modern(spec))
    except Exception as error:  # Pydantic raises many kinds for what is no type, bare TypeError among them
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SpecError(f"{spec!r:.80} is neither a JSON Schema nor a type that Pydantic can describe: {reason:.200}",
                        hint="pass a dict, a Pydantic model, a dataclass, a TypedDict, an Enum, a Literal, "
                             "list[...] or a union of these") from None


def schema_of(adapter: Any, spec: Any) -> dict[str, Any]:
    """The JSON Schema of an adapter's type, its objects closed: Pydantic would drop what is undeclared."""
    from pydantic.errors import PydanticUserError

    from .described.types import Described, format_pattern

    try:
        schema: dict[str, Any] = adapter.json_schema(mode="validation", schema_generator=Described)
    except PydanticUserError as error:
        raise SpecError(f"{spec!r:.80} has no JSON Schema: {str(error).splitlines()[0]}") from None
    _close(schema, format_pattern)
    return schema


def _close(schema: dict[str, Any], format_pattern: Callable[[str], str | None]) -> None:
    """Set `additionalProperties` to false wherever properties are declared and it is not said otherwise, and drop what
    is said of a set: given an item twice, it holds it once. Formats that are Pydantic's own become patterns."""
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        if "properties" in part or "patternProperties" in part:
            part.setdefault("additionalProperties", False)
        if part.get("minItems") in (None, 0, 1):
            part.pop("uniqueItems", None)
        if isinstance(part.get("format"), str) and (pattern := format_pattern(part["format"])):
            part.setdefault("pattern", f"^(?:{pattern})$")
        waiting += [inner for _, inner in subschemas(part)]


def _modern(spec: Any) -> Any:
    """Pydantic wants the TypedDict of typing_extensions before Python 3.12; the two hold the same facts."""
    if not is_typeddict(spec) or type(spec).__module__ != "typing":
        return spec
    from typing import NotRequired

    from typing_extensions import TypedDict

    hints = {name: hint if name in spec.__required_keys__ else NotRequired[hint]
             for name, hint in spec.__annotations__.items()}
    return TypedDict(spec.__name__, hints)  # type: ignore[operator]
