"""A process that dies at a step, for tests of what another one makes of it."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest


class _Died(BaseException):
    pass


@contextmanager
def dies_at(
    monkeypatch: pytest.MonkeyPatch, owner: type, step: str, *, before: bool
) -> Generator[None]:
    """Let what is called in here die at a method of `owner`: before it, or when it is done."""
    whole = getattr(owner, step)

    def do_and_die(*arguments: object, **named: object) -> None:
        if not before:
            whole(*arguments, **named)
        raise _Died

    with monkeypatch.context() as patched, pytest.raises(_Died):
        patched.setattr(owner, step, do_and_die)
        yield
