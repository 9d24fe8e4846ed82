"""The scripts of the pages import one way: rooms only those below them, and no module itself.

Types count like code: a JSDoc `import('...')` makes a reader follow the same arrow.
"""

import re
from graphlib import TopologicalSorter
from pathlib import Path

from web.pages import assets

STATIC = Path(assets.__file__).parents[2] / "static"
JS = STATIC / "js"

#: Each room may import its own modules and those of the rooms above it in this list, no others.
#: Rooms on one line do not import each other. The entries lie in JS itself.
ROOMS = [
    {"lib"},
    {"texts"},
    {"state"},
    {"api"},
    {"components"},
    {"tasks"},
    {"operations"},
    {
        "queues",
        "schedules",
        "failures",
        "workers",
        "log",
        "settings",
        "functions",
        "webhooks",
        "keys",
        "types",
        "flows",
    },
    {"overview"},
    {"app"},
    {"."},
]
_RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
_IMPORT = re.compile(r"(?:\bfrom |\bimport\()'([^']*)'")


def arrows(folder: Path) -> dict[str, set[str]]:
    """Map each module below `folder` to the modules it imports, as paths below `folder`."""
    graph: dict[str, set[str]] = {}
    for file in folder.rglob("*.js"):
        named = _IMPORT.findall(file.read_text("utf-8"))
        imported = {(file.parent / name).resolve() for name in named}
        graph[_name(file, folder)] = {_name(target, folder) for target in imported}
    return graph


def _name(file: Path, folder: Path) -> str:
    return file.resolve().relative_to(folder.resolve()).as_posix()


def _room(module: str) -> str:
    return Path(module).parent.as_posix()


def _runs_up(module: str, target: str) -> bool:
    here, there = _room(module), _room(target)
    return here != there and _RANK[there] >= _RANK[here]


def test_each_import_names_a_module_that_is_there() -> None:
    graph = arrows(JS)
    assert len(graph) > 90
    assert {(m, t) for m, targets in graph.items() for t in targets if t not in graph} == set()


def test_each_room_has_its_place() -> None:
    assert {_room(module) for module in arrows(JS)} == set(_RANK)


def test_rooms_import_only_those_below_them() -> None:
    graph = arrows(JS)
    assert [f"{m} -> {t}" for m in graph for t in graph[m] if _runs_up(m, t)] == []


def test_no_module_imports_itself_through_others() -> None:
    list(TopologicalSorter(arrows(JS)).static_order())


def test_an_arrow_that_runs_up_is_seen_however_it_is_written(tmp_path: Path) -> None:
    for name, text in {
        "lib/a.js": "import { b } from '../tasks/b.js';\n",
        "state/a.js": "/** @param {import('../api/b.js').B} b */\n",
        "queues/a.js": "import * as b from '../failures/b.js';\n",
        "components/a.js": "import { b } from '../state/b.js';\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = arrows(tmp_path)
    up = {m for m in graph for t in graph[m] if _runs_up(m, t)}
    assert up == {"lib/a.js", "state/a.js", "queues/a.js"}


def test_every_style_sheet_is_part_of_the_page() -> None:
    files = {file.name for file in (STATIC / "css").glob("*.css")}
    made = assets.prepare(STATIC, "dashboard", single_modules=True)
    assert [Path(url).name for url in made.styles] == list(dict.fromkeys(
        Path(url).name for url in made.styles
    ))  # fmt: skip
    assert {Path(url).name for url in made.styles} == files
