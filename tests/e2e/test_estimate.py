"""What `plan` says a run will ask for is what the services are asked."""

from __future__ import annotations

from collections import Counter

import pytest

from migrator.model.objects import RESERVED_PREFIX
from migrator.store.base import Versioning
from tests.e2e.conftest import CommandLine, Side

MIB = 1024 * 1024
SIZES = (0, 1, 5000, 8 * MIB, 8 * MIB + 1, 20 * MIB)

#: Kind -> the operations that it counts, where the demo's log must agree exactly.
KINDS = {
    "list": {"ListObjectsV2", "ListMultipartUploads", "ListObjectVersions"},
    "head": {"HeadObject"},
    "get": {"GetObject"},
    "put": {"PutObject"},
    "part": {"UploadPart"},
    "multipart": {"CreateMultipartUpload", "CompleteMultipartUpload"},
    "copy": {"CopyObject"},
}


def asked(side: Side) -> Counter[str]:
    operations = Counter(each.operation for each in side.server.requests)
    return Counter({kind: sum(operations[name] for name in names) for kind, names in KINDS.items()})


def estimated(cli: CommandLine, *arguments: object) -> dict:
    (event,) = cli("plan", *arguments, "--json").named("estimated")
    return event


def must_agree(event: dict, *sides: Side) -> None:
    for name, side in zip(("source", "destination"), sides, strict=True):
        counted = asked(side)
        told = {kind: event["requests"][name].get(kind, 0) for kind in KINDS}
        # Lyve Cloud's probes end one look sooner: it honours fewer conditions.
        sooner = int(name == "destination" and side.provider == "lyve")
        assert told["head"] - counted["head"] in {0, sooner}, (name, told, counted)
        assert {**told, "head": 0} == {**counted, "head": 0}, (name, told, counted)


@pytest.mark.parametrize("versions", [Versioning.OFF, Versioning.ENABLED])
@pytest.mark.parametrize("way", ["aws to lyve", "lyve to aws"])
def test_a_plan_counts_the_requests_of_its_run(
    cli: CommandLine, aws: Side, lyve: Side, way: str, versions: Versioning
) -> None:
    source, destination = (aws, lyve) if way == "aws to lyve" else (lyve, aws)
    if versions is Versioning.ENABLED:
        destination.cloud.set_versioning(destination.bucket, versions)
    for number, size in enumerate(SIZES):
        source.cloud.seed(source.bucket, f"{number}", b"x" * size)
    job = cli.job(source, destination)
    event = estimated(cli, job)
    source.server.requests.clear()
    destination.server.requests.clear()
    assert cli("run", job).code == 0
    must_agree(event, source, destination)
    assert event["bytes_in"] == event["bytes_out"] == sum(SIZES)


def test_replacing_and_reading_back_are_counted_too(cli: CommandLine, aws: Side, lyve: Side) -> None:
    for number, size in enumerate(SIZES):
        lyve.cloud.seed(lyve.bucket, f"{number}", b"x" * size)
    aws.cloud.seed(aws.bucket, "1", b"other")
    job = cli.job(lyve, aws, transfer={"existing": "overwrite", "verify": "read-back"})
    event = estimated(cli, job)
    for side in (aws, lyve):
        side.server.requests.clear()
    run = cli("run", job, "--json")
    assert run.code == 0
    must_agree(event, lyve, aws)
    assert event["bytes_in"] == 2 * sum(SIZES)
    (before,) = run.named("estimated")
    assert before["reads_back"]
    assert before["read_back_usd"] == event["read_back_usd"] > 0
    names = [each["event"] for each in run.events]
    assert names.index("estimated") < names.index("object-copied")


def test_verify_says_what_it_costs_and_asks_for_as_much(cli: CommandLine, aws: Side, lyve: Side) -> None:
    for number, size in enumerate(SIZES):
        lyve.cloud.seed(lyve.bucket, f"{number}", b"x" * size)
    assert cli("run", cli.job(lyve, aws)).code == 0
    for how in ([], ["--read-back"]):
        for side in (aws, lyve):
            side.server.requests.clear()
        (event,) = cli("verify", "latest", *how, "--json").named("estimated")
        assert event["reads_back"] is bool(how)
        must_agree(event, lyve, aws)
    told = cli("verify", "latest")
    assert "for reading every copy back" in told.err
    assert "List prices of 2025-10-28, us-east-1".lower() in told.err.lower()
    assert not [each for each in aws.server.requests if each.key.startswith(RESERVED_PREFIX)]


def test_a_plan_tells_money_and_time(cli: CommandLine, aws: Side, lyve: Side) -> None:
    for number in range(3):
        aws.cloud.seed(aws.bucket, f"{number}", b"x" * 1000)
    job = cli.job(aws, lyve)
    plain = cli("plan", job)
    assert "money in all: less than $0.01. By list prices of 2025-10-28, us-east-1" in plain.out
    assert 'plan --speed "50 MB/s"' in plain.out
    given = cli("plan", job, "--speed", "1 KB/s")
    assert "about 3 s at 1.0 KB/s (as given)" in given.out
    assert cli("run", job).code == 0
    aws.cloud.seed(aws.bucket, "new", b"x" * 1000)
    again = estimated(cli, job)
    assert (again["speed_from"], again["objects"]) == ("runs", 1)
    assert again["seconds"] > 0
    wrong = cli("plan", job, "--speed", "fast")
    assert (wrong.code, '"fast" is not a speed' in wrong.err) == (2, True)


def test_prices_of_ones_own_are_used_and_wrong_ones_refused(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "a", b"x" * 1000)
    job = cli.job(aws, lyve)
    prices = cli.home / "home" / "prices.toml"
    prices.parent.mkdir(exist_ok=True)
    prices.write_text(
        'as_of = 2026-03-01\nplace = "here"\n[aws]\ndata_out = [[0, 0]]\nput = 0\nlist = 5000\nget = 0\n'
        "delete = 0\n"
    )
    event = estimated(cli, job)
    assert event["total_usd"] == 5 * event["requests"]["source"]["list"]
    assert event["unpriced"] == ["destination"]
    told = cli("plan", job).out
    assert "your own prices of 2026-03-01, here" in told
    assert "No prices are known for the destination" in told
    prices.write_text(prices.read_text().replace("put = 0", 'put = "much"'))
    wrong = cli("plan", job)
    assert wrong.code == 2
    assert "prices.toml: line 5, aws.put" in wrong.err
    assert cli("run", job).code == 0  # no table of prices stops a migration


def test_deep_says_its_price_first(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "a", b"x")
    told = cli("plan", cli.job(aws, lyve), "--deep", "--json")
    deep, plan = told.named("estimated")
    assert (deep["command"], deep["requests"]) == ("deep", {"source": {"head": 1}, "destination": {}})
    assert plan["command"] == "plan"
    names = [each["event"] for each in told.events]
    assert names.index("estimated") < names.index("fidelity-checked")
