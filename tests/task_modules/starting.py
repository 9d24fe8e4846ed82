"""Task types that start processes and threads, end them, or leave them running."""

import asyncio
import concurrent.futures
import ctypes
import faulthandler
import logging
import multiprocessing
import os
import pty
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey_tasks import current_task, default, submit, task

_log = logging.getLogger("starting")
_sleep = time.sleep
#: Kept over tasks, as a module of people's own keeps one.
_executor = concurrent.futures.ThreadPoolExecutor(2)
_kept: dict[str, Any] = {}


def _nap(seconds: float) -> None:
    time.sleep(seconds)


def _square(number: int) -> int:
    return number * number


# ---- processes that are left running


def _tool() -> int:
    return subprocess.Popen(["sleep", "300"]).pid


def _session() -> int:
    return subprocess.Popen(["sleep", "300"], start_new_session=True).pid


def _stubborn() -> int:
    tool = subprocess.Popen(
        ["sh", "-c", "trap '' TERM INT HUP; echo ready; while true; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
    )
    assert tool.stdout is not None
    tool.stdout.readline()
    return tool.pid


def _grandchild() -> int:
    """The one in between has ended; the other has a session of its own, and no pipe of ours."""
    shell = subprocess.run(
        ["sh", "-c", "setsid sleep 300 >/dev/null & echo $!"], stdout=subprocess.PIPE, check=True
    )
    return int(shell.stdout)


def _bare_environment() -> int:
    return subprocess.Popen(["sleep", "300"], env={}, start_new_session=True).pid


def _fork() -> int:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _sleep(300)
        os._exit(0)
    return pid


def _daemon() -> int:
    """Forked twice, as daemons are, and never executed anything."""
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        os.setsid()
        second = os.fork()
        if second == 0:
            _sleep(300)
            os._exit(0)
        os.write(writer, str(second).encode())
        os._exit(0)
    os.waitpid(first, 0)
    os.close(writer)
    pid = int(os.read(reader, 20))
    os.close(reader)
    return pid


def _posix_spawn() -> int:
    return os.posix_spawnp("sleep", ["sleep", "300"], os.environ)


def _terminal() -> int:
    pid, _ = pty.fork()
    if pid == 0:
        _sleep(300)
        os._exit(0)
    return pid


def _system() -> int:
    with tempfile.NamedTemporaryFile("r") as file:
        shell = vars(os)["system"]  # soft deprecated, and used all the same
        assert shell(f"setsid sleep 300 & echo $! > {file.name}; exit 3") == 3 << 8
        return int(file.read())


def _multiprocess() -> int:
    process = multiprocessing.get_context("fork").Process(target=_nap, args=(300,))
    process.start()
    return process.pid or 0


def _pool() -> int:
    _kept["pool"] = multiprocessing.get_context("fork").Pool(2)
    return _kept["pool"].apply(os.getpid)


def _process_executor() -> int:
    _kept["executor"] = concurrent.futures.ProcessPoolExecutor(
        2, mp_context=multiprocessing.get_context("fork")
    )
    return _kept["executor"].submit(os.getpid).result()


def _of_context(name: str) -> int:
    context: Any = multiprocessing.get_context(name)
    process = context.Process(target=_nap, args=(300,), daemon=True)
    process.start()
    return process.pid or 0


STARTS: dict[str, Callable[[], int]] = {
    "tool": _tool,
    "session": _session,
    "stubborn": _stubborn,
    "grandchild": _grandchild,
    "bare environment": _bare_environment,
    "fork": _fork,
    "daemon": _daemon,
    "posix spawn": _posix_spawn,
    "terminal": _terminal,
    "system": _system,
    "multiprocess": _multiprocess,
    "pool": _pool,
    "process executor": _process_executor,
    "spawn": lambda: _of_context("spawn"),
    "forkserver": lambda: _of_context("forkserver"),
}


@task(queue="default")
def leave_running(what: str, file: str = "", seconds: float = 0, then: str = "return") -> int:
    """Start it, and return its process id, or fail, or stay."""
    return _leave_running(what, file, seconds, then)


def _leave_running(what: str, file: str, seconds: float, then: str) -> int:
    pid = STARTS[what]()
    if file:
        Path(f"{file}.new").write_text(str(pid))
        Path(f"{file}.new").rename(file)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(seconds)
        except Exception:
            if then != "swallow":
                raise
    if then == "fail":
        raise ValueError("after it was started")
    return pid


@task(queue="default", timeout=3)
def leave_running_overdue(what: str, file: str) -> None:
    """Start it, and take longer than allowed."""
    _leave_running(what, file, 300, "return")


@task(queue="default")
def use_pools(rounds: int = 3) -> list[int]:
    """Make small pools of every kind, one after the other."""
    found: list[int] = []
    for _ in range(rounds):
        with multiprocessing.get_context("fork").Pool(3) as pool:
            found = pool.map(_square, range(4))
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        assert list(executor.map(_square, range(4))) == found
    for name in ("spawn", "forkserver"):
        context: Any = multiprocessing.get_context(name)
        process = context.Process(target=_square, args=(1,))
        process.start()
        process.join()
        assert process.exitcode == 0
    return found


@task(queue="default")
def use_kept(what: str) -> Any:
    """Use what an earlier task has kept."""
    pool = _kept[what]
    return pool.apply(_square, (3,)) if what == "pool" else pool.submit(_square, 3).result()


@task(queue="default")
def of_start_up() -> int:
    """The process that the start-up hook has started."""
    return _kept["start-up"].pid


@default.on_startup()
def start_at_start_up() -> None:
    """Start a process that serves all tasks, where a test asks for it."""
    if "TEST_STARTS_A_PROCESS" in os.environ:
        _kept["start-up"] = subprocess.Popen(["sleep", "300"])


# ---- children and signals


def _nap_and_say_so(tell: Any) -> None:
    tell.send("I run")
    _nap(30)


def _signalled(signum: int) -> int:
    context = multiprocessing.get_context("fork")
    runs, tell = context.Pipe(duplex=False)
    child = context.Process(target=_nap_and_say_so, args=(tell,))
    child.start()
    runs.recv()  # before, it has the handlers of its parent
    os.kill(child.pid or 0, signum)
    child.join(20)
    return child.exitcode if child.exitcode is not None else 99


def _tool_signalled(signum: int) -> int:
    tool = subprocess.Popen(["sleep", "30"])
    tool.send_signal(signum)
    return tool.wait(20)


@task(queue="default", timeout=25)
def signal_children(signum: int) -> list[int]:
    """The exit codes of a forked child and of a tool that got this signal."""
    return [_signalled(signum), _tool_signalled(signum)]


@task(queue="default", timeout=25)
def own_handler_in_child() -> int:
    """A handler that the task itself has set is there in a child, as in any program."""
    old = signal.signal(signal.SIGUSR2, lambda signum, frame: os._exit(7))
    try:
        return _signalled(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, old)


# ---- threads


def _say(text: str) -> None:
    _log.info("%s %s", text, current_task.id)


def _in_thread() -> None:
    thread = threading.Thread(target=_say, args=("thread",))
    thread.start()
    thread.join()


def _in_nested() -> None:
    thread = threading.Thread(target=_in_thread)
    thread.start()
    thread.join()


def _in_subclass() -> None:
    class Own(threading.Thread):
        def run(self) -> None:
            _say("subclass")

    thread = Own()
    thread.start()
    thread.join()


def _in_new_executor() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        list(executor.map(_say, ["new executor"]))


def _in_kept_executor() -> None:
    _executor.submit(_say, "kept executor").result()


def _in_asyncio() -> None:
    asyncio.run(asyncio.to_thread(_say, "asyncio"))


def _in_timer() -> None:
    threading.Timer(0.05, _say, ["timer"]).start()  # and it is waited for


THREADS: dict[str, Callable[[], None]] = {
    "thread": _in_thread,
    "nested": _in_nested,
    "subclass": _in_subclass,
    "new executor": _in_new_executor,
    "kept executor": _in_kept_executor,
    "asyncio": _in_asyncio,
    "timer": _in_timer,
}


@task(queue="default")
def say_in_threads(how: str) -> None:
    """Log the task's id from a thread."""
    THREADS[how]()


@task(queue="default")
def start_and_leave_thread(file: str, daemon: bool) -> None:
    """Leave a thread that logs, reports and submits until the file is there."""

    def talk() -> None:
        number = 0
        while not Path(file).exists():
            number += 1
            _say(f"left {number}")
            current_task.progress(0.9, "left")
            _sleep(0.01)
        submit("echo", {"value": "from a left thread"})
        Path(f"{file}.done").touch()

    threading.Thread(target=talk, daemon=daemon).start()


@task(queue="default")
def work_in_executor(file: str) -> None:
    """Leave work in a kept executor, which is waited for."""

    def work() -> None:
        _sleep(0.3)
        Path(file).touch()

    _executor.submit(work)


@task(queue="default", timeout=0.5)
def wait_for_thread_too_long() -> None:
    """Return at once, and leave a thread that takes longer than the time limit."""
    threading.Thread(target=_sleep, args=(3,)).start()


@task(queue="default")
def submit_from_threads(number: int) -> list[str]:
    """Submit that many tasks at once from threads."""
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        made = [executor.submit(submit, "echo", {"value": n}) for n in range(number)]
    return [one.result().task_id for one in made]


# ---- asyncio


@task(queue="default")
def run_asyncio(seconds: float, file: str = "/dev/null") -> str:
    """Run a coroutine that waits, in several tasks of asyncio."""
    return _run_asyncio(seconds, file)


def _run_asyncio(seconds: float, file: str) -> str:
    async def part(number: int) -> int:
        await asyncio.sleep(seconds)
        _say(f"part {number}")
        return number

    async def main() -> str:
        Path(file).write_text("begun")
        try:
            assert await asyncio.gather(*(part(n) for n in range(3))) == [0, 1, 2]
        except asyncio.CancelledError:
            Path(file).write_text("cleaned up")
            raise
        return "done"

    return asyncio.run(main())


@task(queue="default", timeout=0.3)
def run_asyncio_too_long() -> str:
    """Run a coroutine that takes longer than allowed."""
    return _run_asyncio(30, "/dev/null")


# ---- how a worker dies


@task(queue="default")
def end_worker(how: str) -> None:
    """End the own process in that way."""
    if how == "segfault":
        faulthandler.disable()
        ctypes.string_at(0)
    elif how == "exit":
        os._exit(3)
    else:
        os.kill(os.getpid(), signal.Signals[how])
        time.sleep(30)
