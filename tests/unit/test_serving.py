"""Constraints as servers get them: nothing in a request reaches files, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from structfill.errors import SpecError
from structfill.serving import parse


@pytest.mark.parametrize("statement", ["%import .secret.WORD", "%import \\\n .secret.WORD", "%import\\\n.secret.WORD",
                                       "%import .secret (WORD)", "%import .secret.WORD -> WORD"])
def test_grammars_import_no_files(statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However Lark lets it be spelled: a backslash at the end of a line joins lines."""
    (tmp_path / "secret.lark").write_text('WORD: "topsecret"\n')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="cannot import files of the server"):
        parse({"grammar": f"start: WORD\n{statement}\n"})


def test_grammars_import_what_lark_brings() -> None:
    assert parse({"grammar": "start: INT\n%import common.INT\n"}).accepts("42")


@pytest.mark.parametrize("schema", [None, 3, [], 1.5])
def test_a_schema_is_an_object_a_boolean_or_text(schema: object) -> None:
    with pytest.raises(SpecError, match="json_schema is a schema"):
        parse({"json_schema": schema})
    assert parse({"json_schema": {}}).accepts("null") and parse({"json_schema": '{"type": "null"}'}).accepts("null")
