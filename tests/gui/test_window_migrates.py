"""The window over the real engine and two real local services: what a user does, button by button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.clouds import LYVE_BUCKET, Cloud, two_clouds
from migrator.demo.show import demo_form
from migrator.engine.remote import EngineProcess
from migrator.gui.status import Status
from tests.gui.conftest import Driver
from tests.store.keepers import client_of

pytestmark = [pytest.mark.window, pytest.mark.timeout(300)]

COUNT = 400


class RealDriver(Driver):
    """The same window, with the engine behind it instead of a fake."""

    def __init__(self, root: Any, service: EngineProcess, aws: Cloud, lyve: Cloud) -> None:
        self._service = service
        self._form = demo_form(aws, lyve)
        self.lyve = client_of(lyve.url, lyve.keys.access_key_id, lyve.keys.secret_access_key)
        super().__init__(root, service, self._form)

    def arrived(self) -> int:
        pages = self.lyve.get_paginator("list_objects_v2").paginate(Bucket=LYVE_BUCKET)
        return sum(page["KeyCount"] for page in pages)

    def until(self, *statuses: Status) -> None:
        self.pump(lambda: self.screen.status in statuses)


@pytest.fixture
def real(root: Any, tmp_path: Path) -> Iterator[RealDriver]:
    service = EngineProcess(tmp_path, is_demo=True)
    with two_clouds(COUNT) as (aws, lyve):
        driver = RealDriver(root, service, aws, lyve)
        yield driver
        assert service.close(60), "a thread of the engine was left behind"
        assert driver.window.errors == [], "a Tk callback raised"
        driver.lyve.close()


def test_a_bucket_is_migrated_and_rolled_back_with_the_buttons(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    assert real.window.setup.fields["lyve.bucket"].control.cget("values") == (LYVE_BUCKET,)
    real.window.setup.fields["max_size"].variable.set("50 KB")
    real.press("migrate")
    real.until(Status.FINISHED)
    copied = real.arrived()
    assert 0 < copied < COUNT
    assert real.window.run.banner.headline.cget("text") == f"Transfer successful! {copied}/{copied}"
    real.press("roll_back")
    real.pump(lambda: "yes" in real.window.bar.buttons)
    real.press("yes")
    real.until(Status.ROLLED_BACK, Status.ROLLED_BACK_LEFTOVERS)
    assert real.screen.status is Status.ROLLED_BACK
    assert real.arrived() == 0


def test_what_went_to_lyve_comes_back_to_aws(real: RealDriver) -> None:
    real.window.setup.fields["max_size"].variable.set("2 KB")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.FINISHED)
    there = real.arrived()
    real.press("new_migration")
    real.window.setup.directions["lyve-to-aws"].invoke()
    real.window.setup.fields["aws.prefix"].variable.set("back/")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.FINISHED)
    headline = f"Transfer successful! {there}/{there}"
    assert real.window.run.banner.headline.cget("text") == headline


def test_cancel_stops_the_run_and_roll_back_undoes_it(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.pump(lambda: real.arrived() > 5)
    real.press("cancel")
    real.until(Status.STOPPED)
    assert 5 < real.arrived() < COUNT
    real.press("roll_back")
    real.pump(lambda: "yes" in real.window.bar.buttons)
    real.press("yes")
    real.until(Status.ROLLED_BACK)
    assert real.arrived() == 0


def test_a_stopped_run_is_resumed_to_its_end(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.window.setup.fields["max_size"].variable.set("20 KB")
    real.press("migrate")
    real.pump(lambda: real.arrived() > 5)
    real.press("cancel")
    real.until(Status.STOPPED)
    before = real.arrived()
    real.press("resume")
    real.until(Status.FINISHED)
    assert real.arrived() > before


def test_a_wrong_secret_is_a_problem_beside_its_field(real: RealDriver) -> None:
    field = real.window.setup.fields["lyve.secret_access_key"]
    field.variable.set("mistyped")
    real.window.setup.generate.invoke()
    real.until(Status.HALF_CONNECTED)
    assert "does not accept this secret key" in str(field.below.cget("text"))
