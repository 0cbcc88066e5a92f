"""Replay a seed: `python -m tests.simulation --seed 1234 [--world suspended]`. `--count`: those after it."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.trials import trial
from tests.simulation.worlds import WORLDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--world", choices=sorted(WORLDS), default="")
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.count):
        try:
            story = trial(seed, options.world)
        except AssertionError as error:
            again = f" --world '{options.world}'" if options.world else ""
            print(f"python -m tests.simulation --seed {seed}{again}  # {error}")
            return 1
        if options.count == 1:
            print(story)
    print(f"{options.count} seeds, all well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
