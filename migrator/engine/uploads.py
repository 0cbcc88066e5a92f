"""Multipart uploads that nobody will complete: finding them, and aborting them until they are gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from migrator.errors import AccessDenied, NotFound, NotSupported, StoreError
from migrator.store.base import ObjectStore

#: Retries of one request lie at most so far apart; nobody else begins the same upload so closely.
TWINS_WITHIN = timedelta(minutes=2)


def abort_twins(store: ObjectStore, bucket: str, key: str, upload_id: str) -> None:
    """Abort uploads of this key that were opened together with ours: requests whose answer was lost."""
    try:
        uploads = [upload for upload in store.list_uploads(bucket, key) if upload.key == key]
    except (AccessDenied, NotSupported):
        return
    ours = next((upload for upload in uploads if upload.upload_id == upload_id), None)
    if ours is None:
        return
    for upload in uploads:
        if upload is not ours and abs(upload.initiated - ours.initiated) <= TWINS_WITHIN:
            abort_until_gone(store, bucket, key, upload.upload_id)


def abort_orphans(store: ObjectStore, bucket: str, key: str, since: datetime) -> None:
    """Abort uploads of exactly this key that were opened since `since`: ours, whose id was never recorded.

    For objects whose upload was about to be opened when the run broke off. An end that may not list uploads
    (or cannot) leaves them to a lifecycle rule.
    """
    try:
        uploads = store.list_uploads(bucket, key)
    except (AccessDenied, NotSupported):
        return
    for upload in uploads:
        if upload.key == key and upload.initiated >= since:
            abort_until_gone(store, bucket, key, upload.upload_id)


def abort_until_gone(store: ObjectStore, bucket: str, key: str, upload_id: str, tries: int = 5) -> None:
    """Abort an upload and look until the end knows nothing of it any more.

    Raises:
        StoreError: it is still there after `tries` aborts, or the end refused.
    """
    for _ in range(tries):
        try:
            store.abort_upload(bucket, key, upload_id)
            store.list_parts(bucket, key, upload_id)
        except NotFound:
            return
    raise StoreError(
        f"{store.end} keeps an upload of this object open.",
        operation="AbortMultipartUpload",
        end=store.end,
        bucket=bucket,
        key=key,
        code="UploadStaysOpen",
        advice="A lifecycle rule that aborts incomplete uploads will remove it.",
    )
