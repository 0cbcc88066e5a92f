"""A flat progress bar that can also say "no share is known"."""

from __future__ import annotations

import tkinter as tk

from migrator.gui import theme


class MeterBar(tk.Canvas):
    """Fills from left to right; without a share it shows a tinted track, which promises nothing."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(
            parent,
            height=theme.px(12),
            highlightthickness=0,
            background=theme.color("track"),
            borderwidth=0,
            takefocus=0,
        )
        self._fill = self.create_rectangle(0, 0, 0, 0, width=0, fill=theme.color("accent"))
        self._fraction: float | None = 0.0
        self._role = "accent"
        self.bind("<Configure>", lambda _event: self._draw())

    def show(self, fraction: float | None, *, is_done: bool = False) -> None:
        role = "counted" if is_done else "accent"
        if (fraction, role) != (self._fraction, self._role):
            self._fraction, self._role = fraction, role
            self._draw()

    def _draw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        known = self._fraction is not None
        self.configure(background=theme.color("track" if known else "select"))
        self.itemconfigure(self._fill, fill=theme.color(self._role))
        self.coords(self._fill, 0, 0, round(width * (self._fraction or 0.0)), height)


class BarPictures:
    """101 little bars for table rows, each made when first needed: a table cell can hold only a picture."""

    WIDTH, HEIGHT = 84, 10

    def __init__(self, master: tk.Misc) -> None:
        self._master = master
        self._made: dict[int, tk.PhotoImage] = {}

    def of(self, percent: int) -> tk.PhotoImage:
        picture = self._made.get(percent)
        if picture is None:
            width, height = theme.px(self.WIDTH), theme.px(self.HEIGHT)
            picture = tk.PhotoImage(master=self._master, width=width, height=height)
            picture.put(theme.color("track"), to=(0, 0, width, height))
            done = round(width * percent / 100)
            if done:
                picture.put(theme.color("accent"), to=(0, 0, done, height))
            self._made[percent] = picture
        return picture
