"""What a payload of a task type may hold: a model made from the hints of a function's parameters.

The model checks a submission and gives the JSON Schema; when the task runs, it turns the payload
into arguments. Its fields have names of our own, with the parameter's as their alias, so that no
parameter meets a name of pydantic's (`_id`, `model_config`).
"""

import inspect
import json
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import (
    ErrorDetails,
    PydanticSerializationError,
    SchemaError,
    SchemaValidator,
    core_schema,
)

from huey_tasks import serializer
from huey_tasks.declaration.accepted import converter
from huey_tasks.declaration.options import place_of
from huey_tasks.errors import InvalidPayload, InvalidTaskType, Problem

_MODEL = ConfigDict(
    extra="forbid",
    val_json_bytes="base64",
    ser_json_bytes="base64",
    validate_by_alias=True,
    validate_by_name=False,
    protected_namespaces=(),
)
_EMPTY = inspect.Parameter.empty


class PayloadSchema(GenerateJsonSchema):
    """pydantic's JSON Schema, without the defaults that JSON cannot carry."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """Without a default that is not of its parameter's own type, such as `n: int = None`."""
        shown = super().default_schema(schema)
        if "default" in shown:
            try:
                plain = json.dumps(shown["default"])
                SchemaValidator(schema["schema"]).validate_json(plain)
            except ValidationError:
                del shown["default"]
            except SchemaError:  # of a type that refers to another: it stays as it is
                return shown
        return shown

    def encode_default(self, dft: Any) -> Any:
        encoded = super().encode_default(dft)
        try:
            json.dumps(encoded, allow_nan=False)
        except ValueError as error:
            raise PydanticSerializationError(str(error)) from error  # the default is left out
        return encoded


class Payload:
    """The parameters of a function, as a payload holds them."""

    def __init__(self, function: Callable[..., Any], type_name: str) -> None:
        """Raises InvalidTaskType for a parameter that JSON cannot name, or carry."""
        self._about = f"task type '{type_name}'"
        self._place = place_of(function)
        self.parameters = self._parameters(function)
        self._fields = {name: f"p{number}" for number, name in enumerate(self.parameters)}
        self.model = self._model(function, type_name)
        self.validator = cast(SchemaValidator, self.model.__pydantic_validator__)
        self.schema = self.schema_at("#/$defs/{model}")
        self._must_be_json([self.schema, inspect.getdoc(function)])

    def schema_at(self, ref_template: str) -> dict[str, Any]:
        """The JSON Schema of the payload, with its inner schemas at that address."""
        return self.model.model_json_schema(
            ref_template=ref_template, schema_generator=PayloadSchema
        )

    def check(self, payload: Mapping[str, Any]) -> bytes:
        """Return the payload as `serializer.dumps` has it.

        Raises InvalidPayload unless it fits; the problems name each field.
        """
        try:
            encoded = serializer.dumps(payload)
            plain = serializer.without_tags(encoded)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidPayload(str(error), [Problem("", "not_json", str(error))]) from None
        try:
            self.validator.validate_json(plain, strict=True)
        except ValidationError as error:
            problems = [_problem(detail, payload) for detail in error.errors(include_url=False)]
            raise InvalidPayload(f"The payload does not fit {self._about}.", problems) from None
        return encoded

    def arguments(self, given: Mapping[str, Any], *, accepted: bool) -> dict[str, Any]:
        """The given parameters in the types of their hints.

        What was `accepted` with its submission is not refused for a check that it passed then.
        Raises ValidationError for what is not of its type.
        """
        encoded = serializer.without_tags(serializer.dumps(given))
        try:
            payload = self.validator.validate_json(encoded)
        except ValidationError:
            if not accepted:
                raise
            payload = self._converter.validate_json(encoded)
        values, fields = payload.__dict__, self._fields
        return {name: values[fields[name]] for name in given}

    @cached_property
    def _converter(self) -> SchemaValidator:
        return converter(self.model.__pydantic_core_schema__)

    def example(self, example: object) -> dict[str, Any]:
        """An example as it is shown, {} for none. Raises InvalidTaskType unless it fits."""
        if example is None:
            return {}
        if not isinstance(example, dict):
            raise self._refused(f"its example must be an object, not {type(example).__name__}")
        payload = cast(dict[str, Any], example)
        try:
            shown = cast(
                dict[str, Any], serializer.plain(serializer.loads(serializer.dumps(payload)))
            )
            json.dumps(shown, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._refused(f"its example is not JSON: {error}") from None
        try:
            self.check(payload)
        except InvalidPayload as error:
            problem = error.problems[0]
            if not self._was_right(payload):  # such as a date that was in the future
                at = problem.pointer or "the whole"
                raise self._refused(f"its example does not fit: {at}: {problem.message}") from None
        return shown

    def _was_right(self, payload: Mapping[str, Any]) -> bool:
        given = {name: value for name, value in payload.items() if name in self._fields}
        if len(given) < len(payload) or any(name not in given for name in self._required()):
            return False
        try:
            self.arguments(given, accepted=True)
        except ValidationError:
            return False
        return True

    def _required(self) -> list[str]:
        return [name for name, parameter in self.parameters.items() if parameter.default is _EMPTY]

    def _parameters(self, function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise self._refused("Huey runs no 'async def'; use asyncio.run() inside")
        try:
            parameters = dict(inspect.signature(function).parameters)
        except (TypeError, ValueError) as error:
            raise self._refused(f"its parameters are not known: {error}") from None
        for parameter in parameters.values():
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise self._refused(f"'{parameter}' cannot be a key of a payload")
            if isinstance(parameter.default, FieldInfo):
                name = parameter.name
                rule = f"write {name}: Annotated[<type>, Field(…)] = <default>"
                raise self._refused(f"the default of '{name}' is pydantic's Field(…); {rule}")
        return parameters

    def _model(self, function: Callable[..., Any], type_name: str) -> type[BaseModel]:
        try:
            hints = get_type_hints(function, include_extras=True)
        except Exception as error:  # a name that is not there, a text that is no expression
            raise self._refused(f"its hints cannot be read: {_told(error)}") from error
        fields: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if name not in hints:
                raise self._refused(f"parameter '{name}' has no type hint")
            default = ... if parameter.default is _EMPTY else parameter.default
            fields[self._fields[name]] = (hints[name], self._field(name, hints[name], default))
        title = "".join(part.capitalize() for part in type_name.split("_")) + "Payload"
        try:
            return create_model(title, __config__=_MODEL, **fields)
        except Exception as error:  # said of one parameter, which is named
            raise self._refused(_told(error)) from error

    def _field(self, name: str, hint: Any, default: Any) -> Any:
        """The field of a parameter, tried alone, so that a refusal names the parameter."""
        field: Any = Field(default, alias=name, validation_alias=name, serialization_alias=name)  # pyright: ignore
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                one = create_model("One", __config__=_MODEL, p=(hint, field))
                one.model_json_schema(schema_generator=PayloadSchema)
        except Exception as error:  # pydantic's errors, and those of a type's own code
            kind = inspect.formatannotation(hint)[:100]
            why = f"parameter '{name}' cannot be in a payload: {_told(error)}"
            if isinstance(error, PydanticSchemaGenerationError | PydanticInvalidForJsonSchema):
                why = f"parameter '{name}' has a type that JSON cannot carry, {kind}"
            raise self._refused(why) from error
        if default is ... and not one.model_fields["p"].is_required():
            raise self._refused(f"the default of '{name}' belongs behind its hint: … = <default>")
        return field

    def _must_be_json(self, shown: object) -> None:
        """What one type shows stands in a list with all others, and must not spoil it."""
        try:
            json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise self._refused(
                f"its description and JSON Schema cannot be written: {error}"
            ) from None

    def _refused(self, why: str) -> InvalidTaskType:
        return InvalidTaskType(f"{self._about}: {why}", self._place)


def _told(error: Exception) -> str:
    """The first sentence of an error of pydantic's; the rest is advice to its own users."""
    first = str(error).strip().split("\n")[0].split(". Set `arb")[0]
    return f"{type(error).__name__}: {first}"[:300]


def _problem(detail: ErrorDetails, payload: Any) -> Problem:
    """Point at the field; what pydantic's path says of a union's members is no part of it."""
    pointer, inside = "", payload
    steps = detail["loc"]
    for number, step in enumerate(steps, 1):
        if isinstance(inside, dict):
            fields = cast(dict[str, Any], inside)
            is_missing = detail["type"] == "missing" and number == len(steps)
            if step not in fields and not is_missing:
                continue
            inside = fields.get(str(step))
        elif isinstance(inside, list) and isinstance(step, int):
            inside = cast(list[Any], inside)[step]
        else:
            continue
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return Problem(pointer, detail["type"], detail["msg"])
