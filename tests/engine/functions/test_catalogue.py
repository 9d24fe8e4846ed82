"""The catalogue shows what is on disk now, and nothing on disk makes it raise."""

import os
import statistics
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from huey_tasks.functions import candidates, files, place
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import CUSTOM_RUNTIME
from tests.engine.functions.conftest import HANDLER, Write


def reasons(catalogue: Catalogue) -> dict[str, str]:
    return {each.path.name: each.reason for each in catalogue.ignored()}


def test_a_file_and_a_folder_are_functions(
    catalogue: Catalogue, write: Write, folder: Path
) -> None:
    write("hello.py", "import os\n\ndef lambda_handler(event, context): ...\n")
    write("my-shop/app.py", HANDLER)

    found = catalogue.functions()

    assert list(found) == ["hello", "my-shop"]
    hello, shop = found.values()
    assert (hello.root, hello.file, hello.handler, hello.line) == (
        folder, folder / "hello.py", "hello.lambda_handler", 3,
    )  # fmt: skip
    assert (shop.root, shop.file, shop.handler) == (
        folder / "my-shop", folder / "my-shop" / "app.py", "app.handler",
    )  # fmt: skip
    assert hello.runtime.startswith("python3.")
    assert (hello.state, hello.timeout_s, hello.memory_mb, hello.retries) == ("Active", 30, 512, 2)
    assert len(hello.version) == 64 and len(hello.code_sha256) == 44 and hello.code_size > 0
    assert catalogue.find("hello") is hello and catalogue.find("nobody") is None
    assert catalogue.ignored() == ()


@pytest.mark.parametrize(
    ("text", "handler", "line"),
    [
        ("def handler(e, c): ...\ndef lambda_handler(e, c): ...", "lambda_handler", 2),
        ("def handler(event, context=None, *, more=1): ...", "handler", 1),
        ("def handler(*args): ...", "handler", 1),
        ("def handler(event, /, context): ...", "handler", 1),
        ("app = 1\nhandler = Mangum(app)", "handler", 2),
        ("handler: Callable = make()", "handler", 1),
        ("lambda_handler = lambda event, context: 1", "lambda_handler", 1),
        ("import x\n@x.wrap\n@other()\ndef handler(event, context): ...", "handler", 4),
        ("try:\n  import x\nexcept ImportError:\n  def handler(e, c): ...", "handler", 4),
        ("def lambda_handler(event): ...\ndef handler(e, c): ...", "handler", 2),
        ("# -*- coding: latin-1 -*-\nx = '\xe4'\ndef handler(e, c): ...", "handler", 3),
    ],
)
def test_a_handler_is_found_by_its_name(
    catalogue: Catalogue, folder: Path, text: str, handler: str, line: int
) -> None:
    (folder / "f.py").write_text(text, encoding="latin-1")

    found = catalogue.functions()["f"]

    assert (found.handler, found.line, found.fault) == (f"f.{handler}", line, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no handler"),
        ("x = 1", "no handler"),
        ("class A:\n  def handler(self, event): ...", "no handler"),
        ("def other():\n  def handler(e, c): ...", "no handler"),
        ("def handler(event): ...", "line 1: 'handler' takes 1"),
        ("\ndef handler(a, b, c): ...", "line 2: 'handler' takes 3"),
        ("def handler(a, b, *, c): ...", "a keyword argument without a default"),
        ("async def handler(a, b): ...", "coroutine"),
        ("handler = None", "cannot be called"),
        ("def handler(a, b): ...\nhandler = 'off'", "cannot be called"),
        ("from x import handler", "functions.toml"),
        ("class handler: ...", "is a class"),
    ],
)
def test_a_file_without_a_handler_is_ignored_with_the_reason(
    catalogue: Catalogue, write: Write, text: str, reason: str
) -> None:
    write("f.py", text)

    assert catalogue.functions() == {} and catalogue.find("f") is None
    assert reason in reasons(catalogue)["f.py"]


@pytest.mark.parametrize(
    ("content", "line", "text"),
    [
        (b"def handler(event, context)\n    return 1", 1, "expected ':'"),
        (b"x = 1\n\nif x:\n", 3, "expected an indented block"),
        (b"\xff\xfe\x00binary", None, "null"),
        (b"x = '\xe4'", None, "utf-8"),
        (b"x = " + b"(" * 3000, None, "f"),
        (b"x = " + b"-" * 100_000 + b"1", None, "f"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_failed_function(
    catalogue: Catalogue, folder: Path, content: bytes, line: int | None, text: str
) -> None:
    (folder / "f.py").write_bytes(content)
    (folder / "good.py").write_text(HANDLER)

    found = catalogue.functions()

    assert list(found) == ["f", "good"] and found["good"].state == "Active"
    fault = found["f"].fault
    assert fault is not None and found["f"].state == "Failed"
    assert fault.type == "Runtime.UserCodeSyntaxError" and fault.file == folder / "f.py"
    assert fault.text.startswith("Syntax error in module 'f': ") and text in fault.text
    assert "\n" not in str(fault)
    if line:
        assert fault.line == line


@pytest.mark.parametrize("name", ["a.b.py", "ä.py", f"{'x' * 65}.py", "a b/app.py"])
def test_what_has_no_name_of_a_function_is_ignored(
    catalogue: Catalogue, write: Write, name: str
) -> None:
    write(name, HANDLER)

    assert catalogue.functions() == {}
    assert "name" in reasons(catalogue)[name.partition("/")[0]]


def test_what_is_private_or_of_a_tool_is_not_mentioned(catalogue: Catalogue, write: Write) -> None:
    for name in ("_shared.py", ".hidden.py", "__pycache__/app.py", "node_modules/app.py", "a.txt"):
        write(name, HANDLER)

    assert catalogue.functions() == {} and catalogue.ignored() == ()


def test_the_first_entry_with_a_handler_is_the_one(catalogue: Catalogue, write: Write) -> None:
    write("f/main.py", HANDLER)
    write("f/app.py", "x = 1\n")
    write("g/notes.txt", "nothing\n")

    assert catalogue.functions()["f"].handler == "main.handler"
    assert "lambda_function.py, handler.py, app.py, main.py" in reasons(catalogue)["g"]


def test_an_executable_bootstrap_is_a_function_of_any_language(
    catalogue: Catalogue, write: Write
) -> None:
    file = write("shell/bootstrap", "#!/bin/sh\n")

    assert "chmod +x" in reasons(catalogue)["shell"]

    file.chmod(0o755)
    found = catalogue.functions()["shell"]
    assert (found.runtime, found.handler, found.file) == (CUSTOM_RUNTIME, "bootstrap", file)


def test_each_change_is_seen_by_the_next_call(catalogue: Catalogue, write: Write) -> None:
    file = write("f.py", HANDLER)
    first = catalogue.find("f")
    assert first is not None

    write("f.py", HANDLER.replace("return event", "return  2222"[:12]))  # the same size
    second = catalogue.find("f")
    assert second is not None and second.version != first.version

    write("f.py", HANDLER)
    third = catalogue.find("f")
    assert third is not None and third.version == first.version

    file.rename(file.with_name("g.py"))
    assert list(catalogue.functions()) == ["g"] and catalogue.find("f") is None
    file.with_name("g.py").unlink()
    assert catalogue.functions() == {}


def test_a_change_that_keeps_size_and_time_is_seen(
    catalogue: Catalogue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What editors, `cp -p` and archives do."""
    monkeypatch.setattr(files, "_COARSE_NS", -60 * 10**9)  # the times of files count alone
    file = write("f.py", HANDLER)
    old = catalogue.find("f")
    info = file.stat()

    other = write("other.txt", HANDLER.replace("event\n", "tneve\n"))
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    other.rename(file)
    new = catalogue.find("f")

    assert file.stat().st_mtime_ns == info.st_mtime_ns and file.stat().st_size == info.st_size
    assert old is not None and new is not None and new.version != old.version


def test_two_writes_within_a_tick_of_the_clock_are_two(
    catalogue: Catalogue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock of 4 ms, as some kernels have it: size, times and inode are equal."""
    write("f.py", HANDLER)
    tick = time.time_ns()

    class Coarse:
        def stat(self, path: str) -> SimpleNamespace:
            info = Path(path).stat()
            names = ("st_mode", "st_size", "st_ino", "st_dev")
            return SimpleNamespace(
                st_mtime_ns=tick, st_ctime_ns=tick, **{name: getattr(info, name) for name in names}
            )

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

    monkeypatch.setattr(files, "os", Coarse())
    monkeypatch.setattr(place, "os", Coarse())
    old = catalogue.find("f")
    write("f.py", HANDLER.replace("event\n", "tneve\n"))
    write("g.py", HANDLER)
    new = catalogue.find("f")

    assert old is not None and new is not None and new.version != old.version
    assert catalogue.find("g") is not None


def test_a_record_stays_the_same_while_nothing_changes(catalogue: Catalogue, write: Write) -> None:
    write("f.py", HANDLER)
    write("g/app.py", HANDLER)
    before = catalogue.functions()
    os.utime(write("g/app.py", HANDLER))

    assert catalogue.find("f") is before["f"]
    again = catalogue.find("g")
    assert again is not None and again.version == before["g"].version


def test_a_path_may_come_and_go(tmp_path: Path) -> None:
    late = tmp_path / "later" / "functions"
    catalogue = Catalogue([late])
    assert catalogue.functions() == {} and catalogue.ignored() == ()

    late.mkdir(parents=True)
    (late / "f.py").write_text(HANDLER)
    assert catalogue.find("f") is not None

    (late / "f.py").unlink()
    late.rmdir()
    assert catalogue.functions() == {}
    late.write_text("a file now")
    assert catalogue.functions() == {}


def test_of_two_with_one_name_the_first_path_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.mkdir()
        (path / "f.py").write_text(HANDLER)
    catalogue = Catalogue([one, two, one])

    assert catalogue.functions()["f"].file == one / "f.py"
    assert [(each.path, each.reason) for each in catalogue.ignored()] == [
        (two / "f.py", f"the name 'f' is taken by {one / 'f.py'}")
    ]
    (one / "f.py").write_text("no_handler = 1\n")
    found = catalogue.find("f")
    assert found is not None and found.file == two / "f.py"


def test_a_file_wins_over_a_folder_of_its_name(catalogue: Catalogue, write: Write) -> None:
    file = write("f.py", HANDLER)
    write("f/app.py", HANDLER)

    assert catalogue.functions()["f"].file == file
    assert "is taken by" in reasons(catalogue)["app.py"]
    file.write_text("helper = 1\n")
    assert catalogue.functions()["f"].handler == "app.handler"


@pytest.mark.parametrize(
    "name",
    ["_shared.py", "_data/table.json", "util.py", "util/__init__.py", "util/deep.py", "f.json"],
)
def test_what_a_file_uses_belongs_to_its_version(
    catalogue: Catalogue, write: Write, name: str
) -> None:
    write("f.py", f"from util import thing\n{HANDLER}")
    write("unrelated.py", HANDLER)
    versions: set[str] = set()
    others: set[str] = set()
    for text in ("x = 1\n", "x = 2\n", "x = 3\n"):
        write(name, text)
        versions.add(catalogue.functions()["f"].version)
        if "unrelated" not in name and not name.startswith("_"):
            others.add(catalogue.functions()["unrelated"].version)

    assert len(versions) == 3 and len(others) <= 1


def test_what_an_imported_module_imports_belongs_to_it_too(
    catalogue: Catalogue, write: Write
) -> None:
    write("f.py", f"import one\n{HANDLER}")
    write("one.py", "def late():\n    import two\n")
    before = catalogue.functions()["f"].version
    write("two.py", "import f, one\n")  # in a circle
    after = catalogue.functions()["f"].version

    assert before != after


@pytest.mark.parametrize(
    "name", ["node_modules/x.js", ".git/HEAD", "__pycache__/a.pyc", ".venv/lib.py", "a/app.py.swp"]
)
def test_what_tools_make_in_a_folder_is_no_part_of_it(
    catalogue: Catalogue, write: Write, name: str
) -> None:
    write("f/app.py", HANDLER)
    before = catalogue.find("f")
    write(f"f/{name}", "x")

    after = catalogue.find("f")
    assert before is not None and after is not None and after.version == before.version


def test_links_pipes_and_binary_files_are_harmless(
    catalogue: Catalogue, write: Write, folder: Path, tmp_path: Path
) -> None:
    write("f/app.py", HANDLER)
    (folder / "f" / "loop").symlink_to(folder)
    (folder / "f" / "self").symlink_to("self")
    (folder / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (folder / "endless.py").symlink_to("/dev/zero")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe.py")
    os.mkfifo(folder / "f" / "pipe")
    (folder / "f" / "picture.png").write_bytes(bytes(range(256)))
    (folder / "f" / b"\xff.txt".decode(errors="surrogateescape")).write_text("a name in no charset")
    (folder / "f" / "mem").symlink_to("/proc/self/mem")  # may be opened, and not be read
    (folder / "dir.py").mkdir()

    (f,) = catalogue.functions().values()
    assert f.name == "f" and f.code_size < 1000  # the folder is in itself once
    (folder / "mem.py").symlink_to("/proc/self/mem")
    assert catalogue.functions()["mem"].state == "Failed"

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "handler.py").write_text(HANDLER)
    (folder / "linked").symlink_to(outside)
    before = catalogue.functions()["linked"].version
    (outside / "more.py").write_text("x = 1\n")
    assert catalogue.functions()["linked"].version != before


def test_a_folder_with_a_disk_in_it_is_refused(
    catalogue: Catalogue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    write("f/app.py", HANDLER)
    assert list(catalogue.functions()) == ["f"]
    for number in range(3):
        write(f"f/data-{number}", "x")

    assert catalogue.functions() == {} and "more than 3 files" in reasons(catalogue)["f"]


def test_a_large_folder_is_looked_at_for_a_tenth_of_the_time(
    catalogue: Catalogue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "_MANY_FILES", 2)
    monkeypatch.setattr(candidates, "_PAUSE_A_FILE_S", 1000.0)
    for name in ("app.py", "a.json", "b.json"):
        write(f"f/{name}", HANDLER)
    before = catalogue.find("f")
    write("f/c.json", "new")

    assert catalogue.find("f") is before


def test_a_file_that_is_being_written_is_a_fault_at_most(
    catalogue: Catalogue, folder: Path
) -> None:
    whole = (HANDLER * 20).encode()
    with (folder / "f.py").open("wb", buffering=0) as file:
        for start in range(0, len(whole), 7):
            file.write(whole[start : start + 7])
            found = catalogue.find("f")
            assert found is None or found.name == "f"
    found = catalogue.find("f")
    assert found is not None and found.state == "Active"


def test_a_look_takes_less_than_a_millisecond(catalogue: Catalogue, write: Write) -> None:
    for number in range(10):
        write(f"one-{number}.py", f"import json, helper\n{HANDLER}")
        write(f"two-{number}/app.py", HANDLER)
        write(f"two-{number}/more/data.json", "{}")
    write("helper.py", "x = 1\n")
    catalogue.functions()
    took = list[float]()
    for _ in range(200):
        for name in ("one-3", "two-7"):
            began = time.perf_counter()
            assert catalogue.find(name) is not None
            took.append(time.perf_counter() - began)

    assert statistics.median(took) < 1e-3
