"""One folder of FUNCTIONS_PATH: what may be a function in it, and the settings of each.

The folder, `functions.toml` and `template.yaml` are looked at by each call, and read again when
they have changed.
"""

import difflib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from huey_tasks.functions import files, sam_template, settings, settings_file
from huey_tasks.functions.candidates import Candidate, FileCandidate, FolderCandidate, Given
from huey_tasks.functions.files import Seen
from huey_tasks.functions.function import Fault, Function, Ignored
from huey_tasks.functions.sam_template import SamFunction, SamTemplate
from huey_tasks.functions.settings_file import SettingsFile
from huey_tasks.settings.queue_list import THE_THREE

NAME = re.compile(r"[a-zA-Z0-9-][a-zA-Z0-9_-]{0,63}")
_BAD_NAME = "its name is no name of a function: up to 64 letters, digits, '-' and '_'"
#: As for files: a folder that changed this recently may change again without a trace.
_COARSE_NS = 2_000_000_000

T = TypeVar("T", SettingsFile, SamTemplate)


class _Read(Generic[T]):
    """A file that is parsed again when its content has changed.

    One that cannot be read says what it said before: half a file, while an editor writes it, takes
    no subscription and no destination away.
    """

    def __init__(self, file: Path, parse: Callable[[bytes | None], T]) -> None:
        self.file, self._parse = file, parse
        self._seen: Seen | None = None
        self.value: T = parse(None)
        self.is_known = True

    def look(self) -> T:
        is_first, before = self._seen is None, self._seen and self._seen.content
        self._seen = files.look(str(self.file), self._seen)
        if (self._seen and self._seen.content) is not before:
            self._take(files.read(self.file) if self._seen else None, is_first=is_first)
        return self.value

    def _take(self, content: bytes | None, *, is_first: bool) -> None:
        now = self._parse(content)
        if self._seen and content is None:
            now = replace(now, problem="it cannot be read", is_read=False)
        if now.is_read:
            self.value, self.is_known = now, True
            return
        self.is_known = self.is_known and not is_first
        used = "its last settings apply" if self.is_known else "the defaults are used"
        self.value = replace(self.value, problem=f"{now.problem}: {used}", is_read=False)

    @property
    def is_there(self) -> bool:
        return self._seen is not None


@dataclass(frozen=True)
class Service:
    """What a function's settings may refer to: the queues, and the region and account of ARNs."""

    queues: tuple[str, ...] = THE_THREE
    region: str = "us-east-1"
    account: str = "000000000000"


class Place:
    """Finds the functions below one folder."""

    def __init__(self, path: Path, service: Service) -> None:
        self.path, self._queues = path, service.queues
        self._settings = _Read(
            path / settings_file.NAME,
            lambda content: settings_file.read(content, path / settings_file.NAME),
        )
        self._templates = [
            _Read(file, partial(_read_template, file=file, service=service))
            for file in (path / name for name in sam_template.NAMES)
        ]
        self._listing: Mapping[str, bool] = {}
        self._listed: tuple[object, ...] | None = None
        self._made_of: tuple[object, ...] = ()
        self._candidates: dict[str, list[Candidate]] = {}
        self._given: dict[str, Given] = {}
        self._ignored: tuple[Ignored, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether the settings could be read at the last look."""
        return self._settings.value.is_read

    def unknown(self) -> Iterator[Ignored]:
        """Yield each file of settings that no look could read yet, and why."""
        for each in (self._settings, *self._templates):
            if not each.is_known:
                yield Ignored(each.file, each.value.problem or "")

    def find(self, name: str) -> Function | None:
        """Return the function of that name, None if there is none."""
        self._look()
        return next((each for each in self._of(name) if isinstance(each, Function)), None)

    def all(self) -> Iterator[tuple[str, Function | Ignored]]:
        """Yield each candidate by name: a function, or why it is none; the first ones win."""
        self._look()
        for name in list(self._candidates):
            for each in self._of(name):
                yield name, each

    def ignored(self) -> tuple[Ignored, ...]:
        """Return what is no candidate, and what of the settings changes nothing."""
        self._look()
        return self._ignored

    def _of(self, name: str) -> Iterator[Function | Ignored]:
        for candidate in self._candidates.get(name, ()):
            if isinstance(candidate, FileCandidate):
                candidate.listing = self._listing
            answer = candidate.function(self._given[name])
            if answer is not None:
                yield answer

    def _look(self) -> None:
        own = self._settings.look()
        self._list(own.watched)
        templates = [each for each in self._templates if each.look() and each.is_there]
        template = (templates or self._templates)[0].value
        made_of = (self._listing, own, template)
        if any(a is not b for a, b in zip(made_of, self._made_of or (None,) * 3, strict=True)):
            self._make(self._settings.value, template)
            self._made_of = made_of

    def _list(self, watched: frozenset[str]) -> None:
        """Read the names in the folder again if they may have changed.

        A watched folder is not even looked at: it may be huge, or hang in the network.
        """
        try:
            info = os.stat(self.path)  # noqa: PTH116 - at every call
            signature = (info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev, watched)
            if signature == self._listed:
                return
            is_settled = info.st_mtime_ns < time.time_ns() - _COARSE_NS
            with os.scandir(self.path) as entries:
                listing = {
                    each.name: files.is_folder(each)
                    for each in entries
                    if _may_matter(each.name) and each.name not in watched
                }
        except OSError:
            listing, signature, is_settled = {}, None, False
        self._listed = signature if is_settled else None
        if listing != self._listing:
            self._listing = dict(sorted(listing.items()))

    def _make(self, own: SettingsFile, template: SamTemplate) -> None:
        """Make the candidates and their settings; those that stay keep what they have found."""
        before = {
            (name, type(each), each.path): each
            for name, several in self._candidates.items()
            for each in several
        }
        sam = {each.name: each for each in template.functions if NAME.fullmatch(each.name)}
        ignored = [*_problems(own, template)]
        found = dict[str, list[Candidate]]()
        taken = dict[str, str]()
        for name, function in sam.items():
            if reason := self._refusal(function):
                ignored.append(Ignored(template.file, f"{name}: {reason}"))
                continue
            taken[_taken(function)] = f"it is the code of {name} in {template.file.name}"
            found[name] = [FolderCandidate(name, self.path / os.path.normpath(function.code))]
        for name, is_folder in self._listing.items():
            called = name if is_folder else name.removesuffix(".py")
            if name.startswith("_") or not (is_folder or name.endswith(".py")):
                continue
            reason = taken.get(name) or (None if NAME.fullmatch(called) else _BAD_NAME)
            if reason:
                ignored.append(Ignored(self.path / name, reason))
                continue
            kind = FolderCandidate if is_folder else FileCandidate
            position = len(found.get(called, [])) if is_folder else 0
            found.setdefault(called, []).insert(position, kind(called, self.path / name))
        self._candidates = {
            name: [before.get((name, type(each), each.path), each) for each in several]
            for name, several in found.items()
        }
        self._given = {
            name: _given(name, own, template, sam.get(name), self._queues) for name in found
        }
        self._ignored = (*ignored, *_tables_of_none(own, list(found)))

    def _refusal(self, function: SamFunction) -> str | None:
        """Return why a function of a template is none here."""
        if function.runtime and not function.runtime.startswith(("python", "provided")):
            return f"the runtime {function.runtime} is not here; give it an executable bootstrap"
        if not function.code:
            return "its code is not in a folder here"
        if not (self.path / function.code).is_dir():
            return f"there is no folder {function.code}"
        return None


def _read_template(content: bytes | None, file: Path, service: Service) -> SamTemplate:
    return sam_template.read(content, file, service.region, service.account)


def _may_matter(name: str) -> bool:
    return not name.startswith(".") and not files.is_tools(name)


def _taken(function: SamFunction) -> str:
    """Return the name in the listing that a function of a template consists of."""
    code = os.path.normpath(function.code)
    handler = str(function.options.get("handler", ""))
    return f"{handler.partition('.')[0]}.py" if code == "." else code


def _problems(own: SettingsFile, template: SamTemplate) -> Iterator[Ignored]:
    if own.problem is not None:
        yield Ignored(own.file, own.problem)
    if template.problem is not None:
        yield Ignored(template.file, template.problem)
    for each in template.not_understood:
        yield Ignored(template.file, f"{each} is not understood and changes nothing")
    for function in template.functions:
        if not NAME.fullmatch(function.name):
            yield Ignored(template.file, f"{function.name[:80]}: {_BAD_NAME}")


def _tables_of_none(own: SettingsFile, names: list[str]) -> Iterator[Ignored]:
    for table in own.tables:
        if table not in names:
            near = difflib.get_close_matches(table, names, n=1)
            hint = f"; did you mean [{near[0]}]?" if near else ""
            yield Ignored(own.file, f"line {own.line_of(table)}: [{table}] is no function{hint}")


def _given(
    name: str,
    own: SettingsFile,
    template: SamTemplate,
    sam: SamFunction | None,
    queues: Sequence[str],
) -> Given:
    """Return the settings of a function: those of functions.toml over those of the template."""
    table = own.tables.get(name, {})
    values: dict[str, Any] = {**(sam.options if sam else {}), **table}
    if sam and isinstance(inner := table.get("env"), dict):
        values["env"] = {**sam.options.get("env", {}), **inner}
    unused = "is not understood and changes nothing"
    notes = (
        tuple(f"{template.file.name}: {each} {unused}" for each in sam.not_understood)
        if sam
        else ()
    )
    if not own.is_read:
        notes = (*notes, f"{own.file.name}: {own.problem}")
    checked = settings.check(values, queues)
    if isinstance(checked, settings.Settings):
        return Given(checked, None, notes)
    place, message = checked
    fault = _fault(name, own, template, sam, place, values, message)
    return Given(settings.of_valid(values, queues), fault, notes)


def _fault(
    name: str,
    own: SettingsFile,
    template: SamTemplate,
    sam: SamFunction | None,
    place: tuple[str, ...],
    values: Mapping[str, Any],
    message: str,
) -> Fault:
    option = place[0]
    shown = ".".join(place)
    value = values.get(option)
    if len(place) == 1 and isinstance(value, int | float | str) and "option" not in message:
        shown += f" = {json.dumps(value)[:64]}"
    if sam is not None and option not in own.tables.get(name, {}):
        text = f"{name}: {sam.places.get(option, option)}{shown.removeprefix(option)}: {message}"
        return settings.fault(text, template.file)
    return settings.fault(f"[{name}] {shown}: {message}", own.file, own.line_of(name, option))
