"""What `check` has found at one end so far: told as it is found, and judged at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from migrator.errors import (
    AccessDenied,
    DigestMismatch,
    NotFound,
    NotS3,
    NotSupported,
    PreconditionFailed,
    Rejected,
)
from migrator.model.events import Event
from migrator.model.findings import CheckFound, Found
from migrator.rights_words import advice_for

#: Refusals that answer a question; anything else (silence, expired keys) ends the check.
ANSWERS = (AccessDenied, DigestMismatch, NotFound, NotS3, NotSupported, PreconditionFailed, Rejected)


#: Not denied: allowing the action would change nothing.
_NO_HELP = frozenset({"right-locked", "right-odd", "right-not-known"})


class Findings:
    """One end's findings. Rights are proven by requests: what was denied is told at once, the rest in the
    end, because what one request is allowed another may still be denied."""

    def __init__(self, end: str, emit: Callable[[Event], None]) -> None:
        self.end = end
        self._emit = emit
        self.missing: list[CheckFound] = []
        self._told: set[str] = set()
        self._proven: set[str] = set()
        self._odd: dict[str, str] = {}

    def tell(self, topic: str, what: str, verdict: Found, code: str, *, action: str = "") -> None:
        advice = advice_for(code, verdict, what=what, action=action)
        finding = CheckFound(self.end, topic, what, verdict, code, action, advice)
        if verdict is Found.MISSING:
            self.missing.append(finding)
        self._emit(finding)

    def ability(self, code: str, is_so: bool | None, *, otherwise: Found = Found.WARNING) -> None:
        """What a bucket was seen to do, or not to (`otherwise`); None: nobody could try."""
        verdict = Found.NOT_TRIED if is_so is None else Found.OK if is_so else otherwise
        self.tell("ability", code, verdict, code)

    # -- rights ---------------------------------------------------------------------------------

    def prove(self, action: str, request: Callable[[], object]) -> bool:
        """Exercise a right; False where it is denied. What is missing or refused for another reason is
        allowed: services look at rights first.

        Raises:
            StoreError: no answer.
        """
        try:
            request()
        except AccessDenied:
            self.denied(action)
            return False
        except NotSupported:
            self._odd.setdefault(action, "right-not-known")
            return True
        except ANSWERS:
            pass
        self._proven.add(action)
        return True

    def needs(self, action: str, request: Callable[[], object]) -> bool:
        """Like `prove`, for requests that have to succeed: another refusal proves nothing."""
        try:
            request()
        except AccessDenied:
            self.denied(action)
            return False
        except ANSWERS as cause:
            is_unknown = isinstance(cause, NotSupported)
            self._odd[action] = "right-not-known" if is_unknown else "right-odd"
            return False
        self._odd.pop(action, None)
        self._proven.add(action)
        return True

    def is_missing(self, action: str) -> bool:
        return any(each.action == action for each in self.missing)

    def proven(self, *actions: str) -> None:
        self._proven.update(actions)

    def denied(self, action: str) -> None:
        self._right(action, Found.MISSING, "right-denied")

    def unknown(self, action: str, code: str) -> None:
        """Denied, and the job goes on without."""
        self._right(action, Found.UNKNOWN, code)

    def settle(self, actions: Sequence[str], verdict: Found, code: str) -> None:
        """Tell of all these rights; `verdict` and `code` are for those that nothing was found out about."""
        for action in actions:
            if action in self._odd:
                self._right(action, Found.UNKNOWN, self._odd[action])
            elif action in self._proven:
                self._right(action, Found.OK, "right-proven")
            else:
                self._right(action, verdict, code)

    def _right(self, action: str, verdict: Found, code: str) -> None:
        if action not in self._told:
            self._told.add(action)
            is_help = code not in _NO_HELP and verdict in (Found.MISSING, Found.UNKNOWN)
            self.tell("right", action, verdict, code, action=action if is_help else "")


class ProbeBook:
    """The probes of a `check`, which has no journal: in memory, for as long as it lasts."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._keys: dict[str, _Probe] = {}

    def reserve(self, key: str, _kind: str, /) -> None:
        self._keys[key] = _Probe(key)

    def reserved(self, _kind: str, /) -> list[_Probe]:
        return list(self._keys.values())

    @property
    def keys(self) -> list[str]:
        return list(self._keys)

    def release(self, key: str, /) -> None:
        self._keys.pop(key, None)

    def commit(self) -> None:
        """Nothing outlives the process."""

    def began(self) -> datetime:
        return self._began


class _Probe:
    def __init__(self, key: str) -> None:
        self.key = key
