"""Who may import whom, and where each third party lives; anything else fails.

Read from the syntax of every file, so that imports hidden inside functions or
kept for type checkers count like any other.
"""

import ast
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Room → what of our own it may import, besides itself. Patterns of whole module names.
VOCABULARY = ["simulator.units", "simulator.streams", "simulator.distributions"]
ROOMS = {
    # The door: the public names.
    "simulator": ["simulator.spec", "simulator.study"],
    "simulator.units": [],
    "simulator.streams": ["simulator.units"],
    "simulator.distributions": ["simulator.units"],
    "simulator.spec": VOCABULARY,
    "simulator.laws": VOCABULARY,
    "simulator.results": VOCABULARY,
    "simulator.world": [*VOCABULARY, "simulator.spec", "simulator.laws", "simulator.results"],
    "simulator.study": ["simulator"],
    "analysis": ["simulator.units", "simulator.laws", "simulator.results"],
    "scenarios": ["simulator", "analysis"],
}

#: Third party → modules it is at home in. numpy is everywhere.
HOMES = {
    "numpy": ["*"],
    "simpy": ["simulator.world.*"],
    "networkx": ["simulator.laws.interconnect", "simulator.laws.dependency"],
    "numba": [
        "simulator.world.jobs*",
        "simulator.world.scheduler*",
        "simulator.laws.maxmin_kernel",
        "simulator.laws.folded_kernel",
        "simulator.laws.folded_faults_kernel",
    ],
    "llvmlite": ["simulator.world.jobs_native"],
    "scipy": [
        "simulator.laws.*",
        "simulator.world.scheduler*",
        "simulator.study",
        "simulator.study.*",
        "analysis.*",
    ],
    "pydantic": ["simulator.spec.*"],
    "pint": ["simulator.spec.*"],
    "ruamel": ["simulator.spec.*"],
    "polars": ["simulator.results.*", "analysis.*", "scenarios.replay"],
    "matplotlib": ["analysis.figures", "analysis.figures.*"],
    "duckdb": ["scenarios.*"],
    "distributed": ["simulator.study.cluster"],
    "jinja2": ["analysis.report", "analysis.report.*", "analysis.studies.page"],
    "typer": ["scenarios.*"],
    "rich": ["scenarios.*", "analysis.summary", "analysis.studies.terminal"],
}


def modules():
    for package in ("simulator", "analysis", "scenarios"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def inside(name, package):
    return name == package or name.startswith(package + ".")


def room_of(name):
    return max((room for room in ROOMS if inside(name, room)), key=len)


def imports(tree, name, is_package):
    """Yield each module that is imported, a name from a package as a module of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                above = name.split(".")[: len(name.split(".")) - node.level + is_package]
                source = ".".join([*above, *([source] if source else [])])
            # `from simulator import study` imports the module, not only its package.
            yield from (f"{source}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}
            and node.args
        ):
            yield node.args[0].value if isinstance(node.args[0], ast.Constant) else "<computed>"


def complaints(name, tree, is_package=False):
    for found in imports(tree, name, is_package):
        top = found.split(".")[0]
        if top in {"simulator", "analysis", "scenarios"}:
            room = room_of(name)
            allowed = [room, *ROOMS[room]] if room != "simulator" else ROOMS[room]
            if not any(inside(found, one) for one in allowed):
                yield f"{name} imports {found}"
        elif top not in sys.stdlib_module_names and not any(
            fnmatchcase(name, home) for home in HOMES.get(top, [])
        ):
            yield f"{name} imports {found}, which is not at home there"


def test_every_import_is_listed():
    found = [
        complaint
        for name, path in modules()
        for complaint in complaints(
            name, ast.parse(path.read_text(encoding="utf-8")), path.name == "__init__.py"
        )
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("simulator.laws.power", "from simulator.spec.site import Site"),
        ("simulator.laws.power", "from simulator import spec"),
        ("simulator.laws.power", "from ..spec import site"),
        ("simulator.laws.power", "def f():\n    import simpy"),
        ("simulator.spec.base", "import simulator.laws.power"),
        ("simulator.results", "from simulator.spec.base import Spec"),
        ("simulator.world.fleet", "from simulator.study import run"),
        ("simulator.world.fleet", "import numba"),
        ("simulator.world.fleet", "import scenarios.cli"),
        ("simulator.units", "from simulator.streams import Streams"),
        ("analysis.risk.hhi", "from simulator.world.engine import JobEngine"),
        ("analysis.metrics", "import matplotlib.pyplot as plt"),
        ("simulator.study", "import polars"),
        ("simulator.study", "from analysis.metrics import work"),
        ("simulator.world.fleet", "import requests"),
        ("simulator.world.fleet", "import importlib\nimportlib.import_module('analysis.x')"),
        ("simulator.world.fleet", "import importlib\nimportlib.import_module(name)"),
    ],
)
def test_the_list_refuses(name, text):
    assert list(complaints(name, ast.parse(text)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("simulator.world.fleet", "import simpy\nfrom simulator.laws.power import it_power"),
        ("simulator.world.jobs_run", "from numba import njit\nfrom . import jobs"),
        ("simulator.laws.power", "from .cost import npv\nimport numpy as np"),
        ("simulator.study", "from simulator.world import world\nfrom scipy.stats import qmc"),
        ("analysis.figures.fan", "from matplotlib.axes import Axes"),
        ("scenarios.cli", "import typer\nfrom analysis import report"),
    ],
)
def test_the_list_allows(name, text):
    assert not list(complaints(name, ast.parse(text)))
