"""Money: tiers, requests, retrieval, and the example of the price list."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.parts import MIB
from migrator.model.pricing import (
    BILLED_AS,
    GB,
    Demand,
    Kind,
    Prices,
    Tier,
    Work,
    cost_of,
    data_out_usd,
    more_usd,
)

TIERS = (Tier(100 * GB, 0.0), Tier(10240 * GB, 0.09), Tier(51200 * GB, 0.085), Tier(None, 0.07))
PRICES = Prices(TIERS, {"put": 0.005, "list": 0.005, "get": 0.0004, "delete": 0.0}, {"STANDARD_IA": 0.01})


@pytest.mark.parametrize(
    ("size_gb", "usd"),
    [
        (0, 0.0),
        (100, 0.0),
        (101, 0.09),
        (1024, 924 * 0.09),
        (10240, 10140 * 0.09),
        (10241, 10140 * 0.09 + 0.085),
        (60000, 10140 * 0.09 + 40960 * 0.085 + 8800 * 0.07),
    ],
)
def test_each_tier_is_billed_for_its_own_bytes(size_gb: int, usd: float) -> None:
    assert data_out_usd(TIERS, size_gb * GB) == pytest.approx(usd)


def test_a_terabyte_in_a_million_objects_costs_what_the_price_list_says() -> None:
    """1 TiB out of AWS: 924 GB x $0.09 = $83.16, LIST $0.005, GET $0.40."""
    demand = Demand(Counter({Kind.LIST: 1000, Kind.GET: 1_000_000}), bytes_out=1024 * GB)
    cost = cost_of(demand, PRICES)
    assert (cost.data_out, cost.requests) == (pytest.approx(83.16), pytest.approx(0.405))
    assert cost.total == pytest.approx(83.565)


def test_retrieval_costs_by_class_and_standard_costs_nothing() -> None:
    demand = Demand(by_class=Counter({"STANDARD_IA": 10 * GB, "STANDARD": 90 * GB}))
    assert cost_of(demand, PRICES).total == pytest.approx(0.1)


def test_every_kind_of_request_has_a_price() -> None:
    assert set(BILLED_AS) == set(Kind)
    assert set(BILLED_AS.values()) == set(PRICES.requests)


sizes = st.integers(0, 10**15)


@given(sizes, sizes)
def test_more_bytes_never_cost_less_and_come_on_top(first: int, second: int) -> None:
    one, two = Demand(bytes_out=first), Demand(bytes_out=second)
    together = cost_of(Demand(bytes_out=first + second), PRICES).total
    assert more_usd(one, two, PRICES) == pytest.approx(together - cost_of(one, PRICES).total)
    assert more_usd(one, two, PRICES) >= -1e-6


def test_work_counts_puts_parts_and_empty_objects() -> None:
    work = Work()
    for size in (0, 1, 8 * MIB, 8 * MIB + 1, 20 * MIB):
        work.add(size, "STANDARD", replaces=size == 1)
    assert (work.objects, work.single, work.large, work.parts) == (5, 3, 2, 5)
    assert (work.empty, work.replaced, work.reads) == (1, 1, 8)
