"""Each broken reference, made by one change to a scenario that is whole."""

import zlib

import pytest

from simulator.spec.loader import SpecError, load
from simulator.spec.references import faults
from tests.spec.example import BASE, CHIPS, line_of, write

PLAN = "supply.plan+=[{chip: %s, quarter: 2025Q2, racks: 1}]"
STOPS = "stops={nodes: [%s], quarter: %s, quarters: 2, cases: [%s]}"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("scenario"))


def test_a_whole_scenario_has_no_faults(path):
    stops = STOPS % ("hynix", "2025Q2", "baseline, late")
    assert faults(load(path, sets=[stops]).scenario, ["baseline", "late"]) == []


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ("catalog.reference_chip=h100", "catalog.reference_chip", "did you mean 'h100-sxm'?"),
        (PLAN % "own-2", "supply.plan.2.chip", "unknown chip 'own-2'; did you mean 'own-1'?"),
        ("supply.in_service.0.chip=b200", "supply.in_service.0.chip", "known are h100-sxm, own-1"),
        ("supply.in_service.0.site=nort", "supply.in_service.0.site", "did you mean 'north'?"),
        ("supply.programme.fallback=h10", "supply.programme.fallback", "unknown chip 'h10'"),
        ("supply.programme.fallback=own-1", "supply.programme.fallback", "kind custom, not gpu"),
        ("supply.programme.chip=h100-sxm", "supply.programme.chip", "of kind gpu, not custom"),
        (
            "supply.programme.ports_after_ramp=[rank]",
            "supply.programme.ports_after_ramp.0",
            "unknown workload family 'rank'; did you mean 'ranking'?",
        ),
        (
            "catalog.software.ports={ranking: {own-1: null}}",
            "catalog.software.ports.ranking.own-1",
            "must be a mapping with keys ready, first, mature, settle, found nothing",
        ),
        ("catalog.racks.own-1.chip=h100-sxm", "catalog.racks.own-1.chip", "in the rack of 'own-1'"),
        (
            "catalog.chips.own-1.vendor=tsmc-4n",
            "catalog.chips.own-1.vendor",
            "'tsmc-4n' is of kind foundry, not vendor",
        ),
        (
            "catalog.chips.own-1.foundry={tsmc-4n: 0.5, cowos: 0.5}",
            "catalog.chips.own-1.foundry.cowos",
            "'cowos' is of kind packaging, not foundry",
        ),
        (
            "catalog.chips.own-1.memory_makers={hynix: 0.5, samsung: 0.5}",
            "catalog.chips.own-1.memory_makers.samsung",
            "unknown node 'samsung'",
        ),
        (
            "supply.shocks=[{node: hynx, quarter: 2025Q2, duration: 4 weeks, severity: 1}]",
            "supply.shocks.0.node",
            "unknown node 'hynx'; did you mean 'hynix'?",
        ),
        (
            "supply.shocks=[{node: hynix, quarter: 2024Q2, duration: 4 weeks, severity: 1}]",
            "supply.shocks.0.quarter",
            "2024Q2 is before the start of the run, 2025Q1",
        ),
        (STOPS % ("hynx", "2025Q2", ""), "stops.nodes.0", "did you mean 'hynix'?"),
        (
            STOPS % ("hynix", "2026Q1", ""),
            "stops.quarter",
            "after the last quarter of the run, 2025Q4",
        ),
        (STOPS % ("hynix", "2024Q4", ""), "stops.quarter", "before the start"),
        (STOPS % ("hynix", "2025Q2", "lat"), "stops.cases.0", "did you mean 'late'?"),
        ("economics.budget.2024Q4=1 USD", "economics.budget.2024Q4", "before the start"),
        ("horizon.quarters=6", "economics.budget", "2 quarter(s) of the run without an entry, 202"),
        ("supply.programme.pilot_quarter=2024Q4", "supply.programme.pilot_quarter", "before the"),
        (
            "supply.programme={pilot_quarter: 2025Q3, gate: {quarter: 2025Q2}}",
            "supply.programme.gate.quarter",
            "2025Q2 is before the pilot is ordered, pilot_quarter 2025Q3",
        ),
        ("sites.north.cooling=[liquid]", "supply.in_service.0.site", "'north' offers no air cool"),
        ("sites.north.cooling=[liquid]", "supply.plan.0.chip", "no site offers the air cooling"),
        # 400 rack positions and 10 MW: 476 racks of 21 kW.
        ("supply.in_service.0.racks=401", "supply.in_service.0.racks", "lacks room for 1 racks"),
        (
            "sites.north.phases=[{quarter: 2025Q1, it_power: 1.2 MW, racks: 400}]",
            "supply.in_service.0.racks",
            "lacks room for 0.06 MW",  # 60 racks of 21 kW need 1.26 MW
        ),
        (
            "sites.north.phases.0.quarter=2025Q2",
            "supply.in_service.0.racks",
            "lacks room for 60 racks of them in the phases energised by 2025Q1",
        ),
    ],
)
def test_a_broken_reference(path, change, key, message):
    with pytest.raises(SpecError) as caught:
        load(path, sets=[change])
    found = {f.key: f.message for f in caught.value.faults}
    assert message in found[key]


def test_a_chip_that_is_bought_needs_a_rack_and_a_lead_time(tmp_path):
    cut = CHIPS[: CHIPS.index("    own-1:\n      chip:")]
    base = BASE.replace("    own-1: *lead\n", "")
    with pytest.raises(SpecError) as caught:
        load(write(tmp_path, base, cut))
    (one,) = caught.value.faults
    assert one.line == line_of(base, "    chip: own-1")
    assert "no rack is described for chip 'own-1'" in one.message
    with pytest.raises(SpecError, match=r"programme\.chip: no lead time is given for chip 'own-1'"):
        load(write(tmp_path, base))


def test_a_family_that_runs_on_nothing(tmp_path):
    begin, end = BASE.index("  software:"), BASE.index("sites:")
    base = BASE[:begin] + "  software: {ports: {}}\n" + BASE[end:]
    with pytest.raises(SpecError) as caught:
        load(write(tmp_path, base))
    found = {f.key: f.message for f in caught.value.faults}
    assert "has a port of 'ranking'" in found["services.feed.families.ranking"]
    assert "no port of 'ranking' to 'own-1'" in found["supply.programme.ports_after_ramp.0"]


def test_two_ids_that_would_share_their_luck(tmp_path):
    # A pair of words known for their common CRC-32, 4ddb0c25.
    assert zlib.crc32(b"plumless") == zlib.crc32(b"buckeroo")
    base = BASE.replace("  feed:", "  plumless: &feed").replace(
        "supply:\n  nodes", "  buckeroo: *feed\nsupply:\n  nodes"
    )
    with pytest.raises(SpecError, match="share its random numbers with 'plumless'") as caught:
        load(write(tmp_path, base))
    assert [f.key for f in caught.value.faults] == ["services.buckeroo"]


def test_names_are_checked_also_while_other_parts_are_wrong(path):
    with pytest.raises(SpecError) as caught:
        load(path, sets=[PLAN % "h200", "economics.budget=3", "sites=[]"])
    keys = {f.key for f in caught.value.faults}
    assert {"supply.plan.2.chip", "economics.budget", "sites"} <= keys
