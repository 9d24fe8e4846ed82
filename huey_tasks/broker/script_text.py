"""The text of a Lua script: its own file behind the parts of `lua/lib` that it needs.

The header of a script in `lua/<verb>.lua` says what goes with it:

    -- args: id token        its arguments, which become Lua locals; further ones begin at `MORE`
    -- with: finish tasks    the parts that it uses; a part may use others, `keys` is always there
    -- own parts: claim      parts that only this script uses: pieces of its own function
    -- tries first: plain    a part that answers usual calls, and is made without all the others;
                             where it returns nothing, it has changed nothing, and the script runs
    -- at the end: write     of a part: its function that runs when the script has done its work;
                             `last of all` the one that may fail on what it finds
    -- record Ties: gate …   names for the positions of a reply

Records of Python have names in Lua as well, from the one definition: `NewTask.id` is the position
of a field, `NewTask.NAMES` the names of all, `NewTask.COUNT` their number, `Ending.DEAD` a text,
`TaskState.TERMINAL` the texts of these states and `TaskState.TERMINAL_SET` a table with them as
keys; `Delivery.TYPE` and `Flow.TYPE` are types of our own. They become constants here, so they cost
nothing at run time.

Redis runs the whole text at each call, and to make a function takes time even if nothing calls it.
So of its parts a script gets only the definitions that it uses. A block may begin with a line that
says when a call comes there:

    -- rarely: the first call of a minute

What only such blocks use, functions and constants, is made in them. Such a block is no part of a
loop that usual calls run.

The parts that most others use are outside of a function that has all the rest: to make a function,
Lua looks for each variable that it uses among all those of the function around it, but takes those
from further out as they are.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache, partial
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from huey_tasks.broker.protocol import DELIVERY_TYPE, FLOW_TYPE, Cause, Found, Gate, NewTask, Sent
from huey_tasks.broker.states import LIVE, TERMINAL, Ending, TaskState
from huey_tasks.broker.task_hash import EVENT_TASK, EXPLAINED, ROW, AttemptLine

LUA = Path(__file__).parent / "lua"

_RECORDS: dict[str, tuple[str, ...]] = {
    **{
        record.__name__: record._fields
        for record in (NewTask, Sent, Found, Gate, Cause, AttemptLine)
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

_OUTSIDE = ("keys", "bell", "clock", "events", "queueing", "blocked")

_NAME = re.compile(r"\b([A-Z][a-z]\w*)\.(\w+)")
_DEFINITION = re.compile(r"^(?=local )", re.MULTILINE)
_VARIABLE = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_TEXT = re.compile(r"'[^']*'")
_RARELY = re.compile(r"^( *)-- rarely: ")


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
    values = ", ".join(f"ARGV[{number}]" for number in range(1, len(arguments) + 1))
    takes = f"local MORE, {', '.join(arguments)} = {len(arguments) + 1}, {values}"
    text = _assembled(body, takes)
    for part in _words(body, "tries first"):
        first = ["local function first()", _flat(_read(f"lib/{part}"), takes), "end"]
        text = "\n".join(
            [*first, "local answer = first()", "if answer then return answer end", text]
        )
    return ScriptText(arguments, text)


def _flat(body: str, takes: str) -> str:
    """Return a body behind the definitions that it uses, all in one function."""
    parts = [_read(f"lib/{part}") for part in parts_of(body)]
    definitions = _Definitions(parts, body)
    text = "\n".join([*map(definitions.of, parts), takes, definitions.filled(body)])
    return _with_constants(text, _all_records([*parts, body]))


def _assembled(body: str, takes: str) -> str:
    """Return a body behind its parts; `takes` makes its arguments locals."""
    own_parts = [_read(f"lib/{part}") for part in _words(body, "own parts")]
    names = parts_of(body, *own_parts)
    parts = [_read(f"lib/{part}") for part in names]
    at_the_end = [
        f"{function}()"
        for when in ("at the end", "last of all")
        for part in parts
        for function in _words(part, when)
    ]
    text = "\n".join([body, "end", "local answer = run()", *at_the_end, "return answer"])
    outside = [_read(f"lib/{part}") for part in names if part in _OUTSIDE]
    inside = [_read(f"lib/{part}") for part in names if part not in _OUTSIDE]
    definitions = _Definitions([*outside, *inside, *own_parts], text)
    text = "\n".join(
        [takes, "local function run()", *map(definitions.of, own_parts), definitions.filled(text)]
    )
    text = "\n".join(["local function script()", *map(definitions.of, inside), text, "end"])
    text = "\n".join([*map(definitions.of, outside), text, "return script()"])
    return _with_constants(text, _all_records([*parts, *own_parts, body]))


def parts_of(*texts: str) -> list[str]:
    """Return the parts of `lua/lib` that texts need, each behind those that it needs itself."""
    found = ["keys"]
    for part in (part for text in texts for part in _words(text, "with")):
        needed = [*parts_of(_read(f"lib/{part}")), part]
        found += [name for name in needed if name not in found]
    return found


class _Definition:
    """A local of a part, or several, with the lines below up to the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        head = re.split(r"[=(\n]", text)[0]
        self.names = set(re.findall(r"\w+", head)) - {"local", "function"}
        self.usual = _usual_variables(text)
        self.every = _variables(text)

    @property
    def is_state(self) -> bool:
        """Whether it keeps something from one use to the next."""
        is_function = self.text.startswith("local function ")
        return not is_function and any(name != name.upper() for name in self.names)


class _Definitions:
    """The definitions of the parts of one script, in their order.

    One begins with `local` at the start of a line, and Lua knows its names only behind it.
    """

    def __init__(self, parts: Sequence[str], body: str) -> None:
        self._all = [_Definition(text) for part in parts for text in _DEFINITION.split(part)[1:]]
        every = self._needed(_variables(body), self._all, attrgetter("every"))
        states = set[str]().union(*(each.names for each in every if each.is_state))
        self._usual = self._needed(_usual_variables(body) | states, self._all)

    def of(self, part: str) -> str:
        """Return a part with those of its definitions that usual calls need."""
        head, *texts = _DEFINITION.split(part)
        needed = [each for each in self._usual if each.text in texts]
        return "".join([head, *(self.filled(each.text) for each in needed)])

    def filled(self, text: str) -> str:
        """Return a usual definition, or the body, with what its rare blocks need."""
        before = list(takewhile(lambda each: each.text != text, self._all))
        return self._filled(text, before, self._usual)

    def _filled(self, text: str, before: list[_Definition], made: list[_Definition]) -> str:
        """Do the same with definitions from those `before`, without those that are `made`."""
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            if rarely := _RARELY.match(line):
                end = number + len(list(takewhile(partial(_is_in, rarely[1]), lines[number:])))
                block, rest = "".join(lines[number:end]), "".join(lines[end:])
                needed = self._needed(_usual_variables(block), before)
                here = [each for each in needed if each not in made]
                texts = [*(each.text for each in here), block]
                filled = [self._filled(each, before, [*made, *here]) for each in texts]
                return "".join([*lines[:number], *filled, self._filled(rest, before, made)])
        return text

    @staticmethod
    def _needed(
        used: set[str],
        among: Sequence[_Definition],
        variables: Callable[[_Definition], set[str]] = attrgetter("usual"),
    ) -> list[_Definition]:
        """Return those that are used, by these names or by the variables of another that is."""
        found: list[_Definition] = []
        for each in reversed(among):
            if not each.names.isdisjoint(used):
                found.insert(0, each)
                used = used | variables(each)
        return found


def _variables(text: str) -> set[str]:
    code = "\n".join(line.partition("--")[0] for line in text.splitlines())
    return set(_VARIABLE.findall(_TEXT.sub("", code)))


def _usual_variables(text: str) -> set[str]:
    """Return the variables that are used outside of rare blocks."""
    usual, rare = list[str](), None
    for line in text.splitlines():
        if rare is not None and not _is_in(rare, line):
            rare = None
        if rare is None:
            rarely = _RARELY.match(line)
            rare = rarely[1] if rarely else None
            usual.append(line)
    return _variables("\n".join(usual))


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


def _all_records(texts: list[str]) -> dict[str, tuple[str, ...]]:
    return _RECORDS | {record: tuple(names) for record, names in _lua_records(texts)}


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
