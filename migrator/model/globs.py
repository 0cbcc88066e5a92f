"""Glob patterns as rclone reads them, turned into regular expressions.

    *        any characters but "/"          file.*      matches at any depth
    **       any characters, "/" too         /file.*     matches only at the prefix's root
    ?        one character but "/"           dir/        the same as dir/**
    [ab-z]   one of these, [!ab] none        {a,b}       either
    {{re}}   a regular expression            \\x         the character x itself

Source: https://rclone.org/filtering/#patterns
"""

from __future__ import annotations

import re


class BadPattern(ValueError):
    """The pattern is not finished; the message says what is missing."""


def compile_glob(pattern: str) -> re.Pattern[str]:
    """The regular expression that a whole key (relative to the job's prefix) must match.

    Raises:
        BadPattern: unbalanced brackets or braces, or a bad `{{...}}`.
    """
    if not pattern:
        raise BadPattern("the pattern is empty")
    start = "^" if pattern.startswith("/") else "(?:^|/)"
    body = pattern.removeprefix("/")
    if body.endswith("/"):
        body += "**"
    try:
        return re.compile(rf"{start}{_translate(body)}\Z", re.DOTALL)
    except re.error as cause:
        raise BadPattern(str(cause)) from cause


def exact(key: str) -> str:
    """The pattern that matches this key and no other, relative to the prefix.

    Raises:
        BadPattern: no pattern can say it (it is empty, or holds what is no text).
    """
    if not key or not _is_text(key):
        raise BadPattern("no pattern can say this key")
    body = "".join(f"\\{char}" if char in _SPECIAL else char for char in key)
    if key[-1] == "/" or key[-1].isspace():
        body = (
            f"{body[:-1]}[{key[-1]}]"  # as itself: else it is a folder, or taken for space around a pattern
        )
    return f"/{body}"


#: What means something in a pattern, or ends one in a list of them.
_SPECIAL = frozenset("*?[]{}\\,")


def _is_text(key: str) -> bool:
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return key.isprintable()


def _translate(glob: str) -> str:
    out: list[str] = []
    in_braces = False
    index = 0
    while index < len(glob):
        char = glob[index]
        index += 1
        if char == "\\":
            if index == len(glob):
                raise BadPattern('nothing follows the last "\\"')
            out.append(re.escape(glob[index]))
            index += 1
        elif char == "*":
            doubled = glob.startswith("*", index)
            index += doubled
            out.append(".*" if doubled else "[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            text, index = _character_set(glob, index)
            out.append(text)
        elif char == "{" and glob.startswith("{", index):
            end = glob.find("}}", index)
            if end < 0:
                raise BadPattern('missing "}}"')
            while glob.startswith("}", end + 2):  # {{\\d{4}}} ends with the last of them
                end += 1
            out.append(f"(?:{glob[index + 1 : end]})")
            index = end + 2
        elif char == "{":
            if in_braces:
                raise BadPattern('"{" inside "{": braces do not nest')
            in_braces = True
            out.append("(?:")
        elif char == "}":
            if not in_braces:
                raise BadPattern('"}" without "{"')
            in_braces = False
            out.append(")")
        elif char == "," and in_braces:
            out.append("|")
        else:
            out.append(re.escape(char))
    if in_braces:
        raise BadPattern('missing "}"')
    return "".join(out)


def _character_set(glob: str, index: int) -> tuple[str, int]:
    """Translate what follows "["; returns the text and the index after the closing "]"."""
    negated = glob.startswith(("!", "^"), index)
    index += negated
    inside: list[str] = []
    while True:
        if index >= len(glob):
            raise BadPattern('missing "]"')
        char = glob[index]
        index += 1
        if char == "]" and inside:
            break
        if char == "[" and glob.startswith(":", index):
            raise BadPattern("classes like [:alpha:] are not known; write [a-zA-Z]")
        if char == "\\":
            if index >= len(glob):
                raise BadPattern('missing "]"')
            char = glob[index]
            index += 1
            inside.append(re.escape(char))
        else:
            inside.append(char if char == "-" else re.escape(char))
    return ("[^/" if negated else "[") + "".join(inside) + "]", index
