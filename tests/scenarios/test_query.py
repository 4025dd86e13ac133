"""SQL over results: the same numbers as read by hand, and errors that say what is near."""

import json
from pathlib import Path

import pytest

from scenarios.query import QueryError, query, tell
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
        ("SELECT productive_rce FROM work", "did you mean 'productive_rce_s'?"),
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
