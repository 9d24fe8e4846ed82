"""The routes of one noun, as a Flask blueprint that documents itself."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

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
