"""Study files: every fault at once, each with its line, its key and what would be right."""

from pathlib import Path
from textwrap import dedent

import pytest

from analysis.metrics import BY_ID
from scenarios.studies import read_study
from simulator.spec.faults import SpecError
from simulator.spec.study_file import questions
from simulator.study.kinds import plan_all

DATA = Path(__file__).parent.parent / "data"


def write(folder: Path, text: str) -> Path:
    path = folder / "asked.yaml"
    path.write_text(dedent(text).replace("TINY", str(DATA / "tiny.yaml")), encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        plan_all(read_study(path))
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_every_fault_is_told_at_once_with_its_line_and_what_is_nearest(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Wrong in many ways
        scenario: TINY
        replications: {first: 1, most: 4}
        outcome: unservd_share
        metrics: [work_done, capitol]
        portfolio: {cases: [baseline, canceled]}
        tornadoes: {}
        sobol: {inputs: {demand: {key: x, low: 1}}, samples: 6}
        """,
    )
    found = faults_of(path)
    assert [f.partition(": ")[0] for f in found] == ["3", "4", "5", "6", "7", "8", "8"]
    for fault, told in zip(
        found,
        [
            "replications.first: must be at least 2, found 1",
            "outcome: unknown metric 'unservd_share'; did you mean 'unserved_share'?",
            "metrics.1: unknown metric 'capitol'; did you mean 'capital'?",
            "portfolio.cases.1: unknown case 'canceled'; did you mean 'cancelled'?",
            "tornadoes: unknown key; did you mean 'tornado'?",
            "sobol.inputs.demand: needs both 'low' and 'high'",
            "sobol.samples: must be a power of 2, got 6",
        ],
        strict=True,
    ):
        assert told in fault


def test_metrics_of_a_service_and_a_quarter_are_held_to_the_scenario(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Wrong parts of work
        scenario: TINY
        replications: 2
        outcome: work_done.*
        metrics:
          - work_done.fead
          - unserved_share.feed.2030Q1
          - unserved_share.2030Q1
          - capital.feed
          - work_done.2025Q1.feed
          - work_done.feed.2025Q1.more
          - wrk_done.feed
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    for fault, told in zip(
        faults_of(path),
        [
            "4: outcome: 'work_done.*': unknown service '*'; known are feed",
            "6: metrics.0: 'work_done.fead': unknown service 'fead'; did you mean 'feed'?",
            "7: metrics.1: 'unserved_share.feed.2030Q1': '2030Q1' is no quarter of 2025Q1",
            "8: metrics.2: 'unserved_share.2030Q1': '2030Q1' is no quarter of 2025Q1 to 2026Q2",
            "9: metrics.3: 'capital.feed': 'capital' is not told by service or quarter; work_asked",
            "10: metrics.4: 'work_done.2025Q1.feed' is not of the form METRIC.SERVICE.QUARTER",
            "11: metrics.5: 'work_done.feed.2025Q1.more' is not of the form METRIC.SERVICE",
            "12: metrics.6: unknown metric 'wrk_done.feed'; did you mean 'work_done'?",
        ],
        strict=True,
    ):
        assert fault.startswith(told)


def test_an_unknown_metric_like_none_is_told_all_there_are(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: What else is there?
        scenario: TINY
        replications: 2
        outcome: xyzzy
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    (fault,) = faults_of(path)
    assert all(name in fault for name in BY_ID)


def test_a_star_stands_for_each_service(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: What does each get?
        scenario: TINY
        replications: 2
        metrics: ["work_done.*", "work_done.*.2025Q4", work_done.feed, capital]
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    assert read_study(path).plan.metrics == ["work_done.feed", "work_done.feed.2025Q4", "capital"]


def test_inputs_that_cannot_be_moved_are_told_together(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Inputs that lead nowhere
        scenario: TINY
        replications: 2
        tornado:
          inputs:
            demand: {key: services.feed.demnd, low: 100 rce_day/day, high: 200 rce_day/day}
            growth: {key: services.feed.growth_per_year, low: 1, high: 2}
            lead: {key: supply.lead_times.gpu.total.median, low: 10 weeks, high: 12 kW}
            own: {key: services.feed.daily_swing}
            unit: {key: services.feed.patience, low: 1 MW, high: 2 MW}
        """,
    )
    found = faults_of(path)
    told = [
        ("6", "at 'demnd'; did you mean 'demand'?"),
        ("8", "'10 weeks' and '12 kW' are not of one dimension"),
        ("9", "services.feed.daily_swing has no range of its own; add 'low' and 'high'"),
        ("10", "'1 MW' is not a time"),
        ("10", "'2 MW' is not a time"),
    ]
    assert [f.partition(": ")[0] for f in found] == [line for line, _ in told]
    for fault, (_, text) in zip(found, told, strict=True):
        assert text in fault


def test_a_study_that_asks_nothing_says_what_could_be_asked(tmp_path: Path):
    path = write(tmp_path, "title: Nothing\nscenario: TINY\nreplications: 2\n")
    assert "asks nothing; add one of portfolio, deltas" in faults_of(path)[0]


def test_a_missing_scenario_names_the_nearest(tmp_path: Path):
    (tmp_path / "pilot.yaml").write_text("title: x\n", encoding="utf-8")
    told = "title: A study\nscenario: pilott.yaml\nreplications: 2\nselect: {}\n"
    found = faults_of(write(tmp_path, told))
    assert any("did you mean 'pilot.yaml'?" in fault for fault in found)


def test_strata_of_shocks_need_shocks_of_chance(tmp_path: Path):
    told = "title: None\nscenario: TINY\nreplications: 2\nrare: {}\n"
    (found,) = faults_of(write(tmp_path, told))
    assert "baseline has no Poisson shocks of chance" in found


def test_unknown_nodes_and_changes_are_told(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Names
        scenario: TINY
        replications: 2
        stress: {nodes: [merchant, merchent], quarter: 2025Q2, durations: [8 weeks]}
        deltas:
          changes:
            late: {supply.lead_time.gpu.total.median: 30 weeks}
          together: {both: [late, later]}
        """,
    )
    found = faults_of(path)
    assert "unknown node 'merchent'; did you mean 'merchant'?" in found[0]
    assert "supply.lead_time: unknown key; did you mean 'lead_times'?" in found[1]
    assert "unknown change 'later'; did you mean 'late'?" in found[2]


def test_the_studys_own_change_is_in_every_case(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: All of it smaller
        scenario: TINY
        replications: 2
        change: {services: {feed: {demand: {value: 100 rce_day/day}}}}
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    ((_, arms),) = plan_all(read_study(path))
    assert [arm.scenario.services["feed"].demand.value for arm in arms] == [100.0, 100.0]


def test_inputs_move_values_figures_spreads_and_whole_numbers(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Every way to move an input
        scenario: TINY
        replications: 2
        sweep:
          inputs:
            demand: {key: services.*.demand, values: [300 rce_day/day]}
            lead: {key: supply.lead_times.gpu.total, factor: true, values: [1.5]}
            racks: {key: supply.plan.0.racks, factor: true, whole: true, values: [2.2]}
            swing: {key: services.feed.daily_swing, values: [0.1]}
          cross: true
        """,
    )
    ((_, (base, moved)),) = plan_all(read_study(path))
    week = 7 * 86400.0
    lead = moved.scenario.supply.lead_times["gpu"].total
    assert moved.scenario.services["feed"].demand.value == 300.0
    assert (lead.median, lead.p90) == (30 * week, 30 * week)
    assert (base.scenario.supply.plan[0].racks, moved.scenario.supply.plan[0].racks) == (2, 4)
    assert moved.scenario.services["feed"].daily_swing == 0.1
    assert moved.settings == {"demand": 300.0, "lead": 1.5, "racks": 2.2, "swing": 0.1}


def test_a_figures_own_range_is_where_it_may_lie(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: The catalogue's own ranges
        scenario: TINY
        replications: 2
        change: {services: {feed: {growth_per_year: {low: 1.2, high: 1.9, value: 1.5}}}}
        tornado: {inputs: {growth: {key: services.*.growth_per_year}}}
        """,
    )
    ((_, (_, low, high)),) = plan_all(read_study(path))
    ends = [arm.scenario.services["feed"].growth_per_year.value for arm in (low, high)]
    assert ends == pytest.approx([1.2, 1.9])


def test_every_kind_of_question_plans_its_runs():
    file = read_study(DATA / "tiny_study.yaml")
    planned = {question.kind: len(arms) for question, arms in plan_all(file)}
    assert [q.kind for q in questions(file)] == list(planned)
    # Two inputs: 1 + 2 k, paths (k + 1), n (k + 2), draws and the base; two ends and a case.
    assert planned == {
        "portfolio": 3, "deltas": 4, "sweep": 5, "stress": 10, "design": 6, "frontier": 4,
        "tornado": 5, "morris": 9, "sobol": 16, "nested": 6, "rare": 2,
        "break_even": 3, "select": 2,
    }  # fmt: skip


def test_a_stop_that_no_run_sees_is_refused_wherever_it_is_asked(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Never
        scenario: TINY
        replications: 2
        stress: {nodes: [merchant], quarter: 2099Q1, durations: [8 weeks]}
        survival: {nodes: [merchant], quarter: 1999Q1, durations: [8 weeks, 9 weeks]}
        """,
    )
    first, second = faults_of(path)
    assert "4: stress.quarter: no run sees a stop from 2099Q1: they go from" in first
    assert "5: survival.quarter: no run sees a stop from 1999Q1" in second


def test_a_list_in_another_form_is_shown_as_a_list(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Groups
        scenario: TINY
        replications: 2
        dependence:
          groups:
            one: {nodes: [fab-a]}
            two: fab-b
            three: {fab-a: 1, fab-b: 1}
            four: [Fab A]
          quarter: 2025Q2
          duration: 8 weeks
        stress: {nodes: [fab-a], quarter: 2025Q2, durations: 8 weeks}
        """,
    )
    found = faults_of(path)
    assert [f.partition(": ")[0] for f in found] == ["6", "7", "8", "9", "12"]
    assert "must be a list such as [fab-a], found a mapping" in found[0]
    assert "must be a list such as [fab-b], found 'fab-b'" in found[1]
    assert "must be a list such as [fab-a, fab-b], found a mapping" in found[2]
    assert "'Fab A' is not an id" in found[3]
    assert found[3].endswith("'fab-a'")
    assert "must be a list such as [8 weeks], found '8 weeks'" in found[4]


def test_waits_are_refused_where_nothing_queues(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Waits
        scenario: TINY
        replications: {first: 2, most: 4, precision: {metric: wait_p50, relative: 0.1}}
        outcome: wait_p95
        metrics: [work_done, wait_p50]
        change: {policy: {fidelity: fluid}}
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    found = faults_of(path)
    assert [f.partition(": ")[0] for f in found] == ["3", "4", "5"]
    assert "outcome: 'wait_p95' is read off single jobs, which the fluid fidelity" in found[1]


def test_a_case_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path):
    path = write(
        tmp_path,
        """\
        title: Gone
        scenario: TINY
        replications: 2
        cases: {mine: {case: away/mine.yaml}}
        portfolio: {cases: [baseline, cancelled]}
        """,
    )
    (found,) = faults_of(path)
    assert found == f"4: cases.mine.case: there is no file {tmp_path / 'away' / 'mine.yaml'}"
