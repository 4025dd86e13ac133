"""Figures by their data, their findings and their files; not by their pixels."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis import Study, figures
from analysis.figures import style
from analysis.views import cases as case_views
from analysis.views import fleet as fleet_views
from analysis.views import risk as risk_views
from analysis.views import work as work_views

NAMES = [plate.name for plate in figures.PLATES]


def drawn(plate: figures.Plate, study: Study):  # type: ignore[no-untyped-def]
    data = plate.view(study)
    figure, ax = figures.canvas(height_in=plate.height(data))
    assert plate.draw(data, ax) is ax
    return figure, ax


@pytest.mark.parametrize("plate", figures.PLATES, ids=NAMES)
def test_every_figure_has_a_finding_and_its_table(
    plate: figures.Plate, study: Study, tmp_path: Path
) -> None:
    made = figures.draw(plate, study, tmp_path)
    assert len(made.title) > 15
    assert made.png.read_bytes().startswith(b"\x89PNG")
    assert len(pl.read_csv(made.csv)) > 0


@pytest.mark.parametrize("plate", figures.PLATES, ids=NAMES)
def test_one_replication_is_drawn_without_intervals(
    plate: figures.Plate, lone_study: Study
) -> None:
    _, ax = drawn(plate, lone_study)
    assert "nan" not in ax.get_title(loc="left").lower()
    assert "∞" not in ax.get_title(loc="left")


@pytest.mark.parametrize("plate", figures.PLATES, ids=NAMES)
def test_no_text_leaves_the_canvas(plate: figures.Plate, study: Study, tmp_path: Path) -> None:
    figure, ax = drawn(plate, study)
    figures.save(figure, tmp_path / plate.name, figures.provenance(study, plate.unit))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # lays it out for this canvas
    renderer = canvas.get_renderer()
    page = figure.bbox.padded(1)
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    hidden = {id(label) for a in (ax, *ax.child_axes) for label in _undrawn_labels(a)}
    for text in texts:
        if id(text) not in hidden:
            box = text.get_window_extent(renderer)
            assert page.count_contains(box.corners()) == 4, (text, box)


def _undrawn_labels(ax: Axes) -> list[Text]:
    """Tick labels that exist as artists but are not drawn: off limits, or the axis is off."""
    if not ax.axison:
        return [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    undrawn = []
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        low, high = sorted(limits)
        for tick in axis.get_major_ticks():
            if not low <= tick.get_loc() <= high:
                undrawn += [tick.label1, tick.label2]
    return undrawn


def test_work_bars_are_as_long_as_the_work(study: Study) -> None:
    data = work_views.work_by_service(study)
    _, ax = figures.canvas()
    figures.work_by_service(data, ax)
    widths = [bar.get_width() for bar in ax.patches]
    # Asked and done of feed ranking, then of language models. [rce-days]
    assert widths == pytest.approx([200, 170, 100, 70])
    assert "80.0 [78.9, 81.1] % was done" in ax.get_title(loc="left").replace("\n", " ")
    assert "Language models got least" in ax.get_title(loc="left").replace("\n", " ")


def test_the_forest_marks_what_cannot_be_told_apart(study: Study) -> None:
    data = case_views.work_differences(study)
    _, ax = figures.canvas()
    figures.work_difference(data, ax)
    beside = {text.get_text() for text in ax.texts}
    # Of 240: 10 +- t(3) 1.155 / 2, and 0 +- t(3) 5.774 / 2.
    assert beside == {"exactly 0", "+4.17 [3.40, 4.93] %", "0.0 [−3.8, 3.8] % n.d."}
    title = ax.get_title(loc="left").replace("\n", " ")
    assert "More work than the baseline: more chips (+4.2 %)" in title
    assert "exactly as much: same again; not distinguishable: noisy case" in title
    points = [bars.lines[0].get_xdata()[0] for bars in ax.containers]  # type: ignore[attr-defined]
    assert points == pytest.approx([0.0, 10.0, 0.0])


def test_chips_stack_to_the_total(study: Study) -> None:
    data = fleet_views.chips_by_quarter(study)
    _, ax = figures.canvas()
    figures.chips_in_service(data, ax)
    tops = [max(bar.get_y() + bar.get_height() for bar in ax.patches[k::2]) for k in (0, 1)]
    assert tops == pytest.approx([160, 640])


def test_the_heat_map_names_the_worst_stop(study: Study) -> None:
    data = risk_views.work_lost_by_stop(study)
    assert data["case"].n_unique() == 1
    _, ax = figures.canvas()
    figures.stop_loss(data, ax)
    # Of one case there is no map: rows, dearest first.
    assert not ax.images
    assert [bar.lines[0].get_xdata()[0] for bar in ax.containers] == pytest.approx(
        [100 * 35 / 240, 100 * 20 / 240, 0.0], rel=1e-2
    )
    data = pl.concat([data, data.with_columns(pl.lit("other").alias("case"))])
    _, ax = figures.canvas()
    figures.stop_loss(data, ax)
    # 35 of 240 rce-days.
    assert "Stopping Fab One costs most: 14.6 %" in ax.get_title(loc="left")
    assert {text.get_text() for text in ax.texts} == {"14.6", "8.33", "exactly 0"}


def test_what_binds_is_named_by_quarter(study: Study) -> None:
    _, ax = figures.canvas()
    figures.held_back(risk_views.racks_held_back(study), ax)
    title = ax.get_title(loc="left").replace("\n", " ")
    assert title.startswith("Money holds back most racks in 1 of 2 quarters")
    assert "in all of them; the site in 1" in title


def test_no_cause_is_named_whose_lead_is_luck(study: Study) -> None:
    _, ax = figures.canvas()
    held = risk_views.racks_held_back(study).with_columns(clear=pl.lit(False))
    figures.held_back(held, ax)
    title = ax.get_title(loc="left").replace("\n", " ")
    assert title.startswith("What holds back most racks is not distinguishable in any of 2")


def test_the_gate_counts_replications(study: Study) -> None:
    _, ax = figures.canvas()
    figures.gate(risk_views.gate_outcomes(study), ax)
    # Wilson's interval for 3 of 4 at 95 %: 0.301 to 0.954.
    assert "3 of 4 replications: 75 [30, 95] %" in ax.get_title(loc="left").replace("\n", " ")


def test_an_empty_table_is_said_to_be_empty(study: Study) -> None:
    for draw, view in (
        (figures.stop_loss, risk_views.work_lost_by_stop(study)),
        (figures.gate, risk_views.gate_outcomes(study)),
        (figures.work_difference, case_views.work_differences(study)),
    ):
        _, ax = figures.canvas()
        draw(view.clear(), ax)
        assert ax.get_title(loc="left").startswith(("No ", "There is no "))


def test_a_thing_looks_the_same_everywhere_and_eight_differ_in_grey() -> None:
    looks = {(style.colour(k), style.hatch(k)) for k in range(64)}
    assert len(looks) == 64
    assert len({style.hatch(k) for k in range(8)}) == 8
    assert len({style.marker(k) for k in range(8)}) == 8


def test_drawing_leaves_the_callers_look_alone(study: Study) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    drawn(figures.PLATES[0], study)
    assert dict(mpl.rcParams) == before


def test_stranded_chip_time_is_a_share_of_what_stands(study: Study) -> None:
    """By hand: 20, 10 and 10 % of the second quarter's chip time, nothing in the first."""
    data = fleet_views.stranded_by_quarter(study)
    shares = {(row["quarter"], row["label"]): row["share"] for row in data.iter_rows(named=True)}
    assert shares == {
        ("2025Q1", "Dense"): 0.0,
        ("2025Q1", "Recommendation"): 0.0,
        ("2025Q1", None): 0.0,
        ("2025Q2", "Dense"): pytest.approx(20.0),
        ("2025Q2", "Recommendation"): pytest.approx(10.0),
        ("2025Q2", None): pytest.approx(10.0),
    }
