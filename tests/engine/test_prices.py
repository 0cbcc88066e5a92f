"""The price table: the shipped one is whole, and a wrong one of the user's is refused by field and line."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from migrator.engine.prices import price_table, read_prices
from migrator.errors import JobFileError
from migrator.model.pricing import Demand, cost_of

GOOD = """\
as_of = 2026-01-01
place = "eu-central-1"
[s3]
data_out = [[1, 0], [0, 0.5]]
put = 1
list = 2
get = 3
delete = 0
"""


def test_the_shipped_table_prices_aws_and_lyve(tmp_path: Path) -> None:
    table = read_prices(tmp_path)
    assert (table.as_of, table.place, table.is_own) == ("2025-10-28", "us-east-1", False)
    assert cost_of(Demand(bytes_out=2**50), table.providers["lyve"]).total == 0
    assert cost_of(Demand(bytes_out=2**40), table.providers["aws"]).total == pytest.approx(83.16)


def test_the_users_own_table_wins(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(GOOD)
    table = read_prices(tmp_path)
    assert (table.place, table.is_own, set(table.providers)) == ("eu-central-1", True, {"s3"})
    assert cost_of(Demand(bytes_out=3 * 2**30), table.providers["s3"]).total == 1.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("as_of = 2026-01-01", 'as_of = "soon"', "line 1, as_of"),
        ('place = "eu-central-1"', "", "place"),
        ("put = 1", "put = -1", "line 5, s3.put"),
        ("put = 1", "put = true", "s3.put"),
        ("put = 1", "putt = 1", "s3.putt"),
        ("put = 1", "put = inf", "s3.put"),
        ("[[1, 0], [0, 0.5]]", "[[1, 0], [1, 2]]", "line 4, s3.data_out"),
        ("[[1, 0], [0, 0.5]]", "[[5, 0], [1, 2], [0, 1]]", "growing order"),
        ("[[1, 0], [0, 0.5]]", "3", "s3.data_out"),
        ("[s3]", "[azure]", "azure"),
        ("[s3]", "[s3", "is not TOML"),
    ],
)
def test_a_wrong_table_is_named_by_field_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "prices.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(JobFileError) as wrong:
        read_prices(tmp_path)
    assert message in str(wrong.value)
    assert "prices.toml" in str(wrong.value)


def test_the_table_is_in_the_wheel_and_in_the_executable() -> None:
    root = Path(__file__).parents[2]
    assert price_table(resources.files("migrator").joinpath("prices.toml").read_text(encoding="utf-8"))
    assert '"prices.toml"' in (root / "pyproject.toml").read_text()
    assert '("migrator/prices.toml", "migrator")' in (root / "engine.spec").read_text()
