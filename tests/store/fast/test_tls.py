"""Over TLS: who is trusted, and that breaking off and leftovers work there too."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from pathlib import Path

import pytest

from migrator.errors import Transient, Unreachable
from migrator.store.base import PLAIN
from tests.store.fast.asking import BODY, OBJECT, Open, get, ok, put
from tests.support.scripted import Reply, Request, Scripted, reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, for 127.0.0.1; with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(path) + ".cert"]
    try:
        subprocess.run([*command.split(), *more], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    path.write_text(path.read_text() + Path(f"{path}.cert").read_text())
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Scripted]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Scripted(lambda request: TLS_ANSWERS.get(request.target, ok)(request), context) as server:
        yield server


TLS_ANSWERS: dict[str, Callable[[Request], Reply]] = {
    "/bucket/hang": lambda _: Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", hangs=True),
    "/bucket/more": lambda request: Reply(
        reply(request, 200, b"x" * 100_000, **OBJECT).raw[:-1] + b"x" + ok(request).raw
    ),
}


def test_a_certificate_that_nobody_vouches_for(tls_server: Scripted, open_fast: Open) -> None:
    with pytest.raises(Unreachable) as caught:
        get(open_fast(tls_server.url))
    assert caught.value.code == "TLS"
    assert "ca_file" in caught.value.advice
    assert tls_server.requests == []


def test_a_ca_file_vouches_for_it(tls_server: Scripted, certificate: Path, open_fast: Open) -> None:
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    assert get(store) == get(store) == BODY
    assert put(store) == put(store) == "e"
    assert tls_server.connections == 1
    assert tls_server.requests[-1].headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"


def test_the_name_has_to_be_right_too(tls_server: Scripted, certificate: Path, open_fast: Open) -> None:
    url = tls_server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(Unreachable) as caught:
        get(open_fast(url, ca_file=f"{certificate}.cert"))
    assert caught.value.code == "TLS"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none(
    tls_server: Scripted, open_fast: Open, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "ca").write_text(content)
    with pytest.raises(Unreachable) as caught:
        get(open_fast(tls_server.url, ca_file=str(tmp_path / "ca")))
    assert caught.value.code == "TLS"


def test_an_interruption_breaks_off_tls(tls_server: Scripted, certificate: Path, open_fast: Open) -> None:
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(store.read, "bucket", "hang", bytearray(5))
        tls_server.wait_until_hanging()
        store.interrupt()
        with pytest.raises(Transient):
            reading.result(10)
    tls_server.wait_until_idle()


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_536, 65_537, 262_144, 3_000_001])
def test_bodies_of_every_size_arrive(
    tls_server: Scripted, certificate: Path, open_fast: Open, size: int
) -> None:
    body = bytes(number * 7 % 251 for number in range(size % 1000)) + b"x" * (size - size % 1000)
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    for _ in range(2):
        store.put("bucket", "key", body, PLAIN, md5=md5(body).digest())
        assert tls_server.requests[-1].body == body
    assert tls_server.connections == 1


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 262_144, 262_145, 3_000_001])
def test_objects_of_every_size_arrive(
    tls_server: Scripted, certificate: Path, open_fast: Open, size: int
) -> None:
    body = bytes(number * 7 % 251 for number in range(1000)) * (size // 1000 + 1)
    TLS_ANSWERS["/bucket/sized"] = lambda request: reply(request, 200, body[:size], **OBJECT)
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    for _ in range(2):
        into = bytearray(size)
        store.read("bucket", "sized", into)
        assert into == body[:size]
    assert tls_server.connections == 1


@pytest.mark.parametrize("missing", [1, 300_000, 3_000_000])
def test_an_object_that_breaks_off(
    tls_server: Scripted, certificate: Path, open_fast: Open, missing: int
) -> None:
    whole = 3_000_001
    head = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: %d\r\n\r\n' % whole
    TLS_ANSWERS["/bucket/short"] = lambda _: Reply(head + b"x" * (whole - missing), closes=True)
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    with pytest.raises(Transient):
        store.read("bucket", "short", bytearray(whole))


@pytest.mark.parametrize("watched", [False, True])
def test_an_upload_that_hangs_is_broken_off(
    tls_server: Scripted, certificate: Path, open_fast: Open, watched: bool
) -> None:
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    if watched:
        store.watch()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(store.put, "bucket", "hang", BODY, PLAIN, md5=md5(BODY).digest())
        tls_server.wait_until_hanging()
        store.break_off_late()  # which it is not yet
        assert not sending.done()
        store.interrupt()
        with pytest.raises(Transient):
            sending.result(10)
    tls_server.wait_until_idle()


def test_what_was_decrypted_already_is_no_answer(
    tls_server: Scripted, certificate: Path, open_fast: Open
) -> None:
    store = open_fast(tls_server.url, ca_file=f"{certificate}.cert")
    store.read("bucket", "more", bytearray(100_000))
    assert get(store) == BODY
    assert tls_server.connections == 2
