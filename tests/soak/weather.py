"""Two services that are never quite well: some requests go wrong, and now and then everything does.

Which requests go wrong depends on the seed, the operation, the key and how often it was asked for, not on
which thread was faster.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from migrator.credentials import Keys
from migrator.demo.faults import Fault, Faults, Kind
from migrator.demo.s3server import S3Server
from migrator.store.memory import AWS, LYVE, MemoryCloud

#: Of a hundred requests so many go wrong.
TROUBLED_PERCENT = 3
#: What is refused in a storm is to be asked again after so long.
RETRY_AFTER_S = 1.0
DELAY_S = 0.4
SLOW_S = 1.5

_READS: tuple[Kind, ...] = ("503", "500", "reset", "cut-body", "slow-body", "delay")
_WRITES: tuple[Kind, ...] = ("503", "500", "reset", "applied-reset", "delay")
_ANSWERED_LATE: tuple[Kind, ...] = (*_WRITES, "error-in-200")
#: What may happen to requests; to others what may happen to any.
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "GetObject": _READS,
    "ListObjectsV2": _READS,
    "ListObjectVersions": _READS,
    "PutObject": _WRITES,
    "UploadPart": _WRITES,
    "CreateMultipartUpload": _WRITES,
    "CompleteMultipartUpload": _ANSWERED_LATE,
    "CopyObject": _ANSWERED_LATE,
    "DeleteObject": _WRITES,
    "DeleteObjects": _WRITES,
}
_ANY: tuple[Kind, ...] = ("503", "500", "reset", "delay")
_SECONDS: Mapping[str, float] = {"503": RETRY_AFTER_S, "delay": DELAY_S, "slow-body": SLOW_S}


class Weather(Faults):
    """The faults of one service, by chance. Thread-safe."""

    def __init__(self, seed: str) -> None:
        super().__init__()
        self._seed = seed
        self._own_lock = threading.Lock()  # guards what is below
        self._asked: Counter[tuple[str, str]] = Counter()
        self._is_calm = True
        self._refusals_left = 0
        self.struck: Counter[str] = Counter()  #: by kind, since the beginning

    def turn(self, seed: str, *, calm: bool) -> None:
        """From now on chance goes by this seed; `calm`: nothing happens."""
        with self._own_lock:
            self._seed, self._is_calm, self._refusals_left = seed, calm, 0
            self._asked.clear()

    def storm(self, requests: int) -> None:
        """The next so many requests are refused with 503."""
        with self._own_lock:
            self._refusals_left = requests

    def next(self, operation: str, key: str) -> Fault | None:
        with self._own_lock:
            if self._is_calm:
                return None
            number = self._asked[operation, key]
            self._asked[operation, key] += 1
            if self._refusals_left:
                self._refusals_left -= 1
                self.struck["storm"] += 1
                return Fault(operation, "503", seconds=RETRY_AFTER_S)
            chance = random.Random(f"{self._seed}/{operation}/{key}/{number}")
            if chance.random() * 100 >= TROUBLED_PERCENT:
                return None
            kind = chance.choice(KINDS.get(operation, _ANY))
            self.struck[kind] += 1
            return Fault(operation, kind, seconds=_SECONDS.get(kind, 0.0))


@dataclass
class Service:
    """One of the two: its server, and what goes wrong with it."""

    provider: str
    server: S3Server
    weather: Weather
    keys: Keys
    make_cloud: Callable[[], MemoryCloud]
    _timers: list[threading.Timer] = field(default_factory=list)

    @property
    def cloud(self) -> MemoryCloud:
        return self.server.cloud

    @property
    def url(self) -> str:
        """By name: names are looked up for every connection, and may not be found."""
        return self.server.url.replace("127.0.0.1", "localhost")

    def empty(self) -> None:
        """A new cloud without buckets. Nobody may be using the old one."""
        self.server.cloud = self.make_cloud()
        self.server.requests.clear()

    def away(self, seconds: float) -> None:
        """Every connection breaks, and for so long nobody listens."""
        self.server.die()
        self.later(seconds, self.server.start)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        timer = threading.Timer(seconds, work)
        timer.start()
        self._timers.append(timer)

    def settle(self) -> None:
        """Whatever was to happen later has happened."""
        while self._timers:
            self._timers.pop().join()


@dataclass(frozen=True)
class Services:
    aws: Service
    lyve: Service

    @property
    def both(self) -> tuple[Service, Service]:
        return self.aws, self.lyve

    def turn(self, seed: str, *, calm: bool = False) -> None:
        for each in self.both:
            each.weather.turn(f"{seed}/{each.provider}", calm=calm)

    def settle(self) -> None:
        for each in self.both:
            each.settle()

    @property
    def struck(self) -> Counter[str]:
        return self.aws.weather.struck + self.lyve.weather.struck


@contextmanager
def two_services() -> Iterator[Services]:
    with (
        _service("aws", "AKIASOAK", lambda: MemoryCloud(quirks=AWS)) as aws,
        _service("lyve", "STX1SOAK", lambda: MemoryCloud(quirks=LYVE)) as lyve,
    ):
        services = Services(aws, lyve)
        try:
            yield services
        finally:
            services.settle()


@contextmanager
def _service(provider: str, access_key: str, make_cloud: Callable[[], MemoryCloud]) -> Iterator[Service]:
    keys = Keys(access_key, f"secret-of-{provider}-0123456789")
    weather = Weather(provider)
    server = S3Server(make_cloud(), {keys.access_key_id: keys.secret_access_key})
    server.faults = weather
    with server:
        yield Service(provider, server, weather, keys, make_cloud)
