"""E-mail addresses: what is taken without asking the library is what the library takes."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import EmailStr, TypeAdapter, ValidationError

from huey_tasks.tasks.email import Address

library, ours = TypeAdapter(EmailStr), TypeAdapter(Address)

words = st.text(string.ascii_letters + string.digits + "-_+.", min_size=1, max_size=12)
labels = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=70)
tops = st.sampled_from(["com", "example", "test", "local", "onion", "c", "co1", "xn--p1ai", "info"])
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)
addresses = st.builds("{}@{}.{}".format, words, domains, tops)


# A machine that has much to do is slow to make an address, and stands still in a test.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(addresses)
def test_an_address_is_judged_as_the_library_judges_it(address: str) -> None:
    assert _judgement(ours, address) == _judgement(library, address)


@pytest.mark.parametrize(
    "address",
    ["Ada.Lovelace+tag@mail.example.co.uk", "a@b.cc", "ADA@EXAMPLE.COM", "ada@exämple.com",
     "Ada <ada@example.com>", " ada@example.com", "ada@example.com\n", "a@b.test", "a@localhost",
     "a@[127.0.0.1]", "a@b@c.com", "", "@", "a@.com", "a@b..com", "a@" + "b" * 64 + ".com",
     "a" * 65 + "@example.com", "a@" + "abc." * 16 + "com", "a@" + "abc." * 70 + "com"],
)  # fmt: skip
def test_chosen_addresses_are_judged_alike(address: str) -> None:
    assert _judgement(ours, address) == _judgement(library, address)


def _judgement(adapter: TypeAdapter[str], address: str) -> str | None:
    try:
        return adapter.validate_python(address)
    except ValidationError:
        return None
