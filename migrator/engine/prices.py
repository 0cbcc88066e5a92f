"""The price table: the one that is shipped, or the user's own at `$MIGRATOR_HOME/prices.toml`."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from migrator.errors import JobFileError, Problem
from migrator.job_rules import line_of
from migrator.model.pricing import GB, Prices, PriceTable, Tier

FILE = "prices.toml"
#: Providers of a job that may have prices.
_PROVIDERS = ("aws", "lyve", "s3")
_REQUESTS = ("put", "list", "get", "delete")


def read_prices(root: Path) -> PriceTable:
    """The prices to estimate with.

    Raises:
        JobFileError: the user's own table is not one; every problem is named with its field and line.
    """
    own = root / FILE
    if not own.exists():
        return price_table((pkgutil.get_data("migrator", FILE) or b"").decode())
    try:
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise JobFileError([Problem("file", f"cannot be read: {cause}")], path=str(own)) from cause
    return price_table(text, path=str(own), is_own=True)


def price_table(text: str, *, path: str = FILE, is_own: bool = False) -> PriceTable:
    """The table in a TOML text.

    Raises:
        JobFileError: see `read_prices`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise JobFileError([Problem("file", f"is not TOML: {cause}")], path=path) from cause
    reader = _Reader(table)
    found = reader.table(is_own=is_own)
    if reader.problems:
        lines = [Problem(each.field, each.message, line_of(text, each.field)) for each in reader.problems]
        raise JobFileError(lines, path=path)
    return found


class _Reader:
    """Reads the table field by field and remembers every problem."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self.problems: list[Problem] = []

    def table(self, *, is_own: bool) -> PriceTable:
        self._only(self._table, ("as_of", "place", *_PROVIDERS))
        as_of, place = self._table.get("as_of"), self._table.get("place")
        if type(as_of) is not date:
            self._problem("as_of", "must be the date of these prices, e.g. as_of = 2026-05-01.")
        if not isinstance(place, str) or not place:
            self._problem("place", 'must say what place they are of, e.g. place = "us-east-1".')
        ends = {name: self._prices(name) for name in _PROVIDERS if name in self._table}
        return PriceTable(str(as_of), str(place), ends, is_own)

    def _prices(self, name: str) -> Prices:
        end = self._table[name]
        if not isinstance(end, Mapping):
            self._problem(name, f"must be a table: write [{name}] on a line of its own.")
            end = {}
        self._only(end, ("data_out", "retrieval", *_REQUESTS), name)
        retrieval = end.get("retrieval", {})
        if not isinstance(retrieval, Mapping):
            self._problem(f"{name}.retrieval", "must be a table of storage classes and USD for each GB.")
            retrieval = {}
        return Prices(
            self._tiers(f"{name}.data_out", end.get("data_out")),
            {each: self._money(f"{name}.{each}", end.get(each)) for each in _REQUESTS},
            {each: self._money(f"{name}.retrieval.{each}", value) for each, value in retrieval.items()},
        )

    def _tiers(self, field: str, value: Any) -> tuple[Tier, ...]:
        message = (
            "must be pairs [up to GB, USD for each GB] in growing order, the last one with 0: without end."
        )
        if not isinstance(value, list) or not value or not all(_is_pair(each) for each in value):
            self._problem(field, message)
            return (Tier(None, 0.0),)
        bounds = [each[0] for each in value]
        if bounds[-1] != 0 or sorted({*bounds[:-1]}) != bounds[:-1] or 0 in bounds[:-1]:
            self._problem(field, message)
        return tuple(Tier(round(up_to * GB) or None, float(usd)) for up_to, usd in value)

    def _money(self, field: str, value: Any) -> float:
        if not _is_number(value):
            self._problem(field, f"must be USD, a number of 0 or more, not {value!r}.")
            return 0.0
        return float(value)

    def _only(self, table: Mapping[str, Any], known: tuple[str, ...], section: str = "") -> None:
        for name in table:
            if name not in known:
                field = f"{section}.{name}" if section else name
                self._problem(field, f"is not known here. Allowed: {', '.join(known)}.")

    def _problem(self, field: str, message: str) -> None:
        self.problems.append(Problem(field, message))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number(each) for each in value)
