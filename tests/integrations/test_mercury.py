"""The remote back-end against a server on this machine: what is sent, what is asked again, and every way to fail."""

from __future__ import annotations

import copy
import json
import math
import pickle
import traceback
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel

import structfill as sf
from structfill.errors import ModelError, RefusedValue, SpecError
from tests.fake_service import Reply, Service, chat, fim, refusal, serving

pytest.importorskip("openai")
KEY = "sk-very-secret-123"
LEVEL = {"type": "object", "properties": {"level": {"enum": ["INFO", "ERROR"]}}, "required": ["level"],
         "additionalProperties": False}
GOOD, BAD = '{"level": "ERROR"}', '{"level": "FATAL"}'
LINE = sf.template("host {{host}} reports {{level}}\n", host=sf.regex(r"node-[0-9]{1,3}"),
                   level=sf.choice(["INFO", "ERROR"]))


def model(service: Service, **options: Any) -> Any:
    return sf.load("mercury-2", **{"api_key": KEY, "base_url": service.url, "retries": 0, **options})


def generator(service: Service, schema: Any = None, **options: Any) -> sf.Generator:
    return sf.Generator(schema, model=model(service), **options)


def failing(error: type[Exception], call: Any) -> str:
    """The message of the error that `call` raises; neither it nor what hangs on it may show the key."""
    with pytest.raises(error) as caught:
        call()
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    return str(caught.value)


def test_a_schema_is_sent_to_be_kept_strictly_and_the_answer_is_judged():
    with serving(chat(GOOD)) as service:
        result = generator(service, LEVEL)("disk full")
    assert result.value == {"level": "ERROR"} and result.text == GOOD and result.passes == 1
    assert not result.exact and math.isnan(result.log_mass) and result.tokens == ()
    asked = service.asked[0]
    assert asked.path == "/v1/chat/completions" and asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["response_format"] == {"type": "json_schema", "json_schema": {
        "name": "answer", "schema": LEVEL, "strict": True}}
    assert asked.body["model"] == "mercury-2" and asked.body["messages"][-1] == {"role": "user", "content": "disk full"}
    assert set(asked.body) == {"model", "messages", "response_format"}, "nothing that was not asked for"


def test_python_types_come_back_as_such():
    class Alarm(BaseModel):
        level: Literal["INFO", "ERROR"]

    with serving(chat(GOOD)) as service:
        assert sf.generate("x", Alarm, model=model(service)) == Alarm(level="ERROR")


@pytest.mark.parametrize("bad", [BAD, "", "no JSON", "[" * 100_000, GOOD[:-1], '{"level": "\ud800"}', "null"])
def test_a_bad_answer_is_asked_again_with_the_reason(bad):
    with serving(chat(bad), chat(GOOD)) as service:
        result = generator(service, LEVEL)("disk full")
    assert result.value == {"level": "ERROR"} and result.passes == 2
    first, second = (asked.body["messages"] for asked in service.asked)
    assert second[:len(first)] == first and second[-1]["role"] == "user"
    assert [m["role"] for m in second[len(first):]] == (["assistant", "user"] if bad else ["user"])
    if bad == BAD:
        assert second[-2]["content"] == BAD and "character 11" in second[-1]["content"], "where it went wrong"


def test_only_the_last_bad_answer_is_sent_along():
    with serving(chat(BAD), chat("null"), chat(GOOD)) as service:
        assert generator(service, LEVEL)("x").passes == 3
    assert len(service.asked[2].body["messages"]) == 4 and service.asked[2].body["messages"][2]["content"] == "null"


@pytest.mark.parametrize("refills", [0, 2])
def test_always_bad_is_an_error_with_the_answer_and_the_reason(refills):
    with serving(chat(BAD + " " * 5000)) as service:
        message = failing(ModelError, lambda: generator(service, LEVEL, options=sf.RemoteOptions(refills=refills))("x"))
        assert len(service.asked) == refills + 1
    assert "FATAL" in message and f"after {refills + 1} answer" in message and "refills" in message
    assert len(message) < 1500


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


class Size(BaseModel):
    size: Annotated[int, AfterValidator(_odd)]


def test_validators_of_the_type_are_heard():
    with serving(chat('{"size": 4}'), chat('{"size": 5}')) as service:
        assert generator(service, Size)("x").value == Size(size=5)
    assert "must be odd" in service.asked[1].body["messages"][-1]["content"]
    with serving(chat('{"size": 4}')) as service, pytest.raises(RefusedValue, match="must be odd") as caught:
        generator(service, Size)("x")
    assert caught.value.place == ("size",)


@pytest.mark.parametrize(("constraint", "schema", "bad", "good"), [
    (sf.choice(["a", "b"]), {"type": "string", "enum": ["a", "b"]}, "c", "b"),
    (sf.regex("a|[0-9]{3}"), {"type": "string", "pattern": "^(?:a|[0-9]{3})$"}, "12", "123"),
    (sf.bounded(sf.regex("[0-9]*"), 2, 3), {"type": "string", "pattern": "^(?:[0-9]*)$"}, "1", "12"),
])
def test_texts_travel_in_a_field(constraint, schema, bad, good):
    answers = {"answer": bad}, ["answer"], {"answer": 1}, {"answer": good}
    with serving(*(chat(json.dumps(answer)) for answer in answers)) as service:
        result = generator(service, constraint=constraint)("x")
    assert result.value == result.text == good and result.passes == 4
    sent = service.asked[0].body["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["answer"] == schema and sent["required"] == ["answer"]


def test_as_text_the_schema_is_in_the_message():
    options = sf.RemoteOptions(response_format="text")
    with serving(chat(f"```json\n{GOOD}\n```")) as service:
        assert generator(service, LEVEL, options=options)("x").text == GOOD
    body = service.asked[0].body
    assert "response_format" not in body and '"ERROR"' in body["messages"][0]["content"]
    with serving(chat("perhaps b"), chat("b\n")) as service:
        assert generator(service, constraint=sf.choice(["a", "b"]), options=options)("x").text == "b"
    assert '["a", "b"]' in service.asked[0].body["messages"][0]["content"]


def test_given_documents_are_bundled():
    constraint = sf.json_schema({"$ref": "http://x.org/level"}, documents={"http://x.org/level": LEVEL})
    with serving(chat(BAD), chat(GOOD)) as service:
        assert generator(service, constraint=constraint)("x").passes == 2
    sent = service.asked[0].body["response_format"]["json_schema"]["schema"]
    assert sent["$ref"] in sent["$defs"] and sent["$defs"]["http://x.org/level"]["$id"] == "http://x.org/level"


def test_options_are_sent():
    options = sf.RemoteOptions(temperature=0.5, reasoning_effort="instant")
    with serving(chat(GOOD)) as service:
        generator(service, LEVEL, options=options, max_tokens=99)("x")
    body = service.asked[0].body
    assert (body["temperature"], body["reasoning_effort"], body["max_completion_tokens"]) == (0.5, "instant", 99)


def test_holes_are_filled_from_left_to_right_between_their_texts():
    with serving(fim("node-7"), fim("ERROR")) as service:
        result = generator(service, constraint=LINE, max_tokens=20)("node-7 is broken")
    assert result.text == "host node-7 reports ERROR\n" and result.holes == {"host": "node-7", "level": "ERROR"}
    assert {asked.path for asked in service.asked} == {"/v1/fim/completions"}
    same = {"model": "mercury-edit-2", "max_tokens": 20}
    assert [asked.body for asked in service.asked] == [
        {**same, "prompt": "node-7 is broken\n\nhost ", "suffix": " reports {level}\n"},
        {**same, "prompt": "node-7 is broken\n\nhost node-7 reports ", "suffix": "\n"}]


def test_only_the_bad_hole_is_filled_again():
    with serving(fim("node-7"), fim("FATAL"), fim("ERROR")) as service:
        result = generator(service, constraint=LINE)("x")
    assert result.text == "host node-7 reports ERROR\n" and result.passes == 3
    prompts = [asked.body["prompt"] for asked in service.asked]
    assert prompts[2] != prompts[1] and prompts[2].endswith("host node-7 reports ")
    assert "FATAL" in prompts[2] and '["INFO", "ERROR"]' in prompts[2], "what was wrong, and what is wanted"


def test_a_hole_is_cut_where_its_language_ends():
    with serving(fim("node-7 reports ERROR\nhost node-8"), fim("\n ERROR, they said", "length")) as service:
        assert generator(service, constraint=LINE)("x").text == "host node-7 reports ERROR\n"
        assert len(service.asked) == 2


def test_a_hole_that_never_fits_is_named():
    with serving(fim("node-7"), fim("FATAL")) as service:
        message = failing(ModelError, lambda: generator(service, constraint=LINE)("x"))
        assert len(service.asked) == 1 + 4
    assert "the hole level" in message and "FATAL" in message


def test_holes_hold_json_without_what_stands_around_it():
    both = sf.template("n = {{n}} items", n=sf.json_schema({"type": "integer", "maximum": 50}))
    with serving(fim(" 42 apples")) as service:
        result = generator(service, constraint=both)("x")
    assert result.text == "n = 42 items" and result.holes == {"n": 42}


def test_infill():
    with serving(fim("ab1")) as service:
        assert sf.infill("x = '", "'\n", sf.regex("[a-z]+"), model=model(service)) == "ab"
    assert service.asked[0].body == {"model": "mercury-edit-2", "prompt": "x = '", "suffix": "'\n"}


def test_a_template_without_holes_asks_nobody():
    with serving(fim("x")) as service:
        assert generator(service, constraint=sf.template("as it is"))("x").text == "as it is"
    assert service.asked == []


def test_streams_and_batches():
    with serving(chat(GOOD)) as service:
        made = generator(service, LEVEL)
        snapshots = list(made.stream("x"))
        assert [s.text for s in snapshots] == [GOOD] and snapshots[0].done
        assert [r.text for r in made.batch(["x", "y"])] == [GOOD] * 2 and made.batch([]) == []
    assert [asked.body["messages"][-1]["content"] for asked in service.asked] == ["x", "x", "y"]


@pytest.mark.parametrize(("status", "says"), [
    (400, 'response_format="text"'), (401, "INCEPTION_API_KEY"), (402, "credit"), (403, "access"), (404, "base_url"),
    (413, "shorten"), (422, 'response_format="text"'), (429, "too many requests"), (500, "later"), (503, "later"),
    (418, "documentation")])
def test_refusals_of_the_server_name_the_way_out(status, says):
    with serving(refusal(status, f"Wrong key {KEY} " + "x" * 5000)) as service:
        message = failing(ModelError, lambda: generator(service, LEVEL)("x"))
        assert len(service.asked) == 1, "no retries were asked for, and a refusal is no answer"
    assert str(status) in message and says in message and "***" in message and len(message) < 1000


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502])
def test_what_may_pass_is_tried_again(status):
    with serving(refusal(status), refusal(status), chat(GOOD)) as service:
        made = sf.Generator(LEVEL, model=model(service, retries=2))
        assert made("x").value == {"level": "ERROR"} and len(service.asked) == 3


@pytest.mark.parametrize("reply", [
    Reply(b"<html>hello</html>", headers={"content-type": "text/html"}), Reply(b"{"), Reply(b""), Reply({}), Reply([]),
    Reply({"choices": []}), Reply({"choices": None}), Reply({"choices": [None]}), Reply({"choices": [{"message": 1}]}),
    Reply({"choices": [{"message": {"content": [1]}}]}), chat("x", "tool_calls"), Reply(b"\xff\xfe"),
    Reply({"error": KEY}), Reply(b"[" * 100_000), Reply(b"x" * 100_000, headers={"content-type": "text/plain"}),
])
def test_answers_of_another_kind(reply):
    with serving(reply) as service:
        message = failing(ModelError, lambda: generator(service, LEVEL)("x"))
        assert len(service.asked) == 1
    assert "127.0.0.1 gives no" in message and len(message) < 1000


@pytest.mark.parametrize(("reply", "says"), [
    (chat(GOOD[:5], "length"), "max_tokens"), (chat("", "length"), "max_tokens"),
    (chat("", "content_filter"), "withholds"), (chat(None, refusal="I cannot"), "I cannot")])
def test_no_whole_answer(reply, says):
    with serving(reply) as service:
        assert says in failing(ModelError, lambda: generator(service, LEVEL)("x"))
        assert len(service.asked) == 1


def test_a_hole_that_breaks_off():
    words = sf.template("{{words}}.", words=sf.regex("[a-z ]+"))
    with serving(fim("one two thr", "length")) as service:
        assert "max_tokens" in failing(ModelError, lambda: generator(service, constraint=words)("x"))


def test_a_silent_server_and_none_at_all():
    with serving(Reply({}, delay_s=1.0)) as service:
        made = sf.Generator(LEVEL, model=model(service, timeout=0.1))
        assert "silent for 0.1 s" in failing(ModelError, lambda: made("x"))
    made = sf.Generator(LEVEL, model=model(service))
    assert "cannot reach 127.0.0.1" in failing(ModelError, lambda: made("x")), "it is gone by now"


def test_the_key(monkeypatch):
    with serving(chat(GOOD)) as service:
        monkeypatch.setenv("INCEPTION_API_KEY", f"{KEY}\n")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
        found = sf.load("mercury-3", base_url=service.url.replace("http://", "http://me:pass@"))
        assert KEY not in repr(found) and "pass" not in repr(found) and "mercury-3" in repr(found)
        assert sf.Generator(LEVEL, model=found)("x").text == GOOD
        for save in (pickle.dumps, copy.copy):
            with pytest.raises(TypeError, match="key"):
                save(found)
    assert not any("org" in name for name in service.asked[0].headers), "nothing of another service's account"
    for bad in ("", " ", "a b", "\u20ac", "a\nb", "a\x00"):
        monkeypatch.setenv("INCEPTION_API_KEY", bad) if "\x00" not in bad else monkeypatch.delenv("INCEPTION_API_KEY")
        message = failing(ModelError, lambda: sf.load("mercury-2"))
        assert "INCEPTION_API_KEY" in message and (bad.strip() == "" or bad not in message)


@pytest.mark.parametrize("options", [
    {"timeout": 0}, {"timeout": math.nan}, {"timeout": math.inf}, {"timeout": "1"}, {"timeout": True}, {"retries": -1},
    {"retries": 1.5}, {"retries": True}, {"base_url": "api.org"}, {"base_url": "ftp://x"}, {"base_url": None},
    {"base_url": "http://"}, {"base_url": "http://[x"}, {"base_url": "http://x:y"}, {"fim_model": ""},
    {"fim_model": None}, {"api_key": 1}, {"api_key": b"x"}, {"base_url": "http://x:99999999"},
])
def test_wrong_arguments(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        sf.load("mercury-2", **{"api_key": KEY, **options})


@pytest.mark.parametrize("options", [
    {"refills": -1}, {"refills": True}, {"max_tokens": 0}, {"temperature": -0.1}, {"temperature": math.nan},
    {"reasoning_effort": "huge"}, {"reasoning_effort": ["low"]}, {"response_format": "xml"}, {"response_format": None}])
def test_wrong_options(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        sf.RemoteOptions(**options)


def test_what_cannot_be_done_is_said_before_anybody_is_asked():
    with serving(chat(GOOD)) as service:
        with pytest.raises(SpecError, match="RemoteOptions, not SamplerOptions"):
            generator(service, LEVEL, options=sf.SamplerOptions())
        with pytest.raises(SpecError, match="canvas_length"):
            generator(service, LEVEL, canvas_length=8)
        with pytest.raises(sf.EmptyLanguage):
            generator(service, False)
        with pytest.raises(SpecError, match="max_tokens"):
            generator(service, LEVEL, max_tokens=0)
        with pytest.raises(SpecError, match="fill-in-the-middle"):
            generator(service, constraint=LINE, options=sf.RemoteOptions(temperature=1.0))("x")
        for prompt in (None, 5, b"bytes", ["x"]):
            with pytest.raises(SpecError, match="must be a str"):
                generator(service, LEVEL)(prompt)
        with pytest.raises(SpecError, match="surrogate"):
            generator(service, LEVEL)("a \ud800 b")
        with pytest.raises(SpecError, match="surrogate"):
            generator(service, constraint=sf.template("\udc00{{a}}", a=sf.choice(["x"])))("x")
    assert service.asked == []


def test_odd_text_arrives_as_it_is():
    prompt = "a\x00b \u202eabc\u2028 \U0001f600 \ufeff" + "x" * 3_000_000
    with serving(chat(GOOD)) as service:
        assert generator(service, LEVEL)(prompt).text == GOOD
    assert service.asked[0].body["messages"][-1]["content"] == prompt


@pytest.mark.parametrize(("answer", "says"), [
    ("1" * 5000, "digits"), ("[" * 5000 + "]" * 5000, ""), ("NaN", ""), ('{"a": 1, "a": 2}', "")])
def test_answers_that_python_cannot_read(answer, says):
    with serving(chat(answer)) as service:
        made = generator(service, {"type": "integer"} if says else {"type": ["number", "array"]},
                         options=sf.RemoteOptions(refills=0))
        assert says in failing(ModelError, lambda: made("x"))
