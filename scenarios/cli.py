"""The command line, and the composition root: the one place that sees everything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from analysis.report import summary_text
from analysis.stress_des import Facts, checklist, markdown
from analysis.studies.page import write_study_page
from analysis.studies.terminal import answers_text
from scenarios.fabric import fabric
from scenarios.files import (
    check_file,
    folded,
    load_cases,
    load_one,
    results_folder,
    runs_of,
    study_preface,
    warnings_of,
)
from scenarios.pages import studies_in, write_pages
from scenarios.query import QueryError, query, tables, tell
from scenarios.rate import rate
from scenarios.replay import replay_file
from scenarios.studies import ask, forget, read_study
from scenarios.supply import describe_supply
from scenarios.validate import validate_app
from simulator.spec.loader import Given, SpecError, load
from simulator.study import Outcome, run_study
from simulator.study.runs import commit, versions
from simulator.world.replay import REPLAYED

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What training silicon to buy, what work it does, what is lost if a supplier fails.",
)
#: Results go to standard output, everything else to standard error.
err = Console(stderr=True, highlight=False)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario or case file.")]
Cases = Annotated[
    list[str] | None,
    typer.Option("--case", help="Stem or path of a case file; may be repeated. Default: all."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder of results. Default: out/NAME, of the scenario file."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value; may be repeated."),
]


@app.command()
def run(
    file: File,
    case: Cases = None,
    replications: Annotated[int, typer.Option(min=1, help="Replications of each case.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the study.")] = 0,
    out: Out = None,
    sets: Sets = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Local processes.")] = None,
) -> None:
    """Run a scenario with its cases and print what came out. Run again to resume."""
    with clear_faults():
        folder = results_folder(out or Path("out") / file.stem)
        given = load_cases(file, case, sets or [])
        for line in (*warnings_of(given), f"{runs_of(given, replications)}."):
            err.print(line, markup=False, soft_wrap=True)
        try:
            outcome = _run_with_progress(given, folder, replications, seed, workers)
        except OSError:
            err.print("Not finished. What is finished stays; the same command resumes.")
            raise
        _tell_failed(outcome)
        if outcome.failed:
            raise typer.Exit(1)
        Console().print(summary_text(folder))
        err.print(f"Results: {folder}   Report: siliconmix report {folder}")


@app.command()
def study(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A study file.")],
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:8786", help="A Dask scheduler.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--afresh", help="Keep what is finished, or compute it again.")
    ] = True,
    workers: Annotated[int | None, typer.Option(min=1, help="Local processes.")] = None,
    out: Out = None,
) -> None:
    """Answer the questions of a study file. Run again to resume."""
    with clear_faults():
        asked = read_study(file)
        folder = results_folder(out or Path("out") / Path(asked.plan.scenario).stem)
        for said in study_preface(asked):
            err.print(said, markup=False, soft_wrap=True)
        if not resume:
            forget(asked, folder)
        with _bar() as bar:
            line = bar.add_task("", total=None)

            def tell(kind: str, done: int, total: int) -> None:
                name = kind.replace("_", " ")
                bar.update(line, description=name, completed=done, total=total)

            try:
                found = ask(asked, folder, workers=workers, scheduler=scheduler, progress=tell)
            except OSError:
                err.print("Not finished. What is finished stays; the same command resumes.")
                raise
        _tell_failed(found.outcome)
        Console().print(answers_text(found.answers))
        page = write_study_page(found.answers)
        err.print(f"Results: {found.answers.folder}   Report: {page}")
        if found.outcome.failed:
            raise typer.Exit(1)


@app.command(name="query")
def query_results(
    sql: Annotated[
        str | None, typer.Argument(metavar="SELECT", help="A query in DuckDB's SQL.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of results.")] = Path("out/inhouse_pilot"),
    list_tables: Annotated[
        bool, typer.Option("--tables", help="List the tables there are, with their columns.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a head.")] = False,
) -> None:
    """Ask a results folder in SQL: a view a table, with case and replication; runs; results."""
    with clear_faults():
        try:
            columns, rows = _asked(sql, results_folder(out), list_tables)
        except QueryError as reason:
            err.print(str(reason), markup=False, soft_wrap=True)
            raise typer.Exit(2) from None
        if as_json or as_csv:
            tell(columns, rows, "json" if as_json else "csv")
            return
        shown = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            # As text: square brackets in a value are no markup.
            shown.add_row(*(Text("–" if value is None else str(value)) for value in row))
        Console().print(shown)


def _asked(
    sql: str | None, folder: Path, list_tables: bool
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Answer a query, or list what may be asked."""
    if list_tables:
        return ["table", "columns"], [*tables(folder)]
    if sql is None:
        listed = "\n".join(f"  {name}: {columns}" for name, columns in tables(folder))
        raise QueryError(f"what is asked, such as SELECT * FROM runs? There are\n{listed}")
    return query(sql, folder, lambda said: err.print(said, markup=False, soft_wrap=True))


@app.command()
def report(
    out: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of results, or of one study."),
    ],
) -> None:
    """Write the page leaders read, with every figure and the table behind it.

    Of a folder that holds studies and no run of cases, the studies' pages.
    """
    with clear_faults():
        pages = write_pages(results_folder(out))
        for page in pages:
            err.print(f"Report: {page}", soft_wrap=True)
        if pages == [out / "report" / "index.html"] and (names := studies_in(out)):
            told = f"The pages of studies: siliconmix report {out}/studies/NAME"
            err.print(f"{told}, of {', '.join(names)}", markup=False, soft_wrap=True)


@app.command()
def show(
    file: File,
    case: Annotated[str | None, typer.Option("--case", help="Stem of a case file.")] = None,
    sets: Sets = None,
) -> None:
    """Print the effective scenario: base, case and changes as one file."""
    with clear_faults():
        sys.stdout.write(load(file, case, sets or []).to_yaml())


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario, case or study file.")],
    case: Cases = None,
    sets: Sets = None,
) -> None:
    """Validate a scenario and its cases, or a study, and tell every fault at once."""
    with clear_faults():
        for line in check_file(file, case, sets or []):
            err.print(line, markup=False, soft_wrap=True)


@app.command()
def stress(
    file: File,
    case: Annotated[str | None, typer.Option("--case", help="Stem of a case file.")] = None,
    replications: Annotated[int, typer.Option(min=1, help="Replications meant.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed meant.")] = 0,
) -> None:
    """Tell a scenario by the STRESS-DES checklist, as Markdown."""
    with clear_faults():
        given = load_cases(file, None if case is None else [case], [])
        scenario = load(file, case).scenario
        facts = Facts(
            f"{replications} replications of each run",
            seed,
            versions(),
            commit(),
            titles={name: one.scenario.title for name, one in given.items()},
            changes={name: one.changes for name, one in given.items()},
        )
        items = checklist(scenario.model_dump(mode="json"), facts)
        sys.stdout.write(markdown(scenario.title, items))


@app.command(epilog="\n\n".join(f"{name}: {how.says}." for name, how in REPLAYED.items()))
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="Job log, .csv or .csv.gz.")],
    cluster: Annotated[Path, typer.Option(help="YAML: pools: {NAME: {gpus, gpus_per_host}}.")],
    discipline: Annotated[str, typer.Option(help=f"Who goes next: {', '.join(REPLAYED)}.")],
    out: Annotated[Path, typer.Option(help="The log with start_s, finish_s and pool, .csv.")],
) -> None:
    """Replay a job log over the engine of the studies, and tell when each job starts.

    Jobs run for their logged duration, each on one pool, and are not preempted. A pool of
    one GPU a host (the default) is of interchangeable GPUs; with larger hosts a gang takes
    whole hosts. At equal times completions go before arrivals, arrivals before starts;
    jobs equal in order go by submission, then by job id.
    """
    with clear_faults():
        Console().print(replay_file(trace, cluster, discipline, out))


@app.command(name="fabric")
def examine_fabric(
    file: Annotated[Path, typer.Argument(metavar="FILE[:NAME]", help="Fabrics, or a graph.")],
    json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for a drawing of each.")] = None,
) -> None:
    """Check a fabric, and tell its bisection, hops, load and what a fault of each tier costs."""
    with clear_faults():
        fabric(file, json, out)


@app.command(name="supply")
def examine_supply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario, case or study file.")],
    case: Annotated[str | None, typer.Option("--case", help="Stem of a case file.")] = None,
    sets: Sets = None,
    replications: Annotated[int, typer.Option(min=1, help="Runs of the supply alone.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the runs.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of figures and tables.")] = None,
) -> None:
    """Tell who hangs on whom, what is on the way, what comes, and what the gate decides."""
    with clear_faults():
        folder = None if out is None else results_folder(out)
        describe_supply(load_one(file, case, sets or []), replications, seed, json, folder)


app.add_typer(validate_app, name="validate")
app.command(name="rate")(rate)


def _run_with_progress(
    given: dict[str, Given], folder: Path, replications: int, seed: int, workers: int | None
) -> Outcome:
    with _bar() as bar:
        line = bar.add_task("Replications", total=None)

        def tell(done: int, total: int) -> None:
            bar.update(line, completed=done, total=total)

        return run_study(
            given, folder, replications=replications, seed=seed, workers=workers, progress=tell
        )


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=err)


def _tell_failed(outcome: Outcome) -> None:
    for task, reason in outcome.failed:
        err.print(f"failed: {task}: {reason}", markup=False, soft_wrap=True)
    if outcome.reused:
        err.print(f"{outcome.reused} replications were there already, {outcome.finished} are new.")


@contextmanager
def clear_faults() -> Iterator[None]:
    """Turn what a user can mend into one clear message and exit code 2."""
    try:
        yield
    except SpecError as error:
        for fault in error.faults:
            line = folded(str(fault), err.width) if err.is_terminal else str(fault)
            err.print(line, markup=False, soft_wrap=True)
        if any(fault.hides for fault in error.faults):
            err.print("Some checks wait for these to be mended: more may show then.")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        err.print("Stopped. What is finished stays; the same command resumes.")
        raise typer.Exit(130) from None
    except ModuleNotFoundError as error:
        err.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        err.print(f"{where}{error.strerror or error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Run the command line."""
    app()
