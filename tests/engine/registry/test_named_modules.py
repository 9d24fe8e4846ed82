"""TASKS: modules and packages by name, from the working folder or installed; each once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, StartConsumer
from tests.engine.registry.test_loading import LOAD, TASK, write

DEMO = "import huey_tasks\nprint(*sorted(found.name for found in huey_tasks.task_types()))\n"


def load(folder: Path, tasks: str, program: str = LOAD, **env: str) -> tuple[list[str], str]:
    """Import with `folder` as the working folder: the types of ours, or the last line of errors."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "TASKS_PATH": "", "PYTHONPATH": str(REPOSITORY), "TASKS": tasks, **env},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    message = done.stderr.strip().splitlines()
    last = message[-1] if message else ""
    return done.stdout.split(), last.removeprefix("huey_tasks.errors.ConfigError: ")


def test_a_module_of_the_working_folder_and_one_in_a_package(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shop/__init__": "",
            "shop/tasks": "from .texts import HELLO\nimport rates\n" + TASK.format(name="my_a"),
            "shop/texts": "HELLO = 'hello'\n",
            "shop/other": "raise RuntimeError('nobody named this')\n",
            "rates": "",
            "jobs": TASK.format(name="my_b"),
        },
    )
    assert load(tmp_path, "shop.tasks, jobs") == (["my_a", "my_b"], "")


def test_a_package_is_imported_with_all_that_it_holds(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shop/__init__": TASK.format(name="my_a"),
            "shop/deep/__init__": "",
            "shop/deep/mail": "from .. import my_a\n" + TASK.format(name="my_b"),
            "shop/__main__": "raise RuntimeError('this is a program')\n",
            "shop/test_mail": "import no_such_thing_as_pytest\n",
            "shop/_private": "raise RuntimeError('nobody imports this')\n",
            "bare/tasks": TASK.format(name="my_c"),
        },
    )
    assert load(tmp_path, "shop") == (["my_a", "my_b"], "")
    assert load(tmp_path, "bare") == (["my_c"], "")


def test_an_installed_package_is_found_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    write(tmp_path / "there", {"shop/__init__": "", "shop/tasks": TASK.format(name="my_a")})
    path = os.pathsep.join([str(REPOSITORY), str(tmp_path / "there")])
    assert load(tmp_path / "here", "shop.tasks", PYTHONPATH=path) == (["my_a"], "")


@pytest.mark.parametrize("folder", ["shop", "."])
@pytest.mark.parametrize("init", [True, False])
def test_a_file_that_both_settings_name_is_one_module(
    tmp_path: Path, folder: str, init: bool
) -> None:
    write(
        tmp_path, {"shop/tasks": TASK.format(name="my_a")} | ({"shop/__init__": ""} if init else {})
    )
    write(tmp_path, {"shop/more": TASK.format(name="my_b")})
    found = load(tmp_path, "shop.tasks,shop.more", TASKS_PATH=str(tmp_path / folder))
    assert found == (["my_a", "my_b"], "")


def test_the_working_folder_hides_no_module_of_python(tmp_path: Path) -> None:
    write(tmp_path, {"email": "raise RuntimeError('hidden')\n", "mine": TASK.format(name="my_a")})
    assert load(tmp_path, "mine") == (["my_a"], "")


@pytest.mark.parametrize("name", ["email", "web"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: ""})
    _, message = load(tmp_path, name)
    assert message.startswith(f"TASKS: {tmp_path}/{name}.py is hidden by ")
    write(tmp_path / "in", {f"{name}/__init__": "", f"{name}/shop_tasks": ""})
    _, message = load(tmp_path / "in", f"{name}.shop_tasks")
    assert message.startswith(f"TASKS: {tmp_path}/in/{name}/shop_tasks.py is hidden by ")


BROKEN = {
    "syntax": ("x = 1\ndef f(:\n", "shop/tasks.py:2 cannot be imported: SyntaxError: invalid"),
    "import": ("\nimport no_such\n", "shop/tasks.py:2 cannot be imported: ModuleNotFoundError: No"),
    "elsewhere": ("import json\njson.loads('{')\n", "shop/tasks.py:2 cannot be imported: JSONDeco"),
    "neighbour": ("from . import bad\n", "shop/bad.py:3 cannot be imported: ZeroDivisionError: "),
    "exit": ("import sys\nsys.exit(3)\n", "shop/tasks.py:2 cannot be imported: it calls sys.exit("),
    "option": (TASK.format(name="f").replace("@task", "@task(retrys=3)"), "shop/tasks.py:2: @task"),
    "ends": ("import os\n\nos._exit(3)\n", "shop/tasks.py:3 ends the process: os._exit(3)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_module_is_refused_in_one_line_with_its_line(tmp_path: Path, kind: str) -> None:
    text, said = BROKEN[kind]
    write(tmp_path, {"shop/__init__": "", "shop/tasks": text, "shop/bad": "x = 1\n\n1 / 0\n"})
    _, message = load(tmp_path, "shop.tasks")
    assert message.removeprefix("duckline: ").startswith(f"TASKS: {tmp_path}/{said}")


def test_a_name_that_nothing_has_gets_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__": "", "shop/tasks": ""})
    _, message = load(tmp_path, "shop.tsaks")
    assert message == "TASKS: there is no module 'shop.tsaks'; did you mean 'shop.tasks'?"
    _, message = load(tmp_path, "shpo.tasks")
    assert message == "TASKS: there is no module 'shpo'; did you mean 'shop.tasks'?"
    _, message = load(tmp_path, "elsewhere")
    assert message.startswith("TASKS: there is no module 'elsewhere'; Python looked in the working")


def test_a_suggestion_can_be_imported(tmp_path: Path) -> None:
    write(tmp_path, {"my_tasks/images": TASK.format(name="my_a"), "huey_taks/__init__": ""})
    _, message = load(tmp_path, "huey_tassk.images")
    assert message == ("TASKS: there is no module 'huey_tassk'; did you mean 'my_tasks.images'?")
    assert load(tmp_path, "my_tasks.images") == (["my_a"], "")
    _, message = load(tmp_path, "my_taks.nothing")
    assert message.startswith("TASKS: there is no module 'my_taks'; Python looked in the working")


@pytest.mark.parametrize("tasks", ["shop/tasks.py", "shop tasks", ",", ".tasks"])
def test_what_is_no_name_is_refused(tmp_path: Path, tasks: str) -> None:
    _, message = load(tmp_path, tasks)
    assert message.startswith(f"TASKS={tasks!r} is not right: it takes names of modules")


def test_broken_modules_are_left_out_in_development(tmp_path: Path) -> None:
    write(tmp_path, {"one": "1 / 0\n", "two": TASK.format(name="my_b")})
    write(tmp_path / "folder", {"three": "1 / 0\n", "four": TASK.format(name="my_d")})
    env = {"BROKEN_TASKS_ARE_LEFT_OUT": "1", "TASKS_PATH": str(tmp_path / "folder")}
    assert load(tmp_path, "one,two,nowhere", **env) == (["my_b", "my_d"], "")


EMPTY = "duckline: TASKS: {} declares no task; decorate its functions with @task of huey_tasks"
HUEYS = "from huey_tasks import default\n@default.task()\ndef add(a, b): ...\n"
CONSUMER = f"from huey_tasks.registry import import_watch\nimport_watch.printed.add('empty'){LOAD}"


def test_a_module_that_declares_no_task_is_said_to_who_runs_tasks(tmp_path: Path) -> None:
    write(tmp_path, {"jobs": "def resize(url: str) -> None: ...\n"})
    assert load(tmp_path, "jobs", CONSUMER) == ([], EMPTY.format("jobs"))
    assert load(tmp_path, "jobs") == ([], ""), "each web application would say it"


@pytest.mark.parametrize("checked", ["", "1"])
def test_a_consumer_says_it_unless_the_stack_has(
    tmp_path: Path, start_consumer: StartConsumer, checked: str
) -> None:
    write(tmp_path, {"jobs": "def resize(url: str) -> None: ...\n"})
    path = os.pathsep.join([str(REPOSITORY), str(tmp_path)])
    ours = {"TASKS": "jobs", "TASKS_PATH": "", "PYTHONPATH": path, "TASKS_ARE_CHECKED": checked}
    text = start_consumer("low", **ours).text()
    assert (EMPTY.format("jobs") in text) == (not checked)


@pytest.mark.parametrize(
    "text",
    [
        HUEYS,
        "from huey_tasks import default\n@default.on_startup()\ndef begin(): ...\n",
        "from huey_tasks import low\n@low.post_execute()\ndef after(*_): ...\n",
        "from huey_tasks import high\n@high.signal('error')\ndef seen(*_): ...\n",
    ],
    ids=["Huey's task", "startup", "hook", "signal"],
)
def test_a_module_of_hueys_own_is_not_empty(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"hueys": text})
    assert load(tmp_path, "hueys", CONSUMER) == ([], "")


def test_a_module_is_not_empty_that_has_tasks_or_brings_some(tmp_path: Path) -> None:
    modules = {
        "shop/__init__": "",
        "shop/tasks": TASK.format(name="my_a"),
        "entry": "import others\n",
        "others": TASK.format(name="my_b"),
        "broken": "1 / 0\n",
    }
    write(tmp_path, modules)
    assert load(tmp_path, "shop,shop.tasks,entry,others", CONSUMER) == (["my_a", "my_b"], "")
    _, message = load(tmp_path, "broken", CONSUMER, BROKEN_TASKS_ARE_LEFT_OUT="1")
    assert "declares no task" not in message


def test_modules_are_not_empty_that_register_functions_of_another(tmp_path: Path) -> None:
    made = "import plain\nfrom huey_tasks import task\nmade = task(name='{0}')(plain.{0})\n"
    modules = {
        "plain": "def my_f(a: int) -> int: ...\ndef my_g(a: int) -> int: ...\n",
        "one": made.format("my_f"),
        "two": made.format("my_g"),
    }
    write(tmp_path, modules)
    assert load(tmp_path, "one,two", CONSUMER) == (["my_f", "my_g"], "")


def test_the_demo_types_can_be_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"mine": TASK.format(name="my_a")})
    assert load(tmp_path, "mine", DEMO, DEMO_TASKS="0") == (["my_a"], "")
    names, _ = load(tmp_path, "mine", DEMO)
    assert {"my_a", "send_email", "data_pipeline"} <= set(names)


OWN = "\n@task(queue='low')\ndef send_email(address: str) -> str:\n    return address\n"
SHOW = """
import huey_tasks
kind = next(one for one in huey_tasks.task_types() if one.name == "send_email")
print(kind.queue, *kind.schema["properties"], *(q.name for q in huey_tasks.QUEUES.values()
      if q._registry.string_to_task("send_email").__module__ == kind.function.__module__))
"""


@pytest.mark.parametrize(
    "text",
    [
        "from huey_tasks import task",
        "from huey_tasks.tasks.email import *",
        "import huey_tasks.tasks\nfrom huey_tasks import task",
    ],
)
def test_a_type_of_the_users_replaces_a_demo_type(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"mine": text + OWN})
    expected = (["low", "address", "high", "default", "low"], "")
    assert load(tmp_path, "mine", SHOW) == expected
    assert load(tmp_path, "", SHOW, TASKS_PATH=str(tmp_path)) == expected
    assert load(tmp_path, "", text + OWN + SHOW) == expected
    write(tmp_path, {"again": "from huey_tasks import task" + OWN})
    assert "there is one already" in load(tmp_path, "mine,again", SHOW)[1]


def test_huey_s_own_decorator_takes_the_name_of_a_demo_type_too(tmp_path: Path) -> None:
    write(tmp_path, {"mine": "from huey_tasks import low\n@low.task()\ndef send_email(to): ...\n"})
    assert load(tmp_path, "mine")[1] == ""


@pytest.mark.parametrize("setting", ["TASKS", "TASKS_PATH"])
def test_an_application_may_import_its_task_module_before_us(tmp_path: Path, setting: str) -> None:
    """The other modules need that one, which is not complete yet when it imports us."""
    write(
        tmp_path / "tasks",
        {
            "one": TASK.format(name="my_a") + "import huey_tasks\nhuey_tasks.task_types()\n",
            "two": "from one import my_a\n" + TASK.format(name="my_b"),
        },
    )
    own = {"TASKS_PATH": str(tmp_path / "tasks")} if setting == "TASKS_PATH" else {}
    names = "" if own else "one,two"
    submit = "from one import my_a\nfrom huey_tasks.registry import types\ntypes.get('my_b')\n"
    path = os.pathsep.join([str(REPOSITORY), str(tmp_path / "tasks")])
    assert load(tmp_path, names, "from one import my_a\n" + LOAD, **own, PYTHONPATH=path) == (
        ["my_a", "my_b"],
        "",
    )
    assert load(tmp_path, names, submit, **own, PYTHONPATH=path) == ([], "")
