"""Which listed objects a job wants, decided from the listing alone: no request is made to filter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property

from migrator.model.globs import compile_glob
from migrator.model.objects import ObjectVersion


@dataclass(frozen=True)
class Filter:
    """The job's `[filters]`. An absent rule (None, empty) filters nothing.

    Dates compare with LastModified, the only date S3 knows. `min_date` is inclusive. `max_date` is
    inclusive too: as a date it includes the whole day (UTC). Sizes are bytes, both inclusive. Globs match
    the key without the job's prefix; `exclude` wins over `include`.
    """

    min_date: date | datetime | None = None
    max_date: date | datetime | None = None
    min_size: int | None = None
    max_size: int | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def rule_against(self, listed: ObjectVersion, prefix: str = "") -> str | None:
        """The name of the first rule that leaves the object out, or None where it is wanted."""
        if self._lets_all_through:
            return None
        modified = listed.last_modified
        if self._not_before is not None and modified < self._not_before:
            return "min_date"
        if self._is_too_late(modified):
            return "max_date"
        if self.min_size is not None and listed.size_bytes < self.min_size:
            return "min_size"
        if self.max_size is not None and listed.size_bytes > self.max_size:
            return "max_size"
        relative = listed.key.removeprefix(prefix)
        if any(glob.search(relative) for glob in self._exclude):
            return "exclude"
        if self.include and not any(glob.search(relative) for glob in self._include):
            return "include"
        return None

    @property
    def is_empty(self) -> bool:
        return self == Filter()

    @cached_property
    def _lets_all_through(self) -> bool:
        return self.is_empty

    def _is_too_late(self, modified: datetime) -> bool:
        """A `max_date` without a time names a whole day in UTC."""
        if self.max_date is None:
            return False
        if isinstance(self.max_date, datetime):
            return modified > as_utc(self.max_date)
        return modified.astimezone(UTC).date() > self.max_date

    @cached_property
    def _not_before(self) -> datetime | None:
        return None if self.min_date is None else as_utc(self.min_date)

    @cached_property
    def _include(self) -> tuple[re.Pattern[str], ...]:
        return tuple(compile_glob(pattern) for pattern in self.include)

    @cached_property
    def _exclude(self) -> tuple[re.Pattern[str], ...]:
        return tuple(compile_glob(pattern) for pattern in self.exclude)


#: The names `rule_against` gives, and `exists` (the planner's, for `existing = "skip"`).
RULES = ("min_date", "max_date", "min_size", "max_size", "exclude", "include", "exists")


def as_utc(moment: date | datetime) -> datetime:
    """A date is its midnight in UTC; a date-time without an offset is in UTC."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
