"""The routes of one noun, as a Flask blueprint that documents itself when the document is read."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.utils import parse_parameters

from web.openapi.tags import TAGS

View = TypeVar("View", bound=Callable[..., Response])


def operation_id(*, name: str, path: str, method: str) -> str:
    return name


class ApiBlueprint(APIBlueprint):
    """The routes of one noun under a prefix; the document lists them under `tag`."""

    def __init__(self, name: str, tag: str, prefix: str = "/api") -> None:
        super().__init__(
            name,
            "web",
            url_prefix=prefix,
            abp_tags=[Tag(name=tag, description=TAGS[tag])],
            operation_id_callback=operation_id,
        )
        self._undocumented: list[Callable[[], object]] = []

    def _collect_openapi_info(self, rule: str, func: Any, **options: Any) -> Any:
        """Return the types of a route's parameters; `document` does the rest.

        The schemas of all routes are a tenth of what a web process does until it is ready.
        """
        collect = super()._collect_openapi_info
        self._undocumented.append(partial(collect, rule, func, **options))
        return parse_parameters(func, doc_ui=False)

    def document(self) -> None:
        """Fill in `paths`, `tags` and `components_schemas`, unless that has been done."""
        for collect in self._undocumented:
            collect()
        self._undocumented.clear()

    # The library's own decorators lose the type of the function.
    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().get(rule, **options))

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().post(rule, **options))

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().put(rule, **options))

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().patch(rule, **options))

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().delete(rule, **options))
