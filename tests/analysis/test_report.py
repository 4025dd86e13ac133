"""The page: self-contained, hedged, the same every time, and readable without colour."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from analysis import Study, comparison, open_study
from analysis.answers import answers, choices, loss_difference
from analysis.assumptions import assumptions, counts
from analysis.binding_answer import what_binds
from analysis.figures import PLATES
from analysis.report import report, summary_text
from simulator import results
from tests.analysis.synthetic import LENGTH_S, result, scenario, write_study


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(write_study(tmp_path_factory.mktemp("report")))


def test_the_page_needs_nothing_beside_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", text)
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("<img ") == len(PLATES)
    assert text.count("alt=") == len(PLATES)


def test_each_figure_lies_beside_its_table(page: Path) -> None:
    names = {path.stem for path in (page.parent / "figures").glob("*.svg")}
    assert len(names) == len(PLATES)
    for name in names:
        for suffix in ("png", "csv"):
            assert (page.parent / "figures" / f"{name}.{suffix}").is_file()


def test_page_and_figures_are_the_same_every_time(page: Path, tmp_path: Path) -> None:
    again = report(write_study(tmp_path)).parent
    files = sorted(p.relative_to(page.parent) for p in page.parent.rglob("*.*"))
    assert len(files) == 2 + 3 * len(PLATES)
    for file in files:
        assert (again / file).read_bytes() == (page.parent / file).read_bytes(), file


def test_the_page_tells_where_its_numbers_come_from(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for said in ("small.yaml", "0123abc", "h-more_chips", "polars", "4 replications"):
        assert said in text
    # Written at another time or on another machine, the page is the same.
    assert "2025-01-01T00" not in text


def test_what_is_assumed_is_listed_with_its_range(page: Path) -> None:
    found = assumptions(scenario())
    assert [a.path for a in found] == ["racks › own-b › price", "economics › training share"]
    assert (found[0].value, found[0].low, found[0].high) == ("1 MUSD", "500 kUSD", "2 MUSD")
    assert counts(scenario()) == {"measured": 0, "published": 3, "assumed": 2}
    assert "racks › own-b › price" in page.read_text(encoding="utf-8")


def test_answers_state_what_the_tables_say(study: Study) -> None:
    told = {a.question: a for a in answers(study, comparison.summary(study))}
    mix = told["What mix do we buy?"]
    assert "More chips does most work: +4.17 [3.40, 4.93] %" in mix.headline
    assert any("not distinguishable with 4 replications" in d for d in mix.details)
    work = told["What work gets done?"]
    assert work.headline.startswith("240 [237, 243] rce-days of training")
    supplier = told["What is lost if a supplier stops?"]
    assert "Vendor N out for 1 quarter from 2025Q1: 8.33 % of the work" in supplier.headline
    shared = told["And if something that suppliers share stops?"]
    assert "Fab One" in shared.headline
    assert shared.details == ("Others: Fab Two exactly 0.",)
    binds = told["What binds?"]
    # 7 racks for 91 of 181 days, 5 for 90: 3.52 and 2.49.
    assert binds.headline == (
        "The site (power, floor or network) holds back most: 3.52 racks on average over the run, "
        "1.03 more than money."
    )
    assert any(d.startswith("Network: 34.") for d in binds.details)


def test_what_binds_is_not_named_where_its_lead_is_luck(tmp_path: Path) -> None:
    out = write_study(tmp_path)
    # Racks wait for the site as long as for money, more in two replications and less in two.
    for k, racks in enumerate((3.0, 7.0, 3.0, 7.0)):
        path = out / "h-baseline" / f"rep-{k:05d}" / "waiting.parquet"
        rows = pl.read_parquet(path)
        rows.filter(pl.col("cause") == "money").vstack(
            rows.filter(pl.col("cause") == "power").with_columns(
                quarter=pl.lit("2025Q1"), rack_s=pl.lit(racks * LENGTH_S[0])
            )
        ).write_parquet(path)
    headline, _ = what_binds(open_study(out))
    # 5 racks of each for 90 of 181 days.
    assert headline.startswith("Not distinguishable with 4 replications: ")
    # Apart by 2, -2, 2 and -2 racks: a mean of 0 bounds no number.
    assert headline.endswith("4 replications are too few to tell; take at least 5.")
    assert "money (2.49 racks)" in headline
    assert "the site (power, floor or network) (2.5 [0.7, 4.3] racks)" in headline


def test_a_fluid_run_has_no_waits_to_tell(tmp_path: Path) -> None:
    out = write_study(tmp_path)
    for path in out.glob("h-*/rep-*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["scenario"]["policy"] = {"fidelity": "fluid"}
        path.write_text(json.dumps(manifest), encoding="utf-8")
    text, _, _ = report(out).read_text(encoding="utf-8").partition("<h2>The cases</h2>")
    assert "Queue wait" not in text
    assert "no number" not in text
    assert "No waits: the fluid fidelity dispatches work and knows no single jobs" in text
    assert not (out / "report" / "figures" / "queue_wait.png").exists()
    console = Console(file=io.StringIO(), width=120)
    console.print(summary_text(out))
    assert "Wait" not in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_a_linear_program_leaves_over_is_nothing(tmp_path: Path) -> None:
    out = write_study(tmp_path)
    for k in range(4):
        path = out / "h-more_chips" / f"rep-{k:05d}" / "work.parquet"
        same = pl.read_parquet(out / "h-baseline" / f"rep-{k:05d}" / "work.parquet")
        same.with_columns(pl.col("productive_rce_s") * (1 + 2e-9)).write_parquet(path)
        path = path.with_name("asked.parquet")
        asked = pl.read_parquet(path)
        asked.with_columns(unserved_rce_s=pl.col("work_rce_s") * 3e-9).write_parquet(path)
    rows = comparison.summary(open_study(out)).filter(pl.col("case") == "more_chips")
    at = {row["metric"]: row for row in rows.iter_rows(named=True)}
    assert at["work_done"]["verdict"] == "exactly zero in every replication"
    assert (at["unserved"]["mean"], at["unserved_share"]["mean"]) == (0.0, 0.0)


def test_a_shortage_that_lowers_unit_cost_is_not_called_better(tmp_path: Path) -> None:
    out = write_study(tmp_path)
    cell = re.compile(r"<tr><td>more chips</td>.*?</tr>", re.S)
    judged = "".join(cell.findall(report(out).read_text(encoding="utf-8")))
    for path in out.glob("h-more_chips/rep-*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["scenario"]["supply"]["shocks"] = [{"node": "nv"}]
        path.write_text(json.dumps(manifest), encoding="utf-8")
    short = "".join(cell.findall(report(out).read_text(encoding="utf-8")))
    # More work for the same money: cheaper by the unit. Under a shock the work stays judged.
    assert judged.count('class="difference good"') - short.count('class="difference good"') >= 1
    assert 'class="difference good"' in short


def test_cases_with_a_shock_are_not_choices(study: Study, tmp_path: Path) -> None:
    assert choices(study) == list(study.cases)
    out = write_study(tmp_path, replications=1)
    path = out / "h-noisy_case" / "rep-00000" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["scenario"]["supply"]["shocks"] = [{"node": "nv"}]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    path = out / "h-more_chips" / "rep-00000" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["scenario"]["supply"]["programme"]["gate"]["forced"] = "cancel"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert choices(open_study(out)) == ["baseline", "same_again"]


def test_a_stops_cost_is_compared_between_cases(tmp_path: Path) -> None:
    out = write_study(tmp_path)
    index = json.loads((out / "study.json").read_text(encoding="utf-8"))
    # In 'more chips' the stopped run is the baseline's: it loses just what the case gains.
    index["stops"]["more_chips"] = {"nv": "h-baseline"}
    (out / "study.json").write_text(json.dumps(index), encoding="utf-8")
    delta = loss_difference(open_study(out), "nv", "more_chips", "baseline")
    assert delta.mean == pytest.approx(10.0 - 20.0)
    assert delta.share_negative == 1.0


def test_one_replication_and_no_stops_still_make_a_page(tmp_path: Path) -> None:
    out = write_study(tmp_path, replications=1)
    index = json.loads((out / "study.json").read_text(encoding="utf-8"))
    index["stops"] = {}
    index["title"] = "<b>Which mix & why?</b>"
    (out / "study.json").write_text(json.dumps(index), encoding="utf-8")
    text = report(out).read_text(encoding="utf-8")
    assert "one replication: no interval" in text
    assert "<h1>&lt;b&gt;Which mix &amp; why?&lt;/b&gt;</h1>" in text
    assert "Which mix does most work cannot be said: 1 replication is too few to tell" in text


def test_a_page_explains_only_marks_that_it_bears(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("n.d.: not distinguishable from zero") >= 1
    out = write_study(tmp_path)
    index = json.loads((out / "study.json").read_text(encoding="utf-8"))
    del index["cases"]["noisy_case"]  # the only one that is not told from the baseline
    (out / "study.json").write_text(json.dumps(index), encoding="utf-8")
    assert "n.d." not in report(out).read_text(encoding="utf-8")


def test_few_replications_are_said_to_be_few_and_not_that_nothing_is_lost(tmp_path: Path) -> None:
    """A stop costs 5, -3, 4 and 1 of 240: mean 1.75, deviation 3.59; told by 19."""
    out = write_study(tmp_path)
    for k, lost in enumerate((5.0, -3.0, 4.0, 1.0)):
        for node in ("nv", "fab-one", "fab-two"):
            folder = results.replication_folder(out, f"h-stop-{node}", k)
            shutil.rmtree(folder)
            results.write(result("baseline", k, lost if node == "nv" else 0.0), folder)
    (supplier, shared) = (
        a
        for a in answers(open_study(out), comparison.summary(open_study(out)))
        if "stop" in a.question
    )
    assert "4 replications are too few to tell; about 19 may do" in supplier.headline
    assert "No loss" not in supplier.headline
    assert shared.details == ("Others: Fab Two exactly 0.",)
    assert shared.headline == "Nothing is lost in any replication."


@pytest.mark.parametrize("width", [80, 160])
def test_the_terminal_summary_fits_and_hedges(study: Study, width: int) -> None:
    console = Console(width=width, file=io.StringIO())
    console.print(summary_text(study.out))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text
    rows = [line.split() for line in text.splitlines()]
    case = next(r for r in rows if r[:2] == ["noisy", "case"])
    # Differences of -5, 5, -5 and 5: 0 +- t(3) 5.77 / 2, of 240.
    assert case[2:9] == ["240", "[229,", "251]", "0.0", "[−3.8,", "3.8]", "n.d."]
    assert "n.d.: not distinguishable from zero" in text.replace("\n", " ")
    assert next(r for r in rows if r[:2] == ["same", "again"])[5:7] == ["exactly", "0"]
    assert next(r for r in rows if r[:2] == ["Fab", "One"])[2] == "14.6"
