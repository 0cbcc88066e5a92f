"""The fault proxy is honest: it changes nothing until it is told to, and then does what its faults say."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import md5
from typing import Any, BinaryIO

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)

from migrator.demo.s3server import S3Server
from migrator.model.parts import MIB
from migrator.store.memory import MemoryCloud
from tests.store.keepers import ACCESS_KEY, PART_BYTES, SECRET, client_of
from tests.support.proxy import FaultProxy
from tests.support.proxy_faults import Kind

BUCKET = "bucket"
KEY = "photos/a b+ü.jpg"
BODY = bytes(range(256)) * 1024
PATIENCE_S = 10.0


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud(min_part_bytes=PART_BYTES)
    cloud.create_bucket(BUCKET)
    return cloud


@pytest.fixture
def server(cloud: MemoryCloud) -> Iterator[S3Server]:
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        yield server


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[Any]:
    client = client_of(proxy.url)
    yield client
    client.close()


@pytest.fixture
def direct(server: S3Server) -> Iterator[Any]:
    """Past the proxy: what the server really holds."""
    client = client_of(server.url)
    yield client
    client.close()


def put(client: Any, key: str = KEY, body: bytes = BODY) -> None:
    client.put_object(Bucket=BUCKET, Key=key, Body=body)


def content(client: Any, key: str = KEY) -> bytes:
    body: bytes = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def keys(client: Any) -> list[str]:
    return [each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def code_of(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


# Nothing told


def test_requests_and_answers_go_through_unchanged(proxy: FaultProxy, client: Any, direct: Any) -> None:
    large = BODY * 33
    put(client, body=large)
    assert content(direct) == large == content(client)
    assert client.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == len(large)
    assert keys(client) == [KEY]
    client.delete_object(Bucket=BUCKET, Key=KEY)
    assert keys(direct) == []
    assert code_of(lambda: content(client)) == ("NoSuchKey", 404)


def test_the_log_tells_what_reached_the_server(proxy: FaultProxy, client: Any) -> None:
    put(client)
    code_of(lambda: content(client, "none"))
    first, second = proxy.requests
    assert (first.method, first.path, first.body_bytes) == ("PUT", f"/{BUCKET}/{KEY}", len(BODY))
    assert (first.server_status, first.client_status, first.kind) == (200, 200, None)
    assert (second.method, second.body_bytes, second.client_status) == ("GET", 0, 404)


def test_a_server_that_was_away_between_two_requests_is_found_again(server: S3Server, client: Any) -> None:
    put(client)
    server.die()
    server.start()
    assert content(client) == BODY


def test_a_server_that_is_away_breaks_the_connection(server: S3Server, client: Any) -> None:
    server.die()
    with pytest.raises(HTTPClientError):
        put(client)


# Faults


def test_dropped_answer(proxy: FaultProxy, client: Any, direct: Any) -> None:
    fault = proxy.add(Kind.DROP_ANSWER, "PUT")
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert fault.struck == 1
    assert content(direct) == BODY
    last = proxy.requests[-1]
    assert (last.body_bytes, last.server_status, last.client_status) == (len(BODY), 200, 0)
    assert last.kind is Kind.DROP_ANSWER


def test_cut_request(proxy: FaultProxy, client: Any, direct: Any) -> None:
    fault = proxy.add(Kind.CUT_REQUEST, "PUT")
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert fault.struck == 1
    assert keys(direct) == []
    put(client)
    assert content(direct) == BODY


def test_a_request_without_a_body_cannot_be_cut(proxy: FaultProxy, client: Any) -> None:
    put(client)
    fault = proxy.add(Kind.CUT_REQUEST, "GET")
    assert content(client) == BODY
    assert fault.struck == 0


def test_cut_answer(proxy: FaultProxy, client: Any) -> None:
    put(client)
    fault = proxy.add(Kind.CUT_ANSWER, "GET")
    body = client.get_object(Bucket=BUCKET, Key=KEY)["Body"]
    assert body.read(len(BODY) // 2) == BODY[: len(BODY) // 2]
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        body.read()
    assert fault.struck == 1
    assert content(client) == BODY


def test_an_answer_without_a_body_cannot_be_cut(proxy: FaultProxy, client: Any) -> None:
    put(client)
    fault = proxy.add(Kind.CUT_ANSWER, "HEAD")
    assert client.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == len(BODY)
    assert fault.struck == 0


@pytest.mark.parametrize(
    ("kind", "is_carried_out"),
    [(Kind.ERROR_AFTER, True), (Kind.ERROR_INSTEAD, False)],
    ids=lambda it: str(it),
)
def test_error_under_status_200(
    proxy: FaultProxy, client: Any, direct: Any, kind: Kind, is_carried_out: bool
) -> None:
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    part = client.upload_part(Bucket=BUCKET, Key=KEY, UploadId=upload, PartNumber=1, Body=BODY)
    fault = proxy.add(kind, "POST", query="^uploadId=")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    # The SDK itself makes a 500 of it.
    told = code_of(
        lambda: client.complete_multipart_upload(
            Bucket=BUCKET, Key=KEY, UploadId=upload, MultipartUpload=parts
        )
    )
    assert told == ("InternalError", 500)
    assert fault.struck == 1
    assert proxy.requests[-1].client_status == 200
    assert keys(direct) == ([KEY] if is_carried_out else [])


def test_empty_answer_to_a_completion(proxy: FaultProxy, client: Any, direct: Any) -> None:
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    part = client.upload_part(Bucket=BUCKET, Key=KEY, UploadId=upload, PartNumber=1, Body=BODY)
    fault = proxy.add(Kind.EMPTY_AFTER, "POST", query="uploadId=")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    # The SDK takes it for a success that has nothing to say.
    told = client.complete_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload, MultipartUpload=parts)
    assert "ETag" not in told
    assert fault.struck == 1
    assert (proxy.requests[-1].server_status, proxy.requests[-1].client_status) == (200, 200)
    assert content(direct) == BODY


def test_storm(proxy: FaultProxy, client: Any, server: S3Server) -> None:
    fault = proxy.add(Kind.REFUSE, times=3)
    for _ in range(3):
        assert code_of(lambda: put(client)) == ("SlowDown", 503)
    assert server.operations() == []
    assert fault.struck == 3
    put(client)
    assert server.operations() == ["PutObject"]


def test_a_refused_head_has_no_body_and_the_connection_stays(proxy: FaultProxy, client: Any) -> None:
    put(client)
    proxy.add(Kind.REFUSE, "HEAD")
    assert code_of(lambda: client.head_object(Bucket=BUCKET, Key=KEY)) == ("503", 503)
    assert content(client) == BODY


def test_a_held_write_lands_when_told(proxy: FaultProxy, client: Any, direct: Any) -> None:
    fault = proxy.add(Kind.HOLD, "PUT")
    with pytest.raises(ConnectionClosedError):
        put(client, body=b"late")
    assert fault.struck == 1
    assert keys(direct) == []
    put(client, body=b"early")
    assert content(direct) == b"early"
    assert fault.held[0].deliver() == 200
    assert content(direct) == b"late"
    assert [each.kind for each in proxy.requests] == [Kind.HOLD, None, Kind.HOLD]
    assert [each.body_bytes for each in proxy.requests] == [0, len(b"early"), len(b"late")]


def test_a_test_can_wait_for_a_fault(proxy: FaultProxy, client: Any) -> None:
    fault = proxy.add(Kind.REFUSE, times=2)
    with pytest.raises(TimeoutError, match="REFUSE has struck 0 of 1"):
        fault.wait(patience_s=0)
    refused = threading.Thread(target=lambda: code_of(lambda: put(client)))
    refused.start()
    fault.wait()
    refused.join()
    assert fault.struck == 1


# Which requests


def test_faults_choose_by_method_path_and_query(proxy: FaultProxy, client: Any) -> None:
    never = [
        proxy.add(Kind.REFUSE, "DELETE"),
        proxy.add(Kind.REFUSE, path=r"/photos/b"),
        proxy.add(Kind.REFUSE, query="uploads"),
    ]
    # The path is searched as the key reads, not as it is escaped.
    once = proxy.add(Kind.REFUSE, "PUT", path=r"^/bucket/photos/a b\+ü\.jpg$")
    assert code_of(lambda: put(client)) == ("SlowDown", 503)
    put(client)
    assert once.struck == 1
    assert [fault.struck for fault in never] == [0, 0, 0]
    assert code_of(lambda: client.create_multipart_upload(Bucket=BUCKET, Key=KEY)) == ("SlowDown", 503)
    assert never[2].struck == 1


def test_faults_choose_by_number(proxy: FaultProxy, client: Any, direct: Any) -> None:
    fault = proxy.add(Kind.REFUSE, "PUT", nth=2, times=2)
    for number in range(5):
        try:
            put(client, str(number))
        except ClientError:
            continue
    assert fault.struck == 2
    assert keys(direct) == ["0", "3", "4"]


def test_cleared_faults_strike_no_more(proxy: FaultProxy, client: Any) -> None:
    fault = proxy.add(Kind.REFUSE, times=100)
    code_of(lambda: put(client))
    proxy.clear()
    put(client)
    assert fault.struck == 1


# On the wire, with a server that the test plays itself


class Wire:
    """The client's end and the server's end of a connection through the proxy."""

    def __init__(self, client: socket.socket, listener: socket.socket) -> None:
        self._listener = listener
        self.client = client
        self.from_proxy: BinaryIO = client.makefile("rb")
        self.server = client  # until `accept`
        self.at_server: BinaryIO = self.from_proxy

    def accept(self) -> None:
        self.server, _ = self._listener.accept()
        self.server.settimeout(PATIENCE_S)
        self.at_server = self.server.makefile("rb")

    def close(self) -> None:
        for each in (self.from_proxy, self.at_server, self.client, self.server):
            each.close()


@contextmanager
def wire() -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        with FaultProxy(f"http://127.0.0.1:{listener.getsockname()[1]}") as proxy:
            ends = Wire(socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S), listener)
            try:
                yield ends
            finally:
                ends.close()


def lines(stream: BinaryIO) -> list[bytes]:
    """A head, without the line ends."""
    return [line.strip() for line in iter(stream.readline, b"\r\n")]


def test_bodies_stream_both_ways_and_the_connections_are_kept() -> None:
    with wire() as ends:
        for number in range(2):
            ends.client.sendall(b"PUT /b/k HTTP/1.1\r\nhOst: as.sent:1\r\nContent-Length: 8\r\n\r\nhalf")
            if not number:
                ends.accept()
            # The head is as it was sent, and the first half is here before the second exists.
            assert lines(ends.at_server) == [b"PUT /b/k HTTP/1.1", b"hOst: as.sent:1", b"Content-Length: 8"]
            assert ends.at_server.read(4) == b"half"
            ends.client.sendall(b"rest")
            assert ends.at_server.read(4) == b"rest"
            ends.server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
            assert lines(ends.from_proxy) == [b"HTTP/1.1 200 OK", b"Content-Length: 6"]
            assert ends.from_proxy.read(3) == b"abc"
            ends.server.sendall(b"def")
            assert ends.from_proxy.read(3) == b"def"


def test_chunked_bodies_go_through_as_they_are() -> None:
    chunks = b"5;chunk-signature=x\r\nhello\r\n0\r\nx-amz-trailer: y\r\n\r\n"
    with wire() as ends:
        ends.client.sendall(b"PUT /b/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        ends.accept()
        lines(ends.at_server)
        assert ends.at_server.read(len(chunks)) == chunks
        ends.server.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        lines(ends.from_proxy)
        assert ends.from_proxy.read(len(chunks)) == chunks
        ends.client.sendall(b"GET /b/k HTTP/1.1\r\n\r\n")
        assert lines(ends.at_server) == [b"GET /b/k HTTP/1.1"]


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    with wire() as ends:
        ends.client.sendall(b"GET /b/k HTTP/1.1\r\n\r\n")
        ends.accept()
        lines(ends.at_server)
        ends.server.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        ends.at_server.close()
        ends.server.close()
        lines(ends.from_proxy)
        assert ends.from_proxy.read() == b"all of it"


def test_a_slow_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.proxy.CONNECT_S", 0.05)
    with wire() as ends:
        ends.client.sendall(b"GET /b/k HTTP/1.1\r\n\r\n")
        ends.accept()
        assert select.select([ends.client], [], [], 0.3) == ([], [], [])
        ends.server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert lines(ends.from_proxy)[0] == b"HTTP/1.1 200 OK"


EXPECTING = b"PUT /b/k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"


def test_the_server_says_when_a_body_may_come() -> None:
    with wire() as ends:
        ends.client.sendall(EXPECTING)
        ends.accept()
        assert b"Expect: 100-continue" in lines(ends.at_server)
        ends.server.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert lines(ends.from_proxy) == [b"HTTP/1.1 100 Continue"]
        ends.client.sendall(b"body")
        assert ends.at_server.read(4) == b"body"
        ends.server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert lines(ends.from_proxy) == [b"HTTP/1.1 200 OK", b"Content-Length: 0"]


def test_the_server_may_answer_without_the_body() -> None:
    with wire() as ends:
        ends.client.sendall(EXPECTING)
        ends.accept()
        lines(ends.at_server)
        ends.server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        assert lines(ends.from_proxy)[0] == b"HTTP/1.1 403 Forbidden"
        assert ends.from_proxy.read() == b"no"


def test_a_client_that_goes_in_the_middle_of_a_body_leaves_the_server_with_a_reset() -> None:
    with wire() as ends:
        ends.client.sendall(b"PUT /b/k HTTP/1.1\r\nContent-Length: 8\r\n\r\nhalf")
        ends.accept()
        lines(ends.at_server)
        assert ends.at_server.read(4) == b"half"
        ends.from_proxy.close()
        ends.client.close()
        with pytest.raises(ConnectionResetError):
            ends.at_server.read(4)


def test_a_server_that_goes_in_the_middle_of_an_answer_leaves_the_client_with_a_reset() -> None:
    with wire() as ends:
        ends.client.sendall(b"GET /b/k HTTP/1.1\r\n\r\n")
        ends.accept()
        lines(ends.at_server)
        ends.server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        lines(ends.from_proxy)
        assert ends.from_proxy.read(4) == b"half"
        ends.at_server.close()
        ends.server.close()
        with pytest.raises(ConnectionResetError):
            ends.from_proxy.read(4)


def rest_of(connection: socket.socket) -> bytes:
    """What still arrives before the end or a reset; TimeoutError where neither comes."""
    rest = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(1024):
            rest += piece
    return rest


def test_the_end_breaks_whatever_is_open_and_joins_every_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        with FaultProxy(f"http://127.0.0.1:{listener.getsockname()[1]}") as proxy:
            idle = socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S)
            waiting = socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S)
            waiting.sendall(b"GET /b/k HTTP/1.1\r\n\r\n")
            asked, _ = listener.accept()
            name = f"proxy-{proxy.port}"
            assert any(thread.name.startswith(name) for thread in threading.enumerate())
        assert not any(thread.name.startswith(name) for thread in threading.enumerate())
        for each in (idle, waiting, asked):
            with each:
                assert rest_of(each) in (b"", b"GET /b/k HTTP/1.1\r\n\r\n")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S)


def test_parts_are_told_apart_by_their_query(proxy: FaultProxy, client: Any, direct: Any) -> None:
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    second = proxy.add(Kind.DROP_ANSWER, "PUT", query=r"partNumber=2(&|$)")
    body = bytes(5 * MIB)
    for number in (1, 2, 12):
        send = {"Bucket": BUCKET, "Key": KEY, "UploadId": upload, "PartNumber": number, "Body": body}
        if number == 2:
            with pytest.raises(ConnectionClosedError):
                client.upload_part(**send)
        else:
            client.upload_part(**send)
    assert second.struck == 1
    held = direct.list_parts(Bucket=BUCKET, Key=KEY, UploadId=upload)["Parts"]
    assert [part["PartNumber"] for part in held] == [1, 2, 12]
    assert held[1]["ETag"].strip('"') == md5(body).hexdigest()
