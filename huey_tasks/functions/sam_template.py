"""`template.yaml` of AWS SAM: its functions, with the options of `Settings`.

What is not understood is listed and changes nothing: a template is written for AWS, and most of it
is about what does not exist on a laptop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey_tasks.functions.cloudformation import NotUnderstood, Resolver, load
from huey_tasks.functions.sam_properties import options_of, table_of

NAMES = ("template.yaml", "template.yml")
_FUNCTION, _QUEUE = "AWS::Serverless::Function", "AWS::SQS::Queue"
#: The property that names a resource, for those that something may refer to.
_NAMED = {_FUNCTION: "FunctionName", _QUEUE: "QueueName"}


@dataclass(frozen=True)
class SamFunction:
    """One function of a template, with its options."""

    name: str
    #: The folder of the code, relative to the template; empty if it is in none.
    code: str
    runtime: str
    options: Mapping[str, Any]
    #: The place of each option in the template, for texts: "timeout" is "Timeout".
    places: Mapping[str, str]
    #: The places of what has no meaning here.
    not_understood: tuple[str, ...]


@dataclass(frozen=True)
class SamTemplate:
    """What a template says: its functions, what else is in it, and the problem of the file."""

    file: Path
    functions: tuple[SamFunction, ...] = ()
    not_understood: tuple[str, ...] = ()
    problem: str | None = None
    #: Whether the file could be read; if not, the functions are those of before.
    is_read: bool = True


def read(content: bytes | None, file: Path, region: str, account: str) -> SamTemplate:
    """Return what a template says; None: there is no such file.

    `region` and `account` are what `!Ref AWS::Region` and its kind stand for.
    """
    if content is None:
        return SamTemplate(file)
    try:
        document = table_of(load(content))
        resources = table_of(document.get("Resources"))
        if not resources:
            return SamTemplate(file, problem="it has no Resources", is_read=False)
        return _Reader(document, resources, region, account).read(file)
    except ValueError as error:
        return SamTemplate(file, problem=str(error), is_read=False)
    except RecursionError:  # an alias that contains itself
        return SamTemplate(file, problem="it is nested too deeply", is_read=False)


class _Reader:
    def __init__(
        self, document: dict[str, Any], resources: dict[str, Any], region: str, account: str
    ) -> None:
        self._resources, self._region, self._account = resources, region, account
        self._globals = table_of(table_of(document.get("Globals")).get("Function"))
        known = {
            name: table_of(parameter)["Default"]
            for name, parameter in table_of(document.get("Parameters")).items()
            if "Default" in table_of(parameter)
        }
        known |= {"AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": "aws",
                  "AWS::StackName": "local", "AWS::URLSuffix": "amazonaws.com"}  # fmt: skip
        self._names = {
            name: self._name(name, Resolver(known, _no_attribute))
            for name in resources
            if self._type(name) in _NAMED
        }
        functions = {name: each for name, each in self._names.items() if self._type(name) != _QUEUE}
        self._resolver = Resolver(known | functions, self._attribute)

    def read(self, file: Path) -> SamTemplate:
        return SamTemplate(
            file,
            tuple(self._function(name) for name in self._names if self._type(name) == _FUNCTION),
            tuple(
                f"{name} ({self._type(name)})"
                for name in self._resources
                if name not in self._names
            ),
        )

    def _type(self, name: str) -> str:
        return str(table_of(self._resources[name]).get("Type"))

    def _name(self, name: str, resolver: Resolver) -> str:
        """Return the name that a resource gets, which is its key in the template by default."""
        properties = table_of(table_of(self._resources[name]).get("Properties"))
        try:
            return str(resolver.resolve(properties.get(_NAMED[self._type(name)], name)))
        except NotUnderstood:
            return str(name)

    def _attribute(self, name: str, attribute: str) -> str | None:
        """Return the ARN of a function or a queue of this template; nothing else is known."""
        if attribute != "Arn" or name not in self._names:
            return None
        if self._type(name) == _QUEUE:
            return f"arn:aws:sqs:{self._region}:{self._account}:{self._names[name]}"
        return f"arn:aws:lambda:{self._region}:{self._account}:function:{self._names[name]}"

    def _function(self, name: str) -> SamFunction:
        own = table_of(table_of(self._resources[name]).get("Properties"))
        unknown = list[str]()
        properties = table_of(
            self._resolver.known_of(_merged(self._globals, own), "", unknown) or {}
        )
        options = options_of(properties)
        return SamFunction(
            name=self._names[name],
            code=_code(properties),
            runtime=str(properties.get("Runtime", "")),
            options=options.values,
            places=options.places,
            not_understood=(*unknown, *options.not_understood),
        )


def _no_attribute(name: str, attribute: str) -> None:
    """Know no attribute: a name cannot be made of another resource's."""


def _code(properties: Mapping[str, Any]) -> str:
    """Return the folder of the code; empty if it is in none, but in a bucket or an image."""
    code = properties.get("CodeUri", ".")
    is_elsewhere = "InlineCode" in properties or properties.get("PackageType", "Zip") != "Zip"
    return "" if is_elsewhere or not isinstance(code, str) or "://" in code else code


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return `own` over `common`, tables merged key by key, as SAM merges Globals."""
    merged = {**common, **own}
    for key in common.keys() & own.keys():
        if isinstance(common[key], dict) and isinstance(own[key], dict):
            merged[key] = _merged(common[key], own[key])
    return merged
