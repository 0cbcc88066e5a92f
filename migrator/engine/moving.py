"""What the copying phase knows of an object on its way, and how it names the tasks that it hands out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from migrator.engine.copying import Opened
from migrator.engine.orders import Order, SentPart
from migrator.engine.ports import MOST_TOGETHER
from migrator.engine.schema import Entry
from migrator.model.active import ActiveTransfer, Waiting
from migrator.model.parts import Part


@dataclass(frozen=True, slots=True)
class Tag:
    """Names a task: what it does, for which object, for which part."""

    step: str  #: prepare | whole | open | part | finish | abort
    seq: int
    part: Part | None = None
    is_small: bool = False

    @property
    def weight(self) -> int:
        return 1 if self.is_small else MOST_TOGETHER


@dataclass
class Moving:
    """An object on its way. `opened` and what follows are for multipart uploads only."""

    entry: Entry
    order: Order
    opened: Opened | None = None
    waiting: deque[Part] = field(default_factory=deque)
    ranges: list[Part] = field(default_factory=list)
    sent: dict[int, SentPart] = field(default_factory=dict)
    parts_in_flight: int = 0
    held: int = 0  #: bytes of memory, where whole objects count
    failure: BaseException | None = None

    def shown(self, bytes_done: int, waiting: Waiting | None) -> ActiveTransfer:
        """As a face shows it; what was sent again counts once."""
        key, size = self.entry.key, self.entry.size_bytes
        return ActiveTransfer(key, size, min(bytes_done, size), len(self.sent), len(self.ranges), waiting)
