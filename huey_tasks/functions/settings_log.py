"""What is wrong in `functions.toml`, or changes nothing, as warnings in the log, each once.

The pages list it too, but who edits the file looks at the log of the stack.
"""

import logging
from typing import Protocol

from huey_tasks.functions.apart import NotSeen
from huey_tasks.functions.catalogue import Sight
from huey_tasks.functions.settings_file import NAME

logger = logging.getLogger(__name__)


class _Catalogue(Protocol):
    def look(self) -> Sight: ...


class SettingsLog:
    """The warnings about the settings of all functions."""

    def __init__(self, catalogue: _Catalogue) -> None:
        self._catalogue = catalogue
        self._said = frozenset[str]()

    def look(self) -> None:
        """Log what was right at the last look; a mistake that comes back is new."""
        try:
            sight = self._catalogue.look()
        except NotSeen:
            return
        lines = [f"{each.path}: {each.reason}" for each in sight.ignored if each.path.name == NAME]
        # A function with a wrong setting is not called by anything: its schedule just never fires.
        faults = [each.fault for each in sight.functions.values() if each.fault is not None]
        lines += [str(fault) for fault in faults if fault.file.name == NAME]
        for line in dict.fromkeys(lines):
            if line not in self._said:
                logger.warning(line)
        self._said = frozenset(lines)
