"""Requests go where the SDK would send them, or are the SDK's own."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import pytest

from migrator.store.fast.address import Address, address_of, can_address
from migrator.store.fast.store import FastStore
from migrator.store.opening import open_store
from migrator.store.s3 import S3Store
from migrator.store.s3_client import Connection, make_client

KEYS = ("access", "secret", "")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
ODD = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment says otherwise."""
    for name in (*PROXIES, *map(str.upper, PROXIES), *ODD):
        monkeypatch.delenv(name, raising=False)


def aws(region: str) -> Connection:
    return Connection("AWS", is_aws=True, region=region, keys=KEYS)


def at(url: str) -> Connection:
    return Connection("Lyve Cloud", is_aws=False, endpoint_url=url, keys=KEYS)


ADDRESSES = [
    (aws("us-east-1"), "bucket", Address("bucket.s3.us-east-1.amazonaws.com", 443, True, "", "/")),
    (aws("eu-central-1"), "a-b-1", Address("a-b-1.s3.eu-central-1.amazonaws.com", 443, True, "", "/")),
    (
        aws("ap-southeast-3"),
        "1" * 63,
        Address(f"{'1' * 63}.s3.ap-southeast-3.amazonaws.com", 443, True, "", "/"),
    ),
    (
        aws("eu-central-1"),
        "with.dots",
        Address("s3.eu-central-1.amazonaws.com", 443, True, "", "/with.dots/"),
    ),
    (aws("eu-central-1"), "Upper", Address("s3.eu-central-1.amazonaws.com", 443, True, "", "/Upper/")),
    (
        aws("eu-central-1"),
        "under_score",
        Address("s3.eu-central-1.amazonaws.com", 443, True, "", "/under_score/"),
    ),
    (at("https://s3.example.com"), "bucket", Address("s3.example.com", 443, True, "", "/bucket/")),
    (at("https://s3.example.com/"), "bucket", Address("s3.example.com", 443, True, "", "/bucket/")),
    (at("https://s3.example.com:443"), "bucket", Address("s3.example.com", 443, True, "", "/bucket/")),
    (
        at("https://s3.example.com:9000"),
        "b.c",
        Address("s3.example.com", 9000, True, "s3.example.com:9000", "/b.c/"),
    ),
    (at("http://127.0.0.1"), "bucket", Address("127.0.0.1", 80, False, "", "/bucket/")),
    (at("http://localhost:8080"), "bucket", Address("localhost", 8080, False, "localhost:8080", "/bucket/")),
    (at("http://[::1]:8080"), "bucket", Address("::1", 8080, False, "[::1]:8080", "/bucket/")),
    (at("http://[::1]"), "bucket", Address("::1", 80, False, "[::1]", "/bucket/")),
]


@pytest.mark.parametrize(("connection", "bucket", "expected"), ADDRESSES)
def test_addresses(connection: Connection, bucket: str, expected: Address) -> None:
    assert can_address(connection)
    found = address_of(connection, bucket)
    name = expected.name or expected.host
    assert found == Address(expected.host, expected.port, expected.is_encrypted, name, expected.path)


@pytest.mark.parametrize("connection", [each[0] for each in ADDRESSES], ids=repr)
def test_an_end_is_called_as_the_sdk_calls_it(connection: Connection) -> None:
    store = FastStore(connection)
    ours, theirs = store._where("HeadBucket").host, store.reference._host
    assert ours == theirs
    store.close()


class Sent(Exception):
    pass


@pytest.mark.parametrize("number", [0, 1, 6, 9, 12])
def test_the_sdk_would_go_there_too(number: int) -> None:
    seen: list[str] = []

    def look(request: Any, **_: Any) -> None:
        seen.append(request.url)
        raise Sent

    connection = ADDRESSES[number][0]
    client = make_client(connection)
    client.meta.events.register("before-send.s3", look)
    for bucket in ("bucket", "with.dots", "Upper", "under_score"):
        with pytest.raises(Sent):
            client.head_object(Bucket=bucket, Key="a/b")
        url, found = urlsplit(seen.pop()), address_of(connection, bucket)
        usual = 443 if url.scheme == "https" else 80
        # In the oldest region it keeps to the older name of the same host.
        assert (url.hostname, url.port or usual) == (found.host.replace(".us-east-1", ""), found.port)
        assert url.scheme == ("https" if found.is_encrypted else "http")
        assert url.path == f"{found.path}a/b"
    client.close()


@pytest.mark.parametrize(
    "connection",
    [
        Connection("AWS", is_aws=True, region="eu-central-1"),
        Connection("AWS", is_aws=True, region="eu-central-1", profile="work"),
        Connection("AWS", is_aws=True, keys=KEYS),
        Connection("Lyve Cloud", is_aws=False, region="eu-central-1", keys=KEYS),
        aws("cn-north-1"),
        aws("us-gov-west-1"),
        aws("us-iso-east-1"),
        aws("us-isob-east-1"),
        aws("aws-global"),
        aws("eu-central-1.example.com/"),
        aws("eu-central-1\n"),
        aws("EU-CENTRAL-1"),
        at("ftp://s3.example.com"),
        at("s3.example.com"),
        at("https://"),
        at("https://s3.example.com/path"),
        at("https://s3.example.com?query"),
        at("https://s3.example.com#fragment"),
        at("https://user:secret@s3.example.com"),
        at("https://s3.example.com:99999"),
        at("https://s3.example.com:port"),
        at("https://s3.example.com:0"),
        at("https://exämple.com"),
        at("https://s3 .example.com"),
        at(f"https://{'a' * 64}.example.com"),
        at("https://a..example.com"),
        at("https://[::1"),
    ],
    ids=lambda connection: repr(connection.endpoint_url or connection.region),
)
def test_what_the_sdk_has_to_send(connection: Connection) -> None:
    assert not can_address(connection)


@pytest.mark.parametrize("name", [*PROXIES[:3], *ODD])
def test_the_environment_can_ask_for_the_sdk(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert not can_address(aws("eu-central-1"))
    assert can_address(at("https://s3.example.com")) is (name in ODD)
    assert can_address(at("http://127.0.0.1:9000")), "loopback goes past every proxy"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the system has settings of its own")
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "No_Proxy", "all_proxy", "PROXY", "A_PROXY_B"])
@pytest.mark.parametrize("value", ["", "http://127.0.0.1:1"])
def test_a_proxy_is_one_for_everybody(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert can_address(aws("eu-central-1")) is not bool(getproxies())


def test_the_store_for_a_connection() -> None:
    for connection, only_sdk, kind in (
        (at("http://127.0.0.1:9000"), False, FastStore),
        (at("http://127.0.0.1:9000"), True, S3Store),
        (aws("cn-north-1"), False, S3Store),
    ):
        store = open_store(connection, only_sdk=only_sdk)
        assert type(store) is kind
        store.close()
    with pytest.raises(ValueError, match="keys"):
        FastStore(Connection("AWS", is_aws=True, region="eu-central-1"))
