"""A server on this machine that speaks the protocol of a remote model: it says what a test told it, and keeps what it
was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What the server says to a request."""

    body: Any  # JSON, or bytes as they are
    status: int = 200
    delay_s: float = 0.0
    headers: dict[str, str] = {}


class Asked(NamedTuple):
    """What the server was asked."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def chat(text: str | None, finish_reason: str | None = "stop", **message: Any) -> Reply:
    """An answer of /chat/completions."""
    return Reply({"id": "1", "object": "chat.completion", "created": 1, "model": "mercury-2", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish_reason}]})


def fim(text: str, finish_reason: str | None = "stop") -> Reply:
    """An answer of /fim/completions."""
    return Reply({"id": "1", "object": "text_completion", "created": 1, "model": "mercury-edit-2",
                  "choices": [{"index": 0, "text": text, "finish_reason": finish_reason}]})


def refusal(status: int, message: str = "no", **headers: str) -> Reply:
    """An error as the service words it; the client does not wait long between its attempts."""
    return Reply({"error": {"message": message, "type": "x", "code": "y"}}, status,
                 headers={"retry-after-ms": "1", **headers})


class Service:
    """Replies in order, the last one for ever; `asked` are the requests so far."""

    def __init__(self, replies: tuple[Reply, ...]) -> None:
        self.replies, self.asked, self.url = list(replies), list[Asked](), ""
        self._lock = threading.Lock()

    def next(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def serving(*replies: Reply) -> Iterator[Service]:
    """A server with these replies, at `.url`."""
    service = Service(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            reply = service.next(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(data)))
            time.sleep(reply.delay_s)
            sent = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)
            except OSError:  # the client has gone
                pass

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
