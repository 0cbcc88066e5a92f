"""What each copy of a run carries besides its bytes, and why an object is set aside where it cannot.

Used by all workers at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from migrator.config import Job
from migrator.engine.outcomes import CannotCarry
from migrator.engine.ports import Clock
from migrator.engine.tags import TagReader
from migrator.errors import AccessDenied, NotSupported, Rejected
from migrator.model.fidelity import (
    CLASSES,
    LOCKS,
    METADATA,
    REDIRECT,
    TAGS,
    Carrying,
    carried,
    is_repaired,
    losses,
    without,
)
from migrator.model.objects import (
    METADATA_LIMIT_BYTES,
    MTIME_KEY,
    TOKEN_KEY,
    UNLOCKED,
    ObjectHead,
    ObjectVersion,
    Properties,
    metadata_bytes,
)
from migrator.store.base import BucketLock, ObjectStore

#: Reasons of `plan.Unsupported` for losses whose name is not the reason itself.
_REASONS = {METADATA: "missing-meta", TAGS: "tags-unsupported", REDIRECT: "website-redirect-unsupported"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes with one object's bytes. `lost` was accepted beforehand; see `model.fidelity.LOSSES`."""

    properties: Properties
    lost: tuple[str, ...] = ()
    is_repaired: bool = False

    @property
    def note(self) -> str:
        """What the journal says about a copy that is not like its object in everything."""
        notes = [f"lost:{','.join(self.lost)}"] * bool(self.lost)
        notes += ["repaired:content-encoding"] * self.is_repaired
        return ";".join(notes)


def carrying_of(job: Job, lock: BucketLock) -> Carrying:
    """What a job carries. `lock`: of the destination's bucket; where it locks nothing, no lock is carried."""
    carry, provider = job.carry, job.destination.provider
    can_lock = lock in {BucketLock.ENABLED, BucketLock.DEFAULT}
    return Carrying(
        classes=CLASSES[provider],
        storage_class=carry.storage_class,
        encryption=carry.encryption,
        locks=carry.locks if can_lock else "report",
        accept=carry.accept,
    )


def carrier_of(job: Job, source: ObjectStore, lock: BucketLock, clock: Clock) -> Carrier:
    """The carrier of a job. `lock`: see `carrying_of`. Where locks are carried, the source's bucket is asked
    whether it has any: elsewhere services exist that answer the question for a lock with the object's bytes.
    """
    carrying = carrying_of(job, lock)
    asks = carrying.locks != "report" and source.lock_of(job.source.bucket) is not BucketLock.NONE
    tags = TagReader(source, job.source.bucket, is_aws=job.source.provider == "aws")
    return Carrier(
        source,
        job.source.bucket,
        carrying,
        clock,
        tags if job.carry.tags else None,
        keep_date=job.transfer.keep_date,
        may_be_locked=asks,
    )


class Carrier:
    """Makes the parcels of one run. `tags` is None where the job carries none. `may_be_locked`: locks are
    carried, and the source has some."""

    def __init__(
        self,
        source: ObjectStore,
        bucket: str,
        carrying: Carrying,
        clock: Clock,
        tags: TagReader | None,
        *,
        keep_date: bool,
        may_be_locked: bool,
    ) -> None:
        self._source = source
        self._bucket = bucket
        self._carrying = carrying
        self._clock = clock
        self._tags = tags
        self._keep_date = keep_date
        # Both change in one direction only; threads may race to change them, to no harm.
        self._refused: set[str] = set()  # losses that the destination was seen to insist on
        self._must_ask_lock = may_be_locked

    def parcel(self, listed: ObjectVersion, head: ObjectHead, token: str) -> Parcel:
        """What the copy will carry: the source's own, and our two metadata keys as far as there is room.

        Raises:
            CannotCarry: something would be lost, and nobody accepted that.
        """
        head = self._with_lock(listed.key, head)
        now = self._clock.wall()
        lost = losses(head, self._carrying, now)
        self._must_be_accepted(*lost)
        properties = carried(head, self._carrying, now)
        metadata = dict(properties.metadata)
        own = {TOKEN_KEY: token} if token else {}
        if self._keep_date and MTIME_KEY not in metadata:
            own[MTIME_KEY] = mtime_text(listed)
        used = metadata_bytes(metadata)
        for name, value in own.items():
            size = len(name) + len(value)  # both ASCII
            if used + size <= METADATA_LIMIT_BYTES:
                metadata[name] = value
                used += size
        tags = self._tags.tags_of(listed.key, head) if self._tags else {}
        parcel = Parcel(properties.with_metadata(metadata, tags), lost, is_repaired(head))
        for refused in self._refused and (REDIRECT, TAGS):
            if refused in self._refused and _has(parcel.properties, refused):
                parcel = self._poorer(parcel, refused)
        return parcel

    def expected(self, head: ObjectHead) -> Properties:
        """What a copy of this object has, as far as `lacks` compares it: for looking at copies again."""
        return carried(head, self._carrying, self._clock.wall())

    def after_refusal(self, parcel: Parcel, cause: NotSupported) -> Parcel:
        """The same parcel without what the destination refused (501), where losing that was accepted.

        OpenStack Swift knows neither tags nor website redirects, and answers so to a write that has some.

        Raises:
            CannotCarry: it was not accepted.
            NotSupported: `cause`, where the parcel has nothing that could be to blame.
        """
        present = [name for name in (REDIRECT, TAGS) if _has(parcel.properties, name)]
        if not present:
            raise cause
        blamed = next((name for name in present if name in self._refused), present[0])
        if len(present) == 1:
            self._refused.add(blamed)
        return self._poorer(parcel, blamed)

    def _poorer(self, parcel: Parcel, loss: str) -> Parcel:
        self._must_be_accepted(loss)
        return replace(parcel, properties=without(parcel.properties, loss), lost=(*parcel.lost, loss))

    def _must_be_accepted(self, *lost: str) -> None:
        for loss in lost:
            if loss not in self._carrying.accept:
                raise CannotCarry(_REASONS.get(loss, loss))

    def _with_lock(self, key: str, head: ObjectHead) -> ObjectHead:
        """A HEAD leaves a lock out where the keys may not know of it: one object is asked by name."""
        if not self._must_ask_lock or head.lock != UNLOCKED:
            return head
        try:
            lock = self._source.lock_on(self._bucket, key, version_id=head.version_id)
        except AccessDenied as cause:
            if LOCKS in self._carrying.accept:
                return head
            raise CannotCarry("locks-unknown") from cause
        self._must_ask_lock = False
        return replace(head, lock=lock)


def metadata_blamed(cause: Rejected) -> str:
    """Why an object has to be set aside, where a destination refuses metadata that S3 takes; else empty.

    OpenStack Swift takes values of up to 256 bytes, and says so in an InvalidRequest.
    """
    is_about_it = cause.code == "InvalidRequest" and "metadata" in cause.message.lower()
    return "metadata-unsupported" if is_about_it or cause.code == "MetadataTooLarge" else ""


def _has(properties: Properties, loss: str) -> bool:
    return bool(properties.tags if loss == TAGS else properties.website_redirect)


def refusal_named(cause: Rejected) -> str:
    """Why an object has to be set aside, where a source refuses to read one of its kind; else empty."""
    if cause.code == "InvalidObjectState":
        return "archived"
    if cause.code == "InvalidRequest" and "encryption" in cause.message.lower():
        return "customer-key"  # SSE-C: readable only with the user's own key
    return ""


def mtime_text(listed: ObjectVersion) -> str:
    """LastModified as rclone writes it: seconds since 1970 with a fraction where there is one."""
    seconds = listed.last_modified.timestamp()
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
