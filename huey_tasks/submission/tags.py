"""Tags: the words by which a search finds a task."""

import re
from collections.abc import Sequence

from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.values.plain_text import is_plain

#: Tags of a task, and the characters of a tag; a comma separates two tags where they are stored.
MAX_TAGS, TAG = 10, re.compile(r"[^\s,\"\\]{1,64}")


def is_tag(text: object) -> bool:
    """Return whether `text` is a valid tag."""
    return isinstance(text, str) and TAG.fullmatch(text) is not None and is_plain(text)


def checked_tags(tags: Sequence[str]) -> str:
    """Return the tags in their stored form. Raises InvalidQuery."""
    if isinstance(tags, str):  # else each of its letters would be a tag
        raise InvalidQuery([Problem("/tags", "list", "'tags' is a list of words, such as ['x'].")])
    wrong = [n for n, tag in enumerate(tags) if n >= MAX_TAGS or not is_tag(tag)]
    if wrong:
        rule = (
            f"At most {MAX_TAGS} tags, each of 1 to 64 visible characters, "
            "without spaces, commas, quotes and backslashes."
        )
        raise InvalidQuery([Problem(f"/tags/{n}", "tag", rule) for n in wrong[:MAX_TAGS]])
    return f",{','.join(dict.fromkeys(tags))}," if tags else ""
