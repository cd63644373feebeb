"""Compiled functions that are kept on disk are never of other code than what is there."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

from project import edit
from quadlaw.base.kernels import kernel
from quadlaw.base.provenance import PACKAGE
from quadlaw.models.loop import compiled_name
from quadlaw.models.quadratic import predict, update

HASHED = re.compile(r"_[0-9a-f]{16}$")


def modules():
    """Every module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


def imported(module):
    """Names that a module has from others of the package."""
    tree = ast.parse(Path(module.__file__).read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in nodes if (node.module or "").split(".")[0] == PACKAGE.name]
    return {name.asname or name.name for node in ours for name in node.names}


def kept(module):
    """Compiled functions of a module that Numba keeps on disk."""
    for one in vars(module).values():
        mine = isinstance(one, Dispatcher) and one.py_func.__module__ == module.__name__
        if mine and isinstance(one._cache, FunctionCache):
            yield one


def foreign(function, module):
    """Whether a function uses what its module has from others, itself or by what it calls there."""
    names = function.py_func.__code__.co_names
    called = [vars(module).get(name) for name in names]
    near = [one for one in called if isinstance(one, Dispatcher)]
    return bool(imported(module).intersection(names)) or any(foreign(one, module) for one in near)


@pytest.mark.slow
def test_a_kernel_with_code_of_another_file_is_kept_by_the_hash_of_all():
    every = [(function, module) for module in modules() for function in kept(module)]
    hashed = {one for one, _ in every if HASHED.search(one.py_func.__qualname__)}
    across = {one for one, module in every if foreign(one, module)}
    assert len(every) > 20 and across == hashed
    assert {"follow", "_moved"} <= {one.py_func.__name__ for one in hashed}


def test_the_hash_follows_code_of_other_files_and_no_comment(package):
    def name():
        def follow(x):
            return x

        follow.__module__ = "quadlaw.theory.particles"
        return kernel()(follow).py_func.__qualname__

    def edited(module, old, new):
        edit(package / module, old, new)
        return name()

    first = name()
    assert edited("base/normals.py", "LANES = 16", "LANES = 16  # more is slower") == first
    assert edited("theory/deep.py", "depth**2", "depth**3") == first  # of no concern
    assert edited("base/normals.py", "LANES = 16", "LANES = 32") != first


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("power 1", ()), ("power -1", ())),
        (("W", ()), ("w", ())),
        (("signed", (1.0, -1.0)), ("signed", (1.0, 1.0))),
    ],
)
def test_names_of_models_loops_tell_names_and_features_apart(first, second):
    names = [
        compiled_name(name, "quadlaw.models.loop", predict, update, signs=signs)[0]
        for name, signs in (first, second, first)
    ]
    assert names[0] != names[1] and names[0] == names[2]
