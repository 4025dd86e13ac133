from pathlib import Path

import numpy as np
import pytest

from simulator.spec.loader import SpecError, cases, load
from tests.spec.example import BASE, CASE, CHIPS, line_of, put, write

WEEK = 7 * 86400
STOPS = "stops={nodes: [hynix], quarter: 2025Q2, quarters: 2, cases: [late]}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(case="late", sets=()):
    with pytest.raises(SpecError) as caught:
        load("pilot.yaml", case, sets)
    assert str(caught.value).splitlines() == [str(f) for f in caught.value.faults]
    return [(f.file, f.line, f.key) for f in caught.value.faults], str(caught.value)


def test_a_whole_scenario(folder):
    given = load(write(folder))
    scenario = given.scenario
    assert (given.case, given.changes) == ("baseline", ())
    assert scenario.catalog.chips["h100-sxm"].peak_bf16.value == 989e12
    assert scenario.catalog.racks["own-1"].chips == 16
    assert scenario.services["feed"].patience == 12 * WEEK
    assert scenario.supply.nodes["partner"].country == "NO"
    assert scenario.economics.budget["2025Q1"] == 65e9
    # 60 USD/MWh over 3.6e9 J/MWh
    assert scenario.sites["north"].energy_price.value == pytest.approx(60 / 3.6e9, rel=1e-12)
    assert scenario.catalog.racks["h100-sxm"].host_faults_per_day.value == 0.01


def test_a_case_and_single_changes_over_it(folder):
    write(folder)
    given = load("pilot.yaml", "late", ["supply.plan.0.racks=11", "supply.catch_up.value=0.4"])
    assert given.case == "late"
    assert given.path == Path("pilot.yaml")
    assert given.scenario.title == "Late"
    assert [order.racks for order in given.scenario.supply.plan] == [11, None, 7]
    assert given.scenario.supply.programme.gate.min_performance == 0.7
    assert given.scenario.supply.programme.gate.min_performance_per_watt == 0.9
    assert given.changes == (
        "supply.catch_up.value: 0.2 → 0.4",
        "supply.plan.0.racks: 10 → 11",
        'supply.plan+: [{"chip": "h100-sxm", "quarter": "2025Q3", "racks": 7}]',
        "supply.programme.gate.min_performance: 0.8 → 0.7",
    )


def test_a_case_of_a_case_and_a_case_by_its_own_path(folder):
    later = "base: late.yaml\nchange: {supply: {programme: null, plan+: []}}\n"
    write(folder, later=later)
    given = load("pilot.yaml", "later")
    assert given.scenario.supply.programme is None
    assert len(given.scenario.supply.plan) == 3
    assert given.scenario.title == "Late"
    own = load("pilot/later.yaml")
    assert (own.scenario, own.case, own.path) == (given.scenario, "later", given.path)
    assert cases("pilot.yaml") == ["late", "later"]


def test_what_is_shown_loads_to_the_same_scenario(folder):
    write(folder)
    given = load("pilot.yaml", "late", ["title='a: # b'", STOPS])
    put(folder / "shown.yaml", given.to_yaml())
    shown = load("shown.yaml")
    assert shown.scenario == given.scenario
    assert shown.tree == given.tree


def test_a_script_changes_what_is_given(folder):
    base = load(write(folder))
    given = base.change(
        {
            "supply.plan.0.racks": np.int64(12),
            "supply.catch_up.value": np.float64(0.5),
            "policy.restart.value": "10 min",
            "supply.plan+": [{"chip": "h100-sxm", "quarter": "2025Q4", "racks": 1}],
            "services.second": base.tree["services"]["feed"],
        }
    )
    assert [order.racks for order in given.scenario.supply.plan] == [12, None, 1]
    assert given.scenario.policy.restart.value == 600
    assert given.scenario.services["second"] == base.scenario.services["feed"]
    assert base.scenario.supply.plan[0].racks == 10
    assert len(given.changes) == 5
    assert given.change({"supply.plan.0.racks": 10}).changes == tuple(
        change for change in given.changes if "plan.0" not in change
    )
    with pytest.raises(SpecError, match=r"supply\.plann: unknown key; did you mean 'plan'") as one:
        base.change({"supply.plann": 3, "a..b": 1, "title": {3, 4}})
    assert len(one.value.faults) == 3


def test_every_fault_of_all_files_is_told_at_once_with_its_line(folder):
    base = BASE.replace("patience: 12 weeks", "patience: 12 kW").replace(
        "{ranking: 1}", "{rankin: 1}"
    )
    chips = CHIPS.replace("scaleup_domain: 8", "scaleup_domian: 8").replace("gpu", "gpuu")
    case = CASE.replace("racks: 7", "racks: -7").replace("gate:", "gat:")
    write(folder, base, chips, late=case)
    found, text = faults(sets=["horizon.quarters=0"])
    chip = "catalog.chips.h100-sxm"
    assert found == [
        ("--set", None, "horizon.quarters"),
        ("pilot/late.yaml", line_of(case, "racks: -7"), "supply.plan.2.racks"),
        ("pilot/late.yaml", line_of(case, "gat:"), "supply.programme.gat"),
        ("pilot.yaml", line_of(base, "rankin:"), "services.feed.families.rankin"),
        ("pilot.yaml", line_of(base, "12 kW"), "services.feed.patience"),
        ("catalog/chips.yaml", 3, f"{chip}.scaleup_domain"),
        ("catalog/chips.yaml", line_of(chips, "gpuu"), f"{chip}.kind"),
        ("catalog/chips.yaml", line_of(chips, "scaleup_domian"), f"{chip}.scaleup_domian"),
    ]
    for said in (
        "must be at least 1, found 0",
        "is missing (Chips in one scale-up domain. [chips])",
        "'gpuu' is not one of 'gpu' or 'custom'; did you mean 'gpu'?",
        "unknown key; did you mean 'scaleup_domain'?",
        "unknown workload family 'rankin'; did you mean 'ranking'?",
        "'12 kW' is not a time; write it like '26 weeks'",
        "must be at least 0, found -7",
        "unknown key; did you mean 'gate'?",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ("policy.restart.value=5", "policy.restart.value", "5 has no unit; time is written"),
        ("policy.restart.value=nan s", "policy.restart.value", "not a number with a unit"),
        ("policy.restart.value=-3 days", "policy.restart.value", "must be finite and not negative"),
        ("policy.restart.value=1e999 s", "policy.restart.value", "must be finite"),
        ("policy.restart.value=weeks", "policy.restart.value", "not a number with a unit"),
        ("policy.restart.value=9**9**9 s", "policy.restart.value", "not a number with a unit"),
        ("policy.restart.value=3 wekks", "policy.restart.value", "unknown unit 'wekks'"),
        ("policy.restart.value=[3 s]", "policy.restart.value", "such as '26 weeks', found a list"),
        ("policy.restart.value=null", "policy.restart.value", "nothing has no unit"),
        ("policy.restart=5 min", "policy.restart", "a mapping with keys value, status, source"),
        ("sites.north.pue.value=.nan", "sites.north.pue.value", "a finite number, found nan"),
        ("sites.north.pue.value=.inf", "sites.north.pue.value", "a finite number, found inf"),
        ("sites.north.pue.value=true", "sites.north.pue.value", "a number, found True"),
        ("sites.north.pue.value='1.1'", "sites.north.pue.value", "a number, found '1.1'"),
        ("supply.plan.0.racks=2.5", "supply.plan.0.racks", "a whole number, found 2.5"),
        ("horizon.start=2025", "horizon.start", "a text, found 2025"),
        ("horizon.start=2025Q5", "horizon.start", "'2025Q5' is not a quarter such as '2025Q1'"),
        ("supply.plan.0.spend=1 USD", "supply.plan.0", "either 'racks' or 'spend'"),
        ("services.feed.families.x=0.1", "services.feed.families", "they sum to 1.1"),
        ("catalog.chips.h100-sxm.price.value=1 USD", "catalog.chips.h100-sxm.price", "low <= v"),
        ("supply.programme.energy.p90=0.5", "supply.programme.energy", "0 < median <= p90"),
        ("policy.discipline=eazy", "policy.discipline", "did you mean 'easy'?"),
        ("policy.discipline=concervative", "policy.discipline", "did you mean 'conservative'?"),
        ("policy.preemption=swap", "policy.preemption", "'checkpoint'"),
        ("policy.preemption=checkpoint", "policy.preemption", "goes with the disciplines sjf, pr"),
        ("policy.aim=least_cost", "policy.aim", "goes with the disciplines fcfs, first_fit, sjf"),
        ("policy.weights={feed: 2}", "policy.weights", "go with the disciplines fair_share, drf"),
        ("policy.quotas={fed: 2}", "policy.quotas.fed", "did you mean 'feed'?"),
        ("policy.attained=[2 rce_day, 1 rce_day]", "policy.attained", "must ascend"),
        ("policy.attained=[3 days]", "policy.attained.0", "write it like '100 rce_day'"),
        ("services.Second={}", "services.Second", "is not an id"),
        ("sites.north.phases=[]", "sites.north.phases", "a list of at least 1, found a list"),
        ("supply.plan.5.racks=1", "supply.plan.5", "2 items, counted from 0"),
        ("policy.discipline.x=1", "policy.discipline.x", "'easy' holds no further keys"),
        ("suply.plan=[]", "suply", "did you mean 'supply'?"),
        ("supply.shcks=[]", "supply.shcks", "did you mean 'shocks'?"),
        ("policy.backfill_depth=[1", "policy.backfill_depth", "not YAML"),
        ("policy.backfill_depth", "", "not of the form key.path=value"),
        ("policy.backfill_depth=", "", "not of the form key.path=value"),
        ("policy..backfill_depth=1", "", "not of the form key.path=value"),
        ("=1", "", "not of the form key.path=value"),
    ],
)
def test_a_wrong_change_is_told_with_its_key(folder, change, key, message):
    write(folder)
    found, text = faults("baseline", [change])
    assert ("--set", None, key) in found
    assert message in text


def test_an_entry_that_is_hardly_begun_is_taken_for_a_misspelt_name(folder):
    case = "base: ../pilot.yaml\nchange:\n  services:\n    fed: {priority: 3}\n"
    write(folder, late=case)
    found, text = faults()
    assert found == [("pilot/late.yaml", 4, "services.fed")]
    assert "lacks label, side, demand" in text
    assert "did you mean 'feed'?" in text


@pytest.mark.parametrize(
    ("case", "line", "key", "message"),
    [
        (CASE.replace("change", "changes"), 3, "changes", "did you mean 'change'?"),
        (CASE.replace("base: ../pilot", "base: ../pilott"), None, "", "did you mean 'pilot.yaml'"),
        (CASE.replace("../pilot.yaml", "late.yaml"), 1, "base", "late.yaml → pilot/late.yaml"),
        ("base: [1]\nchange: {}\n", 1, "base", "must name a file"),
        ("base: ../pilot.yaml\nchange:\n", 2, "change", "needs a mapping"),
        ("base: ../pilot.yaml\nchange: {a: 1\n", 3, "", "not YAML"),
        ("change: {}\n", 1, "base", "is missing: a case names the scenario it changes"),
        ("title: x\n", None, "", "leads to pilot/late.yaml, not to pilot.yaml"),
        ('base: "\\0"\nchange: {}\n', None, "", "cannot be read"),
        ("", None, "", "is empty"),
    ],
)
def test_a_case_that_is_none(folder, case, line, key, message):
    write(folder, late=case)
    found, text = faults()
    assert message in text
    if line is not None:
        assert ("pilot/late.yaml", line, key) in found


def test_a_circle_of_cases_is_named_whole(folder):
    write(
        folder,
        a="base: b.yaml\nchange: {}\n",
        b="base: c.yaml\nchange: {}\n",
        c="base: b.yaml\nchange: {}\n",
    )
    found, text = faults("a")
    assert found == [("pilot/c.yaml", 1, "base")]
    assert "pilot/b.yaml → pilot/c.yaml → pilot/b.yaml" in text


def test_a_case_that_is_not_there(folder):
    write(folder, sole_source="base: ../pilot.yaml\nchange: {}\n")
    assert "has no case 'lat'; did you mean 'late'?" in faults("lat")[1]
    assert "has no case '../pilot'" in faults("../pilot")[1]
    with pytest.raises(SpecError, match=r"absent\.yaml: there is no such file"):
        load("absent.yaml", "late")


@pytest.mark.parametrize(
    ("include", "message"),
    [
        (
            "[catalog/chip.yaml]",
            "pilot.yaml:2: include.0: there is no file catalog/chip.yaml; "
            "did you mean 'chips.yaml'?",
        ),
        ("catalog/chips.yaml", "pilot.yaml:2: include: must be a list of files"),
        ("[3]", "pilot.yaml:2: include.0: must name a file"),
        ("[catalog]", "catalog: this is a folder, not a file (named in pilot.yaml:2)"),
    ],
)
def test_an_include_that_is_none(folder, include, message):
    write(folder, BASE.replace("[catalog/chips.yaml]", include))
    assert message in faults("baseline")[1]


def test_faults_of_several_unreadable_files_are_told_together(folder):
    write(folder, BASE.replace("[catalog/chips.yaml]", "[catalog/chips.yaml, no.yaml]"), "a: [\n")
    found, _ = faults("baseline", ["x"])
    assert [file for file, _, _ in found] == ["catalog/chips.yaml", "pilot.yaml"]


def test_a_value_stated_in_two_files_names_both(folder):
    base = BASE.replace("reference_chip:", "racks: {own-1: {hosts: 5}}\n  reference_chip:")
    write(folder, base)
    found, text = faults("baseline")
    at = line_of(base, "hosts: 5")
    assert f"catalog.racks.own-1.hosts: is stated already in pilot.yaml:{at}" in text
    assert [file for file, _, _ in found] == ["catalog/chips.yaml"]


def test_a_folder_or_nothing_instead_of_a_file(folder):
    for path in (folder, ".", "", "/"):
        with pytest.raises(SpecError, match="a folder, not a file"):
            load(path)


def test_a_change_without_a_base_is_told_in_one_line(folder):
    Path("mine.yaml").write_text("extends: pilot.yaml\nchange: {services: {}}\n")
    with pytest.raises(SpecError) as caught:
        load("mine.yaml")
    (fault,) = caught.value.faults
    assert str(fault).startswith("mine.yaml:1: base: is missing: a case names the scenario")
