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
        story = trial(seed, options.world)
        if options.count == 1:
            print(story)
    print(f"{options.count} seeds, all well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
