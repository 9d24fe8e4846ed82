"""TASKS_PATH: every module once, under its own name, or one line that names file and line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.registry import task_folders, types
from huey_tasks.registry.loading import load_tasks
from tests.conftest import REPOSITORY

TASK = "from huey_tasks import task\n@task\ndef {name}(n: int = 1) -> int:\n    return n\n"
LOAD = """
import huey_tasks
print(*sorted(found.name for found in huey_tasks.task_types() if found.name.startswith("my_")))
"""


def load(*folders: Path, program: str = LOAD) -> tuple[list[str], str]:
    """Import the folders in a process of its own: the types of ours, or its last line of errors."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "TASKS_PATH": os.pathsep.join(map(str, folders)),
             "PYTHONPATH": str(REPOSITORY)},
        cwd=folders[0].parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    message = done.stderr.strip().splitlines()
    return done.stdout.split(), message[-1] if message else ""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write modules into a folder: their names, with folders, and their text."""
    for name, text in files.items():
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture(autouse=True)
def unchanged_imports(tmp_path: Path) -> Iterator[None]:
    """What `refused` imports here is not there for the next test."""
    path = list(sys.path)
    yield
    sys.path[:] = path
    task_folders.Ambiguous.names.clear()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def refused(*folders: Path) -> str:
    """Why the folders are refused, from behind the name of the setting."""
    with pytest.raises(tq.ConfigError) as error:
        load_tasks(folders)
    message = str(error.value)
    assert message.startswith("TASKS_PATH: ") and message.isprintable(), message
    return message.removeprefix("TASKS_PATH: ")


def test_a_module_imports_its_neighbours_and_there_is_one_of_each(tmp_path: Path) -> None:
    note = "import _shared\n_shared.LOADED.append(__name__)\n"
    write(
        tmp_path,
        {
            "alpha": "import beta\n" + note + TASK.format(name="my_a"),
            "beta": note + TASK.format(name="my_b"),
            "_shared": "LOADED = []\n",
            "gamma": "from _shared import LOADED\nassert LOADED == ['beta', 'alpha'], LOADED\n"
            + TASK.format(name="my_c"),
        },
    )
    assert load(tmp_path) == (["my_a", "my_b", "my_c"], "")


def test_modules_that_import_each_other_are_loaded_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "alpha": "import beta\n" + TASK.format(name="my_a"),
            "beta": "import alpha\n" + TASK.format(name="my_b"),
        },
    )
    assert load(tmp_path) == (["my_a", "my_b"], "")


def test_packages_with_their_relative_imports_are_loaded_whole(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shop/__init__": "",
            "shop/mail": "from .texts import GREETING\n" + TASK.format(name="my_mail"),
            "shop/texts": "GREETING = 'hello'\n",
            "shop/deep/__init__": "",
            "shop/deep/more": "from ..mail import my_mail\n" + TASK.format(name="my_more"),
            "shop/tests/__init__": "",
            "shop/tests/test_mail": "import no_such_thing_as_pytest\n",
            "shop/_private": "raise RuntimeError('nobody imports this')\n",
        },
    )
    assert load(tmp_path) == (["my_mail", "my_more"], "")
    assert load(tmp_path / "shop") == (["my_mail", "my_more"], "")
    assert load(tmp_path / "shop", tmp_path) == (["my_mail", "my_more"], "")


def test_two_files_of_one_name_are_two_modules_in_packages(tmp_path: Path) -> None:
    for name in ("billing", "shipping"):
        tasks = "from . import rates\n" + TASK.format(name=f"my_{name}")
        write(tmp_path / name, {"__init__": "", "tasks": tasks, "rates": ""})
    found = load(tmp_path / "billing", tmp_path / "shipping")
    assert found == (["my_billing", "my_shipping"], "")


def test_two_files_of_one_name_have_their_folders_names_too(tmp_path: Path) -> None:
    for name in ("billing", "shipping"):
        tasks = f"import {name}_rates\nassert __name__ == '{name}.tasks'\n"
        write(
            tmp_path / name,
            {"tasks": tasks + TASK.format(name=f"my_{name}"), f"{name}_rates": "", "_helpers": ""},
        )
    found = load(tmp_path / "billing", tmp_path / "shipping")
    assert found == (["my_billing", "my_shipping"], "")


@pytest.mark.parametrize("name", ["tasks", "_helpers"])
def test_a_short_name_that_two_files_have_is_refused(tmp_path: Path, name: str) -> None:
    for folder in ("one_side", "other_side"):
        write(tmp_path / folder, {name: "", f"{folder}_user": f"\nimport {name}\n"})
    message = refused(tmp_path / "one_side", tmp_path / "other_side")
    assert message.startswith(
        f"{tmp_path}/one_side/one_side_user.py:2 cannot be imported: ImportError"
    )
    assert message.endswith(f"import 'one_side.{name}' or 'other_side.{name}'")


def test_two_files_that_have_their_folders_names_in_common_are_refused(tmp_path: Path) -> None:
    for folder in ("billing", "shipping"):
        write(tmp_path / folder / "jobs", {"nightly": ""})
    message = refused(tmp_path / "billing/jobs", tmp_path / "shipping/jobs")
    assert message.startswith(
        f"{tmp_path}/billing/jobs/nightly.py and {tmp_path}/shipping/jobs/nightly"
    )
    assert message.endswith("are both the module 'jobs.nightly': rename one of them")


def test_a_folder_that_is_named_twice_is_loaded_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "here", {"mine": TASK.format(name="my_task")})
    (tmp_path / "link").symlink_to(folder)
    assert load(folder, folder / ".." / "here", tmp_path / "link") == (["my_task"], "")


def test_a_file_that_is_loaded_under_two_names_is_refused(tmp_path: Path) -> None:
    both = "import sub.mine\nimport mine\n"
    write(tmp_path, {"sub/mine": TASK.format(name="my_twice"), "other": both})
    message = refused(tmp_path, tmp_path / "sub")
    for wrapper in types._types.pop("my_twice").wrappers.values():
        wrapper.unregister()
    assert message.startswith(
        f"{tmp_path}/sub/mine.py:2: task type 'my_twice': its file is loaded twice"
    )


@pytest.mark.parametrize("name", ["email", "queue", "sys", "huey_tasks", "web", "app", "redis"])
def test_a_file_that_hides_another_module_is_refused(tmp_path: Path, name: str) -> None:
    message = refused(write(tmp_path, {name: ""}))
    assert message.startswith(f"{tmp_path}/{name}.py has the name of ")
    assert message.endswith(f"which Python finds first: rename {name}.py")


def test_names_that_are_no_identifiers(tmp_path: Path) -> None:
    (tmp_path / "my-tasks.py").write_text(TASK.format(name="my_dash"))
    assert load(tmp_path) == (["my_dash"], "")
    (tmp_path / "v1.2.py").write_text(TASK.format(name="my_dots"))
    assert refused(tmp_path).startswith(f"{tmp_path}/v1.2.py cannot be imported: rename it")


BROKEN = {
    "syntax": ("x = 1\ndef f(:\n", 2, "SyntaxError: invalid syntax"),
    "tabs": ("if True:\n    x = 1\n\ty = 2\n", 3, "TabError: "),
    "nul": ("x = 1\0\n", None, "source code string cannot contain null bytes"),
    "import": ("\nimport no_such_module\n", 2, "ModuleNotFoundError: No module named"),
    "name": ("x = 1\n\nmissing()\n", 3, "NameError: name 'missing' is not defined"),
    "inside": ("def f():\n    return {}['k']\n\nf()\n", 2, "KeyError: 'k'"),
    "elsewhere": ("import json\njson.loads('{')\n", 2, "JSONDecodeError: "),
    "exit": ("import sys\nsys.exit('usage: x')\n", 2, "it calls sys.exit('usage: x')"),
    "quit": ("raise SystemExit\n", 1, "it calls sys.exit(None)"),
    "argparse": ("import argparse\np = argparse.ArgumentParser()\np.add_argument('file')\n"
                 "p.parse_args([])\n", 4, "it calls sys.exit(2)"),
    "interrupt": ("raise KeyboardInterrupt\n", 1, "KeyboardInterrupt"),
    "cancelled": ("import asyncio\nraise asyncio.CancelledError('x')\n", 2, "CancelledError: x"),
    "lines": ("raise ValueError('one\\n  two\\x1b[31m')\n", 1, "ValueError: one two\\x1b[31m"),
    "text": ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n", 3, "E: "),
    "queue": (TASK.format(name="f").replace("@task", "@task(queue='hihg')"), 2, "mean 'high'?"),
    "option": (TASK.format(name="f").replace("@task", "@task(retrys=3)"), 2, "mean 'retries'?"),
    "timeout": (TASK.format(name="f").replace("@task", "@task(timeout='9')"), 2, "write 9"),
    "hint": ("from huey_tasks import task\n@task\ndef f(n): ...\n", 2, "'n' has no type hint"),
    "huey": ("from huey_tasks import low\n@low.task(timeout=-1)\ndef f(): ...\n", 2, "timeout=-1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_module_is_refused_in_one_line_with_its_line(tmp_path: Path, kind: str) -> None:
    text, line, said = BROKEN[kind]
    message = refused(write(tmp_path, {"fine": "", "odd": text}))
    at = f"{tmp_path}/odd.py" if line is None else f"{tmp_path}/odd.py:{line}"
    assert message.startswith(at) and said in message


def test_an_error_in_a_neighbour_is_told_with_the_neighbours_line(tmp_path: Path) -> None:
    write(tmp_path, {"a": "import _helper\n", "_helper": "x = 1\n\n1 / 0\n"})
    assert refused(tmp_path).startswith(f"{tmp_path}/_helper.py:3 cannot be imported: ZeroDivision")


def test_what_takes_long_is_named_with_the_line_it_is_at(tmp_path: Path) -> None:
    write(tmp_path, {"slow": "from threading import Event\n\nEvent().wait(1.5)\n"})
    quick = (
        "import huey_tasks.registry.import_watch\nhuey_tasks.registry.import_watch.SLOW_S = 0.4\n"
        + LOAD
    )
    _, message = load(tmp_path, program=quick)
    assert message.startswith(f"duckline: TASKS_PATH: the import of {tmp_path}/slow.py has taken")
    assert message.endswith(f"and is at {tmp_path}/slow.py:3")


def test_what_computes_long_is_named_in_a_process_of_greenlets_too(tmp_path: Path) -> None:
    busy = "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end:\n    pass\n"
    write(tmp_path, {"slow": busy})
    quick = (
        "import huey_tasks.registry.import_watch\nhuey_tasks.registry.import_watch.SLOW_S = 0.4\n"
        + LOAD
    )
    _, message = load(tmp_path, program="from gevent import monkey\nmonkey.patch_all()\n" + quick)
    assert f"the import of {tmp_path}/slow.py has taken" in message


ENDS = {
    "at once": ("import os\n\nos._exit(3)\n", "ends:3"),
    "in a function": ("from os import _exit\ndef end():\n    _exit(3)\nend()\n", "ends:3"),
    "amid an error": ("import os\ntry:\n    1 / 0\nfinally:\n    os._exit(3)\n", "ends:5"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_module_that_ends_the_process_is_named_with_its_line(tmp_path: Path, how: str) -> None:
    text, place = ENDS[how]
    write(tmp_path, {"ends": text})
    file, line = place.split(":")
    _, message = load(tmp_path)
    word = f"{tmp_path}/{file}.py:{line} ends the process: os._exit(3)"
    assert message == f"duckline: TASKS_PATH: {word}"


def test_children_that_a_module_forks_and_later_calls_end_without_a_word(tmp_path: Path) -> None:
    forks = "import os\nif not (pid := os.fork()): os._exit(4)\nstatus = os.waitpid(pid, 0)[1]\n"
    write(tmp_path, {"my": forks + "from os import _exit\n" + TASK.format(name="my_task")})
    later = "import my, sys\nprint(my.status >> 8)\nsys.stdout.flush()\nmy._exit(0)\n"
    assert load(tmp_path, program=LOAD + later) == (["my_task", "4"], "")


def test_a_child_process_that_is_spawned_finds_the_modules(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mine": "import _work\n" + TASK.format(name="my_task"),
            "_work": "def double(n): return 2 * n\n",
        },
    )
    program = (
        "import multiprocessing as mp, huey_tasks\nhuey_tasks.task_types()\nimport _work\n"
        "with mp.get_context('spawn').Pool(1) as pool: print(pool.map(_work.double, [21]))\n"
    )
    assert load(tmp_path, program=f"if __name__ == '__main__':\n exec({program!r})")[0] == ["[42]"]
