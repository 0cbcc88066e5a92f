"""Job files for a window's form: what is read, what is known of the keys, and what is written."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from migrator import credentials
from migrator.config import job_from, read_job
from migrator.credentials import Keys
from migrator.engine.drafts import config_read, config_saved
from migrator.job_file import job_text
from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.events import Warned
from tests.engine.test_service import service_of, until
from tests.support.world import World
from tests.test_credentials import KEYS, Vault, use

TABLE: dict[str, Any] = {
    "version": 1,
    "source": {"provider": "aws", "bucket": "photos", "region": "us-east-1", "credentials": "keyring:aws"},
    "destination": {
        "provider": "lyve",
        "bucket": "archive",
        "endpoint_url": "https://s3.us-west-1.acme.lyve.seagate.com",
        "credentials": "keyring:lyve",
    },
}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Vault())
    monkeypatch.setattr(credentials, "_session", {})


def table(**source: Any) -> dict[str, Any]:
    found = copy.deepcopy(TABLE)
    found["source"].update(source)
    return found


def written(tmp_path: Path, content: dict[str, Any] | str) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(content if isinstance(content, str) else job_text(content), encoding="utf-8")
    return path


def reading(tmp_path: Path, content: dict[str, Any] | str) -> Any:
    return config_read(tmp_path, str(written(tmp_path, content)), "", last=tmp_path / "none")


def test_there_is_nothing_to_tell_before_the_first_one_was_written(tmp_path: Path) -> None:
    assert config_read(tmp_path, "", "", last=tmp_path / "none") is None


def test_one_that_cannot_be_looked_at_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    event = config_read(tmp_path, "", "", last=tmp_path / "file" / "job.toml")
    assert isinstance(event, Warned)
    assert "Not a directory" in event.message


def test_the_last_one_is_read_unasked(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    event = config_read(tmp_path, "", "", last=path)
    assert event == ConfigRead(str(path), TABLE, {}, is_last=True)


def test_buckets_may_be_missing(tmp_path: Path) -> None:
    text = job_text(table()).replace('bucket = "photos"\n', "")
    assert "bucket" not in reading(tmp_path, text).table["source"]


@pytest.mark.parametrize("moment", ["2025-03-31", "2025-03-31T10:00:00Z", "2025-03-31T10:00:00+02:00"])
def test_dates_are_the_same_ones_as_text(tmp_path: Path, moment: str) -> None:
    path = written(tmp_path, job_text(TABLE) + f"\n[filters]\nmin_date = {moment}\n")
    event: Any = config_read(tmp_path, str(path), "", last=path)
    json.dumps(event.table)
    assert job_from(event.table).filters == read_job(path).filters


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version = 1\n[source\n", "not TOML"),
        (job_text(TABLE).replace("us-east-1", "Us East"), "source.region"),
        (job_text(TABLE) + "\n[transfer]\nthread = 3\n", "line "),
    ],
)
def test_what_is_wrong_with_it_is_said(tmp_path: Path, text: str, says: str) -> None:
    event = reading(tmp_path, text)
    assert isinstance(event, Warned)
    assert event.code == "config"
    assert says in event.message


def test_of_many_mistakes_the_first_are_told(tmp_path: Path) -> None:
    wrong = "".join(f"field{n} = {n}\n" for n in range(40))
    event = reading(tmp_path, job_text(TABLE) + f"\n[transfer]\n{wrong}")
    assert isinstance(event, Warned)
    assert event.message.count("field") < 10
    assert "more." in event.message
    assert "\n" not in event.message


def test_a_file_that_is_gone_is_told_of(tmp_path: Path) -> None:
    event = config_read(tmp_path, str(tmp_path / "gone.toml"), "", last=tmp_path / "none")
    assert isinstance(event, Warned)
    assert "No such file" in event.message


def test_a_secret_in_it_is_never_taken_along(tmp_path: Path) -> None:
    """It would arrive masked, and be another prefix."""
    Keys("AKIAIOSFODNN7EXAMPLE", "a-secret-that-is-known-by-now")
    event = reading(
        tmp_path, job_text(TABLE).replace('"photos"', '"photos"\nprefix = "a-secret-that-is-known-by-now/"')
    )
    assert isinstance(event, Warned)
    assert "a-secret-that" not in event.message


# -- keys -----------------------------------------------------------------------------------------


def test_keys_in_the_vault_are_told_of_and_stay_there(tmp_path: Path) -> None:
    credentials.save("aws", KEYS)
    event = reading(tmp_path, TABLE)
    assert event.keys == {"source": f"{KEYS.masked}, kept in {credentials.vault_name()}"}
    assert KEYS.secret_access_key not in repr(event)
    assert KEYS.access_key_id not in repr(event)


def test_keys_in_memory_are_said_to_be_there_only(tmp_path: Path) -> None:
    credentials.keep_for_session("lyve", KEYS)
    assert reading(tmp_path, TABLE).keys == {"destination": f"{KEYS.masked}, kept in memory until you quit"}


@pytest.mark.parametrize(
    ("reference", "says"),
    [("profile:work", "AWS profile work"), ("default", "AWS’s own sign-in (SSO, role, …)")],
)
def test_keys_of_aws_are_its_own_affair(tmp_path: Path, reference: str, says: str) -> None:
    assert reading(tmp_path, table(credentials=reference)).keys == {"source": says}


def test_keys_of_the_environment_are_there_if_all_variables_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATOR_SOURCE_ACCESS_KEY_ID", KEYS.access_key_id)
    monkeypatch.delenv("MIGRATOR_SOURCE_SECRET_ACCESS_KEY", raising=False)
    assert reading(tmp_path, table(credentials="env")).keys == {}
    monkeypatch.setenv("MIGRATOR_SOURCE_SECRET_ACCESS_KEY", KEYS.secret_access_key)
    keys = reading(tmp_path, table(credentials="env")).keys
    assert keys == {"source": f"{KEYS.masked}, from environment variables"}


# -- writing --------------------------------------------------------------------------------------


def test_a_copy_is_a_job_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    assert config_saved(str(path), TABLE) == ConfigSaved(str(path))
    assert read_job(path).source.bucket == "photos"
    assert path.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_to_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    event = config_saved(str(tmp_path / "file" / "job.toml"), TABLE)
    assert isinstance(event, Warned)
    assert event.message.startswith("The config file was not saved: ")


# -- behind a window ------------------------------------------------------------------------------


def test_a_window_gets_back_what_it_had_written(world: World) -> None:
    """Generate Config File, and the next start."""
    service = service_of(world)
    world.set("source", credentials="keyring:aws")
    world.set("destination", credentials="keyring:lyve")
    service.generate(world.table, {"aws": KEYS, "lyve": KEYS})
    assert until(service, ConfigWritten).has_keys
    assert service.close(60)
    later = service_of(world)
    later.open_config()
    event = until(later, ConfigRead)
    assert set(event.keys) == {"source", "destination"}
    later.generate(event.table, {})
    assert not until(later, ConfigWritten).has_keys
    assert later.close(60)


def test_the_job_of_a_run_is_read_from_its_folder(world: World) -> None:
    run = world.run().run
    service = service_of(world)
    service.open_config(run=run)
    event = until(service, ConfigRead)
    assert (event.run, event.table["source"]["bucket"]) == (run, world.table["source"]["bucket"])
    assert service.close(60)
