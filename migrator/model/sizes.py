"""Sizes, speeds and durations as people write and read them."""

from __future__ import annotations

import re

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
# With bounds: longer numbers are no sizes, and Python refuses to read thousands of digits.
_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,19})?)\s*([A-Za-z]*)")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([smhd])")
#: As much as a journal can hold.
LARGEST = 2**63 - 1
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

SIZE_HELP = "bytes, or a number with KB MB GB TB (1000) or KiB MiB GiB TiB (1024), e.g. 5 GB"


def parse_size(text: str) -> int:
    """Bytes from `500`, `5 GB`, `1.5 GiB`. A fraction of a byte is cut off.

    Raises:
        ValueError: not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match or match[2].upper() not in _UNITS:
        raise ValueError(f'"{text}" is not a size')
    whole, _, fraction = match[1].partition(".")
    unit = _UNITS[match[2].upper()]
    # Integers throughout: a float would lose bytes above 2**53.
    size = int(whole) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
    if size > LARGEST:
        raise ValueError(f'"{text}" is too large for a size')
    return size


def parse_duration(text: str) -> float:
    """Seconds from `90s`, `15m`, `24h`, `2d`.

    Raises:
        ValueError: not a duration.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f'"{text}" is not a duration')
    return float(match[1]) * _SECONDS[match[2]]


def show_size(size_bytes: float) -> str:
    """`950 B`, `4.2 KB`, `64 MB`: powers of 1000, three digits at most."""
    if size_bytes < 1000:
        return f"{int(size_bytes)} B"
    value = size_bytes / 1000
    units = iter(("KB", "MB", "GB", "TB"))
    unit = next(units)
    while value >= 999.5 and unit != "TB":
        value, unit = value / 1000, next(units)
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def show_duration(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `2 h 05 min`: never with seconds above an hour."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02} min"
