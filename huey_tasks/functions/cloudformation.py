"""Read YAML with CloudFormation's short tags, and what `!Ref` and its kind stand for.

`!Ref Name` becomes {"Ref": "Name"}, `!Sub text` {"Fn::Sub": "text"}, as CloudFormation's long form
has them. What only a deployment knows (an attribute of a bucket) cannot be resolved.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
#: Names that are used as they are, without the prefix of a function.
_PLAIN_TAGS = ("Ref", "Condition")


class NotUnderstood(ValueError):
    """A value that cannot be known here; the text says which."""


def load(content: bytes) -> Any:
    """Return what a template says. Raises ValueError, in one line, if it is no YAML."""
    import yaml  # only those who have a template need it

    class Loader(yaml.SafeLoader):
        """SafeLoader with CloudFormation's tags; a class of its own keeps them to templates."""

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        name = suffix if suffix in _PLAIN_TAGS else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            value: Any = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_mapping(node, deep=True)}

    def text(loader: Any, node: Any) -> Any:
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!", tagged)
    # CloudFormation reads a date as the text that it is.
    Loader.add_constructor("tag:yaml.org,2002:timestamp", text)
    try:
        # Loader is a SafeLoader with constructors of plain values.
        return yaml.load(content, Loader=Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(place + " ".join(str(error.problem).split())) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split()) or "nested too deeply") from error


class Resolver:
    """Replaces references by what they stand for: parameters, the region, other resources."""

    def __init__(
        self, known: Mapping[str, Any], attribute: Callable[[str, str], str | None]
    ) -> None:
        self._known, self._attribute = known, attribute

    def known_of(self, value: Any, place: str, unknown: list[str]) -> Any:
        """Return the value without references; a part that is not known is left out.

        Adds a line with its place to `unknown` for each of those; None if nothing is left.
        """
        if isinstance(value, dict) and _reference(value) is None:
            parts = {
                key: self.known_of(each, f"{place}.{key}" if place else str(key), unknown)
                for key, each in cast("dict[Any, Any]", value).items()
            }
            return {key: each for key, each in parts.items() if each is not None}
        try:
            return self.resolve(value)
        except NotUnderstood as error:
            unknown.append(f"{place}: {error}")
            return None

    def resolve(self, value: Any) -> Any:
        """Return the value without references. Raises NotUnderstood for one that is not known."""
        if isinstance(value, list):
            return [self.resolve(each) for each in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        table = cast("dict[Any, Any]", value)
        if (name := _reference(table)) is None:
            return {key: self.resolve(each) for key, each in table.items()}
        return self._ref(table[name]) if name == "Ref" else self._call(name, table[name])

    def _ref(self, name: Any) -> Any:
        if isinstance(name, str) and name in self._known:
            return self._known[name]
        raise NotUnderstood(f"!Ref {name}")

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Fn::GetAtt" and isinstance(argument, list):
            parts = [str(part) for part in cast("list[Any]", argument)]
            if (found := self._attribute(parts[0], ".".join(parts[1:]))) is not None:
                return found
            raise NotUnderstood(f"!GetAtt {'.'.join(parts)}")
        if name == "Fn::Sub":
            return self._sub(argument)
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            separator, parts = self.resolve(argument)
            if isinstance(parts, list):
                return str(separator).join(str(part) for part in cast("list[Any]", parts))
        raise NotUnderstood(f"!{name.removeprefix('Fn::')}")

    def _sub(self, argument: Any) -> str:
        own: dict[str, Any] = {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            argument, own = argument[0], self.resolve(argument[1])

        def replace(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(own[name])
            resource, dot, attribute = name.partition(".")
            return str(self._call("Fn::GetAtt", [resource, attribute]) if dot else self._ref(name))

        if not isinstance(argument, str):
            raise NotUnderstood("!Sub")
        return _PLACEHOLDER.sub(replace, argument)


def _reference(table: Mapping[Any, Any]) -> str | None:
    """Return "Ref", "Fn::GetAtt" and so on if that is what a table is."""
    name = str(next(iter(table))) if len(table) == 1 else ""
    return name if name == "Ref" or name.startswith("Fn::") else None
