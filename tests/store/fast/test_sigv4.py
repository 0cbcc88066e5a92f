"""Signatures are the SDK's, to the letter: nobody can look at one and see that it is wrong."""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import cast
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.model.objects import key_bytes
from migrator.store.fast.sigv4 import EMPTY_SHA256, UNSIGNED, Signer, query_of
from tests.store.contract_help import HOSTILE_KEYS

ACCESS, SECRET, REGION = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "eu-central-1"
NOON = calendar.timegm((2024, 2, 29, 12, 0, 0))
quoted = partial(quote, safe="-_.~")


def signer_at(*moments: float, token: str = "", region: str = REGION) -> Signer:
    """Signs at these times, one after another."""
    return Signer(ACCESS, SECRET, token, region, iter(moments).__next__)


def theirs(
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    payload: str,
    moment: float,
    token: str = "",
) -> str:
    """The header `Authorization` as the SDK makes it."""
    url = f"https://{headers['host']}{path}{f'?{query}' if query else ''}"
    request = AWSRequest(method=method, url=url, headers=headers)
    auth = S3SigV4Auth(Credentials(ACCESS, SECRET, token or None), "s3", REGION)
    auth.payload = lambda _: payload
    with pytest.MonkeyPatch.context() as patch:
        now = datetime.fromtimestamp(moment, UTC)
        patch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: now)
        auth.add_auth(request)
    return cast(str, request.headers["Authorization"])


def sent(
    signer: Signer, method: str, path: str, query: str, headers: Mapping[str, str], payload: str
) -> dict[str, str]:
    """The headers that a signer would put on the wire."""
    lines = signer.lines(method, path, query, dict(headers), payload)
    assert lines.endswith("\r\n")
    found: dict[str, str] = {}
    for line in lines[:-2].split("\r\n"):
        name, _, value = line.partition(":")
        found[name] = value
    return found


def check(
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    payload: str = UNSIGNED,
    *,
    token: str = "",
    moment: float = NOON,
) -> None:
    expected = theirs(method, path, query, headers, payload, moment, token)
    signed = sent(signer_at(moment, token=token), method, path, query, headers, payload)
    assert signed["authorization"] == expected
    assert signed.get("x-amz-security-token", "") == token
    assert signed["x-amz-content-sha256"] == payload
    assert {name: signed[name] for name in headers} == headers


HOST = {"host": "bucket.s3.eu-central-1.amazonaws.com"}


@pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
@pytest.mark.parametrize("before", ["/", "/bucket/"])
def test_hostile_keys(key: str, before: str) -> None:
    check("GET", before + quote(key_bytes(key), safe="/-_.~"), "", HOST)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"versionId": "null"},
        {"partNumber": "10", "uploadId": "a+b/c=="},
        {"list-type": "2", "encoding-type": "url", "prefix": "", "start-after": "é/ñ &=?%"},
        {"list-type": "2", "continuation-token": "a b+c/=~"},
    ],
)
def test_queries(query: dict[str, str]) -> None:
    check("GET", "/bucket", query_of(query, quoted), HOST)


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=0-9"},
        {"if-match": '"etag"', "x-amz-request-payer": "requester"},
        {"content-type": "text/plain; charset=utf-8", "content-md5": "1B2M2Y8AsgTpgAmy7PhCfg=="},
        {"x-amz-meta-a": "two  spaces", "x-amz-meta-b": "  outer ", "x-amz-meta-c": ""},
        {"x-amz-meta-a-b": "1", "x-amz-meta-a": "2", "x-amz-meta-a.b": "3", "x-amz-meta-a_b": "4"},
    ],
)
@pytest.mark.parametrize("token", ["", "IQoJb3JpZ2luX2VjEXAMPLE//////////token=="])
def test_headers(headers: dict[str, str], token: str) -> None:
    check("PUT", "/bucket/key", "", {**HOST, **headers}, token=token)


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
NAME = st.text(st.sampled_from("abcxyz0189-_."), min_size=1, max_size=12).map(
    lambda name: f"x-amz-meta-{name}"
)


@settings(max_examples=60)
@given(
    st.sampled_from(["GET", "PUT", "HEAD"]),
    st.text(max_size=30).map(lambda key: "/" + quote(key.encode("utf-8", "replace"), safe="/-_.~")),
    st.dictionaries(
        st.sampled_from(["prefix", "versionId", "uploadId", "start-after"]), st.text(max_size=20)
    ),
    st.dictionaries(NAME, TEXT, max_size=5),
    st.one_of(st.just(UNSIGNED), st.binary(max_size=9).map(lambda body: hashlib.sha256(body).hexdigest())),
    st.sampled_from(["", "token/+=="]),
    st.integers(0, 4_000_000_000),
)
def test_every_request(
    method: str,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    payload: str,
    token: str,
    moment: int,
) -> None:
    text = query_of(
        {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}, quoted
    )
    check(method, path, text, {**HOST, **headers}, payload, token=token, moment=moment)


#: AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
AWS_SAYS = {
    "GET Object": (
        ("GET", "/test.txt", "", {"range": "bytes=0-9"}, EMPTY_SHA256),
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "PUT Object": (
        (
            "PUT",
            "/test%24file.text",
            "",
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
        ),
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "GET Bucket Lifecycle": (
        ("GET", "/", "lifecycle=", {}, EMPTY_SHA256),
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "GET Bucket (List Objects)": (
        ("GET", "/", "max-keys=2&prefix=J", {}, EMPTY_SHA256),
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
}


@pytest.mark.parametrize(("request_", "signature"), AWS_SAYS.values(), ids=AWS_SAYS)
def test_examples_of_aws(request_: tuple[str, str, str, dict[str, str], str], signature: str) -> None:
    method, path, query, headers, payload = request_
    signer = signer_at(calendar.timegm((2013, 5, 24, 0, 0, 0)), region="us-east-1")
    given = {"host": "examplebucket.s3.amazonaws.com", **headers}
    signed = sent(signer, method, path, query, given, payload)["authorization"]
    assert signed.endswith(f"Signature={signature}")
    assert f"Credential={ACCESS}/20130524/us-east-1/s3/aws4_request," in signed


def test_a_day_ends() -> None:
    """And the clock may be set back; a signature is of its own time."""
    midnight = calendar.timegm((2024, 3, 1, 0, 0, 0))
    moments = [
        midnight - 1,
        midnight - 0.5,
        midnight,
        midnight + 0.9,
        midnight - 2,
        midnight + 86400,
        midnight,
    ]
    signer = signer_at(*moments)
    for moment in moments:
        signed = sent(signer, "GET", "/key", "", HOST, UNSIGNED)
        assert signed["authorization"] == theirs("GET", "/key", "", HOST, UNSIGNED, int(moment))
        assert signed["x-amz-date"] == datetime.fromtimestamp(int(moment), UTC).strftime("%Y%m%dT%H%M%SZ")
