"""The words of the Help page: a guide for whoever sees this for the first time, and what is sent where."""

from __future__ import annotations

from collections.abc import Mapping

CONTEXT = "Nothing here needs the internet."

#: Section -> title; in the order of the page and of the menu.
SECTIONS: Mapping[str, str] = {
    "guide": "Quick Guide",
    "demo": "The Demo",
    "shortcuts": "Keyboard Shortcuts",
    "sent": "What Is Sent Where?",
    "files": "Where Files Are",
    "about": "About",
}

GUIDE: tuple[tuple[str, str], ...] = (
    (
        "Set up",
        (
            "Choose the Migration Type. Data goes from the left card to the right one; the left one is "
            "only read. Type the keys of both sides and the endpoint of Lyve Cloud; the link at the lower "
            "edge of each card says where to get them."
        ),
    ),
    (
        "Generate Config File",
        (
            "Tries both sides, fills the lists of buckets and keeps your settings: the next start brings "
            "them back. Then choose the buckets."
        ),
    ),
    (
        "Preview Plan",
        "Says what would happen to every object, and what it costs, without writing anything.",
    ),
    (
        "Migrate Data",
        (
            "Plans, and copies at once if nothing is left to decide. Every copy is checked. Pause and "
            "Resume at any time; closing the window pauses too."
        ),
    ),
    (
        "Afterwards",
        (
            "Retry what failed. Roll Back… takes the run back, and says first what that would do. It "
            "stays possible until Accept… on History ends it."
        ),
    ),
)

OFFER = "New here? Try it without an account"
DEMO_TEXT = (
    "The demo starts two S3 services on this computer, with sample objects, and opens a window of its own"
    " that is filled in. No keys, no cost, no network."
)
DEMO_OPEN = "The demo opens in a window of its own, in a moment. Both services end when that is closed."
THIS_IS_THE_DEMO = "This window is the demo: both services are on this computer and end when it is closed."
DEMO_FAILED = "The demo did not start: {reason}. On the command line, migrator demo says more."
DEMO_BROKE_OFF = "it ended at once"
DEMO_ENDED = "The demo ended with an error. On the command line, migrator demo says more."

#: Keys -> what they do. `Ctrl` is Cmd on macOS.
SHORTCUTS: tuple[tuple[str, str], ...] = (
    ("F1", "Quick guide"),
    ("Ctrl+1 … Ctrl+6", "Set up, Plan, Run, History, Settings, Help"),
    ("Ctrl+G", "Generate Config File"),
    ("Ctrl+P", "Preview Plan"),
    ("Ctrl+M", "Migrate Data"),
    ("Ctrl+R", "Retry Failed"),
    ("Ctrl+N", "New Migration"),
    ("Ctrl+O", "Open Config File…"),
    ("Ctrl+S", "Save Report…"),
    ("Ctrl+L", "The log, ready to be searched"),
    ("Ctrl+F", "Find: keys on Plan, lines of the log elsewhere"),
    ("Ctrl+X, C, V, A", "Cut, copy, paste, select all; in a table Ctrl+C copies the chosen row"),
    ("Return, double click", "On a line of the log: shows the object it is about, on Run or on Plan"),
    ("Ctrl+Q", "Quit; what goes on is paused first"),
    ("Alt+letter", "Presses the button of the bar at the bottom with this letter underlined"),
    ("Tab, Shift+Tab", "To the next control and back; the space bar presses it"),
    ("Escape", "No: closes a question, and nothing is changed"),
    ("Return", "On Set up: Generate Config File, then Migrate Data. It never presses what destroys"),
    ("Arrows", "In tables and the rail; on History Return goes to the buttons, Delete deletes"),
)


def shortcuts(*, is_mac: bool) -> tuple[tuple[str, str], ...]:
    """The same with the names that keys have on this system."""
    return tuple((keys.replace("Ctrl", "Cmd") if is_mac else keys, text) for keys, text in SHORTCUTS)


SENT: tuple[tuple[str, str], ...] = (
    (
        "Your data",
        (
            "is read from the source, passes through this computer, and is written to the destination. It"
            " goes nowhere else and is not kept here."
        ),
    ),
    (
        "Your keys",
        (
            "sign the requests to the service that they belong to; the secret half is never sent. They "
            "are in the system's key store or in memory, never in a file, a log or a report."
        ),
    ),
    (
        "In your buckets",
        (
            "each copy gets two marks as user metadata: migrator-op, by which Roll Back knows what is "
            "ours, and mtime, the source's date. What is kept for undo lies under .migrator/ until the "
            "run is accepted or undone."
        ),
    ),
    (
        "Nothing else",
        "is sent: no statistics, no search for updates, no crash reports.",
    ),
)

FILES_NOTE = (
    "Every run has a folder here with its job file, its journal, its complete log (run.log) and reports. "
    "Roll Back needs them. The config file that Generate Config File writes is in the folder above this one."
)
OPEN_FOLDER = "Open Folder"
VERSION = "Version {version}, under the Apache License 2.0"
SHOW_LICENCES = "Show Licences"
COPY_VERSION = "Copy Version"
NO_LICENCES = "The licences could not be read: {reason}."
