"""What becomes of requests when connections end, and what is asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import md5

import pytest

from migrator.errors import CredentialsError, Rejected, StoreError, Transient, Unreachable
from migrator.store.base import ObjectStore
from migrator.store.s3 import Connection, S3Store
from tests.store.fast.asking import BODY, LISTING, OBJECT, PLAIN, Open, Serve, get, head, ok, part, put
from tests.support.scripted import Reply, Request, reply

# -- connections ------------------------------------------------------------------------------------


def test_one_connection_does_for_requests_one_after_another(serve: Serve, open_fast: Open) -> None:
    server = serve(ok)
    store = open_fast(server.url)
    for _ in range(3):
        assert get(store) == BODY
        assert put(store) == part(store) == head(store) == "e"
    assert server.connections == 1
    assert len(server.requests) == 12
    store.close()
    server.wait_until_idle()


def test_as_many_connections_as_threads_and_all_are_closed(serve: Serve, open_fast: Open) -> None:
    server = serve(ok)
    store = open_fast(server.url)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: get(store), range(40))) == [BODY] * 40
    assert 1 <= server.connections <= 4
    store.close()
    server.wait_until_idle()
    with pytest.raises(Unreachable):
        get(store)


@pytest.mark.parametrize("call", [get, head, put, part])
def test_a_kept_connection_that_was_closed_is_noticed(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object]
) -> None:
    """Before anything is sent on it, so that a write need not fail either."""
    server = serve(lambda request: replace(ok(request), closes=True))
    store = open_fast(server.url)
    for _ in range(3):
        call(store)
        server.wait_until_idle()
    assert server.connections == len(server.requests) == 3


def drops(request: Request) -> Reply:
    """Every second request on a connection is read, and the connection is closed."""
    return ok(request) if request.number == 1 else Reply(closes=True)


@pytest.mark.parametrize("call", [get, head])
def test_a_reading_request_on_a_closing_connection_is_sent_once_more(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object]
) -> None:
    server = serve(drops)
    store = open_fast(server.url)
    assert call(store) == call(store)
    assert [(each.connection, each.number) for each in server.requests] == [(1, 1), (1, 2), (2, 1)]


@pytest.mark.parametrize("call", [put, part])
def test_a_writing_one_is_not(serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object]) -> None:
    """Nobody knows whether it was carried out: recovery looks."""
    server = serve(drops)
    store = open_fast(server.url)
    call(store)
    with pytest.raises(Transient) as caught:
        call(store)
    assert caught.value.code == "ConnectionLost"
    assert not isinstance(caught.value, Unreachable)
    assert server.methods() == ["PUT", "PUT"]
    assert call(store) == "e"


@pytest.mark.parametrize("call", [get, head, put])
@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"])
def test_a_new_connection_that_breaks_is_lost(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object], raw: bytes
) -> None:
    server = serve(lambda _: Reply(raw, closes=True))
    with pytest.raises(Transient) as caught:
        call(open_fast(server.url))
    assert caught.value.code == "ConnectionLost"
    assert len(server.requests) == 1


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"])
def test_an_interruption_breaks_off_what_hangs(
    serve: Serve, open_fast: Open, begins: bytes, is_kept: bool
) -> None:
    """It is not tried again: that would hang again."""
    hangs_at = 2 if is_kept else 1
    server = serve(lambda request: Reply(begins, hangs=True) if request.number == hangs_at else ok(request))
    store = open_fast(server.url)
    if is_kept:
        get(store)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(get, store)
        server.wait_until_hanging()
        store.interrupt()
        with pytest.raises(Transient):
            reading.result(10)
    assert len(server.requests) == hangs_at
    server.wait_until_idle()


def test_closing_breaks_off_what_hangs(serve: Serve, open_fast: Open) -> None:
    server = serve(lambda _: Reply(hangs=True))
    store = open_fast(server.url)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(put, store)
        server.wait_until_hanging()
        store.close()
        with pytest.raises(Transient):
            writing.result(10)
    server.wait_until_idle()


def test_what_comes_after_an_answer_is_no_answer(serve: Serve, open_fast: Open) -> None:
    """Else an object would be taken for another."""
    other = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nother"
    server = serve(lambda request: Reply(ok(request).raw + other))
    store = open_fast(server.url)
    assert get(store) == get(store) == BODY
    assert server.connections == 2


def test_a_connection_whose_answer_was_not_read_is_closed(serve: Serve, open_fast: Open) -> None:
    """The rest may come when nobody expects it."""
    unread = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    server = serve(lambda request: Reply(unread) if request.connection == 1 else ok(request))
    store = open_fast(server.url)
    with pytest.raises(StoreError) as caught:
        get(store)
    assert caught.value.code == "WrongLength"
    assert get(store) == BODY
    assert server.connections == 2


def test_a_connection_that_is_to_be_closed_is(serve: Serve, open_fast: Open) -> None:
    """By us, where the server only says so."""
    server = serve(lambda request: reply(request, 200, BODY, connection="close", **OBJECT))
    assert get(open_fast(server.url)) == BODY
    server.wait_until_idle()


def test_a_refused_body_need_not_be_read(serve: Serve, open_fast: Open) -> None:
    """A page that is longer than anybody reads does not come with the next answer."""
    server = serve(lambda request: reply(request, 200, b"x" * 100_000, **OBJECT))
    store = open_fast(server.url)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            get(store)
        assert caught.value.code == "WrongLength"
    assert server.connections == 2


# -- what is asked ----------------------------------------------------------------------------------


def test_nothing_can_be_smuggled_into_a_request(serve: Serve, open_fast: Open) -> None:
    """What does not fit into a request line is refused as the reference store refuses it."""
    server = serve(ok)
    store = open_fast(server.url)
    for bucket, key in (
        ("b/../c", "key"),
        ("b\r\nx: y", "key"),
        ("b ?", "key"),
        ("größe", "key"),
        ("bucket", ""),
    ):
        for call in (
            lambda bucket=bucket, key=key: store.head(bucket, key),
            lambda bucket=bucket, key=key: store.put(bucket, key, BODY, PLAIN, md5=md5(BODY).digest()),
        ):
            with pytest.raises(Rejected):
                call()
    with pytest.raises(Rejected):
        store.list_page("b ?", "")
    assert server.requests == []


@pytest.mark.parametrize("key", ["\ud800", "a\udfff"])
def test_keys_that_are_no_text_are_refused(serve: Serve, open_fast: Open, key: str) -> None:
    store = open_fast(serve(ok).url)
    with pytest.raises(StoreError):
        store.head("bucket", key)
    with pytest.raises(StoreError):
        store.list_page("bucket", key)


def test_bytes_that_are_no_utf_8_are_asked_for_as_they_are(serve: Serve, open_fast: Open) -> None:
    server = serve(
        lambda request: reply(request, 200, LISTING, **OBJECT) if request.method == "GET" else ok(request)
    )
    store = open_fast(server.url)
    store.head("bucket", "a\udcff")
    store.list_page("bucket", "", start_after="a\udcff")
    assert server.requests[0].target == "/bucket/a%FF"
    assert "start-after=a%FF" in server.requests[1].target


def test_the_region_is_the_sdks(serve: Serve, open_fast: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the job names none."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    server = serve(ok)
    store = open_fast(server.url)
    head(store)
    store.reference.head("bucket", "key")
    ours, theirs = (each.headers["authorization"].split("/")[2] for each in server.requests)
    assert ours == theirs == "eu-north-1"


def test_the_reference_store_is_built_once_and_only_when_it_is_asked(
    serve: Serve, open_fast: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[S3Store] = []
    make = S3Store.__init__

    def count(store: S3Store, connection: Connection) -> None:
        built.append(store)
        make(store, connection)

    monkeypatch.setattr(S3Store, "__init__", count)
    store = open_fast(serve(ok).url)
    get(store)
    put(store)
    assert built == []
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: store.check_bucket("bucket"), range(40))) == {""}
    assert built == [store.reference]


def test_wrong_settings_of_the_sdk_are_told_when_it_is_asked(
    serve: Serve, open_fast: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time: what was not built is not kept."""
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    store = open_fast(serve(ok).url, region="us-east-1")
    get(store)
    for _ in range(2):
        with pytest.raises(CredentialsError, match="of-nobody"):
            store.check_bucket("bucket")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "error", [None, socket.gaierror(-2, "Name or service not known"), TimeoutError("late")]
)
def test_no_connection_is_told_as_the_reference_store_does(
    open_fast: Open, monkeypatch: pytest.MonkeyPatch, error: OSError | None
) -> None:
    store = open_fast(f"http://127.0.0.1:{free_port()}")
    if error is not None:

        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(socket, "create_connection", fail)
        monkeypatch.setattr("urllib3.util.connection.create_connection", fail)
    said = []
    for each in (store, store.reference):
        with pytest.raises(Unreachable) as caught:
            each.head("bucket", "key")
        said.append((str(caught.value), caught.value.code, vars(caught.value)))
    assert said[0] == said[1]
