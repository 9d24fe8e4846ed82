"""What an instance of a pydantic class holds, as its author has it serialised.

pydantic writes bytes in a URL-safe alphabet, merges keys that meet and lets NaN pass. So the values
are read as Python's, and encoded as those that stand alone; only what the author has written for
JSON (a serializer with `when_used="json"`, a `ser_json_…` setting) is applied as in JSON.
"""

from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

from pydantic_core import CoreSchema, SchemaSerializer

#: Parts of a schema that hold values or other people's code, and no schema.
_OPAQUE = frozenset({"metadata", "default", "expected", "cls", "function"})

_ALWAYS = {"json": "always", "json-unless-none": "unless-none"}

_Mode = Literal["python", "json"]
_known: WeakKeyDictionary[type, tuple[SchemaSerializer, _Mode]] = WeakKeyDictionary()


def is_pydantic(value: object) -> bool:
    """Return whether it is an instance of a model, or of a dataclass of pydantic's."""
    return hasattr(type(value), "__pydantic_serializer__")


def values_of(value: Any) -> Any:
    """Return what it holds: mostly a dict. Raises what a serializer of its author's raises."""
    kind = type(value)
    if kind not in _known:
        _known[kind] = _serializer_of(kind)
    serializer, mode = _known[kind]
    return serializer.to_python(value, mode=mode, warnings=False)


def _serializer_of(kind: Any) -> tuple[SchemaSerializer, _Mode]:
    schema = kind.__pydantic_core_schema__
    found = _Found()
    rewritten = found.rewrite(schema)
    if found.has_settings:
        return kind.__pydantic_serializer__, "json"
    if not found.has_serializer:
        return kind.__pydantic_serializer__, "python"
    # Without prebuilt serializers, which are those of the models as they were.
    return SchemaSerializer(cast(CoreSchema, rewritten), None, False), "python"


class _Found:
    """What a schema has that is for JSON only."""

    def __init__(self) -> None:
        self.has_serializer = self.has_settings = False

    def rewrite(self, node: Any) -> Any:
        """Return the schema with serializers that are always used."""
        if isinstance(node, list | tuple):
            parts = [self.rewrite(part) for part in cast(list[Any], node)]
            return parts if isinstance(node, list) else tuple(parts)
        if not isinstance(node, dict):
            return node
        schema = cast(dict[str, Any], node)
        settings = cast(dict[str, Any], schema.get("config") or {})
        if any(name.startswith("ser_json_") for name in settings):
            self.has_settings = True
        rewritten = {
            key: part if key in _OPAQUE else self.rewrite(part) for key, part in schema.items()
        }
        if (used := schema.get("when_used")) in _ALWAYS:
            self.has_serializer = True
            rewritten["when_used"] = _ALWAYS[used]
        return rewritten
