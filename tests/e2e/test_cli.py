"""The command line as a user meets it: answers on standard output, messages on standard error, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {"type": "object", "properties": {"status": {"enum": ["open", "paid"]}, "n": {"type": "integer"}},
          "required": ["status"], "additionalProperties": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA, indent=1))
    (tmp_path / "shop.py").write_text("from typing import Literal\nKind = Literal['a', 'b']\n")
    return tmp_path


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}",
                                "STRUCTFILL_CACHE_DIR": str(folder / "cache")}
    return subprocess.run([sys.executable, "-m", "structfill", *arguments], input=stdin, capture_output=True,
                          text=True, cwd=folder, env=environment, timeout=120)


def test_generate_prints_clean_json_on_a_pipe(folder: Path) -> None:
    done = run(folder, "generate", "--schema", "s.json", "--prompt-file", "-", "--passes", "2", stdin="It is paid.")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] in ("open", "paid") and done.stdout.count("\n") == 1


def test_generate_takes_python_types(folder: Path) -> None:
    done = run(folder, "generate", "-s", "shop:Kind", "-p", "x", "--passes", "1")
    assert done.returncode == 0 and json.loads(done.stdout) in ("a", "b")


def test_compile_prints_figures(folder: Path) -> None:
    done = run(folder, "compile", "s.json", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["graph states"] > 10
    assert "token classes" in run(folder, "compile", "s.json").stdout


def test_compile_shows_the_refused_keyword_in_the_file(folder: Path) -> None:
    (folder / "bad.json").write_text('{\n "properties": {\n  "a": {"uniqueItems": true}\n }\n}')
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 2 and done.stdout == ""
    assert "UnsupportedFeature" in done.stderr and "/properties/a/uniqueItems" in done.stderr and "^" in done.stderr


def test_explain_says_what_became_of_every_keyword(folder: Path) -> None:
    (folder / "e.json").write_text('{"title": "x", "type": "object", "properties": {"u": {"format": "uri"}}}')
    done = run(folder, "compile", "e.json", "--explain")
    assert done.returncode == 0
    for line in ("/title +annotation", "/type +exact", "/properties/u/format +checked exactly"):
        assert re.search(line, done.stdout), done.stdout


def test_contradictions_are_named(folder: Path) -> None:
    inner = {"minimum": 3, "type": "integer", "maximum": 2}
    (folder / "bad.json").write_text(json.dumps({"properties": {"a": inner}, "required": ["a"], "type": "object"}))
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 1 and "no JSON value" in done.stderr
    assert "/properties/a/minimum" in done.stderr and "contradicts /properties/a/maximum" in done.stderr


@pytest.mark.parametrize("content, message", [
    ("{", "not JSON"), ('{"a": 1, "a": 2}', "occurs twice"), ('{"minimum": NaN}', "NaN"), ("[" * 5000, "nesting"),
    ('{"type": "strin"}', "/type"), ("\xff", "not JSON"),
])
def test_bad_schemas_are_bad_input(folder: Path, content: str, message: str) -> None:
    (folder / "bad.json").write_text(content, encoding="utf-8")
    done = run(folder, "compile", "bad.json")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_validate_says_where(folder: Path) -> None:
    assert run(folder, "validate", "s.json", '{"status": "open", "n": 1.0}').returncode == 0
    done = run(folder, "validate", "s.json", '{"status":\n "closed"}')
    assert done.returncode == 1 and "line 2, column 3" in done.stderr and "^" in done.stderr
    assert "incomplete" in run(folder, "validate", "s.json", '{"status"').stderr


@pytest.mark.parametrize("arguments, code", [
    (["generate", "-s", "missing.json", "-p", "x"], 2), (["generate", "-s", "s.json"], 2),
    (["generate", "-s", "s.json", "-p", "x", "-f", "-"], 2), (["generate", "-s", "no.module:X", "-p", "x"], 2),
    (["generate", "-s", "s.json", "-p", "x", "--max-tokens", "2"], 1),
    (["generate", "-s", "s.json", "-p", "x", "--passes", "0"], 2), (["nonsense"], 2),
    (["compile", "s.json", "--tokenizer", "s.json"], 2), (["compile", "s.json", "--whitespace", "lots"], 2),
])
def test_exit_codes(folder: Path, arguments: list[str], code: int) -> None:
    done = run(folder, *arguments)
    assert done.returncode == code and "Traceback" not in done.stderr and done.stderr


def test_models_by_name(folder: Path) -> None:
    done = run(folder, "generate", "-s", "s.json", "-p", "x", "--model", "no-such-model")
    assert done.returncode == 2 and "there is no model 'no-such-model'" in done.stderr and done.stdout == ""


def test_a_remote_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("INCEPTION_API_KEY", "")
    asked = "generate", "-s", "s.json", "-p", "x", "-m", "mercury-2"
    done = run(folder, *asked)
    assert done.returncode == 2 and "there is no key: set INCEPTION_API_KEY" in done.stderr
    monkeypatch.setenv("INCEPTION_API_KEY", "sk-secret")
    done = run(folder, *asked, "--passes", "3")
    assert done.returncode == 2 and "the model mercury-2 knows no --passes" in done.stderr
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there, and nothing goes out
    done = run(folder, *asked)
    assert done.returncode == 2 and "cannot reach api.inceptionlabs.ai" in done.stderr
    assert "sk-secret" not in done.stderr and "Traceback" not in done.stderr
