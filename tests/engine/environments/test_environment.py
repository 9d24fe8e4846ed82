"""An environment as its host uses it: real child processes, and AWS's words for what goes wrong."""

import contextlib
import errno
import json
import os
import resource
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from huey_tasks.config import Config
from huey_tasks.environments import environment
from huey_tasks.environments.answers import Answer, Usage
from huey_tasks.environments.environment import Call, Environment
from huey_tasks.environments.pool import Environments
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Function
from tests.waiting import wait_until

CODE = """
import json, logging, os, sys, time
log = logging.getLogger()

def echo(event, context):
    return event

def context_of(event, context):
    context.extra = 1
    return {
        "name": context.function_name, "version": context.function_version,
        "memory": context.memory_limit_in_mb, "id": context.aws_request_id,
        "arn": context.invoked_function_arn, "group": context.log_group_name,
        "left": context.get_remaining_time_in_millis(),
        "client": context.client_context and context.client_context.custom,
        "tenant": context.tenant_id, "user": context.identity.cognito_identity_id,
    }

def variables(event, context):
    return dict(os.environ)

def fail(event, context):
    raise ValueError("näh")

def speak(event, context):
    print("said")
    log.warning("warned %s", 1)
    sys.stderr.write("no end")

def decide(event, context):
    exec(event["code"], {"os": os, "time": time})

def count(event, context):
    count.calls = getattr(count, "calls", 0) + 1
    return count.calls

def give(event, context):
    return eval(event["code"])
"""

#: Writes to whatever is open: the socket of answers is among that, with any number.
WRITE_TO_ALL = """
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        fd > 2 and os.write(fd, {message})
    except OSError:
        pass
"""
#: A message that is no JSON.
SPOIL = WRITE_TO_ALL.format(message=r'b"\0\0\0\2xx\0\0\0\0"')


def function(config: Config, name: str = "f", code: str = CODE, **settings: Any) -> Function:
    """Return the function of a file with that code; `settings` as in functions.toml."""
    folder = config.functions_path[0]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    (folder / "functions.toml").write_text(f"[{name}]\n" + "\n".join(lines))
    found = Catalogue.of(config).find(name)
    assert found is not None and found.fault is None, found
    return found


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {json.dumps(of)}' for key, of in value.items())}}}"
    return json.dumps(value)


def call(
    pool: Environments, of: Function, event: Any = None, **options: Any
) -> tuple[Answer, Environment]:
    """Invoke a function once; returns its answer and the environment, ended if it is spent."""
    environment = pool.lend(of, None)
    answer = None
    if environment.init_ms is None:
        answer = environment.start("id-1", lambda: None)
    timeout_s = options.pop("timeout_s", 60.0)
    text = json.dumps(event)
    answer = answer or environment.invoke(
        Call("id-1", text, "arn:x", timeout_s, **options), lambda: None
    )
    (pool.end if answer.is_spent else pool.give_back)(environment)
    return answer, environment


def test_events_and_answers_keep_their_form(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.echo")
    for event in ({"a": [1, 2.5, None, "ä\u2028"]}, [], "text", 0, None, True, {"$x": 1}):
        answer, _ = call(pool, of, event)
        assert json.loads(answer.body) == event
    assert "ä".encode() in call(pool, of, "ä")[0].body


def test_the_handler_gets_the_context_of_its_invocation(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.context_of", memory=256)
    answer, _ = call(pool, of, {}, client_context={"custom": {"k": "v"}})
    told = json.loads(answer.body)
    assert 40_000 < told.pop("left") <= 60_000
    assert told == {
        "name": "f", "version": "$LATEST", "memory": "256", "id": "id-1", "arn": "arn:x",
        "group": "/aws/lambda/f", "client": {"k": "v"}, "tenant": None, "user": None,
    }  # fmt: skip


def test_a_function_sees_its_own_variables_and_nothing_of_the_service(
    config: Config, pool: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEYS", "secret-of-the-service")
    of = function(config, handler="f.variables", env={"TABLE": "orders"})
    seen = json.loads(call(pool, of, {}, variables={"_X_AMZN_TRACE_ID": "t"})[0].body)
    assert seen["TABLE"] == "orders" and seen["_X_AMZN_TRACE_ID"] == "t"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "f" and seen["AWS_REGION"] == "us-east-1"
    assert seen["_HANDLER"] == "f.variables"
    assert Path(seen["TMPDIR"]).is_dir()
    assert not {"REDIS_URL", "RESULT_REDIS_URL", "API_KEYS", "DATA_DIR"} & seen.keys()


@pytest.mark.parametrize(
    ("code", "timeout_s", "kind", "text"),
    [
        ("os._exit(0)", 30, "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("os._exit(127)", 30, "Runtime.ExitError", "Runtime exited with error: exit status 127"),
        ("os.kill(os.getpid(), 9)", 30, "Runtime.ExitError", "error: signal: killed"),
        ("os.kill(os.getpid(), 11)", 30, "Runtime.ExitError", "signal: segmentation fault"),
        ("os.fork() or time.sleep(99); os._exit(3)", 30, "Runtime.ExitError", "exit status 3"),
        ("os.closerange(0, 4096)", 30, "Runtime.ExitError", "Runtime exited"),
        (SPOIL, 30, "Runtime.ExitError", "Runtime exited"),
        ("raise SystemExit(4)", 30, "Runtime.ExitError", "exit status 4"),
        ("time.sleep(99)", 0.3, "Sandbox.Timedout", "Task timed out after 0.30 seconds"),
        ("while True: pass", 0.3, "Sandbox.Timedout", "Task timed out after 0.30 seconds"),
    ],
)
def test_a_process_that_ends_or_takes_too_long_is_reported_and_replaced(
    config: Config, pool: Environments, code: str, timeout_s: float, kind: str, text: str
) -> None:
    of = function(config, handler="f.decide")
    began = time.monotonic()
    answer, environment = call(pool, of, {"code": code}, timeout_s=timeout_s)
    assert answer.is_spent and answer.error is not None
    assert answer.error.keys() == {"errorType", "errorMessage"}
    assert answer.error["errorType"] == kind
    assert answer.error["errorMessage"].startswith("RequestId: id-1 Error: ")
    assert text in answer.error["errorMessage"]
    assert time.monotonic() - began < timeout_s + 5
    assert not psutil.pid_exists(environment.pid), "its group is killed and collected"
    assert call(pool, of, {"code": "pass"})[0].error is None, "the next one gets a new process"


def test_a_process_that_died_while_it_was_idle_is_not_lent(
    config: Config, pool: Environments
) -> None:
    of = function(config, handler="f.count")
    _, dead = call(pool, of, {})
    os.kill(dead.pid, signal.SIGKILL)
    wait_until(lambda: dead.is_spent, description="it is dead")
    answer, other = call(pool, of, {})
    assert (json.loads(answer.body), other is dead) == (1, False)
    assert not other.is_spent


@pytest.mark.parametrize(
    ("handler", "answered"),
    [
        ("return [bool(os.fork()), event]", b"[true, %d]"),
        ("return (str(each) for each in [bool(os.fork()), event])", b"True%d"),
        ("os.fork() or 1 / 0; return event", b"%d"),
    ],
)
def test_a_copy_that_a_function_forks_answers_nothing(
    config: Config, pool: Environments, handler: str, answered: bytes
) -> None:
    of = function(config, code=f"import os\ndef handler(event, context): {handler}")
    used: set[int] = set()
    for number in range(20):
        answer, environment = call(pool, of, number)
        assert (answer.body, answer.error) == (answered % number, None)
        used.add(environment.pid)
    assert len(used) == 1, "it stays warm"


def test_a_copy_that_is_forked_at_the_import_answers_nothing(
    config: Config, pool: Environments
) -> None:
    of = function(
        config, code="import os\nis_copy = not os.fork()\ndef handler(e, c): return [is_copy, e]"
    )
    assert [call(pool, of, n)[0].body for n in range(3)] == [b"[false, %d]" % n for n in range(3)]


#: An answer, {} and null.
FORGE = WRITE_TO_ALL.format(message=r'b"\0\0\0\2{}\0\0\0\4null"')


def test_an_answer_is_that_of_its_invocation(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.decide")
    answer, _ = call(pool, of, {"code": FORGE})
    assert answer.is_spent and answer.error is not None
    assert answer.error["errorType"] == "Runtime.ExitError"
    assert call(pool, of, {"code": "1 / 0"})[0].error != answer.error


@pytest.mark.parametrize(
    "code",
    [
        f"import threading; threading.Timer(.1, exec, [{FORGE!r}, {{'os': os}}]).start()",
        "os.fork() or time.sleep(99)\n"
        "import threading; threading.Timer(.1, os._exit, [0]).start()",  # the copy holds the socket
    ],
)
def test_a_process_that_spoke_or_ended_unasked_is_not_lent(
    config: Config, pool: Environments, code: str
) -> None:
    of = function(config, handler="f.decide")
    answer, used = call(pool, of, {"code": code})
    assert answer.error is None
    wait_until(lambda: used.is_spent, description="it has spoken, or ended")
    answer, other = call(pool, of, {"code": "pass"})
    assert answer.error is None and other is not used


def test_a_process_that_is_collected_at_once_is_reported(
    config: Config, pool: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gevent collects a child as soon as it is dead: then there is nothing to open, or to kill."""
    real = os.pidfd_open

    def open_late(pid: int) -> int:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return real(pid)

    of = function(config, handler="f.echo")
    with monkeypatch.context() as only_now:
        only_now.setattr(os, "pidfd_open", open_late)
        answer, _ = call(pool, of, {})
    assert answer.error is not None and answer.error["errorType"] == "Runtime.ExitError"
    assert json.loads(call(pool, of, 1)[0].body) == 1


def test_a_host_may_have_more_than_a_thousand_descriptors(
    config: Config, pool: Environments
) -> None:
    """FUNCTION_SLOTS environments have three each; select() ends at the descriptor 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1300), hard))
    others = [os.dup(0) for _ in range(1024)]
    try:
        answer, environment = call(pool, function(config, handler="f.speak"), {})
        assert (answer.body, answer.error) == (b"null", None)
        assert environment.output.fileno() > 1023
        assert environment.output.finish()[0] == "said"
    finally:
        for each in others:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_old_kernel_does_without_a_descriptor_of_the_process(
    config: Config, pool: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(pid: int) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    of = function(config, handler="f.decide")
    with monkeypatch.context() as only_now:
        only_now.setattr(os, "pidfd_open", missing)
        _, environment = call(pool, of, {"code": "pass"})
    os.kill(environment.pid, signal.SIGKILL)
    wait_until(lambda: environment.is_spent, description="its closed socket tells it")
    assert call(pool, of, {"code": "pass"})[0].error is None


def _open_files() -> set[str]:
    """Return what this process has open, with the numbers."""
    files: set[str] = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the folder itself
            files.add(f"{each.name} {each.readlink()}")
    return files


def test_a_cancel_while_a_process_ends_leaves_nothing_open(
    config: Config, pool: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled() -> None:
        raise KeyboardInterrupt

    of = function(config, handler="f.echo")
    before = _open_files()
    environment = pool.lend(of, None)
    assert _open_files() - before
    process = environment._process  # pyright: ignore[reportPrivateUsage]
    with monkeypatch.context() as only_now:
        only_now.setattr(process, "wait", cancelled)
        with pytest.raises(KeyboardInterrupt):
            pool.end(environment)
    assert not _open_files() - before
    process.wait()


def test_more_memory_than_the_limit_ends_the_function(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.decide", memory=128)
    at_once = call(pool, of, {"code": "bytearray(300 << 20)"})[0].error
    assert at_once is not None and at_once["errorType"] == "MemoryError"
    code = "x = bytearray(140 << 20); time.sleep(99)"
    slowly = call(pool, of, {"code": code})[0].error
    assert slowly is not None and "signal: killed" in slowly["errorMessage"]


def test_the_peak_of_memory_is_that_of_one_invocation(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.decide", memory=512)
    large = call(pool, of, {"code": "bytearray(100 << 20)"})[0].usage.max_memory_mb
    small = call(pool, of, {"code": "pass"})[0].usage.max_memory_mb
    assert large is not None and small is not None
    assert large >= 100 > small


def test_an_exception_has_the_frames_of_the_user_and_is_logged(
    config: Config, pool: Environments
) -> None:
    answer, environment = call(pool, function(config, handler="f.fail"), {})
    assert answer.error is not None and not answer.is_spent
    assert answer.error["errorMessage"] == "näh" and answer.error["errorType"] == "ValueError"
    assert answer.error["requestId"] == "id-1"
    (frame,) = answer.error["stackTrace"]
    assert "in fail" in frame and "f.py" in frame
    assert environment.output.finish()[:2] == [
        "[ERROR] ValueError: näh", "Traceback (most recent call last):",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise ValueError('half \\ud83d')", "half \\ud83d"),
        ("raise OddError('x')", "<exception str() failed>"),
        ("sys.stdout.close(); raise ValueError('closed')", "closed"),
        ("sys.stdout = None; raise ValueError('gone')", "gone"),
        ("sys.stdout = sys.stderr = object(); raise ValueError('other')", "other"),
        ("os.close(1); raise ValueError('no pipe')", None),
    ],
)
def test_an_error_is_reported_whatever_its_text_and_the_streams_are(
    config: Config, pool: Environments, code: str, told: str | None
) -> None:
    source = f"""
import os, sys
class OddError(Exception):
    def __str__(self): raise KeyError(self)
def handler(event, context):
    if event: {code}
"""
    of = function(config, code=source, env={"PYTHONIOENCODING": "utf-8:strict"})
    answer, environment = call(pool, of, True)
    assert answer.error is not None and not answer.is_spent
    assert answer.error["errorType"] == ("OddError" if "Odd" in code else "ValueError")
    assert "in handler" in answer.error["stackTrace"][0]
    lines = environment.output.finish()
    if told is None:
        assert answer.error["errorMessage"] == "no pipe"
    else:
        assert answer.error["errorMessage"].encode(errors="backslashreplace") == told.encode()
        assert lines[0] == f"[ERROR] {answer.error['errorType']}: {told}"
        assert lines[1] == "Traceback (most recent call last):"
    answer, still = call(pool, of, False)
    assert (answer.body, answer.error) == (b"null", None) and still is environment


def test_an_import_or_an_iterator_may_fail_whatever_its_text_is(
    config: Config, pool: Environments
) -> None:
    odd = "class Odd(ImportError):\n  def __str__(self): raise KeyError(self)\n"
    error = call(pool, function(config, "g", f"{odd}raise Odd\ndef handler(e, c): 1"), {})[0].error
    assert error is not None and error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == "Unable to import module 'g': <exception str() failed>"
    half = "raise SyntaxError('half \\ud83d')\ndef handler(e, c): 1"
    error = call(pool, function(config, "h", half), {})[0].error
    assert error is not None and error["errorType"] == "Runtime.UserCodeSyntaxError"
    of = function(config, "k", f"{odd}def handler(e, c): yield 'x'; raise Odd")
    error = call(pool, of, {})[0].error
    assert error is not None and error["errorMessage"] == "<exception str() failed>"
    assert len(error["stackTrace"]) == 1, "frames of the user only"


def test_what_is_printed_and_logged_is_read_in_its_order(
    config: Config, pool: Environments
) -> None:
    answer, environment = call(pool, function(config, handler="f.speak"), {})
    said, warned, rest = environment.output.finish()
    assert (said, rest) == ("said", "no end") and answer.body == b"null"
    assert warned.startswith("[WARNING]\t") and warned.endswith("Z\tid-1\twarned 1")


def test_a_hundred_megabytes_of_output_do_not_hold_up_the_answer(
    config: Config, pool: Environments
) -> None:
    of = function(config, handler="f.decide")
    answer, environment = call(
        pool, of, {"code": "lines = ('x' * 1023 + '\\n') * 1000\n"
                           "for _ in range(50): print(lines, end='')\n"
                           "for _ in range(50): os.write(1, b'y' * 1_000_000)"}
    )  # fmt: skip
    assert answer.error is None
    lines = environment.output.finish()
    assert 100 <= len(lines) <= 500 and max(map(len, lines)) <= 2000


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("import nothing_like_this", "Runtime.ImportModuleError", "Unable to import module 'g'"),
        ("1/0\ndef handler(e, c): pass", "ZeroDivisionError", "division by zero"),
        ("import os\nos._exit(5)", "Runtime.ExitError", "exit status 5"),
        (
            "def handler(e, c): pass\ndel handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on",
        ),
    ],
)
def test_an_import_that_fails_is_reported_at_the_first_call(
    config: Config, pool: Environments, code: str, kind: str, text: str
) -> None:
    source = code if "handler" in code else f"{code}\ndef handler(e, c): pass\n"
    of = function(config, "g", source)
    answer, _ = call(pool, of, {})
    assert answer.error is not None and answer.is_spent
    assert answer.error["errorType"] == kind and text in answer.error["errorMessage"]


def test_an_import_that_does_not_end_is_cut_off(
    config: Config, pool: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "INIT_S", 0.3)
    answer, _ = call(pool, function(config, "g", "while True: pass\ndef handler(e, c): pass\n"), {})
    assert answer.is_spent and answer.error is not None
    assert answer.error["errorType"] == "Sandbox.Timedout"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("object()", "Runtime.MarshalError"),
        ("(x for x in [1])", "Runtime.MarshalError"),
        ("'x' * 6291600", "Function.ResponseSizeTooLarge"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_an_error(
    config: Config, pool: Environments, code: str, kind: str
) -> None:
    answer, _ = call(pool, function(config, handler="f.give"), {"code": code})
    assert answer.error is not None and answer.error["errorType"] == kind
    assert not answer.is_spent


def test_an_answer_in_pieces(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.give")
    for code, body in (
        ("iter(['ä', b'\\xff', '', bytearray(b'x')])", "ä".encode() + b"\xffx"),
        ("iter([{'statusCode': 200}, 'x'])", b'{"statusCode": 200}' + bytes(8) + b"x"),
        ("iter([])", b""),
    ):
        answer, _ = call(pool, of, {"code": code})
        assert (answer.body, answer.error) == (body, None)
    for code, kind, is_spent in (
        ("iter(['x', {'statusCode': 200}])", "Runtime.MarshalError", False),
        ("('x' * (1 // (1 - x)) for x in range(2))", "ZeroDivisionError", False),
        ("iter(['x' * 6291556, 'x'])", "Function.ResponseSizeTooLarge", True),
        ("__import__('itertools').repeat('x' * 99999)", "Function.ResponseSizeTooLarge", True),
    ):
        answer, _ = call(pool, of, {"code": code})
        assert answer.error is not None and answer.error["errorType"] == kind, code
        assert (answer.body, answer.is_spent) == (b"", is_spent)


def test_bytes_and_decimals_are_answered_as_aws_does(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.give")
    assert call(pool, of, {"code": "b'\\xff raw'"})[0].body == b"\xff raw"
    assert call(pool, of, {"code": "float('nan')"})[0].body == b"NaN"
    code = "[__import__('decimal').Decimal(x) for x in ('1', '1.5')]"
    assert json.loads(call(pool, of, {"code": code})[0].body) == [1, 1.5]


def test_a_process_is_warm_until_the_code_changes(config: Config, pool: Environments) -> None:
    of = function(config, handler="f.count")
    assert [json.loads(call(pool, of, {})[0].body) for _ in range(3)] == [1, 2, 3]
    _, warm = call(pool, of, {})
    changed = function(
        config, code=CODE.replace("calls + 1", "calls + 1 ") + "\n", handler="f.count"
    )
    assert changed.version != of.version
    answer, other = call(pool, changed, {})
    assert json.loads(answer.body) == 1 and other is not warm
    assert not psutil.pid_exists(warm.pid), "the old version has ended"


def test_no_more_environments_are_kept_than_slots(config: Config) -> None:
    pool = Environments(config, 2)
    used = [call(pool, function(config, f"f{n}", handler=f"f{n}.echo"), n)[1] for n in range(4)]
    alive = [environment for environment in used if psutil.pid_exists(environment.pid)]
    assert alive == used[-2:], "the least recently used go first"
    folders = [config.data_dir / "environments" / str(os.getpid()) / each.id for each in used]
    assert [folder.exists() for folder in folders] == [False, False, True, True]
    pool.end_all()
    assert not any(psutil.pid_exists(environment.pid) for environment in used)


def test_an_environment_ends_with_its_host(config: Config, tmp_path: Path) -> None:
    of = function(config, handler="f.decide")
    host = os.fork()
    if host == 0:
        environment = Environment(of, {**os.environ, "LAMBDA_TASK_ROOT": str(of.root),
                                       "_HANDLER": of.handler}, tmp_path)  # fmt: skip
        (tmp_path / "pid.new").write_text(str(environment.pid))
        (tmp_path / "pid.new").rename(tmp_path / "pid")
        signal.pause()
    wait_until(lambda: (tmp_path / "pid").exists(), description="the host has started it")
    environment = psutil.Process(int((tmp_path / "pid").read_text()))
    wait_until(lambda: "bootstrap.py" in " ".join(environment.cmdline()), description="it runs")
    os.kill(host, signal.SIGKILL)
    os.waitpid(host, 0)
    wait_until(lambda: not environment.is_running(), description="it has ended with its host")


def test_a_bill_is_the_shown_duration_rounded_up() -> None:
    shown = [(1.003, 1), (1.006, 2), (0.0, 0), (2.0, 2), (2.01, 3)]
    assert [Usage(ms, None, None).billed_ms for ms, _ in shown] == [bill for _, bill in shown]
