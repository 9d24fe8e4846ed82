"""QUEUES: which queues there are, their workers, and what is refused in one line."""

import pytest

from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from huey_tasks.settings import queue_list


def test_queues_of_ones_own_stand_behind_the_three_with_their_workers() -> None:
    text = "high:8, default ,low,gpu,emails:100:greenlet"
    config = Config.from_env(
        {"QUEUES": text, "HIGH_CONCURRENCY": "3", "LOW_WORKER_TYPE": "greenlet"}
    )
    assert config.queue_names == ("high", "default", "low", "gpu", "emails")
    workers = [(config.concurrency(name), config.worker_type(name)) for name in config.queue_names]
    assert workers == [
        (8, "process"), (2, "process"), (2, "greenlet"), (1, "process"), (100, "greenlet"),
    ]  # fmt: skip
    shown = next(setting.value for setting in config.settings() if setting.name == "QUEUES")
    assert shown == "high:8, default, low, gpu:1:process, emails:100:greenlet"


def test_without_it_there_are_the_three() -> None:
    assert Config.from_env({}).queue_names == Config().queue_names == queue_list.THE_THREE


THREE = "high,default,low"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gpu", "begins with high,default,low; did you mean high,default,low,gpu?"),
        ("high,low,gpu:2", "did you mean high,default,low,gpu:2?"),
        ("gpu:2,low,default,high", "did you mean high,default,low,gpu:2?"),
        ("hihg:3,defualt,low", "did you mean high:3,default,low?"),
        (",", "did you mean high,default,low?"),
        (f"{THREE},gpu,mail,gpu:2", "names 'gpu' twice"),
        (f"{THREE},low", "names 'low' twice"),
        (f"{THREE},Gpu", "did you mean gpu?"),
        (f"{THREE},9lives:1", "did you mean lives?"),
        (f"{THREE},größe", "a name of 1 to 32 letters"),
        (f"{THREE},{'q' * 33}", f"did you mean {'q' * 32}?"),
        (f"{THREE},{{gpu}}", "did you mean gpu?"),
        (f"{THREE},:2", "a name of 1 to 32 letters"),
        ("high default low gpu", "did you mean high,default,low,gpu?"),
        (f"{THREE};gpu:1", "did you mean low,gpu:1?"),
        (f"{THREE},web:2", "'web' is another process; did you mean web-tasks:2?"),
        (f"{THREE},gpu:0", "takes workers from 1 to 10000"),
        (f"{THREE},gpu:-1", "takes workers from 1 to 10000"),
        (f"{THREE},gpu:1.5", "takes workers from 1 to 10000"),
        (f"{THREE},gpu:²", "takes workers from 1 to 10000"),
        (f"{THREE},gpu:", "did you mean gpu:1 or"),
        (f"{THREE},gpu:10001", "takes workers from 1 to 10000"),
        (f"{THREE},gpu:1:thread", "gpu:100:greenlet?"),
        (f"{THREE},gpu:1:process:2", "takes workers from 1 to 10000"),
        (",".join([THREE, *(f"q{n}" for n in range(30))]), "has 33 queues, and may have 32"),
    ],
)
def test_a_wrong_list_is_refused_in_one_line_that_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"QUEUES": text})
    line = str(refused.value)
    assert line.startswith("QUEUES=") and said in line and "\n" not in line and len(line) < 300


def test_as_many_queues_as_there_may_be() -> None:
    names = [*queue_list.THE_THREE, *(f"q{number}" for number in range(queue_list.MOST - 3))]
    assert Config.from_env({"QUEUES": ",".join(names)}).queue_names == tuple(names)
