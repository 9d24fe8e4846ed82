"""The one error of the stack: a start that is refused, with a line for the user."""


class StartRefused(Exception):
    """Say in one line why nothing was started and what to do about it."""
