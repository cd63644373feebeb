"""What a result depends on besides its inputs: the code, as a hash."""

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent


def _path(module: str) -> Path | None:
    base = PACKAGE.parent.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


def _imports(tree: ast.Module) -> set[str]:
    """Modules of this package that a module imports, and names that are none.

    ``from package import module`` is the module, and not what the package's ``__init__`` imports.
    """
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            names |= {name if _path(name) else node.module for name in full}
    return {name for name in names if name.split(".")[0] == PACKAGE.name}


def modules_used(*modules: str) -> list[str]:
    """The modules named and all of this package's that they import, at any depth, sorted."""
    found, waiting = {}, set(modules)
    while waiting:
        module = waiting.pop()
        path = _path(module)
        if path is not None and module not in found:
            found[module] = path
            waiting |= _imports(ast.parse(path.read_text()))
    return sorted(found)


def require_unchanged(code: str, *modules: str) -> None:
    """Raise ``RuntimeError`` unless ``code`` is still the hash of ``modules``.

    A job is told the hash of the code when its run starts and loads the code when it starts itself.
    """
    if code_hash(*modules) != code:
        raise RuntimeError(f"{', '.join(modules)} changed while the workflow ran: start it again")


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return tree


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
        tree = _without_docstrings(ast.parse(_path(module).read_text()))
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]
