"""The environments of one function host: kept warm, used by one invocation at a time."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from huey_tasks.config import Config
from huey_tasks.environments.environment import Environment
from huey_tasks.environments.variables import variables_of
from huey_tasks.functions.function import Function


class Environments:
    """Lends environments. At most `most` are kept, of which the least recently used goes first.

    One is lent again only for the same version of its function; a new version ends the old ones.
    One whose process has died, or has spoken unasked, is not lent: the next invocation is not to
    blame for that.

    To start and to end a process takes a while, in which other invocations borrow and give back.
    """

    def __init__(self, config: Config, most: int) -> None:
        self._config, self._most = config, most
        self._folder = config.data_dir / "environments" / str(os.getpid())
        self._idle: list[Environment] = []  # the least recently used first
        self._lent: set[Environment] = set()
        self._starting = 0  # those that will be lent as soon as their process has started
        _remove_folders_of_the_dead(self._folder.parent)

    def is_lent(self, environment: Environment) -> bool:
        """Return whether an invocation runs in it."""
        return environment in self._lent

    def __iter__(self) -> Iterator[Environment]:
        return iter([*self._lent, *self._idle])

    def lend(self, function: Function, packages: Path | None) -> Environment:
        """Return a warm environment, or a new one whose import has not begun to be waited for.

        Raises OSError when no process can be started.
        """
        while (stale := self._stale(function)) is not None:
            self._idle.remove(stale)
            stale.end()  # lets others run: what is idle is looked at anew after it
        found = self._warm(function)
        if found is not None:
            self._idle.remove(found)
            self._lent.add(found)
            return found
        self._starting += 1
        try:
            while self._idle and self._is_over_full():
                self._idle.pop(0).end()
            variables = variables_of(function, self._config, packages and str(packages))
            made = Environment(function, variables, self._folder)
            self._lent.add(made)
            return made
        finally:
            self._starting -= 1

    def give_back(self, environment: Environment) -> None:
        """Keep it for the next invocation."""
        self._lent.discard(environment)
        self._idle.append(environment)

    def end(self, environment: Environment) -> None:
        """End one that was lent."""
        self._lent.discard(environment)
        environment.end()

    def end_idle(self) -> None:
        """End those that nobody has used for ENVIRONMENT_IDLE_S."""
        oldest = time.monotonic() - self._config.environment_idle_s
        while self._idle and self._idle[0].used_at < oldest:
            self._idle.pop(0).end()

    def end_all(self) -> None:
        """End all of them: the host stops."""
        for environment in self:
            environment.end()
        self._idle.clear()
        self._lent.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stale(self, function: Function) -> Environment | None:
        """Return one that cannot be lent again."""
        for each in self._idle:
            if each.function.name == function.name and (
                each.version != function.version or each.is_spent
            ):
                return each
        return None

    def _warm(self, function: Function) -> Environment | None:
        """Return the one that was used last."""
        return next((one for one in self._idle[::-1] if one.function.name == function.name), None)

    def _is_over_full(self) -> bool:
        return len(self._idle) + len(self._lent) + self._starting > self._most


def _remove_folders_of_the_dead(folder: Path) -> None:
    """Remove what hosts have left that were killed."""
    for left in folder.glob("*") if folder.is_dir() else ():
        if (
            left.name.isdigit()
            and not Path(f"/proc/{left.name}").exists()
            and Path("/proc").exists()
        ):
            shutil.rmtree(left, ignore_errors=True)
