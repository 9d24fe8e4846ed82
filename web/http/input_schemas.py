"""The JSON Schemas of what callers send, by the title that pydantic's errors have.

An error does not say which fields its model has; a message that names the nearest one needs them.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from web.http.models import Inbound
from web.http.parameters import Query

_by_title: dict[str, dict[str, Any]] = {}


def schema_titled(title: str) -> dict[str, Any] | None:
    """Return the schema of the body or query whose class has that name, or None."""
    if title not in _by_title:
        models = [*_below(Inbound), *_below(Query)]
        _by_title.update({model.__name__: model.model_json_schema() for model in models})
    return _by_title.get(title)


def _below(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _below(model)
