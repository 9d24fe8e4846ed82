"""functions.toml: options with AWS's ranges; a wrong one is a fault of its function alone."""

from pathlib import Path

import pytest

from huey_tasks.config import Config
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Durable, Function, Schedule, Url
from tests.engine.functions.conftest import Write

DURABLE = "from sdk import durable_execution{}\n@{}\ndef handler(event, context): ...\n"


def only(catalogue: Catalogue) -> Function:
    (found,) = catalogue.functions().values()
    return found


def test_every_option_is_read(catalogue: Catalogue, write: Write) -> None:
    write("f.py", "def other(event, context): ...\n")
    write(
        "functions.toml",
        """
        [f]
        handler = "other"
        timeout = 900
        memory = 128
        queue = "high"
        reserved_concurrency = 0
        retries = 0
        max_age = 60
        on_success = "next-one"
        on_failure = "arn:aws:sqs:us-east-1:000000000000:dead"
        dead_letter = "dead"
        durable = { timeout = 60, retention = 1 }
        url = { auth = "AWS_IAM", stream = true }
        schedule = ["rate(5 minutes)", "cron(0 8 ? * MON-FRI *)"]
        events = [{ source = ["shop"], detail = { kind = ["paid"] } }]
        watch = ["inbox/*.png"]
        debug = true
        description = "the other one"

        [f.env]
        NAME = "value"
        PORT = 80
        ON = true
        """,
    )

    f = only(catalogue)

    assert f.fault is None and f.handler == "f.other" and f.line == 1
    assert (f.timeout_s, f.memory_mb, f.queue, f.reserved_concurrency) == (900, 128, "high", 0)
    assert (f.retries, f.max_age_s, f.on_success, f.dead_letter) == (0, 60, "next-one", "dead")
    assert (f.durable, f.url) == (Durable(60, 1), Url("AWS_IAM", True))
    assert f.schedule == (Schedule("rate(5 minutes)"), Schedule("cron(0 8 ? * MON-FRI *)"))
    assert f.events == ({"source": ["shop"], "detail": {"kind": ["paid"]}},)
    assert (f.watch, f.debug, f.description) == (("inbox/*.png",), True, "the other one")
    assert f.env == {"NAME": "value", "PORT": "80", "ON": "true"}


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("tiemout = 3", "did you mean 'timeout'?"),
        ("timeout = 0", "timeout = 0: it should be greater than or equal to 1"),
        ("timeout = 901", "less than or equal to 900"),
        ('timeout = "3"', "valid integer"),
        ("timeout = 1.5", "valid integer"),
        ("timeout = true", "valid integer"),
        ("memory = 127", "128"),
        ("memory = 32769", "32768"),
        ("retries = 3", "2"),
        ("max_age = 59", "60"),
        ("max_age = 21601", "21600"),
        ("reserved_concurrency = -1", "0"),
        (
            'queue = "urgent"',
            "it is one of high, default, low; QUEUES=high,default,low,urgent:2 adds it",
        ),
        ('queue = "defualt"', "there is no queue 'defualt'; did you mean 'default'?"),
        ("env = 3", "object"),
        ('env = { A_REGION = "x", AWS_REGION = "x" }', "'AWS_REGION' is set by the platform"),
        ('env = { "a-b" = "x" }', "'a-b' is no name"),
        ("env = { NAME = [1] }", "string"),
        (f'env = {{ NAME = "{"x" * 4096}" }}', "4100 bytes"),
        ('handler = ""', "handler"),
        ('on_success = "not a name"', "on_success"),
        ("durable = { timeout = 0 }", "durable.timeout"),
        ("durable = { retention = 91 }", "90"),
        ("durable = { retries = 1 }", "there is no option 'retries'"),
        ('url = { auth = "all" }', "'NONE' or 'AWS_IAM'"),
        ('schedule = ["rate(0 minutes)"]', "schedule.0"),
        ('schedule = ["rate(1 minutes)"]', "rate(5 minutes)"),
        ('schedule = ["* * * * *"]', "cron(0 8 * * ? *)"),
        ('schedule = "rate(5 minutes)"', "array; write it between [ and ]"),
        ('events = { source = ["shop"] }', "array; write it between [ and ]"),
        ("events = [{ sources = [] }]", "did you mean 'source'?"),
        ('watch = ["/etc/*"]', "below the folder"),
        ('watch = ["../*"]', "below the folder"),
        ('debug = "yes"', "boolean"),
        (f'description = "{"x" * 257}"', "256"),
    ],
)
def test_a_wrong_option_fails_its_function_in_one_line(
    catalogue: Catalogue, write: Write, folder: Path, option: str, says: str
) -> None:
    write("f.py")
    write("good.py")
    write("functions.toml", f"# one\n[good]\ntimeout = 3\n[f]\nretries = 1\n{option}\n".replace(
        "retries = 1\nretries", "\nretries"))  # fmt: skip

    found = catalogue.functions()

    fault = found["f"].fault
    assert found["f"].state == "Failed" and fault is not None
    assert fault.text.startswith("[f] ") and says in fault.text, fault.text
    assert (fault.file, fault.line) == (folder / "functions.toml", 6)
    assert "\n" not in str(fault) and len(fault.text) < 300
    assert (found["good"].state, found["good"].timeout_s) == ("Active", 3)


def test_the_first_of_several_errors_is_shown_with_their_number(
    catalogue: Catalogue, write: Write
) -> None:
    write("f.py")
    write("functions.toml", "[f]\ntimeout = 0\nretries = 9\n")

    assert "(1 more wrong)" in str(only(catalogue).fault)


BROKEN = ["[f\ntimeout = 3", "[f]\ntimeout = \n", "[f]\n[f]\n", "\0"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_keeps_the_last_settings_and_is_shown(
    catalogue: Catalogue, write: Write, text: str
) -> None:
    write("f.py")
    file = write("functions.toml", '[f]\ntimeout = 3\non_failure = "f"\n')
    before = only(catalogue)

    write("functions.toml", text)
    f, sight = only(catalogue), catalogue.look()
    assert (f.timeout_s, f.on_failure, f.version) == (3, "f", before.version)
    (note,) = f.notes
    assert "functions.toml" in note and note.endswith("its last settings apply")
    assert [each.path for each in sight.ignored] == [file]
    assert not sight.is_readable and sight.unknown == ()

    file.unlink()
    f, sight = only(catalogue), catalogue.look()
    assert (f.timeout_s, f.notes, sight.is_readable) == (30, (), True)


def test_a_broken_template_keeps_its_last_functions(catalogue: Catalogue, write: Write) -> None:
    write("code/app.py")
    text = (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: "
        "{CodeUri: code/, Handler: app.handler, Runtime: python3.11, Timeout: 7}}}"
    )
    write("template.yaml", text)
    assert catalogue.functions()["F"].timeout_s == 7

    for broken in (text[:40], "", "Resources:"):
        file = write("template.yaml", broken)
        assert catalogue.functions()["F"].timeout_s == 7
        (ignored,) = [each for each in catalogue.ignored() if each.path == file]
        assert ignored.reason.endswith("its last settings apply")


def test_a_wrong_value_changes_none_of_the_other_settings(
    catalogue: Catalogue, write: Write
) -> None:
    write("f.py")
    write(
        "functions.toml",
        '[f]\ntimeout = 0\nqueue = "low"\non_failure = "f"\nodd = 1\nevents = [{type = ["a"]}]\n',
    )

    f = only(catalogue)
    assert f.fault is not None and "timeout" in f.fault.text
    assert (f.timeout_s, f.queue, f.on_failure, f.events) == (30, "low", "f", ({"type": ["a"]},))


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_is_broken_from_the_start_leaves_the_defaults_and_is_shown(
    catalogue: Catalogue, write: Write, text: str
) -> None:
    write("f.py")
    file = write("functions.toml", text)

    f = only(catalogue)

    assert (f.state, f.timeout_s) == ("Active", 30)
    (note,), (ignored,) = f.notes, catalogue.ignored()
    assert "functions.toml" in note and "the defaults are used" in note
    assert ignored.path == file and "line" in ignored.reason
    assert catalogue.look().unknown == (ignored,)

    write("functions.toml", "[f]\ntimeout = 3\n")
    f = only(catalogue)
    assert (f.timeout_s, f.notes, catalogue.ignored()) == (3, (), ())


def test_a_file_in_another_charset_is_shown(catalogue: Catalogue, write: Write) -> None:
    write("functions.toml", "").write_bytes(b'[f]\ndescription = "\xe4"\n')

    assert [each.reason for each in catalogue.ignored()] == [
        "it is not UTF-8 text: the defaults are used"
    ]


def test_a_table_of_no_function_is_shown_with_the_nearest_name(
    catalogue: Catalogue, write: Write
) -> None:
    write("hello.py")
    write("functions.toml", "timeout = 3\n\n[helo]\n")

    first, second = [each.reason for each in catalogue.ignored()]
    assert first.startswith("'timeout' is in no table")
    assert second == "line 3: [helo] is no function; did you mean [hello]?"


@pytest.mark.parametrize(
    ("given", "type", "text"),
    [
        ("nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("app.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("gone.handler", "Runtime.ImportModuleError",
         "Unable to import module 'gone': No module named 'gone'"),
        ("bad.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'bad': "),
    ],
)  # fmt: skip
def test_a_handler_that_is_not_there_fails_in_the_words_of_aws(
    catalogue: Catalogue, write: Write, given: str, type: str, text: str
) -> None:
    write("f/app.py")
    write("f/bad.py", "def\n")
    write("functions.toml", f'[f]\nhandler = "{given}"\n')

    fault = only(catalogue).fault

    assert fault is not None and fault.type == type and fault.text.startswith(text)


@pytest.mark.parametrize(
    ("given", "handler", "file"),
    [
        ("src.api.main", "src.api.main", "src/api.py"),
        ("src/api.main", "src/api.main", "src/api.py"),
        ("pkg.main", "pkg.main", "pkg/__init__.py"),
        ("main", "app.main", "app.py"),
        ("app.imported", "app.imported", "app.py"),
        ("star.anything", "star.anything", "star.py"),
    ],
)
def test_a_handler_may_be_in_any_file_of_the_folder(
    catalogue: Catalogue, write: Write, folder: Path, given: str, handler: str, file: str
) -> None:
    main = "def main(event, context): ...\n"
    write("f/src/api.py", main)
    write("f/pkg/__init__.py", main)
    write("f/app.py", f"from src.api import main as imported\n{main}")
    write("f/star.py", "from src.api import *\n")
    write("functions.toml", f'[f]\nhandler = "{given}"\n')

    f = only(catalogue)

    assert (f.fault, f.handler, f.file) == (None, handler, folder / "f" / file)


@pytest.mark.parametrize(
    ("imported", "decorator"),
    [
        ("", "durable_execution"),
        ("", "durable_execution(retries=1)"),
        ("", "sdk.durable_execution"),
        (" as durable", "durable"),
    ],
)
def test_a_durable_handler_is_seen_by_its_decorator(
    catalogue: Catalogue, write: Write, imported: str, decorator: str
) -> None:
    write("f.py", DURABLE.format(imported, decorator))
    assert only(catalogue).durable == Durable()

    write("functions.toml", "[f]\ndurable = { retention = 3 }\n")
    assert only(catalogue).durable == Durable(retention_days=3)
    write("functions.toml", "[f]\ndurable = false\n")
    assert only(catalogue).durable is None


def test_durable_and_url_take_the_defaults(catalogue: Catalogue, write: Write) -> None:
    write("f.py")
    assert (only(catalogue).durable, only(catalogue).url) == (None, None)

    write("functions.toml", "[f]\ndurable = true\nurl = {}\n")
    assert (only(catalogue).durable, only(catalogue).url) == (Durable(), Url())


def test_only_what_a_process_sees_makes_a_version(catalogue: Catalogue, write: Write) -> None:
    write("f.py")
    versions = [only(catalogue).version]
    for text in ("timeout = 3", 'env = { AB = "1" }', 'env = { AB = "2" }', "memory = 128"):
        write("functions.toml", f"[f]\n{text}\n")
        versions.append(only(catalogue).version)

    assert versions[0] == versions[1] and len(set(versions)) == 4


def test_the_queues_are_those_of_the_service(write: Write, folder: Path) -> None:
    write("f.py")
    config = Config.from_env({"FUNCTIONS_PATH": str(folder), "QUEUES": "high,default,low,gpu:1"})
    for queue in config.queue_names:
        write("functions.toml", f'[f]\nqueue = "{queue}"\n')
        found = only(Catalogue.of(config))
        assert (found.queue, found.fault) == (queue, None)


def test_a_watched_folder_is_never_looked_at_for_functions(
    catalogue: Catalogue, write: Write, folder: Path
) -> None:
    for name in ("f.py", "inbox/handler.py", "in/handler.py", "g/handler.py"):
        write(name)
    assert {"f", "g", "in", "inbox"} == catalogue.functions().keys()
    write("functions.toml", '[f]\nwatch = ["inbox/*.png", "./in/**", "*.csv", "[g]/x"]\n')
    assert catalogue.functions().keys() == {"f", "g"}
    assert not any(each.path.name in ("inbox", "in") for each in catalogue.ignored())
    write("functions.toml", '[f]\nwatch = ["inbox/*.png"]\n[inbox]\nwatch = ["inbox/in/*"]\n')
    assert catalogue.functions().keys() == {"f", "g", "in", "inbox"}, "unless it is one"
