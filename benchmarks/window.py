"""How long the window's event loop stands still during a real migration.

    python -m benchmarks.window [--objects 2500]

Opens the real window over the real engine and two local S3 services, presses Generate Config File and
Migrate Data, and prints the gaps between the beats of a timer that wants to run every 10 ms. Needs a
display (or `xvfb-run`).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from migrator.demo.clouds import two_clouds
from migrator.demo.show import demo_form
from migrator.engine.remote import EngineProcess
from migrator.gui import labels, theme
from migrator.gui.app import Window
from migrator.gui.status import Status

BEAT_MS = 10
GIVE_UP_S = 1800


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--objects", type=int, default=2500)
    count = parser.parse_args().objects
    gaps: list[float] = []
    with tempfile.TemporaryDirectory() as home, two_clouds(count) as (aws, lyve):
        service = EngineProcess(Path(home), is_demo=True)
        root = theme.build_root(labels.TITLE)
        window = Window(root, service, prefill=demo_form(aws, lyve), demo=True)
        window.start()
        root.update()
        began = last = time.perf_counter()

        def beat() -> None:
            nonlocal last
            now = time.perf_counter()
            gaps.append((now - last) * 1000)
            last = now
            status = window.screen.status if window.screen else None
            if status is Status.CONNECTED and not service.is_busy:
                window.bar.buttons["migrate"].invoke()
            if status in {Status.FINISHED, Status.FINISHED_WITH_FAILURES} or now - began > GIVE_UP_S:
                root.quit()
                return
            root.after(BEAT_MS, beat)

        window.setup.generate.invoke()
        root.after(BEAT_MS, beat)
        root.mainloop()
        seconds = time.perf_counter() - began
        service.close(30)
        print(f"{window.bar.sentence.cget('text')} ({count:,} objects, {seconds:.1f} s)")
        root.destroy()
    slow = sum(1 for gap in gaps if gap > 100)
    print(
        f"event loop: {len(gaps):,} beats, median {statistics.median(gaps):.0f} ms, "
        f"99 % {sorted(gaps)[int(len(gaps) * 0.99)]:.0f} ms, longest {max(gaps):.0f} ms, {slow} over 100 ms"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
