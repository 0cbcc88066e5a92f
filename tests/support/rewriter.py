"""A server in front of another that rewrites answers, as broken services and middleboxes do."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

WAITS_S = 30


@dataclass(frozen=True)
class Passing:
    """An answer on its way back, and the request it is to."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_listing(self) -> bool:
        return self.method == "GET" and "list-type=2" in self.path

    def but(self, body: bytes, status: int = 200, **headers: str) -> Passing:
        """The same with another body; underscores in names of headers are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, status=status, headers={**self.headers, **named}, body=body)


#: Returns the answer as the client gets it.
Rewrite = Callable[[Passing], Passing]


class Rewriter:
    """Listens on loopback while entered; `struck` counts the answers that were changed."""

    def __init__(self, server_url: str, rewrite: Rewrite) -> None:
        parts = urlsplit(server_url)
        outer = self
        self.struck = 0
        self.requests = 0
        self._lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAITS_S)
                try:
                    connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        if name.lower() != "expect":
                            connection.putheader(name, value)
                    connection.endheaders(sent)
                    got = connection.getresponse()
                    answer = Passing(self.command, self.path, got.status, dict(got.getheaders()), got.read())
                finally:
                    connection.close()
                changed = rewrite(answer)
                with outer._lock:
                    outer.requests += 1
                    outer.struck += changed != answer
                self.send_response_only(changed.status)
                for name, value in changed.headers.items():
                    if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                        self.send_header(name, value)
                length = len(changed.body) if self.command != "HEAD" else got.getheader("Content-Length", "0")
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(changed.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Rewriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
