"""How the text of a setting is read: each parser's docstring says what it takes.

A parser raises ValueError for a text that does not fit; `config` makes the line of it.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path

#: A path that pages and headers can contain without escapes: no `//`, which names another host,
#: and no dots that climb out of it.
PATH_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]{1,64}){1,8}")

#: The region in an ARN, as AWS's own model of Lambda has it.
AWS_REGION = re.compile(r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9]")

#: Seconds before each further attempt of a delivery: some 25 hours in all.
A_DAY = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 25_200.0, 36_000.0)

#: A host, or an IP address (IPv6 in brackets), where a webhook may go.
_TARGET_HOST = re.compile(
    r"(?:(?:\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?"
)


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    parse.__doc__ = f"a whole number from {low} to {high}"
    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError
        return value

    parse.__doc__ = f"a number from {low:g} to {high:g}"
    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    parse.__doc__ = " or ".join(choices)
    return parse


def words(separator: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        found = tuple(word.strip() for word in text.split(separator) if word.strip())
        if not found:
            raise ValueError  # "," would switch API keys off silently
        return found

    parse.__doc__ = f"at least one word; several are separated by {separator!r}"
    return parse


class Unfit(ValueError):
    """A value that does not fit, with a text for people that says why."""


def folders(text: str) -> tuple[Path, ...]:
    """existing folders separated by ':'"""
    found = tuple(Path(part).expanduser().absolute() for part in text.split(":") if part)
    if missing := next((folder for folder in found if not folder.is_dir()), None):
        raise Unfit(f"there is no folder {str(missing)!r}")
    return found


def paths(text: str) -> tuple[Path, ...]:
    """folders separated by ':', which may be created later"""
    found = tuple(Path(part).expanduser() for part in text.split(":") if part)
    if not found or any(path.is_file() for path in found):
        raise ValueError
    return tuple(dict.fromkeys(found))


def modules(text: str) -> tuple[str, ...]:
    """names of modules or packages to import, such as shop.tasks; separated by ','"""
    names = words(",")(text)
    if not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError
    return tuple(dict.fromkeys(names))


def root_path(text: str) -> str:
    """a path such as /jobs: letters, digits, '.', '_', '~' and '-' behind each '/'"""
    path = text.rstrip("/")
    if path and not PATH_PREFIX.fullmatch(path):
        raise ValueError
    return path


def key_prefix(text: str) -> str:
    """1 to 32 letters, digits, '.', '_' or '-'"""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", text):
        raise ValueError
    return text


def target_hosts(text: str) -> tuple[str, ...]:
    """host names or IP addresses, each with or without :port; *.example.com for all below it;
    separated by ','"""
    found = tuple(word.lower() for word in words(",")(text))
    if not all(_TARGET_HOST.fullmatch(word) for word in found):
        raise ValueError
    return found


def delays(text: str) -> tuple[float, ...]:
    """1 to 20 numbers of seconds from 0 to 604800, separated by ','"""
    found = tuple(number(0, 604_800)(word) for word in words(",")(text))
    if len(found) > 20:
        raise ValueError
    return found


def aws_region(text: str) -> str:
    """the name of a region, such as us-east-1"""
    if not AWS_REGION.fullmatch(text):
        raise ValueError
    return text


def aws_account(text: str) -> str:
    """12 digits"""
    if not re.fullmatch(r"[0-9]{12}", text):
        raise ValueError
    return text


def switch(text: str) -> bool:
    """0 or 1"""
    return bool(whole(0, 1)(text))


def text(text: str) -> str:
    """a text"""
    return text


def size(text: str) -> int:
    """bytes, 1048576 or more, or KB, MB, GB as in 512MB; 0: no limit"""
    match = re.fullmatch(r"(\d{1,15}) ?([kmg]?)i?b?", text.lower(), re.ASCII)
    amount = int(match[1]) * 1024 ** " kmg".index(match[2] or " ") if match else -1
    if amount != 0 and amount < 2**20:
        raise ValueError
    return amount
