"""Who may come in: signatures are checked for real."""

from __future__ import annotations

import http.client
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore import UNSIGNED

from migrator.demo.s3server import S3Server
from migrator.store.memory import MemoryCloud
from tests.demo.conftest import BUCKET, code_of
from tests.store.keepers import ACCESS_KEY, SECRET, client_of


def raw(server: S3Server, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """A request without any signature but the given headers."""
    host = server.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()


class TestSignatures:
    def test_a_wrong_secret(self, server: S3Server) -> None:
        with closing(client_of(server.url, secret="another")) as client:
            assert code_of(client.list_buckets) == ("SignatureDoesNotMatch", 403)

    def test_an_unknown_key(self, server: S3Server) -> None:
        with closing(client_of(server.url, access_key="AKNOBODY")) as client:
            assert code_of(client.list_buckets) == ("InvalidAccessKeyId", 403)

    def test_nobody(self, server: S3Server, client: Any) -> None:
        client.meta.events.register("choose-signer.s3.*", lambda **_: UNSIGNED)
        assert code_of(client.list_buckets) == ("AccessDenied", 403)

    @pytest.mark.parametrize("minutes", [-16, 16])
    def test_a_wrong_clock(self, cloud: MemoryCloud, minutes: int) -> None:
        skewed = lambda: datetime.now(UTC) + timedelta(minutes=minutes)  # noqa: E731
        with (
            S3Server(cloud, {ACCESS_KEY: SECRET}, now=skewed) as server,
            closing(client_of(server.url)) as client,
        ):
            assert code_of(client.list_buckets) == ("RequestTimeTooSkewed", 403)

    def test_a_few_minutes_are_forgiven(self, cloud: MemoryCloud) -> None:
        skewed = lambda: datetime.now(UTC) + timedelta(minutes=14)  # noqa: E731
        with (
            S3Server(cloud, {ACCESS_KEY: SECRET}, now=skewed) as server,
            closing(client_of(server.url)) as client,
        ):
            assert client.list_buckets()["Buckets"]

    def test_another_region(self, cloud: MemoryCloud) -> None:
        with (
            S3Server(cloud, {ACCESS_KEY: SECRET}, region="eu-west-1") as server,
            closing(client_of(server.url)) as client,
        ):
            assert code_of(client.list_buckets) == ("AuthorizationHeaderMalformed", 400)

    @pytest.mark.parametrize("changed", ["headers", "url", "method"])
    def test_a_request_changed_on_the_way(self, client: Any, changed: str) -> None:
        def change(request: Any, **_: object) -> None:
            match changed:
                case "headers":
                    request.headers["x-amz-meta-name"] = "other"
                case "url":
                    request.url += "&prefix=other" if "?" in request.url else "?prefix=other"
                case "method":
                    request.method = "DELETE"

        client.meta.events.register("before-send.s3.PutObject", change)

        def put() -> None:
            client.put_object(Bucket=BUCKET, Key="key", Body=b"x", Metadata={"name": "one"})

        assert code_of(put) == ("SignatureDoesNotMatch", 403)

    def test_a_header_slipped_in(self, client: Any) -> None:
        def add(request: Any, **_: object) -> None:
            request.headers["x-amz-storage-class"] = "GLACIER"

        client.meta.events.register("before-send.s3.PutObject", add)
        assert code_of(lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"x")) == (
            "AccessDenied",
            403,
        )

    def test_a_body_changed_on_the_way(self, client: Any, cloud: MemoryCloud) -> None:
        def change(request: Any, **_: object) -> None:
            request.body = b"other"

        client.meta.events.register("before-send.s3.PutObject", change)
        assert code_of(lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"bytes")) == (
            "XAmzContentSHA256Mismatch",
            400,
        )
        assert cloud.contents(BUCKET) == {}

    def test_no_authorization_at_all(self, server: S3Server) -> None:
        status, body = raw(server, "GET", "/")
        assert status == 403
        assert b"<Code>AccessDenied</Code>" in body

    def test_streamed_signatures_are_not_offered(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        claim = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        monkeypatch.setattr("botocore.auth.S3SigV4Auth.payload", lambda *_: claim)
        put = lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"x")  # noqa: E731
        assert code_of(put) == ("NotImplemented", 501)

    def test_a_refused_connection_can_be_used_again(self, server: S3Server, client: Any) -> None:
        server.denied_operations.add("PutObject")
        for _ in range(2):
            put = lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"x" * 100_000)  # noqa: E731
            assert code_of(put) == ("AccessDenied", 403)
            assert client.list_buckets()["Buckets"]
