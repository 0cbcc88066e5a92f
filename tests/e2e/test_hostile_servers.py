"""Servers, and what stands between them and us, that answer nonsense: the run copes or says what is wrong.

Whatever happens the books balance, nothing wrong is stored, and nobody else is sent anything.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import CommandLine, Result, Side
from tests.support.rewriter import Passing, Rewrite, Rewriter

pytestmark = pytest.mark.hostile

HTML = b"<html><head><title>Sign in</title></head><body>Welcome to the hotel</body></html>"
ERROR = b"<Error><Code>InternalError</Code><Message>Please try again.</Message></Error>"
BODIES = {f"k/{number}": f"body {number} ".encode() * 50 for number in range(5)}


def listings(change: Callable[[Passing], Passing]) -> Rewrite:
    return lambda answer: change(answer) if answer.is_listing else answer


def of_key(method: str, change: Callable[[Passing], Passing]) -> Rewrite:
    def rewrite(answer: Passing) -> Passing:
        return change(answer) if answer.method == method and answer.path.endswith("/k/3") else answer

    return rewrite


def replaced(pattern: bytes, by: bytes) -> Callable[[Passing], Passing]:
    return lambda answer: answer.but(re.sub(pattern, by, answer.body))


@dataclass(frozen=True)
class Case:
    """`says` is in the output, `code` the exit code, `copied` how many objects arrive."""

    rewrite: Rewrite
    code: int
    says: str
    copied: int = 0


GOES_ON = b"<IsTruncated>true</IsTruncated>"
REDIRECT = ERROR.replace(b"InternalError", b"TemporaryRedirect")
OTHER_REGION = ERROR.replace(b"InternalError", b"PermanentRedirect")
MALFORMED = (
    b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region is wrong; expecting 'eu-west-1'"
    b"</Message><Region>eu-west-1</Region></Error>"
)

SOURCES = {
    "a web page instead of a listing": Case(listings(lambda a: a.but(HTML)), 3, "not as an S3 service"),
    "an empty listing": Case(listings(lambda a: a.but(b"")), 3, "not as an S3 service"),
    "a listing that breaks off": Case(
        listings(lambda a: a.but(a.body[: len(a.body) // 2])), 3, "ListObjectsV2"
    ),
    "another document": Case(
        listings(lambda a: a.but(b"<Tagging><TagSet/></Tagging>")), 3, "not as an S3 service"
    ),
    "another bucket's listing": Case(
        listings(replaced(rb"<Name>.*?</Name>", b"<Name>other</Name>")), 3, "not as an S3 service"
    ),
    "a page that goes on without saying where": Case(
        listings(replaced(rb"<IsTruncated>false</IsTruncated>", GOES_ON)), 3, "but not where"
    ),
    "another region": Case(
        listings(lambda a: a.but(OTHER_REGION, 301, x_amz_bucket_region="eu-west-1")), 2, "eu-west-1"
    ),
    "a signature for another region": Case(listings(lambda a: a.but(MALFORMED, 400)), 2, "region"),
    "a body that is shorter than announced before": Case(
        of_key("GET", lambda a: a.but(a.body[:-7])), 1, "bytes", copied=4
    ),
    "a body that was compressed on the way": Case(
        of_key("GET", lambda a: a.but(gzip.compress(a.body), Content_Encoding="gzip")), 1, "bytes", copied=4
    ),
    "other bytes of the same length": Case(of_key("GET", lambda a: a.but(a.body[::-1])), 1, "k/3", copied=4),
    "an object that changes between listing and reading": Case(
        of_key("GET", lambda a: a.but(a.body, ETag='"' + "0" * 32 + '"')),
        1,
        "changed at the source",
        copied=4,
    ),
}

DESTINATIONS = {
    # For ever: the object may be there, but nobody said so. Rolling back looks for it.
    "success, with an error inside": Case(
        of_key("PUT", lambda a: a.but(ERROR)), 1, "InternalError", copied=4
    ),
    "success, with nothing inside": Case(
        of_key("PUT", lambda a: a.but(b"", ETag="")), 0, "completed", copied=5
    ),
}


def said(result: Result) -> str:
    """What it said apart from progress."""
    lines = [line for line in result.out.splitlines() if "progress" not in line and '"retrying"' not in line]
    return "\n".join([str(result.code), *lines, result.err])


def prepared(aws: Side, lyve: Side) -> None:
    for key, body in BODIES.items():
        aws.cloud.seed(aws.bucket, key, body)


def must_hold_only_right_bytes(lyve: Side) -> None:
    for key, body in lyve.cloud.contents(lyve.bucket).items():
        assert body == BODIES[key], key


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_answers_nonsense(cli: CommandLine, aws: Side, lyve: Side, name: str) -> None:
    case = SOURCES[name]
    prepared(aws, lyve)
    with Rewriter(aws.server.url, case.rewrite) as server:
        result = cli("run", cli.job(aws, lyve, source={"endpoint_url": server.url}), "--json")
        assert server.struck
    assert case.says in said(result), said(result)
    assert result.code == case.code, said(result)
    if result.out and result.events[-1]["event"] == "summary":
        assert result.summary["copied"] == case.copied
    assert len(lyve.keys_listed()) == case.copied
    must_hold_only_right_bytes(lyve)


@pytest.mark.parametrize("name", DESTINATIONS)
def test_a_destination_that_answers_nonsense(cli: CommandLine, aws: Side, lyve: Side, name: str) -> None:
    case = DESTINATIONS[name]
    prepared(aws, lyve)
    with Rewriter(lyve.server.url, case.rewrite) as server:
        result = cli("run", cli.job(aws, lyve, destination={"endpoint_url": server.url}), "--json")
        assert server.struck
        assert case.says in said(result), said(result)
        assert result.code == case.code, said(result)
        assert result.summary["copied"] == case.copied
        must_hold_only_right_bytes(lyve)
        back = cli("rollback", "latest", "--yes", "--json")
        assert back.code == 0, said(back)
    assert lyve.keys_listed() == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("what", ["listing", "object"])
def test_nothing_goes_where_a_redirect_points(
    cli: CommandLine, aws: Side, lyve: Side, status: int, what: str
) -> None:
    prepared(aws, lyve)
    with Rewriter(aws.server.url, lambda answer: answer) as elsewhere:

        def redirect(answer: Passing) -> Passing:
            return answer.but(REDIRECT, status, Location=f"{elsewhere.url}{answer.path}")

        rewrite = listings(redirect) if what == "listing" else of_key("GET", redirect)
        with Rewriter(aws.server.url, rewrite) as server:
            result = cli("run", cli.job(aws, lyve, source={"endpoint_url": server.url}), "--json")
            assert server.struck
        assert elsewhere.requests == 0
    assert result.code in {1, 2, 3}, said(result)
    must_hold_only_right_bytes(lyve)
    assert len(lyve.keys_listed()) == (4 if what == "object" else 0)
