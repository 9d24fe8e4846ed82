"""The error of the stack: it cannot start."""


class StartRefused(Exception):
    """The stack cannot start; the message is one line with the cause and what to do."""
