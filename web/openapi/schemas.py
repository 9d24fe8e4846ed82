"""The schemas of the OpenAPI document: our models, and one submit body per task type."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic.json_schema import models_json_schema

import huey_tasks as tq
from web.http.models import Inbound, Outbound, ProblemView

#: The prefix of a reference to a schema of the document.
REF = "#/components/schemas/"
#: The extension with further parameters of an operation, such as headers.
MORE_PARAMETERS = "x-more-parameters"


def model_schemas() -> dict[str, Any]:
    """Return the schemas of our models as pydantic writes them; flask-openapi3 drops keywords."""
    models = [(model, "serialization") for model in _subclasses(Outbound)]
    models += [(ProblemView, "serialization")]
    models += [(model, "validation") for model in _subclasses(Inbound)]
    _, document = models_json_schema(cast(Any, models), ref_template=REF + "{model}")
    return document["$defs"]


def _subclasses(model: type[Any]) -> Iterator[type[Any]]:
    for child in model.__subclasses__():
        yield child
        yield from _subclasses(child)


def submit_schemas(of_all: Mapping[str, Any]) -> dict[str, Any]:
    """Return one submit body per task type, with `task_type` as the discriminator.

    `of_all`: the properties of `SubmitBody`.
    """
    schemas: dict[str, Any] = {}
    mapping: dict[str, str] = {}
    for task_type in tq.task_types():
        name = _component_name(task_type.name, mapping)
        payload = task_type.payload.schema_at(f"{REF}Payload_{name}_{{model}}")
        for inner, schema in payload.pop("$defs", {}).items():
            schemas[f"Payload_{name}_{inner}"] = schema
        schemas[f"Payload_{name}"] = payload
        schemas[f"Submit_{name}"] = _submit_schema(task_type, REF + f"Payload_{name}", of_all)
        mapping[task_type.name] = f"{REF}Submit_{name}"
    if mapping:
        schemas["SubmitBody"] = {
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            "discriminator": {"propertyName": "task_type", "mapping": mapping},
        }
    return schemas


def name_task_types(schemas: Mapping[str, Any], *bodies: str) -> None:
    """Let the `task_type` of bodies be one of the registered names."""
    names = [task_type.name for task_type in tq.task_types()]
    for body in bodies if names else ():
        schemas[body]["properties"]["task_type"]["enum"] = names


def _component_name(type_name: str, taken: Mapping[str, str]) -> str:
    """Return a unique name without dots, which code generators read as module paths."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", type_name)
    names = (plain, *(f"{plain}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if f"{REF}Submit_{name}" not in taken.values())


def drop_empty_defaults(node: Any) -> None:
    """Remove each default of null or an empty list, which means "absent".

    openapi-typescript requires a field that has a default.
    """
    if isinstance(node, list):
        for item in cast(list[Any], node):
            drop_empty_defaults(item)
    elif isinstance(node, dict):
        part = cast(dict[str, Any], node)
        if part.get("default", ...) in (None, []):
            del part["default"]
        for key, inner in part.items():
            if key not in ("default", "example", "examples", "value", "enum", "const"):
                drop_empty_defaults(inner)


#: The fields of a submit that are the same for each task type.
_OPTIONS = (
    "tags",
    "delay",
    "run_at",
    "expires_in",
    "queue_priority",
    "unique_for",
    "unique_key",
    "webhook_url",
)


def _submit_schema(
    task_type: tq.TaskType[..., Any], payload_ref: str, of_all: Mapping[str, Any]
) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "title": task_type.name,
        "description": task_type.description,
        "additionalProperties": False,
        "required": ["task_type", "payload"],
        "properties": {
            "task_type": {"type": "string", "const": task_type.name},
            "priority": {
                "type": "string",
                "enum": list(tq.QUEUES),
                "description": f"The queue; the default is '{task_type.queue}'.",
            },
            "payload": {"$ref": payload_ref},
            **{option: of_all[option] for option in _OPTIONS},
        },
    }
    if task_type.example:
        schema["examples"] = [_submit_example(task_type)]
    return schema


def _submit_example(task_type: tq.TaskType[..., Any]) -> dict[str, Any]:
    return {
        "task_type": task_type.name,
        "priority": task_type.queue,
        "payload": task_type.example,
    }


def submit_examples() -> dict[str, Any]:
    """Return one submission per task type that has an example payload."""
    return {
        task_type.name: {
            "summary": task_type.description.partition("\n")[0],
            "value": _submit_example(task_type),
        }
        for task_type in tq.task_types()
        if task_type.example
    }
