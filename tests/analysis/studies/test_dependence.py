"""What hangs on whom, and what an addition is worth: worked examples as finished sections."""

from itertools import combinations

import polars as pl
import pytest

from analysis.metrics import BY_ID
from analysis.studies import credit, dependence, importance
from analysis.studies.record import Arm, Section

#: Work that a group's stop takes when nothing else stops; the foundry feeds all.
OWN = {"n": 60.0, "a": 15.0, "c": 25.0}


def arm(label: str, **settings: float | str) -> Arm:
    return Arm(label, "baseline", None, settings, (), label, 2)


def section(kind: str, says: dict, arms: list[Arm], rows: dict[str, dict[str, list[float]]]):
    frames = [
        pl.DataFrame(
            {"arm": label, "replication": range(len(next(iter(columns.values())))), **columns}
        )
        for label, columns in rows.items()
    ]
    metrics = tuple(BY_ID[name] for name in next(iter(rows.values())))
    table = pl.concat(frames)
    return Section(kind, says, {}, tuple(arms), BY_ID["unserved_share"], metrics, table)


@pytest.fixture
def foundry() -> Section:
    groups = [*OWN, "t"]
    arms = [arm("whole", **dict.fromkeys(groups, 0.0))]
    rows = {"whole": {"work_asked": [100.0, 200.0], "work_done": [100.0, 200.0]}}
    for size in range(1, 5):
        for chosen in combinations(groups, size):
            lost = 100.0 if "t" in chosen else sum(OWN[g] for g in chosen)
            label = "+".join(chosen)
            arms.append(arm(label, **{g: float(g in chosen) for g in groups}))
            done = [100.0 - lost, 2 * (100.0 - lost)]
            rows[label] = {"work_asked": [100.0, 200.0], "work_done": done}
    says = {"groups": {g: [g] for g in groups}, "threshold": 0.7, "duration": 182 * 86400.0}
    return section("dependence", says, arms, rows)


def test_the_worked_stress_with_one_foundry(foundry):
    sets = dependence.table(foundry)
    single = {row["groups"]: row for row in sets.filter(pl.col("size") == 1).to_dicts()}
    assert [single[g]["loss"] for g in "nact"] == pytest.approx([60, 15, 25, 100], abs=1e-9)
    assert [single[g]["attributed"] for g in "nact"] == pytest.approx([30, 7.5, 12.5, 50], abs=1e-9)
    assert single["n"]["exposure"] == pytest.approx(0.6, abs=1e-9)
    cuts = sets.filter("is_minimal_cut")["groups"].to_list()
    assert cuts == ["t", "n + a", "n + c"]
    pair = sets.filter(pl.col("groups") == "n + t").row(0, named=True)
    beyond = [pair[f"beyond_parts{end}"] for end in ("", "_low", "_high")]
    assert beyond == pytest.approx([-60] * 3, abs=1e-9)
    assert dependence.finding(foundry, sets).startswith("Most hangs on t: stopped for 26 weeks")


def test_a_group_that_nothing_hangs_on_has_no_part(foundry):
    groups = ["n", "idle"]
    rows = {
        "whole": {"work_asked": [100.0, 100.0], "work_done": [90.0, 80.0]},
        "n": {"work_asked": [100.0, 100.0], "work_done": [50.0, 60.0]},
        "idle": {"work_asked": [100.0, 100.0], "work_done": [90.0, 80.0]},
        "both": {"work_asked": [100.0, 100.0], "work_done": [50.0, 60.0]},
    }
    arms = [
        arm("whole", n=0.0, idle=0.0),
        arm("n", n=1.0, idle=0.0),
        arm("idle", n=0.0, idle=1.0),
        arm("both", n=1.0, idle=1.0),
    ]
    says = {"groups": {g: [g] for g in groups}, "threshold": 0.9, "duration": 86400.0}
    sets = dependence.table(section("dependence", says, arms, rows))
    idle = sets.filter(pl.col("groups") == "idle").row(0, named=True)
    assert (idle["loss"], idle["attributed"], idle["exposure"]) == (0.0, 0.0, 0.0)
    assert not sets["is_minimal_cut"].any()


def test_what_a_pair_costs_beyond_its_parts_has_an_interval_over_pairs(foundry):
    # Lost alone 10 and 20 in both replications, together 40 and 60: 10 and 30 beyond.
    rows = {
        "whole": {"work_asked": [100.0, 100.0], "work_done": [90.0, 90.0]},
        "n": {"work_asked": [100.0, 100.0], "work_done": [80.0, 80.0]},
        "a": {"work_asked": [100.0, 100.0], "work_done": [70.0, 70.0]},
        "both": {"work_asked": [100.0, 100.0], "work_done": [50.0, 30.0]},
    }
    arms = [arm(name, n=float(name in ("n", "both")), a=float(name in ("a", "both")))
            for name in rows]  # fmt: skip
    says = {"groups": {"n": ["n"], "a": ["a"]}, "threshold": 0.9, "duration": 86400.0}
    sets = dependence.table(section("dependence", says, arms, rows))
    pair = sets.filter(pl.col("size") == 2).row(0, named=True)
    # Half width of Student's t with one degree of freedom: 12.706 * 14.142 / sqrt(2).
    assert pair["beyond_parts"] == pytest.approx(20.0)
    assert pair["beyond_parts_high"] - 20.0 == pytest.approx(127.06, rel=1e-4)
    assert 20.0 - pair["beyond_parts_low"] == pytest.approx(127.06, rel=1e-4)


def test_the_sets_read_first_are_the_groups_and_what_costs_most_beyond_them(foundry):
    sets = dependence.in_brief(dependence.table(foundry))
    assert sets["groups"].to_list()[:5] == ["n", "a", "c", "t", "n + a"]
    assert sets["beyond_parts"].drop_nulls().is_sorted(descending=True)


def credit_section(unserved: list[list[float]], capacity: float) -> Section:
    """One addition at demand 100: unserved without it, then with it at growth 0, 10 %, 20 %."""
    growth = [0.0, 0.1, 0.2]
    arms = [arm("without", addition="x")]
    arms += [arm(f"with {g}", addition="x", growth=g) for g in growth]
    rows = {}
    for k, one in enumerate(arms):
        there = 100.0 if k == 0 else 100.0 + capacity
        rows[one.label] = {
            "unserved": unserved[k],
            "capacity": [there, there],
            "work_asked": [100.0, 100.0],
        }
    return section("credit", {"additions": {"x": {}}}, arms, rows)


def test_a_firm_addition_is_worth_its_nameplate():
    # 4 short without it; with it 10 more can be asked before 4 are short again.
    found = credit.table(credit_section([[4.0, 4.0], [0.0, 0.0], [4.0, 4.0], [14.0, 14.0]], 10.0))
    assert found["share"][0] == pytest.approx(100.0)
    assert found["nameplate"][0] == pytest.approx(10.0)


def test_an_addition_that_never_works_is_worth_nothing():
    found = credit.table(credit_section([[4.0, 4.0], [4.0, 4.0], [14.0, 14.0], [24.0, 24.0]], 10.0))
    assert found["share"][0] == pytest.approx(0.0, abs=1e-9)


def test_what_is_not_known_says_why():
    never = [[4.0, 4.0]] * 4
    assert "no more capacity" in credit.table(credit_section(never, 0.0))["reason"][0]
    large = credit.table(credit_section(never, 50.0))
    assert "state a larger growth" in large["reason"][0]
    assert credit.finding(credit_section(never, 50.0), large).startswith("No addition's firm")
    no_risk = credit.table(credit_section([[0.0, 0.0]] * 4, 10.0))
    assert no_risk["share"][0] is None
    assert no_risk["reason"][0]


def test_the_worked_foundry_in_series_with_two_vendors_ranks_first_and_last():
    # T in series with (N parallel C), availabilities .99, .9, .8; risk as unavailability.
    up = {"t": 0.99, "n": 0.9, "c": 0.8}

    def risk(**states: float) -> float:
        a = up | states
        return 1 - a["t"] * (1 - (1 - a["n"]) * (1 - a["c"]))

    arms, rows = [arm("whole", state="as it is")], {"whole": {"unserved_share": [risk()] * 2}}
    for node in up:
        for state, value in (("perfect", 1.0), ("failed", 0.0)):
            label = f"{node} {state}"
            arms.append(arm(label, node=node, state=state, unavailability=1 - up[node]))
            rows[label] = {"unserved_share": [risk(**{node: value})] * 2}
    nodes = importance.table(section("importance", {}, arms, rows))
    assert nodes["node"].to_list() == ["t", "n", "c"]
    assert nodes["birnbaum"].to_list() == pytest.approx([0.98, 0.198, 0.099], abs=1e-9)
    assert nodes["fussell_vesely"].to_list() == pytest.approx([0.329, 0.664, 0.664], abs=5e-4)
    assert nodes["achievement_worth"].to_list() == pytest.approx([33.56, 6.98, 3.66], abs=5e-3)


def test_what_only_groups_together_cost_is_said_first():
    """Either maker makes up for the other; of both together a fifth is lost."""
    arms = [
        arm("whole", a=0.0, b=0.0), arm("a", a=1.0, b=0.0), arm("b", a=0.0, b=1.0),
        arm("a+b", a=1.0, b=1.0),
    ]  # fmt: skip
    rows = {
        name: {"work_asked": [100.0, 100.0], "work_done": done}
        for name, done in (
            ("whole", [100.0, 100.0]), ("a", [100.0, 100.0]), ("b", [100.0, 100.0]),
            ("a+b", [79.9, 80.1]),
        )
    }  # fmt: skip
    says = {"groups": {"a": ["a"], "b": ["b"]}, "threshold": 0.7, "duration": 119 * 86400.0}
    given = section("dependence", says, arms, rows)
    text = dependence.finding(given, dependence.table(given))
    assert text.startswith("No group alone costs distinguishable work when it stops for 17 weeks")
    # s / sqrt(2) = 0.1, and t of one degree of freedom 12.7.
    assert "a + b together cost 20.0 [18.7, 21.3] %" in text


def test_of_few_replications_no_dependence_is_no_finding():
    """A stop costs 1, -1 and 3 of 100: a mean of 1 and a deviation of 2, told from 18 on."""
    arms = [arm("whole", a=0.0, b=0.0), arm("a", a=1.0, b=0.0), arm("b", a=0.0, b=1.0),
            arm("a+b", a=1.0, b=1.0)]  # fmt: skip
    done = {"whole": 0.0, "a": 1.0, "b": 0.0, "a+b": 1.0}
    rows = {
        name: {
            "work_asked": [100.0] * 3,
            "work_done": [90.0 - much * x for x in (1.0, -1.0, 3.0)],
        }
        for name, much in done.items()
    }
    says = {"groups": {"a": ["a"], "b": ["b"]}, "threshold": 0.7, "duration": 119 * 86400.0}
    given = section("dependence", says, arms, rows)
    text = dependence.finding(given, dependence.table(given))
    assert "3 replications are too few to tell; about 18 may do" in text
    assert "no set loses 70 %" in text
