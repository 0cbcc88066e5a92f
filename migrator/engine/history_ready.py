"""Whether both ends can carry whole histories; if not, what is lost, and whether the job accepts that."""

from __future__ import annotations

from dataclasses import replace

from migrator.config import Job
from migrator.engine.ends import Ends, Ready
from migrator.engine.session import Session
from migrator.errors import AccessDenied, NotSupported, Refused, Rejected
from migrator.model.events import Warned
from migrator.model.fidelity import OLD_VERSIONS
from migrator.store.base import ObjectStore, Versioning

_NO_ANSWER = (AccessDenied, NotSupported, Rejected)


def with_history(job: Job, ends: Ends, ready: Ready, *, is_ours: bool = False) -> tuple[Ready, str]:
    """What preflight found, completed; and in words what will not be copied, empty where all is.

    `is_ours`: the destination's bucket is one that this run makes, so its versioning is switched on by us.

    Raises:
        Refused: the job wants all versions, they cannot be kept, and it does not accept that.
    """
    if job.carry.versions != "all":
        is_accepted = OLD_VERSIONS in job.carry.accept
        return ready, "" if is_accepted else _not_copied(ends.source, job.source.bucket)
    loss = _loss(job, ends, ready, is_ours=is_ours)
    if not loss:
        return replace(ready, versioning=Versioning.ENABLED, history=True), ""
    if OLD_VERSIONS in job.carry.accept:
        return ready, f"{loss} Only current objects are copied, as the job accepts ({OLD_VERSIONS})."
    raise Refused(
        f"{loss} All older versions and delete markers would be lost ({OLD_VERSIONS}).",
        advice=f'Switch versioning on at the destination, or put "{OLD_VERSIONS}" into accept in [carry].',
    )


def _loss(job: Job, ends: Ends, ready: Ready, *, is_ours: bool) -> str:
    is_made = is_ours or not ready.destination_exists
    if not is_made and ready.versioning is not Versioning.ENABLED:
        return f"The destination's bucket {job.destination.bucket} has versioning {ready.versioning.value}."
    ends_to_ask = [(ends.source, job.source)]
    if ready.destination_exists:
        ends_to_ask.append((ends.destination, job.destination))
    for store, end in ends_to_ask:
        try:
            store.list_versions_page(end.bucket, end.prefix, limit=1)
        except _NO_ANSWER as cause:
            return f"The versions of {end.bucket} cannot be listed: {cause.message}"
    return ""


def _not_copied(source: ObjectStore, bucket: str) -> str:
    try:
        versioning = source.versioning(bucket)
    except _NO_ANSWER:
        versioning = Versioning.UNKNOWN
    if versioning is Versioning.OFF:
        return ""
    if versioning is Versioning.UNKNOWN:
        return "Whether the source keeps versions is unknown; older ones would not be copied."
    return 'Older versions and delete markers of the source are not copied (versions = "all" copies them).'


def must_keep_history(ready: Ready) -> None:
    """See that a run which began to copy histories can go on.

    Raises:
        Refused: versions cannot be kept any more.
    """
    if not ready.history:
        raise Refused(
            "This run copies whole histories, and the destination does not keep versions any more.",
            advice="Switch versioning on there, then resume the run.",
        )


def tell_not_copied(session: Session, words: str) -> None:
    if words:
        session.emit(Warned(OLD_VERSIONS, words))
