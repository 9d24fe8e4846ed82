"""Whether there have been API keys here: a Redis that has lost them must not open the service.

The process remembers it, and beside the embedded Redis of a stack a file in DATA_DIR, for the next
start. It is over when the last key is revoked, of which Redis keeps a note: an empty Redis
without that note has lost its data. Why so: docs/adr/0138.
"""

import logging
from pathlib import Path

from huey_tasks.broker.access_store import StoredRecords
from huey_tasks.config import Config
from huey_tasks.settings import data_folder

#: The file in DATA_DIR.
FILE = "has-keys"

log = logging.getLogger(__name__)


def file_of(config: Config) -> Path | None:
    """Return the file of the stack whose Redis this process uses; None for a Redis of its own."""
    folder = data_folder.of_url(
        config.broker_url, config.data_dir, config.port, is_default=config.data_dir_is_default
    )
    return folder / FILE if folder else None


class EverKeyed:
    """What one process knows of that. `file`: where it is kept for the next, None: nowhere."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._here = False
        self._logged = False

    def are_lost(self, found: StoredRecords) -> bool:
        """Take what was read of Redis; return whether there must be keys in it and are none."""
        if found.records:
            if not self._here:
                self._here = True
                self._write(exists=True)
            self._logged = False
            return False
        known = self._here or (self._file is not None and self._file.exists())
        if known and found.are_revoked:
            self._here = False
            self._write(exists=False)
        are_lost = known and not found.are_revoked
        if are_lost and not self._logged:
            log.error("the API keys are not in Redis any more: nobody is let in without a new one")
        self._logged = are_lost
        return are_lost

    def _write(self, *, exists: bool) -> None:
        if self._file is None:
            return
        try:
            self._file.touch() if exists else self._file.unlink(missing_ok=True)
        except OSError as error:  # the keys hold all the same; only the next start does not know
            log.warning("whether there are API keys cannot be kept for the next start: %s", error)
