"""`check`: can this job run, and what will the two ends do to it? Proven by trying, before the first copy.

Nothing is ever written to the source. At the destination only probes are written, below `.migrator/<id>/`,
and only when no right is known to be missing at either end. They are removed again, also after a failure.
"""

from __future__ import annotations

from migrator.config import End
from migrator.engine.check_destination import DestinationCheck
from migrator.engine.check_source import SourceCheck
from migrator.engine.endings import EXIT_REFUSED
from migrator.engine.ends import as_refusal
from migrator.engine.findings import Findings
from migrator.engine.ports import Ports
from migrator.engine.session import Session
from migrator.errors import AccessDenied, NotFound, StoreError
from migrator.model.events import Summary
from migrator.model.findings import CheckFound, Found
from migrator.model.ledger import Ledger, Outcome
from migrator.model.objects import Page
from migrator.store.base import ObjectStore

#: How long an end may be silent that has answered before.
CHECK_WAIT_S = 60.0
#: Clocks may differ by 15 minutes (S3: RequestTimeTooSkewed); beyond this somebody should know.
CLOCKS_AGREE_WITHIN_S = 60.0


def check_job(session: Session) -> Summary:
    """Look at both ends.

    Raises:
        UsageError: wrong keys, no such bucket, another region.
        Refused: an end does not answer.
    """
    job, ends = session.job, session.ends
    source, destination = Findings("source", session.emit), Findings("destination", session.emit)
    here = _first_page(ends.source, job.source, source)
    there = _first_page(ends.destination, job.destination, destination)
    for findings, store, end in (
        (source, ends.source, job.source),
        (destination, ends.destination, job.destination),
    ):
        _clock(findings, store, end, session.ports)
        _region(findings, store, end)
    SourceCheck(job, ends.source, source, here).run()
    is_there = there is not None or bool(destination.missing)
    check = DestinationCheck(
        job, ends.destination, destination, session.ports, session.executor, is_there=is_there
    )
    check.run(may_write=not source.missing)
    return _end(session, source.missing + destination.missing)


def _first_page(store: ObjectStore, end: End, findings: Findings) -> Page | None:
    """The beginning of the listing; None where it is denied, or the bucket is still to be made."""
    try:
        page = store.list_page(end.bucket, end.prefix)
    except AccessDenied:
        findings.denied("s3:ListBucket")
        return None
    except NotFound as cause:
        if cause.code == "NoSuchBucket" and end.create_bucket:
            return None
        raise as_refusal(cause) from cause
    except StoreError as cause:
        raise as_refusal(cause) from cause
    findings.proven("s3:ListBucket")
    return page


def _clock(findings: Findings, store: ObjectStore, end: End, ports: Ports) -> None:
    before = ports.clock.wall()
    try:
        told = store.server_time(end.bucket)
    except StoreError:
        told = None
    after = ports.clock.wall()
    if told is None:
        findings.tell("setting", "unknown", Found.UNKNOWN, "clock-not-told")
        return
    # Services tell whole seconds, and the answer was made at some time between.
    apart_s = max((before - told).total_seconds() - 1, (told - after).total_seconds(), 0.0)
    is_right = apart_s <= CLOCKS_AGREE_WITHIN_S
    verdict, code = (Found.OK, "clock-right") if is_right else (Found.WARNING, "clock-wrong")
    findings.tell("setting", f"{apart_s:.0f} s", verdict, code)


def _region(findings: Findings, store: ObjectStore, end: End) -> None:
    """Another region would have refused the listing, or it does not matter: then a person should know."""
    try:
        region = store.check_bucket(end.bucket)
    except StoreError:
        return  # HEAD on a bucket is denied where only a prefix may be listed
    if not region:
        return
    is_named = not end.region or region == end.region
    verdict, code = (Found.OK, "region") if is_named else (Found.WARNING, "region-other")
    findings.tell("setting", region, verdict, code)


def _end(session: Session, missing: list[CheckFound]) -> Summary:
    if not missing:
        return session.end(
            Outcome.CHECKED, Ledger(), cause="check", message="Everything that the job needs is there."
        )
    sides = {"source": session.job.source, "destination": session.job.destination}
    first = missing[0]
    where = sides[first.end].label
    actions = [each.action for each in missing if each.end == first.end and each.action]
    advice = first.advice
    if first.action:
        advice = (
            f"Allow the {first.end}'s keys ({where}): {', '.join(actions)}. `migrator policy` prints all."
        )
    count = len(missing)
    what = "One thing is missing" if count == 1 else f"{count} things are missing"
    return session.end(
        Outcome.REFUSED,
        Ledger(),
        exit_code=EXIT_REFUSED,
        cause="check",
        message=f"{what}: {', '.join(each.action or each.code for each in missing)}.",
        advice=advice,
    )
