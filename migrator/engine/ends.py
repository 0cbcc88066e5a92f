"""The two ends of a job: opened with their credentials, and looked at before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from migrator.config import MAX_THREADS, End, Job, Transfer
from migrator.credentials import AwsChain, Credentials, Keys, resolve
from migrator.engine.ports import Executor, Ports
from migrator.environment import Place, must_be_accepted
from migrator.errors import (
    AccessDenied,
    BadCredentials,
    CredentialsError,
    ExpiredCredentials,
    NotFound,
    Refused,
    StoreError,
    UsageError,
    WrongRegion,
)
from migrator.store.base import BucketLock, ObjectStore, Versioning
from migrator.store.patience import OnRetry, Patience, Policy
from migrator.store.retrying import RetryingStore

#: Opens the store of an end. Tests hand in their own.
StoreFactory = Callable[[End, Credentials, Transfer], ObjectStore]


def open_s3(end: End, credentials: Credentials, how: Transfer) -> ObjectStore:
    """An S3 service. The SDK is imported here and not before: it takes a third of a second."""
    from migrator.store.opening import Connection, open_store

    keys: tuple[str, str, str] | None = None
    profile = ""
    match credentials:
        case Keys():
            keys = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        case AwsChain():
            profile = credentials.profile
    return open_store(
        Connection(
            end=end.label,
            is_aws=end.provider == "aws",
            region=end.region,
            endpoint_url=end.endpoint_url,
            keys=keys,
            profile=profile,
            ca_file=end.ca_file,
            requester_pays=end.requester_pays,
            # The number can change while the run goes on; room for a connection costs nothing unused.
            threads=MAX_THREADS,
        ),
        only_sdk=how.data_plane == "boto3",
    )


def environment_of(ends: Iterable[End], accept: Iterable[str]) -> list[str]:
    """What of this process's environment is to be told, where these ends are reached.

    Raises:
        EnvironmentNotAccepted: something redirects traffic and is not in `accept`.
    """
    places = [Place(end.endpoint_url, end.credentials) for end in ends]
    return must_be_accepted(places, accept, os.environ)


def sign_in_ends(profile: str) -> datetime | None:
    """When the SSO sign-in behind a profile (empty: AWS's own chain) ends; None where it has none."""
    from migrator.store.s3_sso import sign_in_ends as of_profile

    return of_profile(profile)


@dataclass(frozen=True, slots=True)
class Ends:
    """Both stores of a run, with patience around them."""

    source: ObjectStore
    destination: ObjectStore

    def close(self) -> None:
        self.source.close()
        self.destination.close()


def open_ends(
    job: Job, patience: Patience, on_retry: OnRetry | None = None, factory: StoreFactory = open_s3
) -> Ends:
    """Open both ends. Nothing is sent yet.

    Raises:
        CredentialsError: a reference leads nowhere; `side` says whose.
    """
    policy = Policy(wait_s=job.transfer.wait_s)
    stores = []
    for side, end in (("source", job.source), ("destination", job.destination)):
        store = factory(end, resolve(end.credentials, side), job.transfer)
        stores.append(RetryingStore(store, patience, policy, on_retry))
    return Ends(*stores)


@dataclass(frozen=True, slots=True)
class Ready:
    """What preflight found at the destination. `exists` is False for a bucket that the run will create."""

    versioning: Versioning
    lock: BucketLock = BucketLock.NONE
    destination_exists: bool = True
    history: bool = False  #: whole histories are copied: every version and delete marker


def preflight(job: Job, ends: Ends, executor: Executor) -> Ready:
    """Reach both buckets with one listing each, and ask how the destination keeps versions and locks; all at
    once, because each alone takes as long as the way there and back.

    A listing is asked for instead of a HEAD: its error has a body, so that a wrong key, a wrong secret and a
    missing right can be told apart.

    Raises:
        UsageError: wrong keys, no such bucket, another region.
        Refused: an end does not answer, or a needed right is missing.
    """
    bucket = job.destination.bucket
    list_source = executor.ahead(partial(ends.source.list_page, job.source.bucket, job.source.prefix))
    list_there = executor.ahead(partial(ends.destination.list_page, bucket, job.destination.prefix))
    versioning_there = executor.ahead(partial(_versioning, job, ends))
    lock_there = executor.ahead(partial(ends.destination.lock_of, bucket))
    try:
        list_source()
    except StoreError as cause:
        raise as_refusal(cause) from cause
    try:
        list_there()
    except NotFound as cause:
        if cause.code == "NoSuchBucket" and job.destination.create_bucket:
            # What we create is private and keeps neither versions nor locks.
            return Ready(Versioning.OFF, destination_exists=False)
        raise as_refusal(cause) from cause
    except StoreError as cause:
        raise as_refusal(cause) from cause
    try:
        return Ready(versioning_there(), lock_there())
    except StoreError as cause:
        raise as_refusal(cause) from cause


def _versioning(job: Job, ends: Ends) -> Versioning:
    try:
        return ends.destination.versioning(job.destination.bucket)
    except AccessDenied:
        return Versioning.UNKNOWN


def as_refusal(cause: StoreError) -> UsageError | Refused:
    """What an end's first answer means for the run: something the user typed, or something to be arranged."""
    if isinstance(cause, BadCredentials | ExpiredCredentials):
        return CredentialsError(cause.message, advice=cause.advice)
    if isinstance(cause, NotFound | WrongRegion):
        return UsageError(cause.message, advice=cause.advice)
    return Refused(cause.message, advice=cause.advice)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one end said when it was tried; `field` is the job field to look at where it is not `ok`."""

    ok: bool
    field: str = ""
    message: str = ""
    advice: str = ""
    buckets: tuple[str, ...] | None = None
    code: str = ""  #: see `EndChecked`


def check_end(
    end: End, side: str, credentials: Credentials, ports: Ports, factory: StoreFactory = open_s3
) -> Checked:
    """Try one end: its keys, its address, its buckets, and the bucket if one is chosen.

    Listing buckets is a right of its own that many keys lack, which stops nothing where a bucket is named.
    """
    try:
        store = RetryingStore(
            factory(end, credentials, Transfer(threads=1)),
            ports,
            replace(Policy(), tries=2, first_answer_s=5.0),
        )
    except (UsageError, StoreError) as cause:
        return Checked(False, f"{side}.credentials", cause.message, cause.advice)
    buckets: tuple[str, ...] | None = None
    try:
        try:
            buckets = tuple(store.list_buckets())
        except AccessDenied:
            if not end.bucket:
                return Checked(
                    True,
                    f"{side}.bucket",
                    "This key may not list buckets. That is fine: type the bucket's name.",
                )
        if end.bucket:
            store.list_page(end.bucket, end.prefix)
        return Checked(True, buckets=buckets)
    except CredentialsError as cause:
        return Checked(False, f"{side}.credentials", cause.message, cause.advice)
    except NotFound as cause:
        if cause.code == "NoSuchBucket" and end.create_bucket:
            return Checked(True, buckets=buckets, code="will-create")
        return Checked(False, f"{side}.bucket", cause.message, cause.advice, buckets, cause.code)
    except StoreError as cause:
        return Checked(False, f"{side}.{_field_of(cause)}", cause.message, cause.advice)
    finally:
        store.close()


def _field_of(cause: StoreError) -> str:
    if isinstance(cause, BadCredentials | ExpiredCredentials):
        return "credentials"
    if isinstance(cause, WrongRegion):
        return "region"
    if isinstance(cause, NotFound | AccessDenied):
        return "bucket"
    return "endpoint_url"
