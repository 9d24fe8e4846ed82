"""What the files of a function say: its handler, runtime, size and hash.

Works on names and contents that somebody has looked at, and reads only what it must parse.
"""

import base64
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from huey_tasks.functions import files, handlers
from huey_tasks.functions.files import Content
from huey_tasks.functions.function import CUSTOM_RUNTIME, Fault
from huey_tasks.functions.handlers import Source

#: The files of a folder that may hold its handler, the first one first.
ENTRIES = ("lambda_function.py", "handler.py", "app.py", "main.py")
BOOTSTRAP, REQUIREMENTS = "bootstrap", "requirements.txt"
PYTHON = f"python3.{sys.version_info.minor}"
_NO_HANDLER = "it has no handler: neither lambda_handler nor handler is defined at its top"
_NO_ENTRY = f"it has none of {', '.join(ENTRIES)}, and no executable file {BOOTSTRAP}"


@dataclass(frozen=True, slots=True)
class Code:
    """What is known of a function by its files alone."""

    root: Path
    file: Path
    handler: str
    line: int | None
    runtime: str
    digest: bytes
    size: int
    modified_at: float
    requirements: Path | None
    is_durable: bool
    fault: Fault | None

    @property
    def sha256(self) -> str:
        """The hash as AWS shows it."""
        return base64.b64encode(self.digest).decode()


class Sources:
    """Parses the files of one function, each again only when its content has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[Content, Source | Fault]] = {}

    def of(self, name: str, content: Content) -> Source | Fault:
        """Return what is at the top of a file; a Fault if it cannot be read or parsed."""
        known = self._known.get(name)
        if known is not None and known[0] is content:
            return known[1]
        file = self._root / name
        read = files.read(file)
        if read is None:
            text = f"Unable to import module '{file.stem}': the file cannot be read"
            source = Fault("Runtime.ImportModuleError", text, file)
        else:
            source = handlers.read_source(read, file)
        self._known[name] = content, source
        return source


@dataclass(frozen=True, slots=True)
class _Handler:
    """Where the handler is: the file below the root, its name as AWS writes it, its line."""

    file: str
    name: str
    line: int | None = None
    is_durable: bool = False
    fault: Fault | None = None


def code_of(
    root: Path,
    entries: tuple[str, ...],
    contents: Mapping[str, Content],
    sources: Sources,
    wanted: str | None,
) -> Code | str:
    """Return what the files say, or why they are no function.

    `entries` are the files that may hold the handler, `wanted` is the handler of the settings.
    """
    if entries == ENTRIES and BOOTSTRAP in contents:
        is_custom = contents[BOOTSTRAP].is_executable
        if not is_custom and not any(entry in contents for entry in entries):
            return f"{BOOTSTRAP} cannot be executed: chmod +x {BOOTSTRAP}"
    else:
        is_custom = False
    look = _Look(root, contents, sources)
    found = (
        _Handler(BOOTSTRAP, wanted or BOOTSTRAP)
        if is_custom
        else look.wanted(wanted, entries)
        if wanted
        else look.usual(entries)
    )
    if isinstance(found, str):
        return found
    return Code(
        root=root,
        file=root / found.file,
        handler=found.name,
        line=found.line,
        runtime=CUSTOM_RUNTIME if is_custom else PYTHON,
        digest=files.digest_of(contents),
        size=sum(content.size for content in contents.values()),
        modified_at=max((each.mtime_ns for each in contents.values()), default=0) / 1e9,
        requirements=_requirements(root, contents) if entries == ENTRIES else None,
        is_durable=found.is_durable,
        fault=found.fault,
    )


class _Look:
    """One search for a handler."""

    def __init__(self, root: Path, contents: Mapping[str, Content], sources: Sources) -> None:
        self._root, self._contents, self._sources = root, contents, sources

    def usual(self, entries: tuple[str, ...]) -> _Handler | str:
        """Return the handler of the first entry that has one, or why there is none."""
        reason = _NO_ENTRY if entries == ENTRIES else _NO_HANDLER
        is_first = True
        for entry, source in self._of(entries):
            module = Path(entry).stem
            if isinstance(source, Fault):
                return _Handler(entry, f"{module}.{handlers.NAMES[0]}", source.line, fault=source)
            if source.handler is not None:
                line = source.handlers[source.handler]
                return _Handler(entry, f"{module}.{source.handler}", line, source.is_durable)
            if is_first:
                place = f"{entry}: " if entries == ENTRIES else ""
                reason = place + (source.refused or _NO_HANDLER)
            is_first = False
        return reason

    def wanted(self, name: str, entries: tuple[str, ...]) -> _Handler | str:
        """Return the handler that the settings name: "function", or "file.function"."""
        module, _, attribute = name.rpartition(".")
        if module:
            path = module.replace(".", "/")
            options = (f"{path}.py", f"{path}/__init__.py")
        else:
            options = entries
        fault: Fault | None = None
        for entry, source in self._of(options):
            called = f"{module or Path(entry).stem}.{attribute}"
            if isinstance(source, Fault):
                return _Handler(entry, called, source.line, fault=source)
            if attribute in source.bound or "*" in source.bound:
                return _Handler(entry, called, source.bound.get(attribute), source.is_durable)
            text = f"Handler '{attribute}' missing on module '{called.rpartition('.')[0]}'"
            fault = fault or Fault("Runtime.HandlerNotFound", text, self._root / entry)
        if fault is not None:
            module = module or fault.file.stem
            return _Handler(fault.file.relative_to(self._root).as_posix(), f"{module}.{attribute}",
                            fault=fault)  # fmt: skip
        if not module:
            return _NO_ENTRY
        text = f"Unable to import module '{module}': No module named '{module}'"
        missing = Fault("Runtime.ImportModuleError", text, self._root / options[0])
        return _Handler(options[0], name, fault=missing)

    def _of(self, entries: tuple[str, ...]) -> Iterator[tuple[str, Source | Fault]]:
        for entry in entries:
            if entry in self._contents:
                yield entry, self._sources.of(entry, self._contents[entry])


def _requirements(root: Path, contents: Mapping[str, Content]) -> Path | None:
    """Return the file that names packages, None if it names none."""
    if REQUIREMENTS not in contents:
        return None
    text = (files.read(root / REQUIREMENTS) or b"").decode(errors="replace")
    return root / REQUIREMENTS if re.search(r"(?m)^\s*[^\s#]", text) else None


def local_files(
    first: str,
    listing: Mapping[str, bool],
    look: Callable[[str, bool], Mapping[str, Content]],
    sources: Sources,
) -> dict[str, Content]:
    """Return the files that a function of one file consists of, by their names.

    These are `first`, files of its name with other ends, what begins with `_` (code that functions
    share), and each module beside it that one of them imports. `listing` says of each name in the
    folder whether it is a folder; `look` returns the files behind a name.
    """
    stem = first.removesuffix(".py")
    waiting = [name for name in listing if name.startswith((f"{stem}.", "_"))]
    found = dict[str, Content]()
    entered = set[str]()
    while waiting:
        name = waiting.pop()
        if name in entered or name not in listing or files.is_tools(name):
            continue
        entered.add(name)
        for path, content in look(name, listing[name]).items():
            found[path] = content
            source = sources.of(path, content) if path.endswith(".py") else None
            if isinstance(source, Source):
                waiting += [f"{module}.py" for module in source.imports]
                waiting += source.imports
    return dict(sorted(found.items()))
