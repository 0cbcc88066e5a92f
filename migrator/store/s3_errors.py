"""What the SDK raises, turned into our errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import botocore.exceptions as sdk
import urllib3.exceptions as http

from migrator.errors import CredentialsError, MigratorError, Rejected, StoreError
from migrator.store.answers import (
    NO_CONNECTION,
    NO_SUCH_NAME,
    REFUSED,
    TOO_LATE,
    ErrorAnswer,
    Where,
    error_of,
    first_line,
    link_local,
    lost,
    not_s3,
    told,
    unreachable,
    untrusted,
)
from migrator.store.peers import RefusedPeer

#: The operation that makes a client: nothing is sent, but keys are looked for.
CONNECT = "Connect"


@contextmanager
def translated(where: Where) -> Iterator[None]:
    """Turn whatever the SDK raises inside into a `StoreError` (or `CredentialsError`)."""
    try:
        yield
    except MigratorError:
        raise
    except sdk.ClientError as cause:
        if cause.operation_name in _FETCHES_KEYS:
            raise _no_keys(cause, where) from None
        raise from_answer(cause, where) from None
    except _CREDENTIALS as cause:
        raise _no_keys(cause, where) from None
    except sdk.SSLError as cause:
        raise untrusted(where, cause) from None
    except _NEVER_SENT as cause:
        raise unreachable(where, _why_unreachable(cause)) from None
    except _LOST as cause:
        if (peer := _refused_peer(cause)) is not None:
            raise link_local(where, peer.address) from None
        raise lost(where, cause) from None
    except sdk.ParamValidationError as cause:
        raise Rejected(
            f"{where.operation} cannot express this object: {_last_line(cause)}",
            code="InvalidParameter",
            **where.fields(),
        ) from None
    except (KeyError, OverflowError):
        raise not_s3(where) from None  # something that every answer of the kind has; a date before all time
    except ValueError as cause:
        if isinstance(cause, UnicodeError):
            raise Rejected(
                f"{where.operation} failed: {first_line(cause)}", code=type(cause).__name__, **where.fields()
            ) from None
        raise not_s3(where) from None  # a date or a number in the answer that is none
    except RecursionError:
        # Redirected without a region, the SDK asks for the bucket's, is redirected, and asks again.
        raise error_of(ErrorAnswer(307, {}), where) from None
    except (sdk.BotoCoreError, http.HTTPError, OSError) as cause:
        if isinstance(cause, OSError) and where.operation == CONNECT:
            raise _no_keys(cause, where) from None  # a program that hands out keys could not be started
        raise Rejected(
            f"{where.operation} failed: {first_line(cause)}", code=type(cause).__name__, **where.fields()
        ) from None


_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.ProfileNotFound,
    sdk.CredentialRetrievalError,
    sdk.SSOTokenLoadError,
    sdk.UnauthorizedSSOTokenError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.InvalidConfigError,
    sdk.ConfigParseError,
    sdk.ConfigNotFound,
    sdk.InfiniteLoopConfigError,
    sdk.MetadataRetrievalError,
)
#: Calls that the SDK makes by itself to get keys: their refusals are not the bucket's.
_FETCHES_KEYS = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials", "CreateToken"})
_NEVER_SENT = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_LOST = (
    sdk.ConnectionClosedError,
    sdk.ReadTimeoutError,
    sdk.ConnectionError,
    sdk.HTTPClientError,
    sdk.ResponseStreamingError,
    sdk.IncompleteReadError,
    http.ProtocolError,
    http.ReadTimeoutError,
    ConnectionError,
    TimeoutError,
)


def _no_keys(cause: BaseException, where: Where) -> CredentialsError:
    return CredentialsError(
        f"{where.end}: no usable credentials were found ({first_line(cause)}).",
        advice="Check the profile, run `aws sso login` if it uses SSO, or store keys in the window.",
    )


def from_answer(cause: sdk.ClientError, where: Where) -> StoreError:
    """The error for an answer with an error status (or an error body)."""
    error: Mapping[str, Any] = cause.response.get("Error", {})
    meta: Mapping[str, Any] = cause.response.get("ResponseMetadata", {})
    return error_of(
        ErrorAnswer(
            status=int(meta.get("HTTPStatusCode") or 0),
            headers=meta.get("HTTPHeaders", {}),
            code=str(error.get("Code") or ""),
            said=str(error.get("Message") or ""),
            region=str(error.get("Region") or ""),
            request_id=str(meta.get("RequestId") or ""),
        ),
        where,
    )


def _refused_peer(cause: BaseException | None) -> RefusedPeer | None:
    """What `store.peers` raised, somewhere below what the SDK made of it."""
    while cause is not None and not isinstance(cause, RefusedPeer):
        cause = cause.__cause__ or cause.__context__
    return cause


def _why_unreachable(cause: sdk.BotoCoreError) -> str:
    inner = str(cause.kwargs.get("error", ""))
    if isinstance(cause, sdk.ConnectTimeoutError):
        return TOO_LATE
    if "resolve" in inner or "getaddrinfo" in inner or "not known" in inner:
        return NO_SUCH_NAME
    return REFUSED if "refused" in inner else NO_CONNECTION


def _last_line(cause: BaseException) -> str:
    return told((str(cause).strip() or type(cause).__name__).splitlines()[-1])
