"""Find the handler in the source of a function, by its syntax tree; nothing is imported.

A handler is bound at the top of the file: a `def` that can be called with two values, or an
assignment of something that can be called. The errors have the types and words of AWS's runtime.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huey_tasks.functions.function import Fault

#: The names that are looked for, the first one first.
NAMES = ("lambda_handler", "handler")
#: A source that is larger is not read: it is data.
_MOST_BYTES = 10 * 2**20
_DECORATOR = "durable_execution"
#: What cannot be called, so that it is no handler.
_VALUES = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr, ast.BinOp)


@dataclass(frozen=True, slots=True)
class Source:
    """What a file has at its top: the handlers by name with their lines, and all other names."""

    handlers: dict[str, int]
    #: Each name that is bound, with its line; "*" for all names of another module.
    bound: dict[str, int]
    #: Why a name of NAMES is no handler.
    refused: str | None
    is_durable: bool
    #: The first part of the name of each module that is imported anywhere in the file.
    imports: frozenset[str]

    @property
    def handler(self) -> str | None:
        """The name of the handler, None if there is none."""
        return next((name for name in NAMES if name in self.handlers), None)


def read_source(content: bytes, file: Path) -> Source | Fault:
    """Return what is at the top of a file; a Fault if it cannot be parsed."""
    if len(content) > _MOST_BYTES:
        text = f"Unable to import module '{file.stem}': it has more than {_MOST_BYTES >> 20} MiB"
        return Fault("Runtime.ImportModuleError", text, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape such as "\d" is for its author to find
            return _source(ast.parse(content, file.name))
    except SyntaxError as error:
        return _syntax_fault(file, str(error), error.lineno)
    except (ValueError, RecursionError, MemoryError) as error:
        return _syntax_fault(file, str(error) or "it is nested too deeply", None)


def _syntax_fault(file: Path, why: str, line: int | None) -> Fault:
    text = f"Syntax error in module '{file.stem}': {' '.join(why.split())}"
    return Fault("Runtime.UserCodeSyntaxError", text, file, line or None)


def _source(tree: ast.Module) -> Source:
    handlers, bound, refused = dict[str, int](), dict[str, int](), dict[str, str]()
    for name, node in _bindings(tree.body):
        bound[name] = line = node.lineno
        if name not in NAMES:
            continue
        handlers.pop(name, None)
        refused.pop(name, None)
        why = _refusal(name, node)
        if why is None:
            handlers[name] = line
        elif why:
            refused[name] = f"line {line}: {why}"
    return Source(
        handlers=handlers,
        bound=bound,
        refused=next((refused[name] for name in NAMES if name in refused), None),
        is_durable=_is_durable(tree),
        imports=frozenset(_imports(tree)),
    )


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield each name that is bound at the top level, also inside of `if`, `try` and `with`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        yield part.id, node
        else:
            yield from _bindings(_inner(node))


def _inner(node: ast.stmt) -> list[ast.stmt]:
    parts = [getattr(node, field, []) for field in ("body", "orelse", "finalbody")]
    if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With):
        handled = [handler.body for handler in getattr(node, "handlers", [])]
        return [inner for part in (*parts, *handled) for inner in part]
    return []


def _refusal(name: str, node: ast.stmt) -> str | None:
    """Return why a binding is no handler: None if it is one, "" if there is nothing to say."""
    if isinstance(node, ast.AsyncFunctionDef):
        return f"'{name}' is a coroutine; AWS calls a handler as a plain function"
    if isinstance(node, ast.FunctionDef):
        takes = _arguments(node.args)
        return takes and f"'{name}' {takes}; a handler takes two arguments: event, context"
    if isinstance(node, ast.Assign | ast.AnnAssign):
        is_value = isinstance(node.value, _VALUES) and not isinstance(
            (node.targets[0] if isinstance(node, ast.Assign) else node.target), ast.Tuple
        )
        return f"'{name}' is a value, which cannot be called" if is_value else None
    if isinstance(node, ast.Import | ast.ImportFrom):
        return f"'{name}' is imported; name it in functions.toml if it is the handler"
    return f"'{name}' is a class"


def _arguments(args: ast.arguments) -> str | None:
    """Return what a def asks for if it cannot be called with two values; None if it can."""
    names = len(args.posonlyargs) + len(args.args)
    if any(default is None for default in args.kw_defaults):
        return "has a keyword argument without a default"
    if names - len(args.defaults) > 2 or (names < 2 and not args.vararg):
        return f"takes {names}"
    return None


def _is_durable(tree: ast.Module) -> bool:
    names, used = {_DECORATOR}, set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {each.asname for each in node.names if each.asname and each.name == _DECORATOR}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            used |= {_called(decorator) for decorator in node.decorator_list}
        elif isinstance(node, ast.Call):
            used.add(_called(node))
    return not names.isdisjoint(used)


def _called(node: ast.expr) -> str:
    """Return the last part of the name of a decorator, or of what is called."""
    node = node.func if isinstance(node, ast.Call) else node
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
