"""How the command line shows what `check` found: a table for each end, then the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from migrator.console import Face
from migrator.model.events import Event, Summary
from migrator.model.findings import CheckFound, Found
from migrator.model.objects import visible
from migrator.rights_words import said

_SIGNS = {
    Found.OK: "✔",
    Found.MISSING: "✖",
    Found.UNKNOWN: "?",
    Found.WARNING: "!",
    Found.NOT_TRIED: "-",
}
_WIDTH = max(len(verdict) for verdict in Found)


class CheckTable:
    """Collects what is found until the end; everything else is shown by `face`. `places`: ends as shown to
    people. With `quiet` only what is missing or needs attention is in the table."""

    def __init__(self, face: Face, out: IO[str], places: Mapping[str, str], *, quiet: bool = False) -> None:
        self._face = face
        self._out = out
        self._places = places
        self._is_quiet = quiet
        self._found: list[CheckFound] = []

    def show(self, event: Event) -> None:
        if isinstance(event, CheckFound):
            self._found.append(event)
            return
        if isinstance(event, Summary):
            self._show_table()
        self._face.show(event)

    def _show_table(self) -> None:
        for end, place in self._places.items():
            rows = [each for each in self._found if each.end == end and self._is_shown(each)]
            if not rows:
                continue
            print(f"{end.capitalize()}: {visible(place)}", file=self._out)
            for row in rows:
                sign = _SIGNS[row.verdict]
                print(f"  {sign} {row.verdict:<{_WIDTH}}  {visible(said(row))}", file=self._out)
                if row.advice:
                    print(f"    {'':<{_WIDTH}}  {visible(row.advice)}", file=self._out)
            print(file=self._out, flush=True)

    def _is_shown(self, row: CheckFound) -> bool:
        return not self._is_quiet or row.verdict in (Found.MISSING, Found.WARNING)
