"""What pydantic says of a wrong field, in the words of JSON.

pydantic speaks of dictionaries, lists and extra inputs to callers who have sent JSON, and does not
say which field a misspelt one could be. Owns these words and the search for the nearest name; the
caller makes the pointer.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

#: The most known names that a message lists.
_MOST_NAMES = 8
#: From this likeness on a name counts as a misspelling; and one that means something else.
_ALIKE, _NEARLY_THE_SAME = 0.6, 0.9
_LONGEST_NAME = 64
_OBJECT, _ARRAY = "Input should be an object", "Input should be a valid array"
_WORDS = {
    **dict.fromkeys(
        (
            "dict_type", "model_type", "model_attributes_type", "dataclass_type",
            "dataclass_exact_type", "mapping_type",
        ),
        _OBJECT,
    ),
    **dict.fromkeys(
        (
            "list_type", "tuple_type", "set_type", "frozen_set_type", "deque_type",
            "named_tuple_type", "iterable_type",
        ),
        _ARRAY,
    ),
    "none_required": "Input should be null",
    "bytes_type": "Input should be a base64 string",
    "uuid_type": "Input should be a UUID string",
    "url_type": "Input should be a URL string",
    "decimal_type": "Input should be a number, or a string with a number",
}  # fmt: skip
#: The kinds of collections in pydantic's messages about their size.
_KINDS = {"Dictionary": "Object", "List": "Array", "Tuple": "Array", "Set": "Array"}
_KIND = re.compile(r"^(Dictionary|List|Tuple|Set|Frozenset|Deque)\b")


class Meant(NamedTuple):
    """The message for a field whose meaning is known, in an object that has the field `beside`."""

    beside: str
    message: str


def message_of(
    detail: ErrorDetails,
    schema: Mapping[str, Any] | None,
    meant: Mapping[tuple[str, str], Meant] = MappingProxyType({}),
) -> str:
    """Return the message of one error; `schema` is the JSON Schema of the whole input, if known.

    An unknown field's message has the nearest known name, or the known names if they are few.
    `meant`: messages of the caller's own, by the type of the error and the name of the field; such
    a name is hardly a misspelling where what it means is not a field either.
    """
    path, kind = detail["loc"], detail["type"]
    name = str(path[-1]) if path else ""
    own = meant.get((kind, name))
    if own is not None or kind == "extra_forbidden":
        known = list(_fields_at(schema, path[:-1])) if schema else []
        if own is not None and own.beside in known:
            return own.message
        if kind == "extra_forbidden":
            hint = _hint(name, known, _ALIKE if own is None else _NEARLY_THE_SAME)
            return f"There is no field '{name[:_LONGEST_NAME]}'{hint}"
    if kind == "string_pattern_mismatch" and "{8}-" in detail["msg"]:  # that of our ids
        return "Input should be an id, a UUID in lower case"
    message = _WORDS.get(kind, detail["msg"])
    message = _KIND.sub(lambda found: _KINDS.get(found[1], "Array"), message)
    return message.replace(" after validation", "")


def as_sentence(message: str) -> str:
    """Return the message with a full stop, unless it is a question already."""
    return message if message.endswith(("?", ".")) else f"{message}."


def _hint(name: str, known: Sequence[str], cutoff: float) -> str:
    short = name[:_LONGEST_NAME].lower()
    if near := difflib.get_close_matches(short, known, n=1, cutoff=cutoff):
        return f"; did you mean '{near[0]}'?"
    if not known:
        return "; there are none here"
    names = ", ".join(f"'{each}'" for each in known)
    return f"; the fields are {names}" if len(known) <= _MOST_NAMES else ""


def _fields_at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Iterator[str]:
    """Yield the names that an object at `path` may have; a step that no schema has is skipped."""
    nodes = list(_alternatives(schema, schema))
    for step in path:
        inner = [part for node in nodes for part in _parts(node, step)]
        if inner:
            nodes = [each for part in inner for each in _alternatives(schema, part)]
    names = [name for node in nodes for name in node.get("properties", {})]
    yield from dict.fromkeys(names)


def _parts(node: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    parts = [node.get("properties", {}).get(step)]
    if isinstance(step, int):
        parts = [*node.get("prefixItems", [])[step : step + 1], node.get("items")]
    elif parts == [None]:
        parts = [node.get("additionalProperties")]
    for part in parts:
        if isinstance(part, dict):
            yield part


def _alternatives(
    root: Mapping[str, Any], node: Mapping[str, Any], seen: tuple[str, ...] = ()
) -> Iterator[Mapping[str, Any]]:
    """Yield `node` and what it refers to, and the members of its unions."""
    yield node
    ref = node.get("$ref", "")
    if ref and ref not in seen:
        target = root.get("$defs", {}).get(ref.rpartition("/")[2], {})
        yield from _alternatives(root, target, (*seen, ref))
    for union in ("anyOf", "oneOf", "allOf"):
        for member in node.get(union, []):
            yield from _alternatives(root, member, seen)
