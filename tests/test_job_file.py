"""Writing the job file: what is written is read back as the same job, privately and whole or not at all."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.config import job_from, parse_job
from migrator.job_file import job_text, write_private

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
sizes = st.integers(0, 10**6) | st.sampled_from(["1 KB", "1.5 GiB", "0"])
flags = st.booleans()
times = st.datetimes(
    datetime.fromisoformat("2020-01-01"),
    datetime.fromisoformat("2022-01-01"),
    timezones=st.none() | st.just(UTC),
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "min_date": st.just("") | st.dates(date(2020, 1, 1), date(2021, 12, 31)) | times,
        "max_date": st.just("") | st.dates(date(2023, 1, 1), date(2024, 1, 1)),
        "min_size": sizes,
        "max_size": st.sampled_from(["", "5 TB", 10**13]),
        "include": st.lists(st.sampled_from(["*.jpg", '"quoted"', "a\\*b", "{a,b}/**", "é"]), max_size=3),
        "exclude": st.lists(st.sampled_from(["*.tmp", "a'b", "tab\there"]), max_size=2),
    },
)
transfers = st.fixed_dictionaries(
    {},
    optional={
        "threads": st.integers(1, 512) | st.just("auto"),
        "existing": st.sampled_from(["skip-same", "skip", "refuse", "overwrite"]),
        "verify": st.sampled_from(["auto", "size", "checksum", "read-back"]),
        "bandwidth_limit": st.sampled_from(["", "50 MB/s"]),
        "undo": st.sampled_from(["required", "best-effort"]),
        "token": flags,
        "keep_date": flags,
        "wait": st.sampled_from(["24h", "90s"]),
    },
)
tables = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "name": texts,
        "source": st.fixed_dictionaries(
            {
                "provider": st.just("aws"),
                "bucket": st.just("from-here"),
                "prefix": texts,
                "region": st.just("us-east-1"),
                "endpoint_url": st.just(""),
                "credentials": st.sampled_from(["default", "env", "keyring:my name", "profile:ü"]),
                "requester_pays": flags,
            }
        ),
        "destination": st.fixed_dictionaries(
            {
                "provider": st.just("s3"),
                "bucket": st.just("to-there"),
                "prefix": texts,
                "endpoint_url": st.sampled_from(["https://s3.example.com", "http://127.0.0.1:9000"]),
                "create_bucket": st.just(False),
            }
        ),
        "filters": filters,
        "transfer": transfers,
        "carry": st.fixed_dictionaries({"tags": flags, "accept": st.lists(st.just("acl"), max_size=1)}),
    }
)


@settings(deadline=None)
@given(tables)
def test_what_is_written_is_the_same_job(table: dict[str, Any]) -> None:
    text = job_text(table)
    assert parse_job(text) == job_from(table)
    assert parse_job(job_text(table)) == parse_job(text)


def test_empty_values_are_left_out() -> None:
    text = job_text({"version": 1, "name": "", "filters": {"min_size": "", "include": (), "exclude": []}})
    assert "name" not in text
    assert "[filters]" not in text
    assert "version = 1" in text


def test_false_and_zero_are_values() -> None:
    text = job_text({"transfer": {"token": False}, "filters": {"min_size": 0}})
    assert "token = false" in text
    assert "min_size = 0" in text


def test_the_file_says_that_it_holds_no_secrets() -> None:
    assert "no secrets" in job_text({"version": 1}).splitlines()[0]


# -- on disk --------------------------------------------------------------------------------------


def test_the_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "job.toml"
    old = os.umask(0)
    try:
        write_private(path, "text ü\n")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == "text ü\n".encode()
    assert [each.name for each in path.parent.iterdir()] == ["job.toml"]


def test_an_older_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text("old, and much longer than the new one")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "job.toml"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["job.toml"]
