"""How a process died, in words that help: the signal or the status, and what that often means."""

import signal
from pathlib import Path

_NATIVE = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}


class Deaths:
    """Says how processes died; knows whether the kernel has killed any for lack of memory since."""

    def __init__(self) -> None:
        self._oom_kills = _oom_kills()

    def describe(self, code: int) -> str:
        """Say how a process ended, by its exit code as subprocess has it."""
        before, self._oom_kills = self._oom_kills, _oom_kills()
        if code >= 0:
            return f"exit status {code}, as after os._exit({code}) in what it ran"
        name = _name(-code)
        if -code in _NATIVE:
            return f"{name}, a crash in native code"
        if -code != signal.SIGKILL:
            return name
        if self._oom_kills > before:
            return f"{name}, out of memory: the kernel has killed to get memory back"
        return f"{name}, which is what lack of memory looks like"


def _name(signum: int) -> str:
    try:
        return signal.Signals(signum).name
    except ValueError:
        return f"signal {signum}"


def _oom_kills() -> int:
    """How often the kernel has killed for lack of memory: in our cgroup, else on this machine."""
    for file in (*_cgroup_files(), Path("/proc/vmstat")):
        try:
            words = file.read_text().split()
            return int(words[words.index("oom_kill") + 1])
        except (OSError, ValueError):  # not there, or without that counter: the next one
            continue
    return 0


def _cgroup_files() -> list[Path]:
    root, found = Path("/sys/fs/cgroup"), list[Path]()
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            found.append(root / group.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found.append(root / "memory" / group.lstrip("/") / "memory.oom_control")
    return found
