"""What a module of the pages exports is used, by itself or by one that imports it."""

import re

from tests.static.test_imports import JS, arrows

_EXPORT = re.compile(r"^export (?:async )?(?:const|function|class) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def test_everything_that_a_module_exports_is_used() -> None:
    imports = arrows(JS)
    texts = {name: _COMMENT.sub("", (JS / name).read_text("utf-8")) for name in imports}
    words = {name: re.findall(r"\w+", text) for name, text in texts.items()}
    users = {name: [user for user, used in imports.items() if name in used] for name in imports}
    unused = {
        (module, name)
        for module, text in texts.items()
        for name in _EXPORT.findall(text)
        if words[module].count(name) == 1 and not any(name in words[user] for user in users[module])
    }
    assert not unused
