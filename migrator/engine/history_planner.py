"""Deciding about whole histories: every version and marker of every key, both ends walked in step.

Within a key both ends list the newest first. What an earlier run brought over is proven by its journal, row
by row; what is new goes on top, and only where the destination's newest is still ours. Memory: one line of
each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from migrator.engine.planner import Decided, Planner, Totals
from migrator.engine.ports import Executor
from migrator.engine.schema import Entry
from migrator.errors import NotS3, Refused
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion
from migrator.model.plan import Action, Conflict, Copy, Filtered, Rules, Same, Unsupported, unsupported
from migrator.store.base import ObjectStore

#: The destination holds a history under this key that is not the one we know.
OTHER_HISTORY = "different-history"


def versions(
    executor: Executor, store: ObjectStore, bucket: str, prefix: str, seen: Seen | None = None
) -> Iterator[ObjectVersion]:
    """Every version and marker under a prefix, newest first within a key, one page ahead. `seen` counts them.

    Raises:
        NotS3: the end repeats a marker: the listing would never end.
        Refused: it does not list in the order of the keys' bytes.
    """
    last = ""
    following: tuple[str, str] | None = ("", "")
    fetch = executor.ahead(partial(store.list_versions_page, bucket, prefix))
    while following is not None:
        page = fetch()
        before, following = following, page.following
        if following == before:
            raise NotS3(
                f"{store.end} repeats itself while listing the versions of {bucket}.",
                code="RepeatedToken",
                operation="ListObjectVersions",
                end=store.end,
                bucket=bucket,
                advice="Report this to the service: its listing never ends.",
            )
        if following is not None:
            key, version_id = following
            fetch = executor.ahead(
                partial(store.list_versions_page, bucket, prefix, key_marker=key, version_marker=version_id)
            )
        for each in page.objects:
            if seen is not None:
                seen.keys += 1
            if each.key < last:
                raise Refused(
                    f"{store.end} does not list versions in the order of their keys.",
                    advice='Use versions = "current".',
                )
            last = each.key
            yield each


class Lines:
    """A listing that can be looked at before it is taken."""

    def __init__(self, lines: Iterator[ObjectVersion]) -> None:
        self._lines = lines
        self.first = next(lines, None)

    def drop(self) -> None:
        self.first = next(self._lines, None)

    def skip_to(self, key: str) -> None:
        while self.first is not None and self.first.key < key:
            self.drop()


@dataclass
class Known:
    """What is known of one key: the destination's newest version, and the row that proves it ours."""

    key: str  #: at the destination
    top: ObjectVersion | None
    ours: Entry | None
    has_passed: bool = False  #: a version was seen that is at the destination already


class HistoryPlanner(Planner):
    """Decides about every version. Begins anew each time: a history has no place to go on from."""

    def run(
        self,
        save: Callable[[list[Decided]], None],
        restart: Callable[[], None],
        *,
        start_after: str = "",  # noqa: ARG002
        totals: Totals | None = None,  # noqa: ARG002
        in_step: bool = True,  # noqa: ARG002
        is_recorded: Callable[[str], bool] = lambda _: False,  # noqa: ARG002
    ) -> Totals:
        restart()
        self._seen.restart()
        rules = Rules(existing=self._job.transfer.existing, compare_size_only=False)
        self._save(self._histories(rules), save)
        return self.totals

    def _histories(self, rules: Rules) -> Iterator[Decided]:
        there = Lines(self._destination_versions())
        known: Known | None = None
        source_key = ""
        end = self._job.source
        lines = versions(self._executor, self._source, end.bucket, end.prefix, self._seen)
        for listed in self._known.without(lines, self._seen):
            if known is None or listed.key != source_key:
                source_key = listed.key
                known = self._look_at(listed.key, there)
            yield listed, self._action(listed, known, there, rules)

    def _look_at(self, source_key: str, there: Lines) -> Known:
        key = self._job.destination_key(source_key)
        there.skip_to(key)
        top = there.first if there.first is not None and there.first.key == key else None
        ours = self._earlier.copy_at(source_key, top.version_id) if top is not None else None
        return Known(key, top, ours)

    def _action(self, listed: ObjectVersion, known: Known, there: Lines, rules: Rules) -> Action:
        """What to do about one version.

        | the destination's newest | skip     | refuse   | skip-same                   | overwrite |
        | ------------------------ | -------- | -------- | --------------------------- | --------- |
        | nothing                  | copy     | copy     | copy                        | copy      |
        | ours                     | filtered | conflict | same; copy what is newer    | likewise  |
        | something else           | filtered | conflict | conflict, the whole history | copy      |
        """
        rule = self._job.filters.rule_against(listed, self._job.source.prefix)
        if rule:
            return Filtered(rule)
        reason = unsupported(listed, known.key)
        if reason:
            return reason
        if known.top is None:
            shape = self._limits.against(known.key, listed.size_bytes)
            return Copy() if shape is None else Unsupported(shape.value)
        if rules.existing == "skip":
            return Filtered("exists")
        if rules.existing == "refuse":
            return Conflict("exists")
        if known.ours is None:
            return Copy(replaces=known.top) if rules.existing == "overwrite" else Conflict(OTHER_HISTORY)
        proof = self._earlier.version_proof(listed)
        if proof is not None:
            known.has_passed = True
            is_there = self._is_there(known, proof.after_version or "", there)
            return Same() if is_there else Conflict(OTHER_HISTORY)
        is_newer = not known.has_passed and listed.last_modified >= known.ours.last_modified
        return Copy(replaces=known.top) if is_newer else Conflict(OTHER_HISTORY)

    def _is_there(self, known: Known, version_id: str, there: Lines) -> bool:
        """Whether the destination still holds a copy, at its place: its listing goes along."""
        while there.first is not None and there.first.key == known.key:
            if there.first.version_id == version_id:
                there.drop()
                return True
            if self._earlier.copy_at(self._job_key(known), there.first.version_id) is not None:
                return False  # one of the older ones: the one looked for would have come before it
            there.drop()
        return False

    def _job_key(self, known: Known) -> str:
        return known.ours.key if known.ours else known.key

    def _destination_versions(self) -> Iterator[ObjectVersion]:
        if self._destination is None:
            return iter(())
        end = self._job.destination
        return self._known.without(versions(self._executor, self._destination, end.bucket, end.prefix))
