"""The loggers as a worker needs them: what tasks log reaches the log, and is kept with the task.

A library, or a task, that sets up logging for itself takes all of it over: handlers of the
root logger are removed, levels raised, other loggers switched off.
"""

import logging
from typing import Any

#: What is compared of a logger, and of a handler of ours.
_OF_LOGGER = ("disabled", "level", "propagate")
_OF_HANDLER = ("level", "formatter", "stream")


class Loggers:
    """The loggers as they are now; those that appear later are known from then on."""

    def __init__(self) -> None:
        self._handlers = list(logging.root.handlers)
        self._known = _loggers()
        self._first = self.read()

    def read(self) -> list[Any]:
        """How logging is set up: equal as long as nothing that was known has changed."""
        now = _loggers()
        for name in now.keys() - self._known.keys():
            self._known[name] = _first_sight(now[name])
        return [
            all(self._known[name] == state for name, state in now.items()),
            logging.root.manager.disable,
            logging.raiseExceptions,
            logging.getLogRecordFactory(),
            [[*_state(one, _OF_HANDLER), list(one.filters)] for one in self._handlers],
        ]

    def restore(self, _: object = None) -> None:
        """Set up logging as it was."""
        _, disable, logging.raiseExceptions, factory, of_handlers = self._first
        logging.disable(disable)
        logging.setLogRecordFactory(factory)
        for handler, state in zip(self._handlers, of_handlers, strict=True):
            *values, filters = state
            handler.filters[:] = filters
            _restore(handler, _OF_HANDLER, values)
        for name, state in self._known.items():
            logger = logging.getLogger(name) if name else logging.root
            *values, handlers, filters = state
            logger.handlers[:], logger.filters[:] = handlers, filters
            if logger.level != values[1]:
                logger.setLevel(values[1])  # which clears the cached levels of its children
            _restore(logger, _OF_LOGGER, values)


def _loggers() -> dict[str, list[Any]]:
    """The state of each logger by its name; "" is the root."""
    found: dict[str, logging.Logger] = {"": logging.root}
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            found[name] = logger
    return {  # _OF_LOGGER first; written out, because there may be hundreds
        name: [one.disabled, one.level, one.propagate, one.handlers[:], one.filters[:]]
        for name, one in found.items()
    }


def _first_sight(state: list[Any]) -> list[Any]:
    """Return the state to keep for a logger that a task has made: its own, but enabled."""
    return [False, *state[1:]]


def _state(of: Any, names: tuple[str, ...]) -> list[Any]:
    return [getattr(of, name, None) for name in names]


def _restore(of: Any, names: tuple[str, ...], values: list[Any]) -> None:
    for name, value in zip(names, values, strict=True):
        if getattr(of, name, None) != value:
            setattr(of, name, value)
