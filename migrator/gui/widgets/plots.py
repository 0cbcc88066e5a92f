"""Plots drawn on a canvas: a bar of shares, and a histogram. Numbers are written beside every colour."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import font as tkfont
from typing import Literal

from migrator.gui import labels, theme
from migrator.gui.plan_values import Bin
from migrator.gui.screen import Throughput

#: The least that a share gets, so that none disappears.
LEAST_PX = 3


class ShareBar(tk.Canvas):
    """One bar whose parts add up to the whole."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(
            parent,
            height=theme.px(10),
            width=theme.px(60),
            highlightthickness=0,
            background=theme.color("track"),
            borderwidth=0,
            takefocus=0,
        )
        self._parts: tuple[tuple[float, str], ...] = ()
        self.bind("<Configure>", lambda _event: self._draw())

    def show(self, parts: Sequence[tuple[float, str]]) -> None:
        """Fractions of the whole, each with the role of its colour."""
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self._draw()

    def _draw(self) -> None:
        self.delete("all")
        width, height, left = self.winfo_width(), self.winfo_height(), 0.0
        small = theme.px(LEAST_PX)
        for fraction, role in self._parts:
            if fraction <= 0:
                continue
            # What small ones get too much is missing at the end, where nobody can measure it.
            right = min(float(width), left + max(small, fraction * width))
            self.create_rectangle(left, 0, right, height, width=0, fill=theme.color(role))
            left = right


class LinePlot(tk.Canvas):
    """The throughput of the last minutes: a line over a tinted ground, with what happened written on it."""

    HEIGHT = 96

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(
            parent,
            height=theme.px(self.HEIGHT),
            width=theme.px(120),
            highlightthickness=0,
            background=theme.color("page"),
            borderwidth=0,
            takefocus=0,
        )
        self._shown: Throughput | None = None
        self._font = tkfont.nametofont("AppHint", root=self)
        self.bind("<Configure>", lambda _event: self._draw())

    def show(self, throughput: Throughput | None) -> None:
        if throughput != self._shown:
            self._shown = throughput
            self._draw()

    def _draw(self) -> None:
        self.delete("all")
        width, height, shown = self.winfo_width(), self.winfo_height(), self._shown
        if shown is None or width < 2:
            return
        line = int(self._font.metrics("linespace"))
        top, floor = line // 2 + theme.px(2), height - line - theme.px(4)
        left = max(self._font.measure(words) for _, words in shown.ticks) + theme.px(8)
        most = max([speed for _, speed in shown.points] + [tick for tick, _ in shown.ticks]) or 1.0

        def x(ago_s: float) -> float:
            return width - theme.px(1) - ago_s / shown.span_s * (width - left)

        def y(speed: float) -> float:
            return floor - speed / most * (floor - top)

        for tick, words in shown.ticks:
            self.create_line(left, y(tick), width, y(tick), fill=theme.color("line"))
            self._words(left - theme.px(6), y(tick), words, "e", "muted")
        path = [value for ago, speed in shown.points for value in (x(ago), y(speed))]
        if len(path) >= 4:
            ground = [path[0], floor, *path, path[-2], floor]
            self.create_polygon(*ground, fill=theme.color("busy_tint"), width=0)
            self.create_line(*path, fill=theme.color("accent_text"), width=theme.px(2), tags="curve")
        for ago, words in sorted(shown.marks):  # the newest first: where there is room for one, it is theirs
            nearest = min(shown.points, key=lambda point: abs(point[0] - ago))
            is_high = y(nearest[1]) < (top + floor) / 2
            self.create_line(x(ago), top, x(ago), floor, fill=theme.color("warn"), dash=(2, 3))
            self._tell(x(ago), top, floor, words, is_low=is_high)
        self._words(left, height, shown.begin, "sw", "muted")
        self._words(width, height, labels.NOW, "se", "muted")

    def _tell(self, at: float, top: int, floor: int, words: str, *, is_low: bool) -> None:
        """What a mark is about, at that end of its line where the curve is not. Where another is told there,
        at the other end, if the curve leaves room; else there is its line, and the log has the words."""
        is_right = at + self._font.measure(words) + theme.px(6) > self.winfo_width()
        beside = -theme.px(4) if is_right else theme.px(4)
        low, high = floor - theme.px(2), top + int(self._font.metrics("linespace"))
        ends = ((low, ("told",)), (high, ("told", "curve")))
        if not is_low:
            ends = ((high, ("told",)), (low, ("told", "curve")))
        for height, in_the_way in ends:
            item = self._words(at + beside, height, words, "se" if is_right else "sw", "warn")
            over = {*self.find_overlapping(*self.bbox(item))}
            if not any(over & {*self.find_withtag(tag)} for tag in in_the_way):
                self.addtag_withtag("told", item)
                return
            self.delete(item)

    def _words(self, x: float, y: float, text: str, anchor: Literal["e", "sw", "se"], role: str) -> int:
        return self.create_text(x, y, text=text, anchor=anchor, font="AppHint", fill=theme.color(role))


class Histogram(tk.Canvas):
    """Bars with their counts above and their labels below."""

    HEIGHT, LEAST_BAR = 120, 2

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(
            parent,
            height=theme.px(self.HEIGHT),
            width=theme.px(120),
            highlightthickness=0,
            background=theme.color("page"),
            borderwidth=0,
            takefocus=0,
        )
        self._bins: tuple[Bin, ...] = ()
        self._font = tkfont.nametofont("AppHint", root=self)
        self.bind("<Configure>", lambda _event: self._draw())

    def show(self, bins: tuple[Bin, ...]) -> None:
        if bins != self._bins:
            self._bins = bins
            self._draw()

    def _draw(self) -> None:
        self.delete("all")
        if not self._bins:
            return
        width, height = self.winfo_width(), self.winfo_height()
        line = int(self._font.metrics("linespace"))
        top, floor = line + theme.px(4), height - line - theme.px(6)
        step, most = width / len(self._bins), max(each.count for each in self._bins) or 1
        gap = min(theme.px(8), step * 0.2)
        shorten = any(self._font.measure(each.label) > step for each in self._bins)
        for n, each in enumerate(self._bins):
            left, right = n * step + gap / 2, (n + 1) * step - gap / 2
            tall = max(theme.px(self.LEAST_BAR) if each.count else 0, (floor - top) * each.count / most)
            self.create_rectangle(
                round(left), round(floor - tall), round(right), floor, width=0, fill=theme.color("accent")
            )
            middle = (left + right) / 2
            if each.count:
                self.create_text(
                    middle, floor - tall - theme.px(2), text=each.shown, anchor="s",
                    font="AppHint", fill=theme.color("text"),
                )  # fmt: skip
            label = each.label.replace(" ", "").removesuffix("B") if shorten else each.label
            self.create_text(
                middle, floor + theme.px(4), text=label, anchor="n", font="AppHint", fill=theme.color("muted")
            )
        self.create_line(0, floor, width, floor, fill=theme.color("field_edge"))
