"""Bundle ES modules into one script, so that a page needs one request instead of ninety.

Each module becomes a function that is called once, in import order, and returns the module's
exports. It supports the forms of import and export that our modules use, and rejects all others.
"""

import os
import re
from pathlib import Path

_IMPORT = re.compile(r"^import (\{[^}]*\}|\* as \w+) from '(\.{1,2}/[^']+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_REST = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_DYNAMIC = re.compile(r"import(?:\.meta\b|\(['\"`])(?![^\n]*\*/)")
# Whole lines only: a comment beside code may be inside a string.
_COMMENT = re.compile(r"^[ \t]*(?:/\*[^*]*\*+(?:[^/*][^*]*\*+)*/[ \t]*|//[^\n]*)\n", re.MULTILINE)


class CannotBundle(Exception):
    """A module uses an unsupported form of import or export; names the file and the line."""


def bundle(entry: Path) -> str:
    """Return `entry` and all that it imports as one module.

    Raises CannotBundle for an unsupported form of import or export and for modules that import each
    other, OSError for a file that cannot be read.
    """
    functions: dict[str, str] = {}
    _add(str(entry), functions, [])
    return "".join(functions.values())


def _add(file: str, functions: dict[str, str], importers: list[str]) -> None:
    """Add the function of `file` after those of its imports."""
    if file in functions:
        return
    if file in importers:
        circle = [*importers[importers.index(file) :], file]
        raise CannotBundle(f"modules import each other: {' -> '.join(map(_name, circle))}")
    source = _COMMENT.sub("", Path(file).read_text("utf-8"))
    folder = file.rpartition("/")[0]
    imports = [(names, _joined(folder, path)) for names, path in _IMPORT.findall(source)]
    for _, imported in imports:
        _add(imported, functions, [*importers, file])
    places = {known: place for place, known in enumerate(functions)}
    taken = "".join(_bind(names, places[imported]) for names, imported in imports)
    given = ", ".join(name for _, name in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", source))
    if strange := _REST.search(body) or _DYNAMIC.search(body):
        raise CannotBundle(f"{_name(file)}: {strange[0]}")
    function = f"() => {{\n{taken}{body}return {{ {given} }};\n}}"
    functions[file] = f"const $m{len(functions)} = ({function})();\n"


def _joined(folder: str, path: str) -> str:
    return os.path.normpath(f"{folder}/{path}")


def _name(file: str) -> str:
    return Path(file).name


def _bind(names: str, number: int) -> str:
    if names.startswith("*"):
        return f"const {names.removeprefix('* as ')} = $m{number};\n"
    return f"const {names.replace(' as ', ': ')} = $m{number};\n"
