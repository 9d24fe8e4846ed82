"""The schemas of the OpenAPI document: our models, and one submit body for each task type."""

import re
from collections.abc import Iterator
from typing import Any, cast

from pydantic.json_schema import models_json_schema

import huey_tasks as tq
from web.schemas import Inbound, Outbound, ProblemView

#: Where the document keeps its schemas.
REF = "#/components/schemas/"


def model_schemas() -> dict[str, Any]:
    """Schemas as pydantic writes them; flask-openapi3's own copy loses what it does not know."""
    models = [(model, "serialization") for model in _subclasses(Outbound)]
    models += [(ProblemView, "serialization")]
    models += [(model, "validation") for model in _subclasses(Inbound)]
    _, document = models_json_schema(cast(Any, models), ref_template=REF + "{model}")
    return document["$defs"]


def _subclasses(model: type[Any]) -> Iterator[type[Any]]:
    for child in model.__subclasses__():
        yield child
        yield from _subclasses(child)


def submit_schemas() -> dict[str, Any]:
    """One submit body for each task type, told apart by `task_type`."""
    schemas: dict[str, Any] = {}
    mapping: dict[str, str] = {}
    for task_type in tq.task_types():
        name = re.sub(r"[^A-Za-z0-9._-]", "_", task_type.name)
        payload = task_type.payload_model.model_json_schema(
            ref_template=f"{REF}Payload.{name}.{{model}}"
        )
        for inner, schema in payload.pop("$defs", {}).items():
            schemas[f"Payload.{name}.{inner}"] = schema
        schemas[f"Payload.{name}"] = payload
        schemas[f"Submit.{name}"] = _submit_schema(task_type, REF + f"Payload.{name}")
        mapping[task_type.name] = REF + f"Submit.{name}"
    if mapping:
        schemas["SubmitBody"] = {
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            "discriminator": {"propertyName": "task_type", "mapping": mapping},
        }
    return schemas


def _submit_schema(task_type: tq.TaskType[..., Any], payload_ref: str) -> dict[str, Any]:
    return {
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
                "description": f"The queue; without it '{task_type.queue}'.",
            },
            "payload": {"$ref": payload_ref},
            "tags": {
                "type": "array",
                "items": {"type": "string", "maxLength": 64},
                "maxItems": 10,
                "description": "Words by which the task can be found.",
            },
        },
        "examples": [_submit_example(task_type)],
    }


def _submit_example(task_type: tq.TaskType[..., Any]) -> dict[str, Any]:
    return {
        "task_type": task_type.name,
        "priority": task_type.queue,
        "payload": task_type.example,
    }


def submit_examples() -> dict[str, Any]:
    """One submission for each type that says what a payload looks like."""
    return {
        task_type.name: {
            "summary": task_type.description.partition("\n")[0],
            "value": _submit_example(task_type),
        }
        for task_type in tq.task_types()
        if task_type.example
    }
