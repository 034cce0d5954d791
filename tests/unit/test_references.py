"""References into the given documents: found by every name they have, without reading what cannot have it."""

from __future__ import annotations

from typing import Any

import pytest

import structfill as sf

HOST = "https://x.org"


def holding(name: str) -> dict[str, Any]:
    """A document that holds a schema of this name, of strings."""
    return {"$defs": {"inner": {"$id": name, "type": "string"}}}


@pytest.mark.parametrize(("document", "name", "reference"), [
    (f"{HOST}/a/b.json", "c.json", f"{HOST}/a/c.json"), (f"{HOST}/a/b.json", "../c.json", f"{HOST}/c.json"),
    (f"{HOST}/a/b.json", "/c", f"{HOST}/c"), (f"{HOST}/a/b.json", "..", f"{HOST}/"), ("urn:a:b", "urn:c:d", "urn:c:d"),
    (f"{HOST}/a/b.json", "?q=1/2", f"{HOST}/a/b.json?q=1/2"), (f"{HOST}/a", f"{HOST}/c#", f"{HOST}/c"),
    (f"{HOST}/a", "./", f"{HOST}/"),
])
def test_a_schema_inside_a_document_is_found_by_its_name(document: str, name: str, reference: str) -> None:
    others = {f"{HOST}/other/{number}": holding(f"n{number}") for number in range(5)}
    found = sf.json_schema({"$ref": reference}, documents=others | {document: holding(name)})
    assert found.accepts('"x"') and not found.accepts("1")


def test_documents_that_cannot_hold_the_name_are_not_read() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(100_000):
        deep = {"items": deep}
    itself: dict[str, Any] = {}
    itself["properties"] = {"again": itself}
    given = {f"{HOST}/deep": deep, f"{HOST}/itself": itself, f"{HOST}/a": holding("b")}
    assert sf.json_schema({"$ref": f"{HOST}/b"}, documents=given).accepts('"x"')
    with pytest.raises(sf.UnsupportedFeature, match="none of the given documents"):
        sf.json_schema({"$ref": f"{HOST}/c"}, documents=given)
