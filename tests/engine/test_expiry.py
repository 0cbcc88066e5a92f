"""Keys that run out are noticed before they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator import credentials
from migrator.config import Job, job_from
from migrator.credentials import Keys
from migrator.engine.expiry import Expiries
from migrator.errors import CredentialsError
from migrator.model.events import Warned
from migrator.model.ledger import Outcome
from tests.support.world import JOB, World

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def job(**credentials_of: str) -> Job:
    table = {
        **JOB,
        **{side: {**JOB[side], "credentials": text} for side, text in credentials_of.items()},
    }
    return job_from(table)


@pytest.fixture(autouse=True)
def no_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_session", {})
    monkeypatch.setattr(credentials, "_vault", lambda: None)


def expiries(source: timedelta | None, destination: timedelta | None = None) -> Expiries:
    for name, left in (("here", source), ("there", destination)):
        until = None if left is None else NOW + left
        credentials.keep_for_session(name, Keys("id", "secret", "token", until))
    return Expiries(job(source="keyring:here", destination="keyring:there"), lambda _: None, NOW)


def test_keys_that_last_are_not_spoken_of() -> None:
    for each in (expiries(None), expiries(timedelta(hours=13))):
        assert list(each.due(NOW)) == []
    assert not expiries(None).are_waiting


def test_keys_that_run_out_soon_are_told_of_once_and_once_more_near_the_end() -> None:
    found = expiries(timedelta(hours=1), timedelta(hours=20))
    (told,) = found.due(NOW)
    assert told.startswith("The keys of the source run out at 2026-11-28 13:00 UTC, in ")
    assert list(found.due(NOW + timedelta(minutes=45))) == []
    (told,) = found.due(NOW + timedelta(minutes=51))
    assert "source" in told
    assert list(found.due(NOW + timedelta(hours=2))) == []
    (told,) = found.due(NOW + timedelta(hours=9))
    assert "destination" in told


@pytest.mark.parametrize("left", [timedelta(0), timedelta(days=-1)])
def test_keys_that_ran_out_are_refused(left: timedelta) -> None:
    with pytest.raises(CredentialsError, match="The keys of the destination ran out at 2026-11-2") as caught:
        expiries(None, left)
    assert caught.value.side == "destination"


def test_a_sign_in_is_looked_at_for_profiles_alone() -> None:
    asked: list[str] = []

    def sign_in(profile: str) -> datetime:
        asked.append(profile)
        return NOW + timedelta(hours=2)

    credentials.keep_for_session("there", Keys("id", "secret"))
    found = Expiries(job(source="profile:work", destination="keyring:there"), sign_in, NOW)
    assert asked == ["work"]
    assert "source" in next(found.due(NOW))


def test_a_run_tells_of_keys_that_will_run_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    until = world.clock.wall() + timedelta(hours=1)
    monkeypatch.setenv("MIGRATOR_SOURCE_CREDENTIAL_EXPIRATION", until.isoformat())
    world.seed("a")
    end = world.run()
    assert end.outcome is Outcome.COMPLETED
    assert [each.code for each in world.of(Warned)] == ["keys-expire"]


@pytest.mark.unbalanced
def test_a_run_with_keys_that_ran_out_does_not_begin(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_SOURCE_CREDENTIAL_EXPIRATION", "2025-12-31T00:00:00Z")
    world.seed("a")
    end = world.run()
    assert (end.outcome, end.exit_code) == (Outcome.REFUSED, 2)
    assert "ran out" in end.message
    assert world.there == {}
