"""The log pane: at most 5,000 lines, appended in place; a changed filter redraws them all."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Protocol

from migrator.gui import labels, theme
from migrator.gui.log import SHOWN_LINES, LogLine
from migrator.gui.screen import LogScreen
from migrator.gui.widgets.basics import (
    Card,
    Delay,
    Tooltip,
    WrapLabel,
    bind_wheel,
    focus_path,
    scrollbar,
    set_text,
    show,
    text_to_read,
)
from migrator.phrases import number

_MARKS = {"info": "\tinfo", "warn": "!\twarn", "error": "✖\terror"}
SEARCH_MS = 200
#: The least that is shown, and the pixels above and below the lines (edge and padding).
LEAST_LINES, AROUND = 5, 10


class LogActions(Protocol):
    """What the pane reports."""

    def filter_log(self, level: str | None = None, search: str | None = None) -> None: ...
    def follow_log(self, *, follow: bool) -> None: ...
    def copy_log(self) -> None: ...
    def export_log(self) -> None: ...
    def open_line(self, seq: int) -> bool: ...


class LogPane(Card):
    """Renders `LogScreen`."""

    def __init__(self, parent: tk.Misc, actions: LogActions) -> None:
        super().__init__(parent)
        self._actions = actions
        self._drawn: LogScreen | None = None
        self._last = 0  #: the number of the newest line in the widget
        self._typing = Delay(self, SEARCH_MS, self.apply_search)
        self.head.grid(row=0, column=0, sticky="we", padx=theme.px(12), pady=theme.px(6))
        self.body.grid(row=1, column=0, sticky="nswe", padx=theme.px(1), pady=(0, theme.px(1)))
        ttk.Label(self.head, text=labels.LOG, style="Strong.TLabel").pack(side="left")
        self.level = ttk.Combobox(
            self.head, values=tuple(labels.LOG_LEVELS.values()), width=19, font="AppText"
        )
        self.level.set(labels.LOG_LEVELS["info"])
        self.level.state(["readonly"])
        self.level.pack(side="left", padx=theme.px(10))
        self.level.bind("<<ComboboxSelected>>", self._level_chosen)
        bind_wheel(self.level, lambda _units: None)
        self.search_text = tk.StringVar(self)
        self.search = ttk.Entry(self.head, textvariable=self.search_text, width=22, font="AppText")
        self.search.pack(side="left")
        self.search_hint = ttk.Label(self.search, text=labels.LOG_SEARCH, style="Hint.TLabel", cursor="xterm")
        self.search_hint.bind("<Button-1>", lambda _event: self.search.focus_set())
        self.search_hint.place(x=theme.px(7), rely=0.5, anchor="w")
        self.search_text.trace_add("write", self._search_typed)
        self.note = ttk.Label(self.head, style="Hint.TLabel")
        self.note.pack(side="left", padx=theme.px(12))
        self.copy = ttk.Button(
            self.head, text=labels.LOG_COPY, style="Small.TButton", command=actions.copy_log
        )
        self.copy.pack(side="right")
        self.export = ttk.Button(
            self.head, text=labels.LOG_EXPORT, style="Small.TButton", command=actions.export_log
        )
        self.export.pack(side="right", padx=(0, theme.px(8)))
        Tooltip(self.export, labels.LOG_EXPORT_TIP)
        self.follow_on = tk.BooleanVar(self, value=True)
        self.follow = theme.switch(self.head, labels.LOG_FOLLOW, self.follow_on, self._follow_toggled)
        self.follow.pack(side="right", padx=theme.px(12))
        self.newer = ttk.Button(
            self.head, style="Link.TButton", command=lambda: actions.follow_log(follow=True)
        )
        self._build_text()

    def _build_text(self) -> None:
        self.body.rowconfigure(1, weight=1)
        self.body.columnconfigure(0, weight=1)
        line = tk.Frame(self.body, height=1, background=theme.color("line"))
        line.grid(row=0, column=0, columnspan=2, sticky="we")
        # A room of its own: the text takes whole lines of it, so that none is cut in half at the top.
        self.room = room = ttk.Frame(self.body)
        self._line = int(tkfont.nametofont("AppFixed", root=self).metrics("linespace"))
        room.configure(height=LEAST_LINES * self._line + theme.px(AROUND))
        self.text = text = text_to_read(room, LEAST_LINES, "page")
        text.configure(
            takefocus=1,
            inactiveselectbackground=theme.color("select"),
            padx=theme.px(12),
            pady=theme.px(4),
            cursor="arrow",
        )
        text.tag_configure("time", foreground=theme.color("muted"))
        text.tag_configure("info", foreground=theme.color("text"))
        text.tag_configure("warn", foreground=theme.color("warn"))
        text.tag_configure("error", foreground=theme.color("problem"))
        em = tkfont.nametofont("AppFixed", root=self).measure("0")
        text.configure(tabs=tuple(em * at for at in (10, 12, 19, 28)))
        # Where the keyboard is: Tk shows no cursor in what is only read.
        text.tag_configure("here", background=theme.color("select"))
        text.tag_lower("here")
        text.tag_configure("line", lmargin2=em * 28)  # a long sentence goes on below its beginning
        bar = scrollbar(self.body, self._scrolled)
        text.configure(yscrollcommand=bar.set)
        room.grid(row=1, column=0, sticky="nswe")
        room.bind("<Configure>", self._fit)
        bar.grid(row=1, column=1, sticky="ns")
        for gesture in ("<MouseWheel>", "<Button-4>", "<Key-Prior>", "<Key-Up>"):
            text.bind(gesture, lambda _event: self._scrolled_up(), "+")
        # After what Tk itself does with them, which moves the cursor.
        for gesture in ("<FocusIn>", "<Key>", "<Key-Prior>", "<Key-Up>", "<Button-1>"):
            text.bind(gesture, lambda _event: self.after_idle(self._mark_line), "+")
        text.bind("<Button-1>", lambda _event: text.focus_set(), "+")
        text.bind("<FocusOut>", lambda _event: text.tag_remove("here", "1.0", "end"), "+")
        text.bind("<Double-Button-1>", self._double_clicked)
        for key in ("<Return>", "<KP_Enter>"):
            text.bind(key, lambda _event: self._open("insert"))
        text.bind("<Configure>", lambda _event: self._keep_following(), "+")
        self.said = WrapLabel(self.body, compound="left")
        self.said.grid(
            row=2, column=0, columnspan=2, sticky="we", padx=theme.px(12), pady=(theme.px(4), theme.px(8))
        )
        self.said.grid_remove()
        self.empty = ttk.Label(self.text, text=labels.LOG_EMPTY, style="Hint.TLabel")
        self.empty.place(relx=0.5, rely=0.5, anchor="center")

    def render(self, screen: LogScreen) -> None:
        before, self._drawn = self._drawn, screen
        if before is not None and screen.lines is before.lines and screen == before:
            return
        set_text(self.note, screen.note)
        self._render_controls(screen)
        if self.follow_on.get() != screen.follow:
            self.follow_on.set(screen.follow)
        self.text.configure(state="normal")
        if before is None or before.generation != screen.generation:
            self.text.delete("1.0", "end")
            self._last = 0
        self._append(screen.lines)
        self.text.configure(state="disabled")
        self._mark_line()
        if screen.follow:
            self.text.see("end-1c")
        if screen.lines:
            self.empty.place_forget()
        else:
            filtered = bool(screen.search) or screen.level != "info"
            set_text(self.empty, labels.LOG_NO_MATCH if filtered else labels.LOG_EMPTY)
            self.empty.place(relx=0.5, rely=0.5, anchor="center")

    def _render_controls(self, screen: LogScreen) -> None:
        """What there is besides the lines."""
        if self.level.get() != labels.LOG_LEVELS[screen.level]:
            self.level.set(labels.LOG_LEVELS[screen.level])
        if self.search_text.get() != screen.search and not self._typing.is_waiting:
            self.search_text.set(screen.search)  # a pane that was made anew
            self._typing.cancel()
        self.export.state(["!disabled" if screen.can_export else "disabled"])
        self.newer.configure(text=labels.LOG_NEWER.format(count=number(screen.newer)))
        if not screen.newer:
            self.newer.pack_forget()
        elif not self.newer.winfo_manager():
            self.newer.pack(side="right", after=self.follow)
        set_text(self.said, f" {screen.said}")
        self.said.configure(image=theme.tone_icon(screen.said_tone, 14))
        show(self.said, bool(screen.said))

    def _append(self, lines: tuple[LogLine, ...]) -> None:
        """Insert what is new in one call, and drop as many of the oldest."""
        fresh: list[LogLine] = []
        for line in reversed(lines):
            if line.seq <= self._last:
                break
            fresh.append(line)
        if not fresh:
            return
        fresh.reverse()
        pieces: list[str | tuple[str, ...]] = []
        for line in fresh:
            level = line.level
            # The newline comes first: else the pane would end with an empty line.
            pieces += [f"\n{line.time}\t" if self._last else f"{line.time}\t", ("time", "line")]
            pieces += [f"{_MARKS[level]}\t", (level, "line"), f"{line.part}\t", ("time", "line")]
            pieces += [line.text, ("error" if level == "error" else "info", "line")]
            self._last = line.seq
        self.text.insert("end", str(pieces[0]), *pieces[1:])
        surplus = int(self.text.index("end-1c").split(".")[0]) - SHOWN_LINES
        if surplus > 0:
            self.text.delete("1.0", f"{surplus + 1}.0")

    def _fit(self, event: tk.Event[Any]) -> None:
        around = theme.px(AROUND)
        lines = max(1, (event.height - around) // self._line)
        self.text.place(x=0, y=0, relwidth=1, height=lines * self._line + around)

    def _keep_following(self) -> None:
        if self.follow_on.get():
            self.text.see("end-1c")

    # -- gestures ----------------------------------------------------------------------------------

    def _level_chosen(self, _event: object) -> None:
        words = self.level.get()
        level = next(key for key, text in labels.LOG_LEVELS.items() if text == words)
        self.level.selection_clear()
        self._actions.filter_log(level=level)

    def _search_typed(self, *_args: object) -> None:
        if self.search_text.get():
            self.search_hint.place_forget()
        else:
            self.search_hint.place(x=theme.px(7), rely=0.5, anchor="w")
        self._typing.begin()

    def apply_search(self) -> None:
        """Search now; typing waits a moment first."""
        self._typing.cancel()
        self._actions.filter_log(search=self.search_text.get())

    def _follow_toggled(self) -> None:
        self._actions.follow_log(follow=self.follow_on.get())

    def _mark_line(self) -> None:
        """Show which line the keyboard is on, while it is here."""
        text = self.text
        text.tag_remove("here", "1.0", "end")
        if self._drawn is not None and self._drawn.lines and focus_path(text) == str(text):
            at = text.index("insert")
            text.tag_add("here", f"{at} linestart", f"{at} lineend + 1 char")

    def _double_clicked(self, event: tk.Event[Any]) -> str | None:
        at = f"@{event.x},{event.y}"
        box = self.text.bbox(f"{at} lineend - 1 char")
        is_below = box is not None and event.y >= box[1] + box[3]  # where there is no line at all
        return None if is_below else self._open(at)

    def _open(self, at: str) -> str | None:
        """Show what the line there is about; where it is about no object, Tk does what it always does."""
        seq = self._line_at(int(self.text.index(at).split(".")[0]))
        return "break" if self._actions.open_line(seq) else None

    def _line_at(self, row: int) -> int:
        """The number of the line of the log on that row of the text. Some have line breaks: counted from the
        end, because the oldest ones may be cut."""
        first = int(self.text.index("end-1c").split(".")[0]) + 1
        for line in reversed(self._drawn.lines if self._drawn is not None else ()):
            first -= 1 + line.text.count("\n")
            if first <= row:
                return line.seq
        return 0

    def _scrolled(self, *args: str) -> None:
        self.text.yview(*args)
        self._scrolled_up()

    def _scrolled_up(self) -> None:
        """Following ends when a person looks back, and begins again at the end."""
        at_end = self.text.yview()[1] >= 0.999
        if at_end != self.follow_on.get():
            self._actions.follow_log(follow=at_end)
