"""Settings: defaults, values, and one clear line for a wrong one."""

import hashlib
from pathlib import Path

import pytest

from huey_tasks import api_keys
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError


def test_every_setting_has_a_default() -> None:
    config = Config.from_env({})
    assert (config.port, config.inspector_port, config.data_dir) == (8000, 5555, Path("data"))
    assert [config.concurrency(queue) for queue in ("high", "default", "low")] == [4, 2, 2]
    assert (config.result_ttl_s, config.demo_speed, config.demo_failure_rate) == (86400, 1, None)


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
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({name: value})
    text = str(refused.value)
    assert text.startswith(f"{name}=") and "it takes" in text and "\n" not in text


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    environment = {"API_KEYS": "s3cret", "REDIS_URL": "redis://:s3cret@localhost"}
    shown = Config.from_env(environment).settings()
    assert {setting.name for setting in shown} == set(Config.setting_names())
    assert "s3cret" not in repr(shown)
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"REDIS_URL": "ftp://:s3cret@localhost"})
    assert "s3cret" not in str(refused.value)


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
            "redis+sentinel://u:p@a,[::1]:2/name/0?ssl=1",
            "redis+sentinel://u:p@a,[::1]:2/name/1?ssl=1",
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
    ["ada=short", "ok-key,bob=1234567", "ada=the-same-key,bob=the-same-key"],
    ids=["short", "one of several", "two names"],
)
def test_a_named_key_that_cannot_be_meant_stops_the_start(entries: str) -> None:
    with pytest.raises(ConfigError, match=r"^API_KEYS=… is not right: it takes keys") as refused:
        Config.from_env({"API_KEYS": entries})
    assert entries not in str(refused.value) and "\n" not in str(refused.value)


def test_two_keys_may_have_one_name_while_one_replaces_the_other() -> None:
    entries = Config.from_env({"API_KEYS": "ada=old-key-of-ada,ada=new-key-of-ada"}).api_keys
    assert {key.holder for key in api_keys.read(entries)} == {"ada"}
