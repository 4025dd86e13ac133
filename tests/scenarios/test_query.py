"""SQL over results: the same numbers as read by hand, and errors that say what is near."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.query import QueryError, query, tables, tell
from simulator import results
from simulator.units import DAY_S
from tests.analysis.synthetic import DONE, GAIN, NOISE, STOP_LOSS, write_study


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_study(tmp_path_factory.mktemp("asked"))
    studies = folder / "studies" / "mix"
    studies.mkdir(parents=True)
    arms = [
        {"label": "growth 2", "case": "more_chips", "stopped": None, "run": "h-more_chips"},
    ]
    told = {"sections": {"sweep": {"arms": arms}}}
    (studies / "study.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def work(out: Path) -> dict[tuple[str, int], float]:
    sql = (
        'SELECT "case", replication, sum(productive_rce_s) FROM work '
        "GROUP BY ALL ORDER BY ALL"
    )
    return {(case, k): seconds / DAY_S for case, k, seconds in query(sql, out)[1]}


def test_work_by_case_and_replication_is_what_was_written(out: Path):
    found, whole = work(out), sum(map(sum, DONE.values()))
    for case, gains in GAIN.items():
        for k, gain in enumerate(gains):
            assert found[case, k] == pytest.approx(whole + NOISE[k] + gain)
    assert found["same_again", 1] == found["baseline", 1]


def test_a_stop_has_a_name_of_its_own_and_is_not_counted_to_its_case(out: Path):
    found = work(out)
    for node, loss in STOP_LOSS.items():
        stopped = found[f"baseline, {node} stopped", 0]
        assert found["baseline", 0] - stopped == pytest.approx(loss)
    sql = "SELECT DISTINCT stopped FROM nodes ORDER BY 1 NULLS FIRST"
    assert [row[0] for row in query(sql, out)[1]] == [None, "fab-one", "fab-two", "nv"]


def test_runs_say_which_study_each_run_answers(out: Path):
    sql = "SELECT study, section, arm FROM runs WHERE run = 'h-more_chips' ORDER BY 1 NULLS FIRST"
    assert query(sql, out)[1] == [(None, None, None), ("mix", "sweep", "growth 2")]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM wrok", "there is no table 'wrok'; did you mean 'work'?"),
        ("SELECT productive_rce FROM work", "did you mean 'productive_rce_s'? (work has "),
        ("SELECT usd FROM nodes", "no column 'usd', only in cost, energy (nodes has "),
        ("SELECT x FROM nodes", '(nodes has "case", stopped, run, replication, '),
        ("SELECT w.sevrice FROM work w", "there is no column 'sevrice'; did you mean 'service'?"),
        ("SELEC 1", "syntax error"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(out: Path, sql: str, said: str):
    with pytest.raises(QueryError) as caught:
        query(sql, out)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DROP TABLE runs", "this is DROP"),
        ("COPY runs TO 'written.csv'", "this is COPY"),
        ("DELETE FROM runs", "this is DELETE"),
        ("SELECT 1; DROP TABLE runs", "this is SELECT, then DROP"),
        ("-- nothing", "this is nothing"),
    ],
)
def test_a_query_reads_and_nothing_else(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, said: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError, match="one statement that reads") as caught:
        query(sql, out)
    assert str(caught.value).endswith(said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sql",
    [
        "FROM runs",
        "DESCRIBE runs",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "PIVOT work ON quarter USING sum(productive_rce_s)",
    ],
)
def test_every_way_of_reading_is_answered(out: Path, sql: str):
    assert query(sql, out)[1]


def test_an_empty_folder_is_told(tmp_path: Path):
    with pytest.raises(QueryError, match="no finished run here"):
        query("SELECT 1", tmp_path)


def test_json_is_one_object_a_line_and_csv_has_a_head(capsys: pytest.CaptureFixture[str]):
    tell(["a", "b"], [(1, None), (2, "x, y")], "json")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [{"a": 1, "b": None}, {"a": 2, "b": "x, y"}]
    tell(["a", "b"], [(1, None), (2, "x, y")], "csv")
    assert capsys.readouterr().out.splitlines() == ["a,b", "1,", '2,"x, y"']


def test_every_table_is_listed_with_what_it_holds(out: Path):
    found = dict(tables(out))
    assert found["runs"] == 'study, section, arm, "case", stopped, run'
    for name, schema in results.schemas().items():
        listed = found[name].split(", ")
        assert listed[:4] == ['"case"', "stopped", "run", "replication"]
        assert len(listed) == 4 + len(schema)
        # As it is written it can be asked.
        assert query(f"SELECT {found[name]} FROM {name}", out)[0][0] == "case"


@pytest.mark.parametrize(
    ("sql", "warns"),
    [
        ("SELECT sum(usd) FROM cost", True),
        ("SELECT quarter, SUM(usd) FROM cost GROUP BY quarter", True),
        ("WITH c AS (SELECT * FROM cost) SELECT sum(usd) / 1e6 FROM c", True),
        ("SELECT sum(usd) FILTER (basis = 'cash') FROM cost", True),
        ("SELECT \"case\", sum(usd) FROM cost GROUP BY ALL", False),
        ("SELECT sum(usd) FROM cost WHERE \"case\" = 'baseline'", False),
        ("SELECT run, sum(usd) FROM cost GROUP BY run", False),
        ("SELECT sum(CASE WHEN basis = 'cash' THEN usd END) FROM cost", True),
        ("SELECT usd FROM cost", False),
        ("SELECT sum(1) FROM runs", False),
        ("PIVOT cost ON quarter USING sum(usd)", False),
    ],
)
def test_a_sum_over_all_cases_is_warned_of(out: Path, sql: str, warns: bool):
    said: list[str] = []
    query(sql, out, said.append)
    assert bool(said) == warns
    # Three cases beside the baseline, and three stops of their own names.
    assert not warns or "cost holds 7 cases, and this sum adds them all" in said[0]


def test_a_sum_over_one_case_is_not_warned_of(tmp_path: Path):
    folder = write_study(tmp_path, replications=1)
    told = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    told |= {"cases": {"baseline": "h-baseline"}, "stops": {}}
    (folder / "study.json").write_text(json.dumps(told), encoding="utf-8")
    said: list[str] = []
    query("SELECT sum(usd) FROM cost", folder, said.append)
    assert said == []


def test_the_command_lists_tables_with_and_without_being_asked(out: Path):
    listed = CliRunner().invoke(app, ["query", "--tables", "--json", "--out", str(out)])
    assert listed.exit_code == 0
    names = [json.loads(line)["table"] for line in listed.stdout.splitlines()]
    assert {"runs", *results.schemas()} <= {*names}
    missing = CliRunner().invoke(app, ["query", "--out", str(out)])
    assert missing.exit_code == 2
    assert "nodes: " in missing.stderr
