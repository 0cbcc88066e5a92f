"""Before something is replaced: finding out what our write would destroy, and keeping a copy of it aside.

Buckets that keep versions need none of this. Elsewhere the old content is copied, by the service itself, to
the reserved prefix, looked at, and only then replaced. Rollback copies it back (`restoring`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from migrator.engine.outcomes import CannotUndo, ChangedMeanwhile
from migrator.engine.reading_back import md5_of
from migrator.engine.reserved import look
from migrator.errors import AccessDenied, NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.objects import KMS, ObjectHead, Properties, is_plain_md5
from migrator.model.parts import GIB, MAX_PARTS, parts_of
from migrator.model.undo import Prior
from migrator.store.base import ObjectStore, Versioning

#: CopyObject takes objects of up to 5 GiB; larger ones are copied in parts (S3 API, CopyObject).
COPY_LIMIT_BYTES = 5 * GIB
COPY_PART_BYTES = 1 * GIB


@dataclass(frozen=True, slots=True)
class Prepared:
    """What our write will replace. `etag` and `size_bytes` of the saved copy, where `prior` is SAVED."""

    prior: Prior
    version_id: str | None = None
    etag: str = ""
    size_bytes: int = 0


class Saver:
    """Prepares keys of one bucket for being written. Used by all workers at once."""

    def __init__(
        self,
        store: ObjectStore,
        bucket: str,
        versioning: Versioning,
        *,
        can_copy: bool,
        must_undo: bool,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._versioning = versioning
        self._can_copy = can_copy
        self._must_undo = must_undo

    def is_needed(self, *, overwrites: bool) -> bool:
        """Whether a key has to be looked at before it is written.

        With versioning suspended every key has: what a listing does not show (a null version below a
        marker, a null marker) would be destroyed too.
        """
        match self._versioning:
            case Versioning.ENABLED:
                return False
            case Versioning.OFF:
                return overwrites
            case Versioning.SUSPENDED | Versioning.UNKNOWN:
                return True

    def prepare(self, key: str, prior_etag: str | None, save_as: str) -> Prepared:
        """Worker: see what is under `key`, and copy it to `save_as` if our write would destroy it.

        Raises:
            ChangedMeanwhile: it is not what the plan saw.
            CannotUndo: it could not be brought back, and the job insists on that.
        """
        there = look(self._store, self._bucket, key)
        if (there.etag if there else None) != prior_etag:
            raise ChangedMeanwhile("The destination changed after the plan was made.")
        prior, version_id = self._prior(key, there)
        if prior is Prior.LOST:
            return self._lost(f"{self._store.end} would destroy an older version of this object.")
        if prior is not Prior.SAVED or there is None:
            return Prepared(prior, version_id)
        if not self._can_copy:
            return self._lost(f"{self._store.end} cannot keep a copy of what is there.")
        try:
            saved = copy_exactly(self._store, self._bucket, key, there, save_as)
        except (NotSupported, AccessDenied, Rejected) as cause:
            return self._lost(cause.message)
        except (PreconditionFailed, NotFound) as cause:
            raise ChangedMeanwhile("The destination changed while its content was saved.") from cause
        return Prepared(prior, version_id, saved.etag, saved.size_bytes)

    def _lost(self, message: str) -> Prepared:
        if self._must_undo:
            raise CannotUndo(message)
        return Prepared(Prior.LOST)

    def _prior(self, key: str, there: ObjectHead | None) -> tuple[Prior, str | None]:
        """What a write to `key` replaces, and the id of what is current now.

        | current             | elsewhere in the stack | a write replaces           |
        | ------------------- | ---------------------- | -------------------------- |
        | nothing             |                        | nothing                    |
        | the null version    |                        | it: SAVED                  |
        | the null marker     |                        | it: MARKER                 |
        | an id of its own    | no null version        | nothing: it is only hidden |
        | an id of its own    | a null version         | that one, for good: LOST   |
        """
        if self._versioning is Versioning.OFF:
            return (Prior.SAVED if there else Prior.ABSENT), None
        try:
            stack = self._store.versions(self._bucket, key)
        except (AccessDenied, NotSupported):
            if self._versioning is Versioning.SUSPENDED:
                return Prior.LOST, None  # nobody can tell what is hidden there
            return (Prior.SAVED if there else Prior.ABSENT), there.version_id if there else None
        if not stack:
            # A listing that does not show what a HEAD does is not believed.
            return (Prior.SAVED if there else Prior.ABSENT), None
        current = stack[0]
        if current.version_id == "null":
            return (Prior.MARKER if current.is_marker else Prior.SAVED), "null"
        if any(each.version_id == "null" for each in stack):
            return Prior.LOST, current.version_id
        return (Prior.ABSENT if current.is_marker else Prior.VERSION), current.version_id


def copy_exactly(store: ObjectStore, bucket: str, key: str, there: ObjectHead, to_key: str) -> ObjectHead:
    """Copy an object within its bucket, as it is in `there`, and look at the copy.

    Raises:
        Rejected: the copy is not what was copied (it is left for the caller to remove).
        PreconditionFailed, NotFound: the object is not as in `there` any more.
    """
    if there.size_bytes > COPY_LIMIT_BYTES:
        _copy_in_parts(store, bucket, key, there, to_key)
    else:
        store.copy(bucket, key, to_key, if_match=there.etag, keeping=instructions(there))
    copied = look(store, bucket, to_key)
    if copied is None:
        raise Rejected(f"{store.end} answered success to a copy that is not there.", code="CopyNotThere")
    is_equal = there.size_bytes == copied.size_bytes and (
        _may_be_equal(there, copied) or _reads_equal(store, bucket, (key, there), (to_key, copied))
    )
    if not is_equal or there.properties.differences(copied.properties) or there.token != copied.token:
        raise Rejected(f"{store.end} made a copy that differs from its original.", code="CopyDiffers")
    if there.tag_count != 0 and _tags(store, bucket, key) != _tags(store, bucket, to_key):
        raise Rejected(f"{store.end} made a copy without the original's tags.", code="CopyDiffers")
    return copied


def _may_be_equal(there: ObjectHead, copied: ObjectHead) -> bool:
    """True unless both have digests, and other ones."""
    # Under a key of KMS an ETag is no digest of the bytes.
    has_digests = not (copied.encryption + there.encryption).count(KMS)
    are_plain = is_plain_md5(copied.etag) and is_plain_md5(there.etag)
    return copied.etag == there.etag or not (has_digests and are_plain)


def _reads_equal(
    store: ObjectStore, bucket: str, one: tuple[str, ObjectHead], other: tuple[str, ObjectHead]
) -> bool:
    """What looks like two digests need not be: some ends name what was sent in parts so, and a copy of it
    has another ETag. Reading both tells; the copy only where its own ETag does not."""
    md5 = md5_of(store, bucket, *one)
    return md5 == other[1].etag or md5 == md5_of(store, bucket, *other)


def instructions(there: ObjectHead) -> Properties:
    """What has to be asked for, so that a copy is kept as `there` is. Not its lock: ours must go again."""
    return Properties(
        website_redirect=there.properties.website_redirect,
        storage_class="" if there.storage_class == "STANDARD" else there.storage_class,
        encryption=there.encryption,
    )


def _copy_in_parts(store: ObjectStore, bucket: str, key: str, there: ObjectHead, to_key: str) -> None:
    how = instructions(there)
    properties = replace(
        there.properties,
        tags=_tags(store, bucket, key),
        storage_class=how.storage_class,
        encryption=how.encryption,
    )
    upload_id = store.create_upload(bucket, to_key, properties)
    part_size = max(COPY_PART_BYTES, -(-there.size_bytes // MAX_PARTS))
    parts = [
        store.copy_part(
            bucket, key, to_key, upload_id, part.number, part.offset, part.length, if_match=there.etag
        )
        for part in parts_of(there.size_bytes, part_size)
    ]
    store.complete_upload(bucket, to_key, upload_id, parts)


def _tags(store: ObjectStore, bucket: str, key: str) -> dict[str, str]:
    try:
        return store.tags(bucket, key)
    except NotSupported:
        return {}  # an end without tags
