"""`python -m tests.soak --minutes 30 [--seed 1]`: ends with 0 where nothing leaked and nothing was lost.

`--first 12` begins with the twelfth life. What of a life depends on time (after which request a service went
away) is not the same each time, everything else is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from tests.soak.faces import Shell, Window
from tests.soak.gauges import Sample, Slope, Watch, grown_types, slopes, table
from tests.soak.lives import Life, Soak
from tests.soak.scenes import MIB, Bytes, Size
from tests.soak.weather import two_services

LEAST_LIVES = 3
USUAL = Size(most_objects=900, most_large=3)


def soak(seconds: float, seed: int, size: Size, root: Path, first: int = 1) -> tuple[list[Slope], Soak]:
    """Live one life after the other; prints what it sees.

    Raises:
        AssertionError: something was lost, left behind or not accounted for.
    """
    began = time.monotonic()
    samples: list[Sample] = []
    with two_services() as services:
        window = Window(root, services)
        watch = Watch(window.process)
        watch.start()
        shared = Soak(seed, root, services, window, Shell(root, services), Bytes(seed), size)
        try:
            for number in count(first):
                if time.monotonic() - began > seconds and len(samples) >= LEAST_LIVES:
                    break
                life = Life(shared, number, is_first=number == first)
                try:
                    life.live()
                except AssertionError as wrong:
                    raise AssertionError(f"seed {seed}, {life}: {wrong}") from wrong
                samples.append(watch.sample(time.monotonic() - began, number, window.memory()))
                print(f"{samples[-1].seconds / 60:5.1f} min: {life}", file=sys.stderr, flush=True)
            is_in_order = window.close()
        finally:
            watch.end()
            window.close()
        assert is_in_order, "the engine did not end when it was told to"
        shared.counts.update({f"fault: {kind}": times for kind, times in services.struck.items()})
    print(table(samples))
    print(f"more objects than when warm: {grown_types(samples)}")
    print(f"{len(samples)} lives, {shared.objects:,} objects, {shared.copied_bytes / MIB:,.0f} MiB copied")
    for name, times in sorted(shared.counts.items()):
        print(f"  {name}: {times:,}")
    return slopes(samples), shared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--first", type=int, default=1, metavar="N", help="begin with the N-th life")
    options = parser.parse_args()
    print(f"python -m tests.soak --minutes {options.minutes:g} --seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        try:
            found, _ = soak(options.minutes * 60, options.seed, USUAL, Path(folder), options.first)
        except AssertionError as wrong:
            print(f"FAILED: {wrong}", file=sys.stderr)
            return 1
    for slope in found:
        print(slope.text())
    return int(any(slope.is_leak for slope in found))


if __name__ == "__main__":
    sys.exit(main())
