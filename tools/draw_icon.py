#!/usr/bin/env python3
"""Draws the program's icon in every size and format: `.venv/bin/python tools/draw_icon.py`.

A bucket with two arrows, one each way. Small sizes are drawn, not scaled: below 32 pixels the bucket is left
out, so that the arrows stay sharp. Needs Pillow, which the window brings.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
#: For the window (`iconphoto`), part of the package; the others are for the executables.
WINDOW_SIZES = (16, 24, 32, 48, 64, 128, 256)
WINDOW = ROOT / "migrator" / "gui" / "icon"
WINDOWS, MAC = ROOT / "images" / "icon.ico", ROOT / "images" / "icon.icns"
LARGE = ROOT / "images" / "icon.png"

TOP, BOTTOM = (47, 104, 196), (22, 58, 124)
WHITE, TEAL = (255, 255, 255, 255), (94, 226, 205, 255)
INSIDE, BLUE, GREEN = (201, 219, 244, 255), (30, 79, 161, 255), (11, 122, 108, 255)
#: How much larger everything is drawn before it is made smaller: soft edges.
FINER = 8


def draw(size: int) -> Image.Image:
    """The icon, `size` pixels square, RGBA."""
    finer = size * FINER
    mask = Image.new("L", (finer, finer), 0)
    edge = finer * 0.03 if size >= 48 else 0
    ImageDraw.Draw(mask).rounded_rectangle(
        (edge, edge, finer - 1 - edge, finer - 1 - edge), finer * 0.21, fill=255
    )
    picture = Image.new("RGBA", (finer, finer))
    picture.paste(_shade(finer), mask=mask)
    pen = ImageDraw.Draw(picture)
    if size < 32:
        unit = finer / 16
        _arrow(pen, unit, 3, 4.0, 13, thick=2, head=3, fill=WHITE)
        _arrow(pen, unit, 13, 11.0, 3, thick=2, head=3, fill=TEAL)
    else:
        unit = finer / 64
        pen.polygon([(x * unit, y * unit) for x, y in ((12, 18), (52, 18), (47, 51), (17, 51))], fill=WHITE)
        pen.ellipse([value * unit for value in (17, 46, 47, 56)], fill=WHITE)
        pen.ellipse([value * unit for value in (12, 11, 52, 25)], fill=WHITE)
        pen.ellipse([value * unit for value in (15, 13.5, 49, 22.5)], fill=INSIDE)
        _arrow(pen, unit, 19.5, 33, 44.5, thick=4, head=6, fill=BLUE)
        _arrow(pen, unit, 44, 45, 20, thick=4, head=6, fill=GREEN)
    return picture.resize((size, size), Image.Resampling.BOX)


def _shade(finer: int) -> Image.Image:
    column = Image.new("RGBA", (1, finer))
    for y in range(finer):
        part = y / finer
        column.putpixel((0, y), (*(round(a + (b - a) * part) for a, b in zip(TOP, BOTTOM, strict=True)), 255))
    return column.resize((finer, finer))


def _arrow(
    pen: ImageDraw.ImageDraw,
    unit: float,
    start: float,
    y: float,
    tip: float,
    *,
    thick: float,
    head: float,
    fill: tuple[int, int, int, int],
) -> None:
    """A level arrow from `start` to `tip`, in units."""
    neck = tip - head if tip > start else tip + head
    half = thick / 2
    shape = (
        (start, y - half),
        (neck, y - half),
        (neck, y - head),
        (tip, y),
        (neck, y + head),
        (neck, y + half),
        (start, y + half),
    )
    pen.polygon([(x * unit, y * unit) for x, y in shape], fill=fill)


def files() -> dict[Path, bytes]:
    """Every file of the icon with its content."""
    made = {WINDOW / f"{size}.png": _bytes(draw(size), "PNG") for size in WINDOW_SIZES}
    made[LARGE] = _bytes(draw(512), "PNG")
    sizes = WINDOW_SIZES
    pictures = [draw(size) for size in sizes]
    made[WINDOWS] = _bytes(
        pictures[-1], "ICO", sizes=[(size, size) for size in sizes], append_images=pictures[:-1]
    )
    made[MAC] = _bytes(draw(1024), "ICNS", append_images=[draw(size) for size in (16, 32, 64, 128, 256, 512)])
    return made


def _bytes(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def main() -> int:
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{path.relative_to(ROOT)}: {len(content):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
