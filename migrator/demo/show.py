"""`demo`: a real migration between two local S3 services, with no account and no network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator import credentials
from migrator.demo.clouds import AWS_BUCKET, LYVE_BUCKET, Cloud, two_clouds
from migrator.engine.runs import DEMO

if TYPE_CHECKING:
    from migrator.engine.commands import Engine
    from migrator.gui.form import Form
    from migrator.model.events import Summary

#: Names under which the demo's keys are known while it runs; they are never stored.
AWS_KEYS, LYVE_KEYS = "demo-aws", "demo-lyve"


def demo_table(aws: Cloud, lyve: Cloud) -> dict[str, Any]:
    """The demo's job, in the job file's shape."""
    return {
        "version": 1,
        "name": DEMO,
        "source": {
            "provider": "aws",
            "bucket": AWS_BUCKET,
            "region": "us-east-1",
            "endpoint_url": aws.url,
            "credentials": f"keyring:{AWS_KEYS}",
        },
        "destination": {
            "provider": "lyve",
            "bucket": LYVE_BUCKET,
            "region": "us-west-1",
            "endpoint_url": lyve.url,
            "credentials": f"keyring:{LYVE_KEYS}",
        },
        "transfer": {"threads": 16},
    }


def run_demo(objects: int, *, headless: bool, run: Callable[[Callable[[Engine], Summary]], int]) -> int:
    """Start both services, then show the window filled in, or migrate at once. Returns the exit code."""
    from migrator.desktop import open_desktop, why_no_window

    reason = "" if headless else why_no_window()
    if reason:
        print(f"{reason}\nGoing on without a window.", file=sys.stderr)
    with two_clouds(objects) as (aws, lyve):
        credentials.keep_for_session(AWS_KEYS, aws.keys)
        credentials.keep_for_session(LYVE_KEYS, lyve.keys)
        if headless or reason:
            return _without_window(demo_table(aws, lyve), run)
        print(
            f"AWS: {aws.url}   Lyve Cloud: {lyve.url}   (local, gone when the window is closed)",
            file=sys.stderr,
        )
        return open_desktop(lambda: demo_form(aws, lyve))


def _without_window(table: dict[str, Any], run: Callable[[Callable[[Engine], Summary]], int]) -> int:
    from migrator.config import job_from
    from migrator.job_file import job_text, write_private

    def work(engine: Engine) -> Summary:
        write_private(engine.root / "demo.toml", job_text(table))
        # The services are new each time: an earlier demo's journal says nothing about them.
        return engine.run(job_from(table), table, insist=True)

    return run(work)


def demo_form(aws: Cloud, lyve: Cloud) -> Form:
    """Set up, filled in."""
    from migrator.gui.form import EndForm, Form

    return Form(
        rest={"": {"name": DEMO}},
        aws=EndForm(
            access_key_id=aws.keys.access_key_id,
            secret_access_key=aws.keys.secret_access_key,
            region="us-east-1",
            endpoint=aws.url,
            bucket=AWS_BUCKET,
        ),
        lyve=EndForm(
            access_key_id=lyve.keys.access_key_id,
            secret_access_key=lyve.keys.secret_access_key,
            region="us-west-1",
            endpoint=lyve.url,
            bucket=LYVE_BUCKET,
        ),
    )
