"""The window's icon."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.gui import window_icon

pytestmark = pytest.mark.window


def test_the_window_has_the_icon_in_every_size(root: Any) -> None:
    sizes = [(picture.width(), picture.height()) for picture in root.window_icon]
    assert sizes == [(size, size) for size in window_icon.SIZES]
    assert {(16, 16), (32, 32), (256, 256)} <= set(sizes)


def test_desktops_know_the_window_from_those_of_other_programs(root: Any) -> None:
    assert root.winfo_class() == "Lyve-s3-migrator"
