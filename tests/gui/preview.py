"""Shows the window in each of its states with made-up events, for human eyes.

    python -m tests.gui.preview                       the list of states
    python -m tests.gui.preview running               one state, until the window is closed
    python -m tests.gui.preview --save DIR [--size 1024x700] [--dark] [--translated] [STATE …]   a PNG of each
    python -m tests.gui.preview --all DIR             light, dark, small and translated ones of all states
    python -m tests.gui.preview --readme images       the pictures that README.md shows

Pictures are taken of the whole screen, so give each its own:
    xvfb-run -s "-screen 0 1280x800x24" python -m tests.gui.preview --save DIR
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tkinter as tk
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from migrator.gui import labels, theme
from migrator.gui.app import Window
from migrator.gui.form import EndForm, Form
from migrator.gui.run_actions import Act
from migrator.gui.status import Intent
from migrator.model.events import Event, Phase, PhaseChanged, RollbackProgress, RunStarted
from migrator.model.findings import PropertyFound
from migrator.model.key_sets import KeysTested
from migrator.model.ledger import Outcome
from migrator.model.past_runs import RunsListed
from tests.gui import canned, looks

State = Callable[[Window, canned.FakeService], None]


def area_of(widget: Any) -> tuple[int, int, int, int]:
    """Where a widget is on the screen: left, top, right, bottom."""
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    return left, top, left + widget.winfo_width(), top + widget.winfo_height()


def grab(area: tuple[int, int, int, int] | None = None) -> Image.Image:
    """A picture of the screen, or of a part of it."""
    return ImageGrab.grab(bbox=area, xdisplay=os.environ.get("DISPLAY"))


def drain(window: Window) -> None:
    for _ in range(100):
        if not window.step() and window.pump.is_idle:
            break
    window.step()
    window.root.update()


def empty(window: Window, service: canned.FakeService) -> None:
    window.presenter.set_up.form = Form()
    window.presenter.set_up.revision += 1
    window.presenter.changed()


def problems(window: Window, service: canned.FakeService) -> None:
    window.presenter.set_up.form = replace(
        canned.FORM,
        aws=replace(canned.FORM.aws, access_key_id="ASIA4XMPLE7QKZ2LMN5A"),
        lyve=EndForm(access_key_id="lyve-key with space", endpoint="s3.acme.lyve.seagate.com"),
        min_date="2025-13-01",
        max_size="five",
    )
    window.presenter.generate()


def connecting(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()


def connected(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()
    service.say(*canned.connected())


def half(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()
    service.say(*canned.half_connected())


def missing_bucket(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()
    service.say(*canned.missing_bucket())


def steps(window: Window, service: canned.FakeService) -> None:
    empty(window, service)
    window.setup.cards["aws"].where.invoke()
    window.setup.cards["lyve"].where.invoke()
    window.presenter.set_up.copy_policy("lyve")


def swapped(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.set_up.choose_direction("lyve-to-aws")


def running_while_listing(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(), PhaseChanged(Phase.COPYING), canned.transfers())
    service.say(*canned.copied(36), canned.throttled(), *canned.copied(20, 36))


def planning(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(*canned.planned()[:2], canned.listing())


def plan(window: Window, service: canned.FakeService, *events: Event) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(*events, canned.rows())


def planned(window: Window, service: canned.FakeService) -> None:
    plan(window, service, *canned.planned())


def plan_open(window: Window, service: canned.FakeService) -> None:
    unknown = PropertyFound("locks", "unknown", 4, is_exact=False, example="video/a.mp4")
    plan(window, service, *canned.planned(*canned.OPEN, found=(canned.lost(), unknown), usd=704.0))
    drain(window)
    window.presenter.plan.decide("loss:storage-class", "accept")


def plan_found(window: Window, service: canned.FakeService) -> None:
    planned(window, service)
    drain(window)
    window.presenter.plan.find(text="cam02")
    service.say(canned.rows("cam02"))


def plan_stale(window: Window, service: canned.FakeService) -> None:
    planned(window, service)
    drain(window)
    window.presenter.set_up.edit("max_size", "1 GB")


def no_plan(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("plan")


def plan_refused(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(
        canned.summary(Outcome.REFUSED, message="There is no bucket acme-archive.", ledger={"copied": 0})
    )


def history(window: Window, service: canned.FakeService) -> None:
    service.say(canned.history())
    window.presenter.show("history")


def nothing_to_do(window: Window, service: canned.FakeService) -> None:
    plan(window, service, *canned.planned_nothing())


def no_run(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("run")


def chosen(window: Window, service: canned.FakeService, number: int) -> None:
    history(window, service)
    drain(window)
    window.presenter.history.choose(canned.past_run(number).run)


def history_failed(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 1)


def accept_question(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 2)
    window.presenter.history.do(Act.ACCEPT)


def comparing(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 2)
    window.presenter.history.do(Act.VERIFY)


def no_history(window: Window, service: canned.FakeService) -> None:
    service.say(RunsListed((), 0))
    window.presenter.show("history")


def settings(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("settings")


def settings_problem(window: Window, service: canned.FakeService) -> None:
    settings(window, service)
    window.presenter.settings.edit("most_usd", "ten")
    window.presenter.settings.leave("most_usd")


def listing(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing())


def running(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(1284, final=True), PhaseChanged(Phase.COPYING))
    service.say(*canned.copied(30), canned.throttled(), *canned.failures()[:12])
    service.say(*canned.copied(377, 30))
    service.say(canned.transfers())
    drain(window)
    canned.measure(window.presenter)


def cancelling(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    drain(window)
    window.presenter.do(Intent.PAUSE)


def stopped(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    ledger = {"listed": 1284, "planned": 1194, "same": 64, "filtered": 26, "copied": 443, "verified": 443}
    ledger |= {"failed": 12, "left": 739}
    service.say(canned.summary(Outcome.STOPPED, ledger=ledger, filtered_by={"max_date": 20, "max_size": 6}))


def finished(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(218, final=True), *canned.copied(40))
    service.say(
        canned.summary(ledger={"listed": 224, "filtered": 6}, filtered_by={"max_date": 4, "max_size": 2})
    )


def weakly(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.summary(ledger={"assurance": {"digest": 206, "size": 12}}))


def failed(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), *canned.copied(40), *canned.failures(), canned.failed_summary())


def paused(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    books = {"listed": 1284, "planned": 1284, "copied": 443, "verified": 443, "left": 841}
    message = "The AWS session token expired at 14:31. Nothing failed and nothing is lost."
    advice = "Enter new keys on Set up, then press Resume."
    service.say(*canned.started(), *canned.copied(9))
    service.say(
        canned.summary(Outcome.PAUSED, ledger=books, cause="credentials", message=message, advice=advice)
    )


def paused_by_itself(window: Window, service: canned.FakeService) -> None:
    """Where no new keys help: the disk is full."""
    running(window, service)
    books = {"listed": 1284, "planned": 1194, "same": 64, "filtered": 26, "copied": 443, "verified": 443}
    books |= {"failed": 12, "left": 739}
    message = "Only 40 MB are left where runs are kept. The run has paused, so that its records stay correct."
    advice = "Make room there, then press Resume."
    service.say(canned.summary(Outcome.PAUSED, ledger=books, cause="disk", message=message, advice=advice))


def entering_keys(window: Window, service: canned.FakeService) -> None:
    """After Enter New Keys: the cursor in the field that is to be changed."""
    paused(window, service)
    drain(window)
    window.presenter.do(Intent.ENTER_KEYS)


def quitting(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    drain(window)
    window.presenter.quit()


def unfinished_run(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    message = "An unfinished run of this job is there: 1,204 of 2,000 objects copied."
    none = {"listed": 0, "planned": 0, "copied": 0}
    refused = canned.summary(Outcome.REFUSED, ledger=none, cause="unfinished-run", message=message)
    service.say(*canned.started()[:1], refused)


def refused(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    message = "This key may not write to acme-archive: s3:PutObject is missing."
    none = {"listed": 0, "planned": 0, "copied": 0}
    advice = "Ask the owner of the bucket for it, then try again."
    service.say(
        *canned.started(), canned.summary(Outcome.REFUSED, ledger=none, message=message, advice=advice)
    )


def losses(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), *canned.lossy())


def question(window: Window, service: canned.FakeService) -> None:
    finished(window, service)
    drain(window)
    window.presenter.do(Intent.ROLL_BACK)
    service.say(*canned.looked_ahead(5, relying=1))


def found(window: Window, service: canned.FakeService) -> None:
    service.say(canned.found(), canned.found("20261121T105002000Z-7f3a00", state="stopped"))


def found_looked_at(window: Window, service: canned.FakeService) -> None:
    found(window, service)
    drain(window)
    window.presenter.do(Intent.LOOK)


def found_in_undo(window: Window, service: canned.FakeService) -> None:
    service.say(canned.found(state="completed", undo="started"))


def looking_ahead(window: Window, service: canned.FakeService) -> None:
    finished(window, service)
    drain(window)
    window.presenter.do(Intent.ROLL_BACK)
    service.say(*canned.looked_ahead(5)[:3])


def rolling_back(window: Window, service: canned.FakeService) -> None:
    question(window, service)
    drain(window)
    window.presenter.answer(yes=True)
    service.say(
        RunStarted(canned.RUN, "rollback", canned.SOURCE, canned.DESTINATION, 16),
        PhaseChanged(Phase.ROLLING_BACK),
        RollbackProgress(91, 218, 88, 0, 3),
    )


def rolled_back(window: Window, service: canned.FakeService) -> None:
    rolling_back(window, service)
    service.say(*canned.rolled_back())


def leftovers(window: Window, service: canned.FakeService) -> None:
    rolling_back(window, service)
    service.say(*canned.rolled_back(5))


def first_run(window: Window, service: canned.FakeService) -> None:
    empty(window, service)
    service.say(RunsListed((), 0))


def keys(window: Window, service: canned.FakeService) -> None:
    window.presenter.show("settings")
    service.say(
        canned.keys(), KeysTested("lyve", ok=True, message="https://s3.acme.lyve.seagate.com accepts them.")
    )


def help_page(window: Window, service: canned.FakeService) -> None:
    window.presenter.help._folder = FOLDER
    window.presenter.help.open("guide")


STATES: dict[str, State] = {
    each.__name__: each
    for each in (
        empty,
        problems,
        connecting,
        half,
        missing_bucket,
        steps,
        connected,
        swapped,
        planning,
        planned,
        plan_open,
        plan_found,
        plan_stale,
        nothing_to_do,
        no_plan,
        plan_refused,
        history,
        history_failed,
        accept_question,
        comparing,
        no_history,
        settings,
        keys,
        first_run,
        help_page,
        settings_problem,
        no_run,
        listing,
        running_while_listing,
        running,
        cancelling,
        stopped,
        finished,
        weakly,
        failed,
        paused,
        paused_by_itself,
        entering_keys,
        quitting,
        refused,
        unfinished_run,
        losses,
        found,
        found_looked_at,
        found_in_undo,
        looking_ahead,
        question,
        rolling_back,
        rolled_back,
        leftovers,
    )
}


#: What README.md shows: file, state, whether dark.
README_PICTURES = (
    ("window.png", "running", False),
    ("history.png", "history", False),
)
FOLDER = "/home/me/.local/share/migrations/runs"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("states", nargs="*", metavar="STATE")
    parser.add_argument("--save", type=Path, metavar="DIR")
    parser.add_argument("--all", type=Path, metavar="DIR")
    parser.add_argument("--readme", type=Path, metavar="DIR")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--translated", action="store_true")
    options = parser.parse_args()
    if not (options.states or options.save or options.all or options.readme):
        print("\n".join(STATES))
        return 0
    root = theme.build_root(labels.TITLE, dark=options.dark)
    for directory in (options.save, options.all, options.readme):
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
    if options.readme:
        for file, state, dark in README_PICTURES:
            theme.dress(root, dark=dark)
            picture(root, state, "1280x800", options.readme / file)
    elif options.all:
        everything(root, options.states or list(STATES), options.all)
    else:
        for state in options.states or STATES:
            end = f"{'-translated' * options.translated}{'-dark' * options.dark}-{options.size}.png"
            with looks.translated() if options.translated else nullcontext():
                picture(root, state, options.size, options.save and options.save / f"{state}{end}")
    return 0


def everything(root: tk.Tk, states: Sequence[str], directory: Path) -> None:
    """Each state in light, dark, small and in a language a third longer."""
    for state in states:
        theme.dress(root, dark=True)
        picture(root, state, "1280x800", directory / f"{state}-dark.png")
        theme.dress(root, dark=False)
        picture(root, state, "1280x800", directory / f"{state}-light.png")
        picture(root, state, "1024x700", directory / f"{state}-small.png")
        with looks.translated():
            picture(root, state, "1280x800", directory / f"{state}-translated.png")


def picture(root: tk.Tk, state: str, size: str, file: Path | None) -> None:
    """The window in a state: into a file, or for as long as somebody looks at it."""
    service = canned.FakeService()
    for child in root.winfo_children():
        child.destroy()
    window = Window(root, service, prefill=canned.FORM, folder=FOLDER)
    width, height = (int(part) for part in size.split("x"))
    root.update_idletasks()
    # The menu bar is no part of what Tk calls the height.
    root.geometry(f"{width}x{height - 26}+0+0")
    window.presenter.draw()
    root.update()
    STATES[state](window, service)
    window.presenter.set_up.revision += 1
    drain(window)
    if file is None:
        window.start()
        root.mainloop()
        return
    # Without a window manager nothing has the focus until asked for.
    root.focus_force()
    for _ in range(5):
        root.update()
        time.sleep(0.02)
    grab((0, 0, width, height)).convert("RGB").save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    sys.exit(main())
