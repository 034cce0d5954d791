"""Mercury, the diffusion models of Inception, asked over the network (``pip install 'structfill[mercury]'``).

The service gives texts: no logits, no masks, no canvas. **A mask-level guarantee is not possible with it.** Schemas are
sent to be kept strictly by the server, holes of templates are filled by its fill-in-the-middle, and every answer is
judged here by the constraint; what is not valid is asked for again, with the reason, as often as `RemoteOptions` says.
So a result is always valid, but there may be none (`ModelError`), and it may take several answers: `Result.exact` is
False and `Result.log_mass` nan.

The client is the `openai` library (the service speaks its protocol), whose retries and time-outs hold.
"""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import ModelError, SpecError
from ..front.constraint import Constraint
from ..front.template import Template
from ..samplers.options import RemoteOptions
from ..versions import require
from .protocol import Written
from .remote import SHOWN, Refusal, describe, form_of, judge, judge_beginning, judge_field, until_valid
from .surrogates import lone_surrogate

BASE_URL = "https://api.inceptionlabs.ai/v1"
KEY_VARIABLE = "INCEPTION_API_KEY"
SUPPORTED = "1.60", "4"  # of the client library

_TASK = "Read the user's text and write what it says as {what}. Answer with that alone, without any explanation."
_AGAIN = "This is not valid: {reason}\nWrite the whole answer once more and change only what is wrong with it."
_HOLE_AGAIN = "(Not valid here was {answer}: {reason})"
_STRAY = "does base_url lead to the service?"
_WAYS = {  # out of what the server refuses, by status
    400: "if it is the schema, RemoteOptions(response_format=\"text\") describes it in the message instead; if the "
         "prompt is too long, shorten it",
    401: f"set {KEY_VARIABLE} to a valid key, or pass api_key",
    402: "the account has no credit left",
    403: f"the key in {KEY_VARIABLE} has no access to this model",
    404: "look at the names of the models and at base_url",
    413: "shorten the prompt or the schema",
    422: "if it is the schema, RemoteOptions(response_format=\"text\") describes it in the message instead",
    429: "too many requests, or no credit left: wait, or pass more retries",
}


class Answer(NamedTuple):
    """A text of the server, and whether it broke off at the budget."""

    text: str
    broken_off: bool


class Mercury:
    """A remote model by name. Follows `structfill.models.protocol.RemoteModel`; may be used by several threads.

    Args:
        name: "mercury-2" or "mercury-3", or another chat model of the service.
        api_key: by default the environment's INCEPTION_API_KEY. It is shown nowhere.
        base_url: of a service that speaks the same protocol.
        fim_model: fills the holes of templates and of `infill`.
        timeout: seconds that the service may be silent.
        retries: how often a request is sent again after a time-out, a connection error, 408, 409, 429 or 5xx, with
            pauses in between that grow or are the server's.

    Raises `ModelError` if the library or the key is missing, `SpecError` for arguments that cannot be right.
    """

    def __init__(self, name: str = "mercury-2", *, api_key: str | None = None, base_url: str = BASE_URL,
                 fim_model: str = "mercury-edit-2", timeout: float = 120.0, retries: int = 2) -> None:
        for what, value in (("name", name), ("fim_model", fim_model)):
            if not isinstance(value, str) or not value:
                raise SpecError(f"{what} must be the name of a model, not {value!r:.80}")
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 86_400:
            raise SpecError(f"timeout must be seconds above 0, a day at most, not {timeout!r}")
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise SpecError(f"retries must be an integer >= 0, not {retries!r}")
        self.name, self.fim_model, self.timeout = name, fim_model, timeout
        self.host = _host(base_url)
        self.default_options = RemoteOptions()
        self._key = _key(api_key)
        self._client = _client(self._key, base_url, timeout, retries)

    def __repr__(self) -> str:
        return f"Mercury({self.name!r}, host={self.host!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a Mercury holds a key and is not pickled; make one where it is needed")

    def write(self, prompt: str, constraint: Constraint, options: RemoteOptions) -> Written:
        """A text that `constraint` accepts: one answer for it all, or for a template one a hole, from left to right.

        Raises `ModelError`, `RefusedValue`, or `SpecError` for what cannot be sent.
        """
        if isinstance(constraint, Template):
            return self._filled(prompt, constraint, options)
        form = form_of(constraint, options.response_format)
        what = "JSON of the given schema" if form.schema is not None else describe(constraint)
        messages = [{"role": "system", "content": _TASK.format(what=what)},
                    {"role": "user", "content": prompt or "(no text)"}]
        body = _settings(options, model=self.name)
        if form.schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": {
                "name": "answer", "schema": form.schema, "strict": True}}
        return until_valid(partial(self._chat, body, messages),
                           partial(judge_field if form.wrapped else judge, constraint), options.refills, "the answer")

    def _filled(self, prompt: str, template: Template, options: RemoteOptions) -> Written:
        """The template with its holes filled one after the other, each between the text on its left and right."""
        if options.temperature is not None or options.reasoning_effort is not None:
            raise SpecError("templates and infill are written by fill-in-the-middle, which knows neither temperature "
                            "nor reasoning_effort: leave them out")
        body: dict[str, Any] = {"model": self.fim_model}
        if options.max_tokens is not None:
            body["max_tokens"] = options.max_tokens
        text, answers = "", 0
        for index, part in enumerate(template.parts):
            if isinstance(part, str):
                text += part
                continue
            right = Template(template.parts[index + 1:]).outline
            found = until_valid(partial(self._fill, {**body, "suffix": right}, prompt, text, part.constraint),
                                partial(judge_beginning, part.constraint), options.refills, f"the hole {part.name}")
            text, answers = text + found.text, answers + found.answers
        return Written(text, template.value(text), answers)

    def _chat(self, body: dict[str, Any], messages: list[dict[str, str]], refused: Refusal | None) -> str:
        """An answer; the second time the model sees its last one and what is wrong with it."""
        if refused is not None:
            before = [{"role": "assistant", "content": _sendable(refused.answer)}] if refused.answer else []
            messages = [*messages, *before,
                        {"role": "user", "content": _AGAIN.format(reason=_sendable(refused.reason))}]
        answer = self._post("/chat/completions", {**body, "messages": messages})
        if answer.broken_off:
            raise ModelError(f"the answer broke off at the budget: ...{answer.text[-SHOWN:]!r} (raise max_tokens, "
                             "which counts what the model thinks, too, or lower reasoning_effort)")
        return answer.text

    def _fill(self, body: dict[str, Any], prompt: str, left: str, constraint: Constraint,
              refused: Refusal | None) -> str:
        """A text for the hole behind `left`; the second time what was wrong with the last one stands above it."""
        note = "" if refused is None else _HOLE_AGAIN.format(answer=_sendable(f"{refused.answer!r:.{SHOWN}}"),
                                                             reason=_sendable(refused.reason))
        answer = self._post("/fim/completions",
                            {**body, "prompt": "\n\n".join(part for part in (prompt, note, left) if part)})
        if answer.broken_off and constraint.accepts(answer.text):  # else it goes on behind the hole, or is not valid
            raise ModelError(f"the text of a hole broke off at the budget: ...{answer.text[-SHOWN:]!r} (raise "
                             "max_tokens)")
        return answer.text

    def _post(self, path: str, body: dict[str, Any]) -> Answer:
        """The first choice of an answer. Raises `ModelError` for whatever goes wrong, with the way out."""
        _check_sendable(body)
        problem: ModelError | None = None
        try:
            found = self._client.post(path, cast_to=object, body=body)
        except Exception as error:  # the one boundary: what the library raises, and what it stands on
            problem = self._problem(error)
        if problem is not None:  # raised outside of the handler: the library's error holds the request with the key
            raise problem
        return self._answer(found)

    def _problem(self, error: Exception) -> ModelError:
        import openai

        said = self._clean(str(error.__cause__ or error))
        if isinstance(error, openai.APIStatusError):
            status = error.status_code
            way = _WAYS.get(status, "try again later" if status >= 500 else "see the service's documentation")
            return ModelError(f"{self.host} answers with status {status}: {self._clean(error.message)} ({way})")
        if isinstance(error, openai.APITimeoutError):
            return ModelError(f"{self.host} is silent for {self.timeout:g} s (try again later, or pass a longer "
                              "timeout)")
        if isinstance(error, openai.APIConnectionError):
            return ModelError(f"cannot reach {self.host}: {said} (look at the network, its proxies and base_url)")
        return ModelError(f"{self.host} gives no answer that can be read: {type(error).__name__}: {said} ({_STRAY})")

    def _answer(self, found: Any) -> Answer:
        """What is in the JSON of an answer, whatever it is."""
        choices = found.get("choices") if isinstance(found, dict) else None
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message", choice) if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise ModelError(f"{self.host} gives no answer that can be read: {self._clean(repr(found))} ({_STRAY})")
        end, text = choice.get("finish_reason"), message.get("content", message.get("text"))
        if end == "content_filter" or message.get("refusal"):
            raise ModelError(f"{self.host} withholds the answer: {self._clean(str(message.get('refusal') or end))} "
                             "(change the prompt)")
        if end not in (None, "stop", "length") or not isinstance(text, str | None):
            raise ModelError(f"{self.host} gives no text: {self._clean(repr(choice))}")
        return Answer(text or "", end == "length")

    def _clean(self, text: str) -> str:
        """A text of others for an error: cut, and without the key."""
        shown = text.replace(self._key, "***")
        return shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."


def _settings(options: RemoteOptions, **body: Any) -> dict[str, Any]:
    given = {"max_completion_tokens": options.max_tokens, "temperature": options.temperature,
             "reasoning_effort": options.reasoning_effort}
    return body | {key: value for key, value in given.items() if value is not None}


def _client(key: str, base_url: str, timeout: float, retries: int) -> Any:
    require("openai", *SUPPORTED, extra="mercury")
    import openai

    client = openai.OpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=retries)
    client.organization = client.project = None  # of another service's account, taken from the environment
    return client


def _host(base_url: str) -> str:
    """The host of an address, which may hold more that is not to be shown."""
    try:
        parts = urlsplit(base_url) if isinstance(base_url, str) else None
        if parts is not None and parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:  # brackets, or a port that is none
        pass
    raise SpecError(f"base_url must be an address such as {BASE_URL}")


def _key(given: str | None) -> str:
    key = os.environ.get(KEY_VARIABLE, "") if given is None else given
    if not isinstance(key, str):
        raise SpecError(f"api_key must be a str, not {type(key).__name__}")
    key = key.strip()
    if not key:
        raise ModelError(f"there is no key: set {KEY_VARIABLE}, or pass api_key to structfill.load")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ModelError(f"the key holds characters that no key has: look at {KEY_VARIABLE} or api_key")
    return key


def _sendable(text: str) -> str:
    """A text of the model, so that it can be sent back: UTF-8 knows no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _check_sendable(body: dict[str, Any]) -> None:
    """Raises `SpecError` for a body that no JSON in UTF-8 can hold."""
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise lone_surrogate("the text cannot be sent", error) from None
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the schema cannot be sent as JSON: {error}") from None
