"""Where webhooks may go: URLs, addresses, a host that means another machine at a second look."""

import socket
from typing import cast

import pytest

import huey_tasks as tq
from huey_tasks.access.targets import is_allowed, is_public, target_of, target_problems
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from huey_tasks.registry import types
from huey_tasks.webhooks.sending import Sender
from tests.ports import free_ports
from tests.receivers import receiver


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks?x=1&y=%20",
        "http://EXAMPLE.com.:8080",
        "https://8.8.8.8/",
        "http://[2606:4700::1111]:81/a",
        "http://127.0.0.1:1/",  # named in the settings
        "http://a.corp.test:9000/x",
    ],
)
def test_a_url_that_may_be_posted_to(url: str) -> None:
    assert target_problems(url, ["127.0.0.1", "*.corp.test:9000"], "url") == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (7, "url"),
        ("", "url"),
        ("example.com", "url"),
        ("/hooks", "url"),
        ("https:///x", "url"),
        ("https://exa mple.com", "url"),
        ("https://example.com/\n", "url"),
        ("https://example.com\\@10.0.0.1/", "url"),
        ("https://éxample.com", "url"),
        ("https://example.com/" + "a" * 2048, "url"),
        ("https://example.com:0/", "url"),
        ("https://example.com:99999/", "url"),
        ("https://example.com:x/", "url"),
        ("http://[::1", "url"),
        ("http://[fe80::1%25eth0]/", "url"),
        ("https://example..com/", "url"),
        ("https://-x/", "url"),
        ("https://example.com/#there", "url"),
        ("https://example.com/#", "url"),
        ("ftp://example.com/", "url_scheme"),
        ("file://example.com/etc/passwd", "url_scheme"),
        ("gopher://example.com/", "url_scheme"),
        ("https://ada:secret@example.com/", "url_credentials"),
        ("https://@example.com/", "url_credentials"),
        ("http://localhost:8000/", "url_host"),
        ("http://LOCALHOST./", "url_host"),
        ("http://x.localhost/", "url_host"),
        ("http://127.0.0.2/", "url_host"),
        ("http://10.1.2.3/", "url_host"),
        ("http://169.254.169.254/latest/meta-data", "url_host"),
        ("http://[::1]/", "url_host"),
        ("http://[::ffff:10.0.0.1]/", "url_host"),
        ("http://0.0.0.0/", "url_host"),
        ("http://a.corp.test.evil.localhost/", "url_host"),
    ],
)
def test_a_url_that_is_refused(url: object, code: str) -> None:
    (problem,) = target_problems(url, ["127.0.0.1", "*.corp.test"], "webhook_url")
    assert (problem.pointer, problem.code) == ("/webhook_url", code)
    if code == "url_host":
        assert "WEBHOOK_ALLOWED_HOSTS=" in problem.message


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fc00::1", False),
        ("fe80::1%lo", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
        ("::ffff:8.8.8.8", True),
        ("2a00:1450:4001:800::200e", True),
        ("64:ff9b:1::a00:1", False),
        ("64:ff9b:1::808:808", False),
        ("::7f00:1", False),
        ("::a00:1", False),
        ("fec0::1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("2001:db8::1", False),
        ("4000::1", False),
        ("nonsense", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_an_entry_may_name_a_port_and_a_domain() -> None:
    allowed = ["a.test:81", "*.b.test", "[::1]:82", "[fd00::1]"]

    def of(url: str) -> bool:
        return is_allowed(target_of(url), allowed)

    yes = ("http://a.test:81", "http://x.b.test", "http://x.y.b.test:9", "http://[::1]:82",
           "http://[fd00::1]:7")  # fmt: skip
    no = ("http://a.test", "http://b.test", "http://xb.test", "http://[::1]", "http://[fd00::2]")
    assert [url for url in yes if not of(url)] == [url for url in no if of(url)] == []


def test_a_host_is_resolved_once_and_the_connection_goes_to_that_address() -> None:
    """At its second look the name means another machine, which must not hear of anything."""
    looks: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looks.append(host)
        return ["127.0.0.2"] if len(looks) == 1 else ["127.0.0.1"]

    with receiver("127.0.0.2") as public, receiver("127.0.0.1", public.port) as private:
        sender = Sender((), 5.0, resolve=resolve, may_go_to=lambda ip: ip == "127.0.0.2")
        url = f"http://rebinding.test:{public.port}/x"
        first = sender.post(url, {"webhook-id": "a"}, b"{}")
        second = sender.post(url, {"webhook-id": "a"}, b"{}")

    assert (first.status, first.error) == (204, None)
    assert public.got[0].headers["host"] == f"rebinding.test:{public.port}"
    assert (second.status, second.error) == (
        None,
        "'rebinding.test' resolves to 127.0.0.1, no public address; "
        "WEBHOOK_ALLOWED_HOSTS=rebinding.test would allow it.",
    )
    assert len(public.got) == 1 and private.got == [] and len(looks) == 2


@pytest.mark.parametrize(
    "path",
    ["/a;b=1", "/a;b=1/c;d?e=1;f=2", "/a?b;c", "/%3B;%20?x=%2F", "/;", "/a//b", "/a?b?c", "/?"],
)
def test_all_of_a_url_is_sent(path: str) -> None:
    with receiver("127.0.0.2") as public:
        sender = Sender(
            (), 5.0, resolve=lambda host, port: ["127.0.0.2"], may_go_to=lambda ip: True
        )
        assert sender.post(f"HTTP://Some.test:{public.port}{path}", {}, b"{}").status == 204
    assert public.got[0].path.rstrip("?") == path.rstrip("?")


@pytest.mark.parametrize("host", ["some.test", "[2606:4700::1111]"])
def test_the_host_that_a_receiver_hears_is_that_of_the_url(host: str) -> None:
    with receiver("127.0.0.2") as public:
        sender = Sender(
            (), 5.0, resolve=lambda host, port: ["127.0.0.2"], may_go_to=lambda ip: True
        )
        assert sender.post(f"http://{host}:{public.port}/", {}, b"{}").status == 204
    assert public.got[0].headers["host"] == f"{host}:{public.port}"


def test_only_the_public_addresses_of_a_host_are_tried() -> None:
    mixed = ["10.0.0.1", "127.0.0.3", "127.0.0.2"]
    with receiver("127.0.0.2") as public:
        sender = Sender(
            (), 5.0, resolve=lambda host, port: mixed, may_go_to=lambda ip: ip != "10.0.0.1"
        )
        # Nobody listens at 127.0.0.3: the next one is tried.
        answer = sender.post(f"http://two.test:{public.port}/", {}, b"")
    assert answer.status == 204


@pytest.mark.parametrize("shorthand", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_another_spelling_of_loopback_is_refused_when_it_is_resolved(shorthand: str) -> None:
    answer = Sender((), 5.0).post(f"http://{shorthand}:9/", {}, b"")
    assert answer.error is not None and "no public address" in answer.error


def test_a_name_that_does_not_exist_is_an_answer() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    answer = Sender((), 5.0, resolve=resolve).post("https://nowhere.test/", {}, b"")
    assert answer.error is not None and answer.error.startswith("no connection: ")


def test_a_receiver_that_refuses_at_once_is_not_spared() -> None:
    answer = Sender(["127.0.0.1"], 5.0).post(f"http://127.0.0.1:{free_ports(1)[0]}/", {}, b"")
    assert answer.error is not None and answer.error.startswith("no connection: ")
    assert not answer.is_silent


@pytest.mark.parametrize(
    "variable",
    [
        {"WEBHOOK_ALLOWED_HOSTS": "http://a"},
        {"WEBHOOK_ALLOWED_HOSTS": "a b"},
        {"WEBHOOK_ALLOWED_HOSTS": "*"},
        {"WEBHOOK_ALLOWED_HOSTS": ","},
        {"WEBHOOK_QUEUE": "fast"},
        {"WEBHOOK_TIMEOUT_S": "0"},
        {"WEBHOOK_RETRY_DELAYS": "5,-1"},
        {"WEBHOOK_RETRY_DELAYS": ",".join("1" * 21)},
    ],
)
def test_a_wrong_setting_stops_the_start(variable: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(variable))):
        Config.from_env(variable)


def test_a_task_of_a_composition_takes_no_url() -> None:
    add_to = cast("tq.TaskFunction[..., int]", types.get("add_to"))
    with pytest.raises(tq.InvalidQuery, match="no webhook_url"):
        add_to.options(webhook_url="https://example.com").s(1)
