"""Glob patterns as rclone reads them, turned into regular expressions.

    *        any characters but "/"          file.*      matches at any depth
    **       any characters, "/" too         /file.*     matches only at the prefix's root
    ?        one character but "/"           dir/        the same as dir/**
    [ab-z]   one of these, [!ab] none        {a,b}       either
    {{re}}   a regular expression            \\x         the character x itself

Source: https://rclone.org/filtering/#patterns

A key may have been named to make matching take for ever (many stars, and a key that nearly fits). So a part
between two stars, once found, is not looked for further on, where that could change nothing: the star that
follows takes in whatever lies between. This is so for parts of one length, with slashes in fixed places:
braces are multiplied out, and so are sets that hold a slash among others.
"""

from __future__ import annotations

import re
from enum import Enum

#: Patterns that braces may stand for, and pieces of them, all together.
MOST_ALTERNATIVES, MOST_PIECES = 1000, 100_000


class BadPattern(ValueError):
    """The pattern is not finished; the message says what is missing."""


class _Mark(Enum):
    STAR = "*"
    STARS = "**"
    OPEN = "{"
    COMMA = ","
    CLOSE = "}"


#: A mark, or the regular expression of what stands for itself.
_Token = _Mark | str
#: How the regular expression of a `{{...}}` begins; nothing else begins like it.
_OWN = "(?:"


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
    bodies = "|".join(map(_regex, _alternatives(_tokens(body))))
    try:
        return re.compile(rf"{start}(?:{bodies})\Z", re.DOTALL)
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


# -- a pattern's tokens ---------------------------------------------------------------------------


def _tokens(glob: str) -> list[_Token]:
    out: list[_Token] = []
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
            out.append(_Mark.STARS if doubled else _Mark.STAR)
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
            out.append(f"{_OWN}{glob[index + 1 : end]})")
            index = end + 2
        elif char == "{":
            if in_braces:
                raise BadPattern('"{" inside "{": braces do not nest')
            in_braces = True
            out.append(_Mark.OPEN)
        elif char == "}":
            if not in_braces:
                raise BadPattern('"}" without "{"')
            in_braces = False
            out.append(_Mark.CLOSE)
        elif char == "," and in_braces:
            out.append(_Mark.COMMA)
        else:
            out.append(re.escape(char))
    if in_braces:
        raise BadPattern('missing "}"')
    return out


def _alternatives(tokens: list[_Token]) -> list[list[_Token]]:
    """The patterns without braces that are meant; where there are stars, also without sets that hold a slash
    among others (`[+-9]` is a slash, or another one)."""
    found: list[list[_Token]] = [[]]
    choices: list[list[_Token]] | None = None
    pieces = 0
    has_stars = _Mark.STAR in tokens
    for token in tokens:
        if token is _Mark.OPEN:
            choices = [[]]
        elif token is _Mark.CLOSE and choices is not None:
            found, choices = _joined(found, choices), None
            pieces = sum(map(len, found))
        elif token is _Mark.COMMA and choices is not None:
            choices.append([])
        elif has_stars and _may_be_a_slash(token):
            ways: list[list[_Token]] = [[f"(?!/){token}"], ["/"]]
            if choices is None:
                found = _joined(found, ways)
            else:
                choices[-1:] = _joined(choices[-1:], ways)
        elif choices is None:
            for each in found:
                each.append(token)
            pieces += len(found)
        else:
            choices[-1].append(token)
        if pieces > MOST_PIECES:
            raise BadPattern("it is too long")
    return found


def _joined(befores: list[list[_Token]], afters: list[list[_Token]]) -> list[list[_Token]]:
    """Each of the first with each of the others behind it."""
    if len(befores) * len(afters) > MOST_ALTERNATIVES:
        raise BadPattern(f"it stands for more than {MOST_ALTERNATIVES} patterns")
    if sum(map(len, befores)) * len(afters) + len(befores) * sum(map(len, afters)) > MOST_PIECES:
        raise BadPattern("it is too long")
    return [[*before, *after] for before in befores for after in afters]


def _may_be_a_slash(token: _Token) -> bool:
    """Whether it is a set that holds a slash: what else may be one is one."""
    if not isinstance(token, str) or token[0] != "[":
        return False
    try:
        return re.fullmatch(token, "/") is not None
    except re.error as cause:
        raise BadPattern(str(cause)) from cause


# -- their regular expression ---------------------------------------------------------------------


def _regex(tokens: list[_Token]) -> str:
    if any(isinstance(each, str) and each.startswith(_OWN) for each in tokens):
        # Who writes regular expressions knows what they cost.
        plain = {_Mark.STAR: "[^/]*", _Mark.STARS: ".*"}
        return "".join(each if isinstance(each, str) else plain[each] for each in tokens)
    first, *others = _split(tokens, _Mark.STARS)
    if not others:
        return _part(first, is_last=True)
    *middle, last = others
    once = "".join(f"(?>.*?{_part(each, is_last=False)})" for each in middle)
    return f"(?>{_part(first, is_last=False)}){once}.*{_part(last, is_last=True)}"


def _part(tokens: list[_Token], *, is_last: bool) -> str:
    """What stands between two `**`. The first place where it fits is as good as any, but for the last."""
    first, *others = ("".join(map(str, each)) for each in _split(tokens, _Mark.STAR))
    if not others:
        return first
    *middle, last = others
    once = "".join(f"(?>[^/]*?{each})" for each in middle)
    return f"{first}{once}[^/]*{last}" if is_last else f"{first}{once}(?>[^/]*?{last})"


def _split(tokens: list[_Token], mark: _Mark) -> list[list[_Token]]:
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token is mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


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
