"""Everything the views render, as frozen values. No secret is in here but the form's own text, unprinted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from migrator.gui.form import Form
from migrator.gui.help_values import HelpScreen
from migrator.gui.key_values import KeySetsScreen
from migrator.gui.log import LogLine
from migrator.gui.plan_values import PlanScreen
from migrator.gui.run_actions import Act
from migrator.gui.screen_parts import Banner, Button, FieldState, Head, Pill
from migrator.gui.status import Intent, Status, Tone


@dataclass(frozen=True, slots=True)
class CardState:
    """One end's card: its place on the page and the result of trying it."""

    is_source: bool
    result: str
    tone: Tone
    advice: str = ""
    buckets: tuple[str, ...] = ()
    shows_token: bool = False
    is_missing: bool = False  #: there is no such bucket


@dataclass(frozen=True, slots=True)
class SetupScreen:
    """Set up. The views write `form` into widgets only when `revision` changes: while typing they lead."""

    form: Form
    revision: int
    fields: Mapping[str, FieldState]
    cards: Mapping[str, CardState]
    is_open: bool
    generate_is_primary: bool
    can_generate: bool
    generated: str
    generated_tone: Tone
    path: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar. `fraction` is None where no honest share can be told."""

    label: str
    fraction: float | None
    right: str
    below: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One big number with its caption."""

    value: str
    caption: str
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One object under way. `percent` picks the row's picture; `whole` is a key that `key` shortens."""

    percent: int
    key: str
    size: str
    state: str
    speed: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that share a cause. `code` is what can be retried by itself; empty: it cannot.

    `named_by`: the cause by which the journal names all of them; empty: only the samples are known.
    `left_out_by`: the cause by which the next run can do without them; empty: `why_not` may say why not.
    """

    cause: str
    count: int
    message: str
    advice: str
    samples: tuple[str, ...]
    tone: Tone = Tone.PROBLEM
    code: str = ""
    named_by: str = ""
    left_out_by: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of the ledger."""

    value: str
    caption: str
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class LedgerScreen:
    """Every object is accounted for: `terms` add up to `total`."""

    title: str
    terms: tuple[Term, ...]
    total: str
    note: str
    balances: bool


@dataclass(frozen=True, slots=True)
class Throughput:
    """The last minutes as a line. `points`: seconds ago, bytes a second, oldest first; `ticks` likewise with
    words; `marks`: what happened how many seconds ago."""

    points: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    span_s: float
    begin: str
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a plain table, in words."""

    cells: tuple[str, ...]
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class Pointed:
    """A row that somebody wants to see: `sample` of the cause `row`, or, where that is None, `row` of Done.

    It is brought into sight once for each `turn`.
    """

    turn: int
    row: int
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class EndPoint:
    """One answer to what everybody asks after a migration."""

    title: str
    text: str
    icon: str


@dataclass(frozen=True, slots=True)
class PaceScreen:
    """Number of Threads and Speed limit while a run copies. The views write texts into widgets only when
    `revision` changes. `problems`: by field."""

    threads: str
    adjusts: bool
    speed_limit: str
    revision: int
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunScreen:
    """Run."""

    head: Head
    bars: tuple[Bar, ...] = ()
    figures: tuple[Figure, ...] = ()
    shows_transfers: bool = False
    transfers: tuple[TransferRow, ...] = ()
    groups: tuple[Group, ...] = ()
    groups_title: str = ""
    groups_count: int = 0
    can_retry: bool = False  #: groups with a code can be retried now
    waiting: tuple[Row, ...] = ()
    waiting_count: int = 0
    done: tuple[Row, ...] = ()
    done_count: int = 0
    throughput: Throughput | None = None
    pace: PaceScreen | None = None
    end: tuple[EndPoint, ...] = ()
    ledger: LedgerScreen | None = None
    banner: Banner | None = None
    empty: str = ""  #: where nothing has run yet
    pointed: Pointed | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the history."""

    run: str
    started: str
    places: str
    short_places: str  #: where there is little room
    result: str
    tone: Tone
    objects: str
    size: str
    took: str
    kept: str
    undo: str


@dataclass(frozen=True, slots=True)
class ActButton:
    """A button for the chosen run."""

    act: Act
    text: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class RunDetail:
    """The chosen run. `why` is what its end said, `said` what came of the newest thing done about it here."""

    title: str
    places: str
    pill: Pill
    figures: tuple[Figure, ...]
    undo: str
    why: str
    said: str
    said_tone: Tone
    buttons: tuple[ActButton, ...]


@dataclass(frozen=True, slots=True)
class HistoryScreen:
    """History: the runs, newest first, and the chosen one."""

    head: Head
    rows: tuple[RunRow, ...] = ()
    empty: str = ""
    advice: str = ""  #: what comes of it where there is none
    chosen: str = ""
    detail: RunDetail | None = None


@dataclass(frozen=True, slots=True)
class SettingsScreen:
    """Settings. Fields by name, as `Preferences` has them, in words as typed; problems beside them."""

    head: Head
    values: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, FieldState] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    folder: str = ""  #: where runs are kept
    note: str = ""  #: what is wrong with the file, or could not be done


@dataclass(frozen=True, slots=True)
class LogScreen:
    """The log's newest matching lines. `generation` changes when the filter does: then all is redrawn.

    `newer`: lines that came since following ended; `said`: what came of Export.
    """

    generation: int
    lines: tuple[LogLine, ...]
    note: str
    level: str
    search: str
    follow: bool
    newer: int = 0
    can_export: bool = False
    said: str = ""
    said_tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class Question:
    """Asked inside the action bar. The safe answer has the focus; Return never gives the other one."""

    headline: str
    text: str
    yes: str
    no: str
    is_destructive: bool = True


@dataclass(frozen=True, slots=True)
class ActionBar:
    """The bar at the bottom: the state in a sentence, one helping line, the buttons."""

    sentence: str
    help: str
    tone: Tone
    primary: Button | None
    secondary: tuple[Button, ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class RailItem:
    """One page's state in words."""

    page: str
    state: str
    tone: Tone
    is_current: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """The whole window at one moment."""

    status: Status
    page: str
    rail: tuple[RailItem, ...]
    setup: SetupScreen
    plan: PlanScreen
    run: RunScreen
    history: HistoryScreen
    settings: SettingsScreen
    keys: KeySetsScreen
    help: HelpScreen
    log: LogScreen
    bar: ActionBar
    appearance: str = "system"  #: light | dark | system
    demo: bool = False
    can_open: bool = False  #: config files
    allowed: frozenset[Intent] = field(default_factory=frozenset)


class View(Protocol):
    """What the presenter needs from the window."""

    def render(self, screen: Screen) -> None: ...
    def close(self) -> None: ...
    def copy(self, text: str) -> None: ...
    def ask_for_file(self, name: str, kinds: Mapping[str, str], title: str) -> str: ...
    def ask_to_open(self, kinds: Mapping[str, str], title: str) -> str: ...
    def focus_on(self, field: str) -> None: ...
    def has_focus(self) -> bool: ...
