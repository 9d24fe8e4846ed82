"""The memory of an environment's process, as Linux tells it; None elsewhere."""

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def forget_peak(pid: int) -> None:
    """Let the peak begin again: `peak_mb` is then that of one invocation."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return  # no Linux, or the process has gone: the peak is then unknown, or of its whole life


def peak_mb(pid: int) -> int | None:
    """Return the highest memory since `forget_peak`, in megabytes, rounded up."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return -(-int(line.split()[1]) // 1024)
    return None


def used_mb(pid: int) -> int | None:
    """Return the memory now, in megabytes, rounded down."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * _PAGE // (1024 * 1024)
