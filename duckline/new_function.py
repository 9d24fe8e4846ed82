"""`duckline new <name>`: a function, its test and a saved event, in the first FUNCTIONS_PATH.

    functions/hello.py                      live with the next call
    functions/_tests/test_hello.py          for pytest
    functions/_events/hello/example.json    for `duckline invoke` and the test

Names that begin with `_` are no functions, so the two folders are in nobody's way.
"""

import os
import sys
from pathlib import Path

from duckline.own_command import own_command, start_command, test_command

_HANDLER = '''"""Live with the next call: save this file, and invoke it again."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event; the answer is JSON."""
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {"text": f"Hello {name}!"}
'''
_TEST = '''"""Run with `{command}`."""

import importlib
import json
import sys
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(FUNCTIONS))

EVENT = json.loads((FUNCTIONS / "_events" / "{name}" / "example.json").read_text())


def test_it_greets() -> None:
    function = importlib.import_module("{name}")
    assert function.handler(EVENT, None) == {{"text": "Hello Ada!"}}
'''
_EVENT = '{\n  "name": "Ada"\n}\n'


class _Refused(Exception):
    """The function cannot be made; the text says why."""


def new_function(name: str) -> int:
    """Write the files; existing ones are never changed.

    Returns 73 (EX_CANTCREAT of sysexits.h) if a file is there or cannot be written, 65 (EX_DATAERR)
    if no function may have the name.
    """
    from huey_tasks.config import Config
    from huey_tasks.functions.catalogue import Catalogue

    config = Config.from_env()
    if problem := _problem_of(name):
        return _refuse(problem, os.EX_DATAERR)
    taken = Catalogue.of(config).find(name)
    if taken is not None:
        return _refuse(f"{name} is a function already: {taken.file}", os.EX_CANTCREAT)
    folder = config.functions_path[0].expanduser()
    try:
        _write(folder, name)
    except _Refused as error:
        return _refuse(str(error), os.EX_CANTCREAT)
    print(
        f"{folder / name}.py is a function; its test and an event are beside it. Next:\n"
        f"    {start_command():<40} # if it does not run yet\n"
        f'    {own_command()} invoke {name} \'{{"name": "Ada"}}\'\n'
        f"    {test_command(folder)}"
    )
    return 0


def _problem_of(name: str) -> str | None:
    from huey_tasks.functions.place import NAME

    if not NAME.fullmatch(name):
        return (
            f"'{name[:64]}' is no name of a function: up to 64 letters, digits, '-' and '_', "
            "the first no '_'; a project with task types is: duckline new --project <folder>"
        )
    if name in sys.stdlib_module_names:
        return f"'{name}' is a module of Python; a function of that name would hide it"
    return None


def _write(folder: Path, name: str) -> None:
    files = {
        folder / f"{name}.py": _HANDLER,
        folder / "_tests" / f"test_{name}.py": _TEST.format(
            name=name, command=test_command(folder)
        ),
        folder / "_events" / name / "example.json": _EVENT,
    }
    there = next((file for file in (folder / name, *files) if os.path.lexists(file)), None)
    if there is not None:
        raise _Refused(f"{there} is there already")
    try:
        # The function comes last: when it is live, its test and event are there.
        for file, text in reversed(files.items()):
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x") as opened:
                opened.write(text)
    except OSError as error:
        raise _Refused(f"{error.filename or folder} cannot be made: {error.strerror}") from None


def _refuse(line: str, status: int) -> int:
    print(f"duckline: {line}", file=sys.stderr)
    return status
