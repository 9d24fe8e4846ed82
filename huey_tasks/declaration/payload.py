"""The payload of a task type: a model made from the hints of a function's parameters.

The model checks a submission and gives the JSON Schema; when the task runs, it converts the payload
to arguments. Its fields are named p0, p1, … with the parameter's name as alias, so that a parameter
such as `_id` or `model_config` does not clash with a name of pydantic's.
"""

import inspect
import json
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import (
    PydanticSerializationError,
    SchemaError,
    SchemaValidator,
    core_schema,
)

from huey_tasks import serializer
from huey_tasks.declaration import other_words, payload_problems
from huey_tasks.declaration.accepted import converter
from huey_tasks.declaration.failed_member import reinsert, set_apart
from huey_tasks.declaration.options import place_of
from huey_tasks.errors import InvalidPayload, InvalidTaskType

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
        """Leave out a default that is not of its parameter's type, such as `n: int = None`."""
        shown = super().default_schema(schema)
        if "default" in shown:
            try:
                plain = json.dumps(shown["default"])
                SchemaValidator(schema["schema"]).validate_json(plain)
            except ValidationError:
                del shown["default"]
            except SchemaError:  # a type that refers to another: its default stays
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
    """The parameters of a function, and the model of payloads with them."""

    def __init__(self, function: Callable[..., Any], type_name: str) -> None:
        """Make the model. Raises InvalidTaskType for a parameter that no JSON object can carry."""
        #: How a sentence names the type.
        self.about = f"task type '{type_name}'"
        self._place = place_of(function)
        self.parameters = self._parameters(function)
        self._signature = inspect.Signature(list(self.parameters.values()))
        #: The parameters without a default.
        self.required = frozenset(
            name for name, one in self.parameters.items() if one.default is _EMPTY
        )
        self._positional = [
            name for name, one in self.parameters.items() if one.kind is not one.KEYWORD_ONLY
        ]
        self._fields = {name: f"p{number}" for number, name in enumerate(self.parameters)}
        self.model = self._model(function, type_name)
        self.validator = cast(SchemaValidator, self.model.__pydantic_validator__)
        self.schema = self.schema_at("#/$defs/{model}")
        self._require_json([self.schema, inspect.getdoc(function)])

    def schema_at(self, ref_template: str) -> dict[str, Any]:
        """Return the JSON Schema of the payload, with references in the form of `ref_template`."""
        return self.model.model_json_schema(
            ref_template=ref_template, schema_generator=PayloadSchema
        )

    def check(self, payload: Mapping[str, Any], given_later: Collection[str] = ()) -> bytes:
        """Return the payload in the form of `serializer.dumps`.

        `given_later`: parameters that may still be missing. Raises InvalidPayload unless it fits
        the type; each problem points to a field.
        """
        try:
            encoded = serializer.dumps(payload)
            plain = serializer.without_tags(encoded)
        except (TypeError, ValueError, RecursionError) as error:
            problems = payload_problems.not_json(payload, error)
            raise InvalidPayload(f"The payload does not fit {self.about}.", problems) from None
        try:
            self.validator.validate_json(plain, strict=True)
        except ValidationError as error:
            later = {(name,) for name in given_later}
            problems = [
                payload_problems.of_field(detail, payload, self.schema)
                for detail in error.errors(include_url=False)
                if detail["type"] != "missing" or detail["loc"] not in later
            ]
            if problems:
                raise InvalidPayload(f"The payload does not fit {self.about}.", problems) from None
        return encoded

    def takes(self, name: str) -> bool:
        """Return whether there is a parameter of that name."""
        return name in self.parameters

    def named(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], *, partial: bool = False
    ) -> dict[str, Any]:
        """Return the arguments of a call as a payload, by the names of the parameters.

        `partial`: a pipeline gives the rest. Raises TypeError, as a call of the function would.
        """
        given = dict(zip(self._positional, args, strict=False)) if args else {}
        given.update(kwargs)
        is_right = len(given) == len(args) + len(kwargs) and given.keys() <= self.parameters.keys()
        if is_right and given.keys() >= self.required:
            return given  # as `bind` does, in a fifth of the time
        bind = self._signature.bind_partial if partial else self._signature.bind
        try:
            return bind(*args, **kwargs).arguments
        except TypeError as error:
            hint = other_words.options_hint(kwargs.keys() - self.parameters.keys())
            raise TypeError(f"{self.about}: {error}{hint}") from None

    def arguments(self, given: Mapping[str, Any], *, accepted: bool) -> dict[str, Any]:
        """Return the given parameters in the types of their hints.

        `accepted`: the payload passed the checks when it was submitted; only types are checked now.
        Raises ValidationError for a value of another type.
        """
        given, failed = set_apart(given)
        encoded = serializer.without_tags(serializer.dumps(given))
        try:
            payload = self.validator.validate_json(encoded)
        except ValidationError:
            if not accepted:
                raise
            payload = self._converter.validate_json(encoded)
        values, fields = payload.__dict__, self._fields
        return reinsert({name: values[fields[name]] for name in given}, failed)

    def arguments_in(self, encoded: bytes) -> dict[str, Any] | None:
        """Return the parameters that a stored payload gives, in the types of their hints.

        None for what `arguments` has to look at: it is no JSON object, or its values do not fit the
        hints as these are now.
        """
        try:
            payload = self.validator.validate_json(encoded)
        except ValidationError:
            return None
        values, given = payload.__dict__, payload.__pydantic_fields_set__
        if len(given) == len(self._fields):
            return {name: values[field] for name, field in self._fields.items()}
        return {name: values[field] for name, field in self._fields.items() if field in given}

    @cached_property
    def _converter(self) -> SchemaValidator:
        return converter(self.model.__pydantic_core_schema__)

    def example(self, example: object) -> dict[str, Any]:
        """Return the example in JSON types, {} for none. Raises InvalidTaskType unless it fits."""
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
            # A check may depend on the time, such as a date that must be in the future.
            if not self._has_types(payload):
                where = problem.pointer or "the whole payload"
                why = f"its example does not fit: {where}: {problem.message}"
                raise self._refused(why) from None
        return shown

    def _has_types(self, payload: Mapping[str, Any]) -> bool:
        given = {name: value for name, value in payload.items() if name in self._fields}
        if len(given) < len(payload) or not given.keys() >= self.required:
            return False
        try:
            self.arguments(given, accepted=True)
        except ValidationError:
            return False
        return True

    def _parameters(self, function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
        if inspect.isclass(function):
            raise self._refused("a class is no task: write a function, which may make one")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise self._refused("a generator has no result, because of 'yield': return a list")
        try:
            parameters = dict(inspect.signature(function).parameters)
        except (TypeError, ValueError) as error:
            raise self._refused(f"its parameters are not known: {error}") from None
        for parameter in parameters.values():
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                is_one = parameter.kind is parameter.POSITIONAL_ONLY
                hint = "" if is_one else "; a decorator below @task needs functools.wraps"
                raise self._refused(f"'{parameter}' cannot be a key of a payload{hint}")
            if isinstance(parameter.default, FieldInfo):
                name = parameter.name
                rule = f"write {name}: Annotated[<type>, Field(…)] = <default>"
                raise self._refused(f"the default of '{name}' is pydantic's Field(…); {rule}")
        return parameters

    def _model(self, function: Callable[..., Any], type_name: str) -> type[BaseModel]:
        try:
            hints = get_type_hints(function, include_extras=True)
        except Exception as error:  # a hint may be any text, and its evaluation may raise anything
            raise self._refused(f"its hints cannot be read: {_first_sentence(error)}") from error
        fields: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if name not in hints:
                hint = "; the task is huey_tasks.current_task" if name == "self" else ""
                raise self._refused(f"parameter '{name}' has no type hint{hint}")
            default = ... if parameter.default is _EMPTY else parameter.default
            fields[self._fields[name]] = (hints[name], self._field(name, hints[name], default))
        title = "".join(part.capitalize() for part in type_name.split("_")) + "Payload"
        try:
            return create_model(title, __config__=_MODEL, **fields)
        except Exception as error:  # pydantic's errors, which name the parameter
            raise self._refused(_first_sentence(error)) from error

    def _field(self, name: str, hint: Any, default: Any) -> Any:
        """Return the field of a parameter; try it alone, so that an error names the parameter."""
        field: Any = Field(default, alias=name, validation_alias=name, serialization_alias=name)  # pyright: ignore
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                alone = create_model("Alone", __config__=_MODEL, p=(hint, field))
                alone.model_json_schema(schema_generator=PayloadSchema)
        except Exception as error:  # pydantic's errors, and any that the code of a type raises
            kind = inspect.formatannotation(hint)[:100]
            why = f"parameter '{name}' cannot be in a payload: {_first_sentence(error)}"
            if isinstance(error, PydanticSchemaGenerationError | PydanticInvalidForJsonSchema):
                why = f"parameter '{name}' has a type that JSON cannot carry, {kind}"
            raise self._refused(why) from error
        if default is ... and not alone.model_fields["p"].is_required():
            raise self._refused(f"the default of '{name}' belongs behind its hint: … = <default>")
        return field

    def _require_json(self, shown: object) -> None:
        """Raise InvalidTaskType unless `shown` is JSON: it would break every list of types."""
        try:
            json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise self._refused(
                f"its description and JSON Schema cannot be written: {error}"
            ) from None

    def _refused(self, why: str) -> InvalidTaskType:
        return InvalidTaskType(f"{self.about}: {why}", self._place)


def _first_sentence(error: Exception) -> str:
    """Return the first sentence of pydantic's error; the rest is advice to users of pydantic."""
    first = str(error).strip().split("\n")[0].split(". Set `arb")[0]
    return f"{type(error).__name__}: {first}"[:300]
