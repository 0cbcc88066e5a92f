"""The ttk styles behind the roles that views name, on top of whatever theme is in use."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

import ttkbootstrap

TONES = ("quiet", "busy", "ok", "warn", "problem")
#: Between a card's picture and its title.
BESIDE_PICTURE = 9

_BUTTON_LAYOUT: list[Any] = [
    (
        "Button.border",
        {
            "sticky": "nswe",
            "border": "1",
            "children": [
                ("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})
            ],
        },
    )
]


def apply(root: tk.Tk, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    """Configure every style. Repeated after a change of fonts: row heights are computed from them."""
    style = ttk.Style(root)
    style.configure(".", background=c["page"], foreground=c["text"], font="AppText", bordercolor=c["line"])
    _frames_and_labels(style, c, px)
    _buttons(style, c, px)
    _fields(root, style, c, px)
    _tables(root, style, c, px)


def _frames_and_labels(style: ttk.Style, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    style.configure("TFrame", background=c["page"])
    style.configure("Rail.TFrame", background=c["rail"])
    # The theme's labels have an invisible border, which sets words off from the edges of fields and cards.
    inner: list[Any] = [("Label.label", {"sticky": "nswe"})]
    padding: list[Any] = [("Label.padding", {"sticky": "nswe", "children": inner})]
    style.layout("TLabel", [("Label.fill", {"sticky": "nswe", "children": padding})])
    style.configure("TLabel", background=c["page"], foreground=c["text"], font="AppText", padding=0)
    for name, font, ink in (
        ("Hint", "AppHint", "muted"),
        ("Problem", "AppHint", "problem"),
        ("Strong", "AppStrong", "text"),
        ("Card", "AppCard", "text"),
        ("Title", "AppTitle", "text"),
        ("Figure", "AppFigure", "text"),
        ("Term", "AppTerm", "text"),
    ):
        style.configure(f"{name}.TLabel", background=c["page"], foreground=c[ink], font=font)
    style.configure("Card.TLabel", space=px(BESIDE_PICTURE))
    style.configure("BarStrong.TLabel", background=c["rail"], foreground=c["text"], font="AppStrong")
    style.configure("BarHint.TLabel", background=c["rail"], foreground=c["muted"], font="AppHint")
    style.configure("BarIcon.TLabel", background=c["rail"])
    for tone in TONES:
        tint = c[f"{tone}_tint"]
        style.configure(f"{tone}.Pill.TLabel", background=tint, foreground=c[tone], font="AppHint")
        style.configure(f"{tone}.Pill.TLabel", padding=(px(8), px(3)))
        style.configure(f"{tone}.Banner.TFrame", background=tint)
        style.configure(f"{tone}.Edge.TFrame", background=c[tone])
        style.configure(
            f"{tone}.BannerStrong.TLabel", background=tint, foreground=c["text"], font="AppStrong"
        )
        style.configure(f"{tone}.Banner.TLabel", background=tint, foreground=c["text"], font="AppText")
        style.configure(f"{tone}.Note.TLabel", background=c["page"], foreground=c[tone], font="AppText")
        style.configure(f"{tone}.NoteHint.TLabel", background=c["page"], foreground=c[tone], font="AppHint")


def _buttons(style: ttk.Style, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    def button(
        name: str, fill: str, ink: str, edge: str, hover: str, focus: str, pad: tuple[int, int]
    ) -> None:
        style.layout(name, _BUTTON_LAYOUT)
        style.configure(
            name,
            background=fill,
            foreground=ink,
            bordercolor=edge,
            lightcolor=fill,
            darkcolor=fill,
            padding=(px(pad[0]), px(pad[1])),
            font="AppText",
            anchor="center",
            relief="raised",
            borderwidth=1,
        )
        style.map(
            name,
            background=[("disabled", c["off"]), ("pressed", hover), ("active", hover)],
            foreground=[("disabled", c["off_text"])],
            # The focus ring: the outer edge and the one inside it take the accent.
            bordercolor=[("disabled", c["off"]), ("focus", focus)],
            lightcolor=[("disabled", c["off"]), ("focus", focus), ("pressed", hover), ("active", hover)],
            darkcolor=[("disabled", c["off"]), ("focus", focus), ("pressed", hover), ("active", hover)],
        )

    page, accent = c["page"], c["accent"]
    button("Primary.TButton", accent, c["on_accent"], accent, c["accent_hover"], c["text"], (16, 8))
    button("Outline.TButton", page, c["accent_text"], accent, c["busy_tint"], c["accent_text"], (16, 8))
    button("Secondary.TButton", page, c["text"], c["field_edge"], c["hover"], c["accent_text"], (16, 8))
    button("Danger.TButton", page, c["problem"], c["problem"], c["problem_tint"], c["text"], (16, 8))
    button("Link.TButton", page, c["accent_text"], page, c["busy_tint"], c["accent_text"], (6, 3))
    button("Small.TButton", page, c["text"], c["line"], c["hover"], c["accent_text"], (10, 4))
    button("Icon.TButton", page, c["muted"], page, c["hover"], c["accent_text"], (5, 4))
    # Nothing but a picture: switched off it has no ground of its own.
    off = ("disabled", page)
    ring: list[Any] = [off, ("focus", c["accent_text"])]
    ground: list[Any] = [off, ("pressed", c["hover"]), ("active", c["hover"])]
    style.map("Icon.TButton", background=ground, bordercolor=ring, lightcolor=ring, darkcolor=ring)
    for name, fill, ink, hover in (("Segment.Toolbutton", page, c["accent_text"], c["busy_tint"]),):
        style.layout(
            name,
            [
                (
                    "Toolbutton.border",
                    {
                        "sticky": "nswe",
                        "children": [
                            (
                                "Toolbutton.padding",
                                {"sticky": "nswe", "children": [("Toolbutton.label", {"sticky": "nswe"})]},
                            )
                        ],
                    },
                )
            ],
        )
        style.configure(
            name, background=fill, foreground=ink, bordercolor=accent, lightcolor=fill, darkcolor=fill,
            padding=(px(14), px(7)), font="AppText", relief="raised", borderwidth=1, anchor="center",
        )  # fmt: skip
        chosen_edge = [("selected focus", c["text"]), ("focus", c["accent_text"]), ("selected", accent)]
        style.map(
            name,
            background=[("selected disabled", c["off_text"]), ("selected", accent), ("active", hover)],
            foreground=[("selected", c["on_accent"]), ("disabled", c["off_text"])],
            bordercolor=[("disabled", c["off_text"]), ("focus", c["text"])],
            lightcolor=[("selected disabled", c["off_text"]), *chosen_edge],
            darkcolor=[("selected disabled", c["off_text"]), *chosen_edge],
        )
    quiet = "Quiet.Vertical.TScrollbar"
    for part in ("trough", "thumb"):
        # The theme's own are pictures in the accent colour, which is for what one can press.
        if f"Quiet.{part}" not in style.element_names():
            style.element_create(f"Quiet.{part}", "from", "clam", f"Vertical.Scrollbar.{part}")
    thumb: Any = ("Quiet.thumb", {"expand": "1", "sticky": "nswe"})
    style.layout(quiet, [("Quiet.trough", {"sticky": "ns", "children": [thumb]})])
    style.configure(
        quiet,
        background=c["line"],
        troughcolor=c["page"],
        bordercolor=c["page"],
        lightcolor=c["line"],
        darkcolor=c["line"],
        gripcount=0,
        arrowsize=px(10),
        width=px(10),
    )
    style.map(quiet, background=[("active", c["field_edge"])])


def _fields(root: tk.Tk, style: ttk.Style, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    edges = [
        ("invalid", c["problem"]),
        ("disabled", c["line"]),
        ("focus", c["accent_text"]),
    ]
    inner = [("invalid", c["problem"]), ("focus", c["accent_text"]), ("disabled", c["rail"])]
    for name in ("TEntry", "TCombobox", "TSpinbox"):
        style.configure(
            name,
            fieldbackground=c["page"],
            background=c["page"],
            foreground=c["text"],
            insertcolor=c["text"],
            bordercolor=c["field_edge"],
            lightcolor=c["page"],
            darkcolor=c["page"],
            arrowcolor=c["text"],
            selectbackground=c["accent"],
            selectforeground=c["on_accent"],
            padding=(px(6), px(5)),
        )
        style.map(
            name,
            fieldbackground=[("disabled", c["rail"]), ("readonly", c["page"])],
            background=[("disabled", c["rail"])],
            foreground=[("disabled", c["muted"])],
            bordercolor=edges,
            lightcolor=inner,
            darkcolor=inner,
            arrowcolor=[("disabled", c["off_text"])],
            selectbackground=[("!focus", c["page"]), ("disabled", c["rail"])],
            selectforeground=[("!focus", c["text"]), ("disabled", c["muted"])],
        )
    _spin_arrows(style, c, px)
    for option, value in (
        ("background", c["page"]),
        ("foreground", c["text"]),
        ("selectBackground", c["accent"]),
        ("selectForeground", c["on_accent"]),
        ("font", "AppText"),
    ):
        root.option_add(f"*TCombobox*Listbox.{option}", value)


def _spin_arrows(style: ttk.Style, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    """Two small carets: the theme's own are boxes that make the field higher than the others."""
    for way in ("up", "down"):
        if f"Spin.{way}arrow" not in style.element_names():
            seen, off = (
                str(ttkbootstrap.Icon(f"caret-{way}-fill", size=9, color=c[role]))
                for role in ("muted", "off_text")
            )
            style.element_create(
                f"Spin.{way}arrow", "image", seen, ("disabled", off), width=px(18), sticky=""
            )
    textarea: list[Any] = [("Spinbox.textarea", {"sticky": "nswe"})]
    arrows: list[Any] = [
        ("Spin.uparrow", {"side": "top", "sticky": "e"}),
        ("Spin.downarrow", {"side": "bottom", "sticky": "e"}),
    ]
    inside: list[Any] = [
        ("null", {"side": "right", "sticky": "", "children": arrows}),
        ("Spinbox.padding", {"sticky": "nswe", "children": textarea}),
    ]
    style.layout("TSpinbox", [("Spinbox.field", {"side": "top", "sticky": "we", "children": inside})])


def _tables(root: tk.Tk, style: ttk.Style, c: Mapping[str, str], px: Callable[[int], int]) -> None:
    line = int(tkfont.nametofont("AppText", root=root).metrics("linespace"))
    style.configure(
        "Table.Treeview",
        background=c["page"],
        fieldbackground=c["page"],
        foreground=c["text"],
        font="AppText",
        rowheight=line + px(10),
        borderwidth=0,
        relief="flat",
        bordercolor=c["page"],
        lightcolor=c["page"],
        darkcolor=c["page"],
        indent=px(18),
    )
    # A ring while it has the focus; what is around it has the page's own colour otherwise.
    area: list[Any] = [("Treeview.treearea", {"sticky": "nswe"})]
    padding: list[Any] = [("Treeview.padding", {"sticky": "nswe", "children": area})]
    field: list[Any] = [("Treeview.field", {"sticky": "nswe", "border": "1", "children": padding})]
    style.layout("Table.Treeview", field)
    style.map(
        "Table.Treeview",
        background=[("selected", c["select"])],
        foreground=[("selected", c["text"])],
        bordercolor=[("focus", c["accent_text"])],
        lightcolor=[("focus", c["accent_text"])],
        darkcolor=[("focus", c["accent_text"])],
    )
    # Rows that have no children need no room for the sign that opens them.
    style.configure("Flat.Table.Treeview", indent=0)
    style.layout(
        "Flat.Table.Treeview.Item",
        [
            (
                "Treeitem.padding",
                {
                    "sticky": "nswe",
                    "children": [
                        ("Treeitem.image", {"side": "left", "sticky": ""}),
                        ("Treeitem.text", {"side": "left", "sticky": ""}),
                    ],
                },
            )
        ],
    )
    style.configure("Flat.Table.Treeview.Item", padding=(px(6), 0))
    style.configure("Table.Treeview.Cell", padding=(px(2), 0))  # below their headings
    style.configure(
        "Table.Treeview.Heading",
        background=c["page"],
        foreground=c["muted"],
        font="AppHint",
        relief="flat",
        borderwidth=0,
        padding=(px(6), px(5)),
        bordercolor=c["page"],
        lightcolor=c["page"],
        darkcolor=c["page"],
    )
    style.map("Table.Treeview.Heading", background=[("active", c["page"])])
    style.configure(
        "Tabs.TNotebook",
        background=c["page"],
        bordercolor=c["line"],
        lightcolor=c["page"],
        darkcolor=c["page"],
        tabmargins=(0, 0, 0, 0),
        borderwidth=1,
    )
    style.configure(
        "Tabs.TNotebook.Tab",
        background=c["page"],
        foreground=c["muted"],
        bordercolor=c["line"],
        lightcolor=c["page"],
        darkcolor=c["page"],
        padding=(px(14), px(7)),
        font="AppText",
        focuscolor=c["accent_text"],
    )
    style.map(
        "Tabs.TNotebook.Tab",
        foreground=[("selected", c["text"])],
        background=[("selected", c["page"]), ("active", c["hover"])],
        lightcolor=[("selected", c["page"])],
        bordercolor=[("selected", c["line"])],
    )
