"""The outline of a schema: readable, bounded, and never failing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structfill.front.json_schema.outline import outline

DATE = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        (True, "any"),
        (False, "any"),
        ({}, "any"),
        ({"type": "object"}, "object"),
        ({"type": "array"}, "[any]"),
        ({"type": "array", "items": {"type": "integer"}}, "[integer]"),
        ({"prefixItems": [{"type": "string"}, {"type": "number"}]}, "[string, number]"),
        ({"enum": ["paid", "open", None, 3]}, '"paid"|"open"|null|3'),
        ({"const": "x"}, '"x"'),
        ({"type": ["string", "null"]}, "string|null"),
        ({"anyOf": [DATE, {"type": "null"}]}, "date|null"),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, "string"),
        (DATE, "date"),
        ({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}, "date"),
        ({"type": "string", "pattern": "^a+$"}, "string"),
        ({"additionalProperties": {"type": "number"}}, "{...: number}"),
        (
            {"properties": {"a": {"type": "string"}, "b c": {"type": "boolean"}}, "required": ["a"]},
            '{a: string, "b c"?: boolean}',
        ),
        (
            {
                "$defs": {"P": {"properties": {"n": {"type": "string"}}, "required": ["n"]}},
                "$ref": "#/$defs/P",
            },
            "{n: string}",
        ),
        ({"allOf": [{"type": "string"}, {}]}, "string"),
        ({"type": "frob"}, "any"),
    ],
)
def test_examples(schema: Any, expected: str) -> None:
    assert outline(schema) == expected


def test_the_contract_of_the_brief() -> None:
    schema = {
        "type": "object",
        "properties": {
            "invoice_number": {"type": "string"},
            "seller": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "items": {
                "type": "array",
                "items": {"properties": {"price": {"type": "number"}}, "required": ["price"]},
            },
            "status": {"enum": ["paid", "open"]},
            "due_date": DATE,
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["invoice_number", "seller", "items", "status", "due_date", "note"],
    }
    assert outline(schema) == (
        '{invoice_number: string, seller: {name: string}, items: [{price: number}], status: "paid"|"open", '
        "due_date: date, note: string|null}"
    )


def test_recursive_schemas_end() -> None:
    tree: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#"}, "other": {"$ref": "#"}}}
    assert len(outline(tree)) <= 2000
    assert outline({"$ref": "#"}) == "any"
    assert outline({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}) == "any"
    itself: dict[str, Any] = {"type": "array"}
    itself["items"] = itself
    assert outline(itself).startswith("[[[")


def test_huge_schemas_are_cut() -> None:
    wide = {"properties": {f"key{i}": {"type": "string"} for i in range(100_000)}}
    assert len(outline(wide)) <= 2000
    assert len(outline(wide, max_chars=50)) == 50
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(50_000):
        deep = {"type": "array", "items": deep}
    assert "any" in outline(deep)
    assert len(outline({"enum": ["x" * 100_000] * 1000})) <= 2000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://example.com/x"},
        {"$ref": "#/$defs/missing"},
        {"$ref": 3},
        {"type": 3},
        {"type": [[], {}, None]},
        {"properties": []},
        {"properties": {"a": None}},
        {"required": "a", "properties": {"a": 1}},
        {"required": [[1]], "properties": {"a": {}}},
        {"enum": []},
        {"enum": [float("nan"), {"a": 1}, [1]]},
        {"anyOf": {}},
        {"pattern": 3, "type": "string"},
        {"$ref": "#/a/99999999999999999999", "a": []},
        {"properties": {"\ud800": {"const": "\ud800"}}, "required": ["\ud800"]},
        "text",
        None,
        3,
        [],
    ],
)
def test_odd_schemas_do_not_fail(schema: Any) -> None:
    assert isinstance(outline(schema), str)


_KEYWORDS = [
    *("type", "properties", "items", "prefixItems", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs"),
    *("a", "required", "pattern", "format", "additionalProperties"),
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["#", "#/$defs/a", "object"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYWORDS), inner, max_size=5)
    ),
    max_leaves=25,
)  # fmt: skip


@given(_JSON)
def test_any_json_is_outlined(schema: Any) -> None:
    text = outline(schema)
    assert 0 < len(text) <= 2000
    assert text == outline(json.loads(json.dumps(schema)))


def test_no_torch() -> None:
    code = "import sys, structfill.front.json_schema.outline; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
