"""Settings: defaults, values, and one clear line for a wrong one."""

import hashlib
import os
from pathlib import Path

import pytest

from huey_tasks.access import api_keys
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from huey_tasks.settings import data_folder, environment


def test_every_setting_has_a_default() -> None:
    config = Config.from_env({})
    assert (config.port, config.inspector_port, config.data_dir) == (8000, 5555, Path("data"))
    assert [config.concurrency(queue) for queue in ("high", "default", "low")] == [4, 2, 2]
    assert (config.result_ttl_s, config.demo_speed, config.demo_failure_rate) == (86400, 1, None)


def test_a_folder_of_functions_may_be_created_later(tmp_path: Path) -> None:
    config = Config.from_env({"FUNCTIONS_PATH": f"{tmp_path}:{tmp_path}/later:{tmp_path}"})
    assert config.functions_path == (tmp_path, tmp_path / "later")


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "us-iso-east-1"])
def test_every_region_of_aws_can_be_in_an_arn(region: str) -> None:
    assert Config.from_env({"AWS_REGION": region}).aws_region == region


def test_an_empty_variable_counts_as_unset() -> None:
    assert Config.from_env({"PORT": "", "REDIS_URL": " "}) == Config.from_env({})


def test_a_data_dir_that_was_chosen_is_told_from_the_default() -> None:
    assert Config.from_env({}).data_dir_is_default
    assert not Config.from_env({"DATA_DIR": "data"}).data_dir_is_default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("HIGH_CONCURRENCY", "0"),
        ("HIGH_CONCURRENCY", "1.5"),
        ("LOW_WORKER_TYPE", "thread"),
        ("LEASE_S", "nan"),
        ("LEASE_S", "-1"),
        ("RESULT_TTL_S", "inf"),
        ("DEMO_FAILURE_RATE", "1.1"),
        ("LOG_FORMAT", "xml"),
        ("REDIS_URL", "http://localhost"),
        ("TASKS_PATH", "/no/such/folder"),
        ("API_KEYS", ","),
        ("LOG_LEVEL", "loud"),
        ("ALLOW_OPEN", "yes"),
        ("FUNCTIONS_PATH", ":"),
        ("FUNCTIONS_PATH", __file__),
        ("FUNCTION_SLOTS", "0"),
        ("LAMBDA_WAIT_S", "0"),
        ("LAMBDA_START_WAIT_S", "-1"),
        ("LAMBDA_MAX_SYNC_BYTES", "0"),
        ("LARGE_RESULT_TTL_S", "nan"),
        ("AWS_REGION", "us-east"),
        ("AWS_REGION", "us-east-1\n:x"),
        ("AWS_ACCOUNT_ID", "12345678901"),
        ("AWS_ACCOUNT_ID", "１２３４５６７８９０１２"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({name: value})
    text = str(refused.value)
    assert text.startswith(f"{name}=") and "it takes" in text and "\n" not in text


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"TASKS_PATH": f"{tmp_path}:{tmp_path}/typo"})
    assert str(refused.value).endswith(f"separated by ':'; there is no folder '{tmp_path}/typo'.")


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    environment = {"API_KEYS": "s3cret-key", "REDIS_URL": "redis://:s3cret@localhost"}
    shown = Config.from_env(environment).settings()
    assert {setting.name for setting in shown} == set(Config.setting_names())
    assert "s3cret" not in repr(shown)
    assert {one.value for one in shown if one.name in environment} == {"set"}
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"REDIS_URL": "ftp://:s3cret@localhost"})
    assert "s3cret" not in str(refused.value)


def test_the_redis_of_a_stack_is_none_that_somebody_has_set(tmp_path: Path) -> None:
    socket = data_folder.socket_in(tmp_path)
    stack = {"DATA_DIR": str(tmp_path), "REDIS_URL": data_folder.url(socket, 0)}
    shown = {one.name: one.value for one in Config.from_env(stack).settings()}
    assert (shown["REDIS_URL"], shown["RESULT_REDIS_URL"]) == ("embedded", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h:1/0", "redis://h:1/1"),
        ("redis://h:1", "redis://h:1/1"),
        ("rediss://u:p@h:1/5", "rediss://u:p@h:1/1"),
        ("redis://h:1?db=3", "redis://h:1?db=1"),
        ("unix:///tmp/r.sock", "unix:///tmp/r.sock?db=1"),
        ("unix:///tmp/r.sock?db=0&password=x", "unix:///tmp/r.sock?db=1&password=x"),
        ("rediss+sentinel://h/name?db=3", "rediss+sentinel://h/name/1"),
        (
            "redis+sentinel://u:p@a,[::1]:2/name/0?ssl_ca_certs=x",
            "redis+sentinel://u:p@a,[::1]:2/name/1?ssl_ca_certs=x",
        ),
    ],
)
def test_results_go_to_database_one_of_the_same_server(url: str, expected: str) -> None:
    assert Config.from_env({"REDIS_URL": url}).result_url == expected


def test_a_key_may_have_a_name_and_lets_in_as_a_whole_too() -> None:
    entries = Config.from_env({"API_KEYS": "plain-key, ada=s3cret-of-ada,c2VjcmV0=="}).api_keys
    held = {key.digest: key.holder for key in api_keys.read(entries)}

    def holder(text: str) -> str | None:
        return held.get(hashlib.sha256(text.encode()).digest())

    assert holder("s3cret-of-ada") == holder("ada=s3cret-of-ada") == "ada"
    for text in ("plain-key", "c2VjcmV0=="):
        assert holder(text) == f"key …{hashlib.sha256(text.encode()).hexdigest()[-4:]}"
    assert holder("=") is holder("ada") is holder("c2VjcmV0") is None


@pytest.mark.parametrize(
    "entries",
    ["q7", "1234567", "ada=short", "long-enough,bob=1234567", "ada=the-same-key,bob=the-same-key"],
    ids=["two letters", "seven", "named and short", "one of several", "two names"],
)
def test_a_key_that_is_soon_guessed_or_has_two_names_stops_the_start(entries: str) -> None:
    with pytest.raises(ConfigError, match=r"^API_KEYS=… is not right: it takes keys") as refused:
        Config.from_env({"API_KEYS": entries})
    assert entries not in str(refused.value) and "\n" not in str(refused.value)


def test_two_keys_may_have_one_name_while_one_replaces_the_other() -> None:
    entries = Config.from_env({"API_KEYS": "ada=old-key-of-ada,ada=new-key-of-ada"}).api_keys
    assert {key.holder for key in api_keys.read(entries)} == {"ada"}


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "192.168.1.7", "my-machine", "2001:db8::1", ""]
)
def test_an_address_that_others_reach_needs_keys_or_a_word(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^Serving at .* without API_KEYS .*ALLOW_OPEN=1"):
        Config.from_env({}).require_closed(address)
    Config.from_env({"ALLOW_OPEN": "1"}).require_closed(address)
    Config.from_env({"API_KEYS": "a-long-enough-key"}).require_closed(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_an_address_of_this_machine_needs_no_key(address: str) -> None:
    Config.from_env({}).require_closed(address)


def test_a_container_is_as_open_as_the_address_it_is_published_at() -> None:
    Config.from_env({"PUBLISH_ADDRESS": "127.0.0.1"}).require_closed("0.0.0.0")
    with pytest.raises(ConfigError, match=r"^Serving at 10\.0\.0\.1 "):
        Config.from_env({"PUBLISH_ADDRESS": "10.0.0.1"}).require_closed("0.0.0.0")


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting, in a folder without a `.env`."""
    for name in os.environ:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HIGH_CONCURENCY", "HIGH_CONCURRENCY"),
        ("REDIS_ULR", "REDIS_URL"),
        ("TASK_PATH", "TASKS_PATH"),
        ("RESULT_TTL", "RESULT_TTL_S"),
        ("API_KEY", "API_KEYS"),
        ("port", "PORT"),
    ],
)
def test_a_misspelt_setting_is_named_with_the_one_it_is_meant_to_be(
    env: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    env.setenv(name, "1")

    assert environment.misspelt(Config.setting_names()) == [
        f"{name} is no setting and changes nothing; did you mean {meant}?"
    ]


def test_the_variables_of_other_programs_are_no_slips(env: pytest.MonkeyPatch) -> None:
    for name in [
        "PATH",
        "PWD",
        "HOME",
        "HOSTNAME",
        "XDG_DATA_DIRS",
        "HTTP_PORT",
        "PYTHONPATH",
        "LOGNAME",
        "LOAD_HOST",
        "SHLVL",
        "REPORT",
        "POST",
        "HTTPS_PROXY",
        "DATABASE_URL",
        "SENTRY_DSN",
        "API_KEYS_FILE",
        "REDIS_URL_FILE",
        "LOAD_TIME",
    ]:
        env.setenv(name, "1")

    assert environment.misspelt(Config.setting_names()) == []


def test_a_slip_in_dotenv_is_named_too(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HI_CONCURRENCY=3\nPORT=8001\n")

    (named,) = environment.misspelt(Config.setting_names())

    assert named.startswith("HI_CONCURRENCY is no setting")


def test_a_secret_may_stand_in_a_file(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("ada=a-long-key\n")
    env.setenv("API_KEYS_FILE", str(tmp_path / "keys"))

    assert Config.from_env().api_keys == ("ada=a-long-key",)

    env.setenv("API_KEYS", "another-key")
    with pytest.raises(ConfigError, match="API_KEYS and API_KEYS_FILE are both set"):
        Config.from_env()


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read_stops_the_start(
    env: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "url"
    if content is not None:
        path.write_bytes(content)
    env.setenv("REDIS_URL_FILE", str(path))

    with pytest.raises(ConfigError, match=r"^REDIS_URL_FILE=.* cannot be read: ") as refused:
        Config.from_env()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:sec@ret@host:6379/0",
        "redis://:sec#ret@host:6379/0",
        "redis://:sec/ret@host:6379/0",
        "redis://:sec?ret@host:6379/0",
        "redis://:sec%ret@host:6379/0",
        "redis://:sec:ret:x/y@host:6379/0",
        "rediss://user:se@c#ret@host/0",
        "unix://:sec@ret@/run/redis.sock",
        "redis+sentinel://:sec@ret@host/name",
        "redis://host/0?decode_responses=1&x=secret",
        "redis://host/0?protocol=3",
        "redis://host/0?encoding=secret",
        "redis://host/0?max_connections=1",
        "redis://host/0?socket_timeout=secret",
        "redis://host/0?secret",
        "redis://host:secret/0",
    ],
)
def test_a_url_with_an_unescaped_password_or_a_strange_option_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^REDIS_URL=… is not right") as refused:
        Config.from_env({"REDIS_URL": url})
    text = str(refused.value)
    assert "%40" in text and "sec" not in text and "\n" not in text


@pytest.mark.parametrize(
    "url",
    [
        "redis://:p%40ss%23w%2Frd%3A%25x@host:6379/5",
        "rediss://user:p%3Fw@host/0?ssl_cert_reqs=none",
        "redis://host/0?socket_keepalive=1&health_check_interval=5",
        "redis+sentinel://u:p@a,b:2/name/0?sentinel_password=x",
    ],
)
def test_an_escaped_password_and_known_options_are_taken(url: str) -> None:
    assert Config.from_env({"REDIS_URL": url}).redis_url == url
