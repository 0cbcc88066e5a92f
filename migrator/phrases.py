"""Numbers, keys and reasons as they stand in every sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from migrator.model.objects import visible

#: Longer keys lose their middle in sentences; lists and reports show them whole.
KEY_CHARS = 160


def number(value: int) -> str:
    """`1,284,310`."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """`1 object`, `2 objects`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def shown_key(key: str) -> str:
    """A key as it may stand in a sentence."""
    return visible(key, KEY_CHARS)


def at(moment: datetime) -> str:
    """`22 Nov 2026 14:31`, in this computer's time."""
    return f"{moment.astimezone():%d %b %Y %H:%M}".removeprefix("0")


def together(text: str) -> str:
    """A text that is not broken into lines, in a sentence that is."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def reason(table: Mapping[str, str], code: str) -> str:
    """The sentence for a reason's code; the code itself where there is none yet."""
    return table.get(code) or visible(code.replace("-", " ").capitalize(), KEY_CHARS)


def in_books(ledger: Mapping[str, Any], name: str) -> int:
    """A number out of a summary's ledger."""
    return int(ledger.get(name, 0))


def objects_in(ledger: Mapping[str, Any], name: str) -> str:
    """`218 objects`, by the name that the ledger has for them."""
    return count(in_books(ledger, name), "object")
