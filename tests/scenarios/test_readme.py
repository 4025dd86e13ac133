"""What the README says to type is good as it stands."""

import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from click import Context
from typer.testing import CliRunner

from scenarios.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LINES = [
    line.partition("#")[0]
    for block in README.split("```")[1::2]
    for line in block.splitlines()
    if line.startswith("siliconmix ")
]


def words(line: str) -> list[str]:
    return shlex.split(line)[1:]


@pytest.mark.parametrize("line", LINES)
def test_options_that_the_readme_names_are_there(line):
    name, *given = words(line)
    command = typer.main.get_command(app).commands[name]
    known = {opt for param in command.get_params(Context(command)) for opt in param.opts}
    assert {word for word in given if word.startswith("--")} <= known


def asked(line: str) -> tuple[str, ...]:
    """Return the file of a line, and its cases and changes."""
    _, file, *given = words(line)
    pairs = [pair for pair in pairwise(given) if pair[0] in {"--case", "--set"}]
    return file, *(word for pair in pairs for word in pair)


#: Scenarios and studies; a replay's cluster and a fabric are neither.
FILES = {asked(line) for line in LINES if words(line)[1].startswith("scenarios/")}


@pytest.mark.parametrize("given", sorted(given for given in FILES if "catalog" not in given[0]))
def test_files_cases_and_changes_that_the_readme_names_are_good(given, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, ["check", *given])
    assert result.exit_code == 0, result.output
