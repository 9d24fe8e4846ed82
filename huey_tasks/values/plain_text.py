"""Invisible characters with an effect: a name may not contain them, and a log shows them escaped.

A terminal obeys control characters, and both it and a browser reorder a line at a sign for text
direction: a name with them looks like another name, and a line can be forged.
"""

import re

#: C0, DEL and C1 controls; signs for text direction; separators of lines; invisible signs of no
#: use in a name; halves of surrogate pairs. Joiners are not here: scripts and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
#: The same, of which a tabulator is left as it is.
_HIDDEN_BUT_TAB = re.compile(_HIDDEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0a-\x1f"))


def is_plain(text: str) -> bool:
    """Return whether `text` has no hidden character."""
    return _HIDDEN.search(text) is None


def escaped(text: str, *, keep_tabs: bool = False) -> str:
    """Show each hidden character of `text` by its escape, such as `\\x1b`; one line stays one."""
    hidden = _HIDDEN_BUT_TAB if keep_tabs else _HIDDEN
    return hidden.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
