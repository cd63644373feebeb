"""What a result depends on besides its inputs: the code, as a hash."""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def _path(module: str) -> Path | None:
    base = os.path.join(PACKAGE.parent, *module.split("."))
    candidates = (f"{base}.py", os.path.join(base, "__init__.py"))
    return next((Path(path) for path in candidates if os.path.exists(path)), None)


@cache
def _parsed(source: str) -> tuple[frozenset[tuple[str, str]], bytes]:
    """What a module imports, and its syntax tree without docstrings.

    The first are pairs of a full name and of the module that it is taken from. Kept by the
    module's text, as the workflow asks for the same few modules again and again.
    """
    tree, names = ast.parse(source), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(alias.name, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {(f"{node.module}.{alias.name}", node.module) for alias in node.names}
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return frozenset(names), ast.dump(tree).encode()


@cache
def _imports(source: str, package: Path) -> set[str]:
    """Modules of the package that a module imports, and names that are none.

    ``from package import module`` is the module, and not what the package's ``__init__`` imports.
    """
    ours = {pair for pair in _parsed(source)[0] if pair[0].split(".")[0] == package.name}
    return {full if _path(full) else module for full, module in ours}


def modules_used(*modules: str) -> list[str]:
    """The modules named and all of this package's that they import, at any depth, sorted."""
    found, waiting = {}, set(modules)
    while waiting:
        module = waiting.pop()
        path = _path(module)
        if path is not None and module not in found:
            found[module] = path
            waiting |= _imports(path.read_text(), PACKAGE)
    return sorted(found)


def require_unchanged(code: str, *modules: str) -> None:
    """Raise ``RuntimeError`` unless ``code`` is still the hash of ``modules``.

    A job is told the hash of the code when its run starts and loads the code when it starts itself.
    """
    if code_hash(*modules) != code:
        raise RuntimeError(f"{', '.join(modules)} changed while the workflow ran: start it again")


def code_hash(*modules: str) -> str:
    """Hash of the syntax trees of the modules used: comments, docstrings and touches do not count.

    Raises
    ------
    ValueError
        If a module is not part of the package.
    """
    for module in modules:
        if _path(module) is None:
            raise ValueError(f"module = {module!r}: not found in {PACKAGE.name}")
    digest = hashlib.sha256()
    for module in modules_used(*modules):
        digest.update(_parsed(_path(module).read_text())[1])
    return digest.hexdigest()[:16]
