"""What a run's records cost on disk, and in time: `python -m benchmarks.journal [--objects 20000]`.

Moves small objects between two clouds in memory, so that the journal is nearly all there is, and prints bytes
for each object and the share of the time that commits took. The figures are the ones that a plan reckons with
(`engine/steps.py`, RECORD_BYTES).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from unittest import mock

from migrator.engine.journal import Journal
from tests.simulation.worlds import keys_in_the_environment
from tests.support.world import FROM, new_world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--overwrite", action="store_true", help="every object replaces one: saved copies")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="journal-") as folder, keys_in_the_environment():
        world = new_world(Path(folder))
        for number in range(options.objects):
            key = f"photos/2024/{number:08}/IMG_{number:06}.jpg"
            world.source_cloud.seed(FROM, key, b"x")
            if options.overwrite:
                world.put_there(key)
        world.set("transfer", existing="overwrite")
        spent = [0.0, 0]
        commit = Journal.commit

        def timed(journal: Journal) -> None:
            began = time.perf_counter()
            commit(journal)
            spent[0] += time.perf_counter() - began
            spent[1] += 1

        began = time.perf_counter()
        cpu = time.process_time()
        with mock.patch.object(Journal, "commit", timed):
            summary = world.run()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert summary.exit_code == 0, summary
        directory = world.directory
        sizes = {name: os.path.getsize(directory.path / name) for name in ("journal.sqlite", "run.log")}
        print(f"{options.objects:,} objects{', each replacing one' if options.overwrite else ''}")
        for name, size in sizes.items():
            print(f"{name}: {size / options.objects:.0f} bytes an object")
        print(f"{spent[1]} commits, {spent[0]:.2f} s of {seconds:.2f} s ({cpu:.2f} s of CPU)")


if __name__ == "__main__":
    main()
