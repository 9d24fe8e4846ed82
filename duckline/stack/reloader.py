"""`make dev`: restart the web processes and consumers when one of their source files changes.

Owns when to restart: not for a change that cannot be imported. changes.py reports what changes,
supervisor.py does the restart.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from duckline.stack.changes import Changes, Watched, folders_of
from duckline.stack.console import Console
from duckline.stack.import_check import TASKS, Checked, check_import
from duckline.stack.supervisor import Supervisor

if TYPE_CHECKING:
    from huey_tasks.config import Config

SOURCE_FOLDERS = ("huey_tasks", "web", "duckline", "static")


def watched(root: Path, config: "Config") -> Watched:
    """Return what to watch: our sources, folders of TASKS_PATH, for TASKS the working folder."""
    candidates = [*(root / name for name in SOURCE_FOLDERS), *config.tasks_path]
    candidates += [Path.cwd() / name.partition(".")[0] for name in config.tasks]
    whole = {path for path in candidates if path.exists()}
    return Watched(frozenset(whole), frozenset({Path.cwd()} if config.tasks else set()))


class Reloader:
    """Tries the import, at the start and for each burst of changes, and restarts processes."""

    def __init__(self, config: "Config", root: Path, console: Console) -> None:
        self._config, self._root, self._console = config, root, console
        self._base = watched(root, config)
        self._changes = Changes()
        self._left_out: set[str] = set()

    async def first_check(self) -> None:
        """Return once the stack can start; log what is left out of it.

        A module that hangs, or ends its process, cannot be left out: it is waited for.
        """
        while True:
            self._changes.follow(self._base)
            env = {"BROKEN_TASKS_ARE_LEFT_OUT": "1"}
            checked = await check_import(self._root, env, TASKS, self._console.say)
            self._follow(checked)
            if checked.problem is None:
                break
            self._console.say(f"{checked.problem}; waiting for the next change", level="warning")
            await self._changes.next()
        self._leave_out(checked)

    async def restart_on_change(self, supervisor: Supervisor) -> None:
        """Restart the processes that reload, once per burst of changes, and log the file's name.

        While the changed files cannot be imported, the processes keep running.
        """
        specs = [p.spec for p in supervisor.processes.values() if p.spec.reloads]
        names = [spec.name for spec in specs]
        self._changes.follow(self._base)
        while True:
            files = sorted(await self._changes.next())
            shown = files[0].relative_to(self._root) if self._is_ours(files[0]) else files[0]
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            checked = await check_import(self._root, specs[0].env)
            self._follow(checked)
            if problem := self._new_problem(checked):
                self._console.say(
                    f"{shown}{more} changed, but {problem}; waiting for the next change",
                    level="warning",
                )
                continue
            self._leave_out(checked)
            self._console.say(f"{shown}{more} changed; restarting {', '.join(names)}")
            supervisor.restart(names)

    async def close(self) -> None:
        """Stop watching."""
        await self._changes.close()

    def _is_ours(self, file: Path) -> bool:
        return file.is_relative_to(self._root)

    def _follow(self, checked: Checked) -> None:
        self._changes.follow(self._base | folders_of(checked.sources))

    def _new_problem(self, checked: Checked) -> str | None:
        """Return why not to restart; what is left out already may stay so."""
        new = [line for line in checked.left_out if _place(line) not in self._left_out]
        return checked.problem or (new[0] if new else None)

    def _leave_out(self, checked: Checked) -> None:
        self._left_out = {_place(line) for line in checked.left_out}
        for line in checked.left_out:
            self._console.say(f"{line}; everything else goes on", level="warning")


def _place(line: str) -> str:
    """Return the file that a line about a broken module names."""
    return line.partition(".py")[0]
