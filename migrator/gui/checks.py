"""What is said below each field: a hint while it is fine, a problem once it was left or a button pressed.

The job file's own rules decide; this adds what only a form knows (blank keys, spaces, half-typed sizes) and
says the common cases in words short enough to stand under a field.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from migrator.config import job_from
from migrator.endpoint_rules import lyve_region
from migrator.errors import JobFileError, Problem
from migrator.gui import form_words, labels
from migrator.gui.form import NAMES, Direction, Form, form_field, to_table
from migrator.model.sizes import parse_size, show_size

Problems = dict[str, str]


def in_words(problems: Iterable[Problem], direction: Direction) -> Problems:
    """Problems of a job by form field; those of no field under ""."""
    found: Problems = {}
    for problem in problems:
        name = form_field(problem.field, direction)
        found.setdefault(name, _sentence(name, problem))
    return found


def all_problems(form: Form) -> Problems:
    """Everything wrong with the form by the job file's rules and our own, blank fields included."""
    found = _own(form)
    try:
        job_from(to_table(form))
    except JobFileError as cause:
        for name, text in in_words(cause.problems, form.direction).items():
            found.setdefault(name, text)
    return found


def blocking_generate(form: Form) -> Problems:
    """What must be right before both ends can be tried: all but the buckets and the filters."""
    found = blanks(form)
    wanted = {f"{name}.{part}" for name in NAMES for part in ("region", "endpoint", "session_token")}
    wanted |= {f"{name}.{part}" for name in NAMES for part in ("access_key_id", "secret_access_key")}
    for name, text in all_problems(form).items():
        is_typed = name and not name.endswith(".bucket") and form.get(name).strip()
        if is_typed or name in wanted:
            found.setdefault(name, text)
    return found


def blocking_migrate(form: Form) -> Problems:
    """What must be right before a run starts."""
    found = blanks(form)
    for name in NAMES:
        if not form.end(name).bucket.strip():
            found[f"{name}.bucket"] = labels.CHOOSE_BUCKET
    return {**all_problems(form), **found}


def problem_of(form: Form, name: str) -> str:
    """What is wrong with a field that was just left. An empty field is never scolded for being empty."""
    return all_problems(form).get(name, "") if form.get(name).strip() else ""


def blanks(form: Form) -> Problems:
    """Required keys that are empty."""
    found: Problems = {}
    for name in NAMES:
        for part in ("access_key_id", "secret_access_key"):
            if not form.end(name).uses_known_keys and not form.get(f"{name}.{part}").strip():
                found[f"{name}.{part}"] = labels.FILL_THIS
    return found


def hint(form: Form, name: str) -> str:
    """The quiet line below a field."""
    text = form.get(name).strip()
    if name in {"min_size", "max_size", "speed_limit"}:
        return _echo(name, text)
    match name:
        case "min_date":
            return form_words.FROM_MIDNIGHT if text else labels.NO_LIMIT
        case "max_date":
            return form_words.WHOLE_DAY if text else labels.NO_LIMIT
        case "include":
            return form_words.INCLUDE_HINT
        case "exclude":
            return form_words.EXCLUDE_HINT
        case "existing" if text == "overwrite":
            return form_words.OVERWRITE_HINT
        case "verify" if text == "size":
            return form_words.SIZE_ONLY_HINT
        case "aws.access_key_id" | "lyve.access_key_id":
            end = form.end(name.partition(".")[0])
            return form_words.known_keys(end.known_as) if end.uses_known_keys else ""
        case "aws.endpoint" if not text:
            region = form.aws.region.strip()
            return f"s3.{region}.amazonaws.com" if region else ""
        case "aws.endpoint":
            return form_words.OTHER_THAN_AWS
        case "lyve.endpoint":
            # The whole of it is longer than the field.
            return _host(text) or form_words.FROM_CONSOLE
        case "lyve.region" if not text and (found := lyve_region(form.lyve.endpoint.strip())):
            return form_words.region_of_endpoint(found)
        case "aws.prefix" | "lyve.prefix" if text.startswith("/"):
            return form_words.SLASH
    return ""


def _own(form: Form) -> Problems:
    found: Problems = {}
    for name in NAMES:
        end = form.end(name)
        for part in ("access_key_id", "secret_access_key", "session_token"):
            if any(char.isspace() for char in form.get(f"{name}.{part}").strip()):
                found[f"{name}.{part}"] = form_words.REMOVE_SPACES
        if end.needs_token and not end.session_token.strip():
            found[f"{name}.session_token"] = form_words.NEEDS_TOKEN
        bad = _endpoint_problem(end.endpoint.strip())
        if bad:
            found[f"{name}.endpoint"] = bad
    return found


def _endpoint_problem(text: str) -> str:
    """The two slips that pasting makes likely; the rest is the job file's business."""
    if not text:
        return ""
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    return "" if scheme in {"http", "https"} else form_words.NEEDS_SCHEME


def _sentence(name: str, problem: Problem) -> str:
    text = problem.message
    if name in form_words.WRONG_ORDER and any(each in text for each in form_words.SAYS_ORDER):
        return form_words.WRONG_ORDER[name]
    if name.endswith(".bucket") and form_words.SAYS_MISSING in text:
        return labels.CHOOSE_BUCKET
    if name.endswith(".bucket") and form_words.SAYS_SAME_PLACE in text:
        return form_words.SAME_PLACE
    if name == "lyve.endpoint" and form_words.SAYS_MISSING not in text:
        return text[:1].upper() + text[1:]
    return form_words.SHORT.get(name, text[:1].upper() + text[1:])


def _echo(name: str, text: str) -> str:
    if not text:
        return labels.NO_LIMIT
    per_second = name == "speed_limit"
    try:
        size = show_size(parse_size(text.removesuffix("/s") if per_second else text))
    except ValueError:
        return ""
    size = size.replace(".0 ", " ")
    return f"= {size}/s" if per_second else f"= {size}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
