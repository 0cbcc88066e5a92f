"""Secrets, taken out of every text that leaves the program: by their value, whatever the text is about.

Whoever gets hold of a secret teaches it (`learn`); every place where text leaves the program (streams, log,
messages in the journal, reports, events to a window, clipboard) passes it through `redacted`. What a secret
looks like where something else has encoded it (percent, JSON, HTML, base64, hexadecimal) is masked as well.

Keys of objects are data: the journal keeps them exactly.
"""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import TracebackType
from typing import Any, TypeVar

MASK = "***"
#: Shorter values are no secrets that could be told from ordinary words.
LEAST_CHARS = 8
#: Secrets known at once; the oldest goes. Renewed keys come every hour, a form is filled in by a person.
MOST_SECRETS = 256

T = TypeVar("T")

#: Variables whose value is a secret, by the end of their name.
_SECRET_VARIABLE = re.compile(r"SECRET_ACCESS_KEY$|SESSION_TOKEN$|SECURITY_TOKEN$|AUTHORIZATION_TOKEN$", re.I)
_PROXY = re.compile(r"_PROXY$", re.I)


class _Form:
    """One way a secret may be written: `anchor` is in every such text, and looking for it is cheap."""

    __slots__ = ("anchor", "pattern")

    def __init__(self, anchor: str, pattern: re.Pattern[str] | None) -> None:
        self.anchor = anchor
        self.pattern = pattern

    def mask(self, text: str) -> str:
        return self.pattern.sub(MASK, text) if self.pattern else text.replace(self.anchor, MASK)


_lock = threading.Lock()  # guards who writes what is below; readers take the tuple as it is
_known: dict[str, tuple[_Form, ...]] = {}
_forms: tuple[_Form, ...] = ()


def learn(*secrets: str) -> None:
    """From now on these values are masked everywhere, for as long as the program runs."""
    global _forms
    new = [each for each in secrets if len(each) >= LEAST_CHARS and each not in _known]
    if not new:
        return
    with _lock:
        for secret in new:
            _known[secret] = tuple(_forms_of(secret))
        while len(_known) > MOST_SECRETS:
            del _known[next(iter(_known))]
        # The longest first: one secret may be a part of another.
        by_length = sorted(_known, key=len, reverse=True)
        _forms = tuple(form for secret in by_length for form in _known[secret])


def learn_environment(environment: Mapping[str, str]) -> None:
    """Learn what is secret by the names of variables, and the passwords of proxies."""
    for name, value in environment.items():
        if is_secret_variable(name):
            learn(value)
        elif _PROXY.search(name):
            learn(*_passwords(value))


def is_secret_variable(name: str) -> bool:
    """Whether a variable of the environment holds a secret, by its name."""
    return _SECRET_VARIABLE.search(name) is not None


def for_others(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that needs no secret."""
    return {name: value for name, value in environment.items() if not is_secret_variable(name)}


def redacted(text: str) -> str:
    """`text` without any secret. Costs well below a microsecond where there is none."""
    for form in _forms:
        if form.anchor in text:
            text = form.mask(text)
    return text


def without_secrets(value: T) -> T:
    """The same for a value of the events' kind: texts within frozen values, tuples and mappings."""
    return _walked(value) if _forms else value


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        # Members of enums are texts too, and none of them is foreign.
        return redacted(value) if type(value) is str else value
    if isinstance(value, tuple | list):
        found = [_walked(each) for each in value]
        same = all(one is other for one, other in zip(found, value, strict=True))
        return value if same else type(value)(found)
    if isinstance(value, Mapping):
        return {_walked(name): _walked(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for each in fields(value):
            before = getattr(value, each.name)
            after = _walked(before)
            if after is not before:
                changes[each.name] = after
        return replace(value, **changes) if changes else value
    return value


# -- how a secret may be written ------------------------------------------------------------------


def _forms_of(secret: str) -> list[_Form]:
    raw = secret.encode("utf-8", "surrogateescape")
    spelled = _Form(_anchor(secret), re.compile("".join(map(_any_spelling, secret))))
    others = dict.fromkeys([*_base64_of(raw), raw.hex(), raw.hex().upper()])
    return [spelled, *(_Form(text, None) for text in others)]


def _anchor(secret: str) -> str:
    """The longest run of characters that no encoding touches."""
    runs: list[str] = re.findall(r"[A-Za-z0-9]*", secret)
    return max(runs, key=len)


def _any_spelling(char: str) -> str:
    """A pattern for one character: itself, or as percent (also twice), JSON, Python and HTML write it."""
    if char.isascii() and char.isalnum():
        return char
    code = ord(char)
    ways = [re.escape(char), rf"\\+{re.escape(char)}", rf"\\+u{_any_case(f'{code:04x}')}"]
    ways += [rf"&#0*{code};", rf"&#[xX]0*{_any_case(f'{code:x}')};"]
    ways += [f"&{name};" for name in _ENTITIES.get(char, ())]
    octets = char.encode("utf-8", "surrogateescape")
    ways.append("".join(f"%(?:25)*{_any_case(f'{octet:02x}')}" for octet in octets))
    if char == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"


_ENTITIES = {"&": ("amp",), "<": ("lt",), ">": ("gt",), '"': ("quot",), "'": ("apos",)}


def _any_case(digits: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits)


def _base64_of(raw: bytes) -> list[str]:
    """What of base64 is the secret's alone, whatever stands before and after it, in both alphabets."""
    import base64

    found = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        # The first characters hold bits of what stands before, the last ones of what follows.
        first = (0, 2, 3)[before]
        last = len(raw) + before
        core = encoded[first : last // 3 * 4]
        found += [core, core.replace("+", "-").replace("/", "_")]
    return [each for each in found if len(each) >= LEAST_CHARS]


def _passwords(url: str) -> list[str]:
    from urllib.parse import unquote, urlsplit

    try:
        password = urlsplit(url if "//" in url else f"//{url}").password or ""
    except ValueError:
        return []
    return [password, unquote(password)]


# -- streams, and what nobody caught --------------------------------------------------------------


class RedactingStream(io.TextIOWrapper):
    """Writes to what is below another stream, and masks secrets in whatever is written in one piece."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._below = stream  # it would close what it writes to when nobody held it any more

    def write(self, text: str) -> int:
        super().write(redacted(text))
        return len(text)


def guard_process(environment: Mapping[str, str]) -> None:
    """Learn this process's environment, and mask what it prints and what nobody caught.

    Where standard streams are not the usual ones (tests replace them) they are left as they are.
    """
    learn_environment(environment)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is io.TextIOWrapper:
            stream.flush()
            setattr(sys, name, RedactingStream(stream))
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    import traceback

    if sys.stderr is not None:
        sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit and args.exc_value is not None:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
