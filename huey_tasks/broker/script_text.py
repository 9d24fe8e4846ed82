"""The text of a Lua script: its own file behind the parts of `lua/lib` that it needs.

The header of a script in `lua/<verb>.lua` says what goes with it:

    -- args: id token        its arguments, which become Lua locals; further ones begin at `MORE`
    -- with: finish tasks    the parts that it uses; a part may use others, `keys` is always there
    -- own parts: claim      parts that only this script uses: pieces of its own function
    -- at the end: write     of a part: its function that runs when the script has done its work;
                             `last of all` the one that may fail on what it finds
    -- record Ties: gate …   names for the positions of a reply

Records of Python have names in Lua as well, from the one definition: `NewTask.id` is the position
of a field, `NewTask.NAMES` the names of all, `NewTask.COUNT` their number, `Ending.DEAD` a text,
`TaskState.TERMINAL` the texts of these states and `TaskState.TERMINAL_SET` a table with them as
keys; `Delivery.TYPE` and `Flow.TYPE` are types of our own. They become constants here, so they cost
nothing at run time.

Redis runs the whole text at each call, and to make a function takes time even if nothing calls it.
So of its parts a script gets only the definitions that it uses. What only rare calls need is made
when one comes there, and it is known until the end of that block, the next line that begins further
left:

    if minute == now then return end
    -- made here: add fold     a line of code that stands for these definitions of parts

The parts that most others use are outside of a function that has all the rest: to make a function,
Lua looks for each variable that it uses among all those of the function around it, but takes those
from further out as they are.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from huey_tasks.broker.protocol import DELIVERY_TYPE, FLOW_TYPE, Cause, Claim, Found, Gate, NewTask
from huey_tasks.broker.states import LIVE, TERMINAL, Ending, TaskState
from huey_tasks.broker.task_hash import EVENT_TASK, EXPLAINED, ROW, AttemptLine

LUA = Path(__file__).parent / "lua"

_RECORDS: dict[str, tuple[str, ...]] = {
    **{
        record.__name__: record._fields
        for record in (NewTask, Claim, Found, Gate, Cause, AttemptLine)
    },
    "Row": ROW,
    "Explained": EXPLAINED,
    "EventTask": EVENT_TASK,
}
_ENUMS: dict[str, type[StrEnum]] = {"TaskState": TaskState, "Ending": Ending}
_LISTS = {
    "Delivery.TYPE": f"'{DELIVERY_TYPE}'",
    "Flow.TYPE": f"'{FLOW_TYPE}'",
    "TaskState.LIVE": ", ".join(f"'{state}'" for state in LIVE),
    "TaskState.TERMINAL": ", ".join(f"'{state}'" for state in TERMINAL),
    "TaskState.TERMINAL_SET": f"{{ {', '.join(f'{state} = true' for state in TERMINAL)} }}",
}

_OUTSIDE = ("keys", "clock", "events", "queueing", "blocked")

_NAME = re.compile(r"\b([A-Z][a-z]\w*)\.(\w+)")
_DEFINITION = re.compile(r"^(?=local )", re.MULTILINE)
_VARIABLE = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_TEXT = re.compile(r"'[^']*'")
_MADE_HERE = re.compile(r"^( +)-- made here: (.+)$")


class ScriptText(NamedTuple):
    """A script as Redis gets it, and the names of its arguments."""

    arguments: tuple[str, ...]
    text: str


@cache
def script_text(name: str) -> ScriptText:
    """Build a script from its file and parts. Raises ValueError for a wrong header or name."""
    body = _read(name)
    arguments = tuple(_words(body, "args"))
    if not arguments:
        raise ValueError(f"lua/{name}.lua has no line '-- args:'")
    own_parts = [_read(f"lib/{part}") for part in _words(body, "own parts")]
    names = parts_of(body, *own_parts)
    parts = [_read(f"lib/{part}") for part in names]
    definitions = _Definitions([*parts, *own_parts])
    values = ", ".join(f"ARGV[{number}]" for number in range(1, len(arguments) + 1))
    at_the_end = [
        f"{function}()"
        for when in ("at the end", "last of all")
        for part in parts
        for function in _words(part, when)
    ]
    takes = f"local MORE, {', '.join(arguments)} = {len(arguments) + 1}, {values}"
    text = "\n".join([body, "end", "local answer = run()", *at_the_end, "return answer"])
    text = "\n".join([takes, "local function run()", definitions.used(own_parts, text)])
    inside = [_read(f"lib/{part}") for part in names if part not in _OUTSIDE]
    text = f"local function script()\n{definitions.used(inside, text)}\nend\nreturn script()"
    outside = [_read(f"lib/{part}") for part in names if part in _OUTSIDE]
    text = definitions.made_here(definitions.used(outside, text))
    records = {record: tuple(names) for record, names in _lua_records([*parts, *own_parts, body])}
    return ScriptText(arguments, _with_constants(text, _RECORDS | records))


def parts_of(*texts: str) -> list[str]:
    """Return the parts of `lua/lib` that texts need, each behind those that it needs itself."""
    found = ["keys"]
    for part in (part for text in texts for part in _words(text, "with")):
        needed = [*parts_of(_read(f"lib/{part}")), part]
        found += [name for name in needed if name not in found]
    return found


class _Definitions:
    """The definitions of the parts of one script.

    One begins with `local` at the start of a line, and Lua knows its names only behind it.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self._by_name = {
            name: definition
            for part in parts
            for definition in _DEFINITION.split(part)[1:]
            for name in _defined(definition)
        }

    def used(self, parts: Sequence[str], text: str) -> str:
        """Return the text behind those definitions of parts that it, or another of them, uses."""
        used = self._variables(text)
        for part in reversed(parts):
            head, *definitions = _DEFINITION.split(part)
            for definition in reversed(definitions):
                if not _defined(definition).isdisjoint(used):
                    text = definition + text
                    used |= self._variables(definition)
            text = f"{head}\n{text}"
        return text

    def made_here(self, text: str) -> str:
        """Return the text with the definitions that are made inside of others."""
        lines: list[str] = []
        for line in text.splitlines():
            if made := _MADE_HERE.match(line):
                lines += [self.made_here(definition) for definition in self._named(made[2])]
            else:
                lines.append(line)
        return "\n".join(lines)

    def _variables(self, text: str) -> set[str]:
        """Return the variables that a text uses, without those that are made in it."""
        found, lines = set[str](), text.splitlines()
        for number, line in enumerate(lines):
            if made := _MADE_HERE.match(line):
                block = list(takewhile(lambda below: _is_in(made[1], below), lines[number + 1 :]))
                here = self._named(made[2])
                inside = self._variables("\n".join([*here, *block]))
                outside = self._variables("\n".join(lines[number + 1 + len(block) :]))
                return found | outside | inside.difference(*map(_defined, here))
            found |= set(_VARIABLE.findall(_TEXT.sub("", line.partition("--")[0])))
        return found

    def _named(self, names: str) -> list[str]:
        """Return the definitions with these names, in the order of their parts."""
        wanted = set(names.split())
        if unknown := wanted - self._by_name.keys():
            raise ValueError(f"no part has what is made here: {', '.join(sorted(unknown))}")
        return list(dict.fromkeys(self._by_name[name] for name in self._by_name if name in wanted))


def _defined(definition: str) -> set[str]:
    names = definition.removeprefix("local ").removeprefix("function ")
    return set(re.split(r"\W+", re.split(r"[=(\n]", names)[0])) - {""}


def _is_in(indent: str, line: str) -> bool:
    """Return whether a line is in the block of one that is indented like this."""
    return not line.strip() or line.startswith(indent)


def _read(name: str) -> str:
    return (LUA / f"{name}.lua").read_text("utf-8")


def _words(text: str, what: str) -> list[str]:
    header = re.search(rf"^-- {what}: (.+)$", text, re.MULTILINE)
    return header[1].split() if header else []


def _lua_records(texts: list[str]) -> list[tuple[str, list[str]]]:
    """Return the records that Lua declares; further lines of one are indented by three spaces."""
    pattern = re.compile(r"^-- record (\w+): (.+(?:\n--   .+)*)$", re.MULTILINE)
    return [
        (name, names.replace("\n--", "").split())
        for text in texts
        for name, names in pattern.findall(text)
    ]


def _with_constants(text: str, records: dict[str, tuple[str, ...]]) -> str:
    """Write numbers and texts for the names of records and enums."""

    def constant(match: re.Match[str]) -> str:
        owner, name = match.groups()
        if match[0] in _LISTS:
            return _LISTS[match[0]]
        if owner in _ENUMS and name in _ENUMS[owner].__members__:
            return f"'{_ENUMS[owner][name]}'"
        fields = records.get(owner, ())
        if name == "NAMES" and fields:
            return ", ".join(f"'{field}'" for field in fields)
        if name == "COUNT" and fields:
            return str(len(fields))
        if name not in fields:
            raise ValueError(f"a script says {match[0]}, which is no field and no member")
        return str(fields.index(name) + 1)

    lines = [line.partition("--") for line in text.splitlines()]
    return "\n".join(
        _NAME.sub(constant, code) + dashes + comment for code, dashes, comment in lines
    )
