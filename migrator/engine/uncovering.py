"""What lay below a version that a rollback removed has to be the current one again."""

from __future__ import annotations

from migrator.engine.reserved import look
from migrator.errors import AccessDenied, NotSupported, Rejected
from migrator.store.base import ObjectStore


def uncover(store: ObjectStore, bucket: str, key: str) -> None:
    """See that the key shows something again. OpenStack Swift leaves a key without any current version where
    that went in a batch: then the version below is copied over its key.

    Raises:
        Rejected: that did not help.
    """
    if look(store, bucket, key) is not None:
        return
    try:
        stack = store.versions(bucket, key)
    except (AccessDenied, NotSupported):
        return  # nobody can look below the top
    # A marker on top is somebody's deletion; without any version nothing is left to show.
    if not stack or stack[0].is_latest or stack[0].is_marker:
        return
    below = stack[0].version_id
    store.copy(bucket, key, key, version_id=below)
    if look(store, bucket, key) is None:
        raise Rejected(
            f"{store.end} does not show the version that lay below ours.",
            code="NotUncovered",
            advice=f"Copy version {below} over the key to have it back.",
        )
