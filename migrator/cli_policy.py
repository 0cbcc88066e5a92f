"""How the command line prints the policies of a job: under headings, or as JSON lines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from migrator.config import Job
from migrator.model.objects import visible
from migrator.model.policy import policies
from migrator.rights_words import for_whom, policy_notes


def show_policies(job: Job, *, as_json: bool, quiet: bool) -> None:
    """The documents on stdout; what to do with them on stderr, unless `quiet`."""
    for policy, end in zip(policies(job.needs), (job.source, job.destination), strict=True):
        notes = policy_notes(policy)
        if as_json:
            stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {
                "event": "policy",
                "time": stamp,
                "end": policy.side,
                "provider": policy.provider,
                "bucket": policy.bucket,
                "policy": policy.document,
                "notes": notes,
            }
            print(json.dumps(line), flush=True)
            continue
        print(f"# {for_whom(policy, visible(end.place))}\n{policy.text}\n", flush=True)
        if not quiet:
            for note in notes:
                print(f"  {note}", file=sys.stderr)
            print(file=sys.stderr)
