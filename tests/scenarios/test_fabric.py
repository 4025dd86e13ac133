"""``siliconmix fabric`` on the catalogue, on users' own graphs, and the case of shared links."""

import json
from pathlib import Path

import networkx as nx
import polars as pl
import pytest
from matplotlib.colors import to_hex

from analysis.figures import style
from analysis.figures.fabric import fabric_tiers, oversubscription, tier_table
from scenarios.fabric import built, examine, fabric, read_fabrics
from scenarios.shared_fabric import GPU_USD, case, choices
from simulator.laws.fabric import Tier
from simulator.laws.interconnect import faults, graph
from simulator.laws.topologies import clos
from simulator.spec.fabric import load_fabrics
from simulator.spec.faults import SpecError

CATALOG = Path(__file__).parents[2] / "scenarios" / "catalog" / "fabrics.yaml"
#: Published chips of each fabric.
CHIPS = {
    "nvlink-host-8": 8,
    "nvl72": 72,
    "mtia-domain-16": 16,
    "roce-24k": 24_576,
    "rail-h100": 1_024,
    "mtia-l1": 4_096,
    "tpu-v4-pod": 4_096,
    "dragonfly-1k": 1_056,
    "three-sites": 12_288,
}


def test_the_catalogue_holds_sound_fabrics_of_the_published_sizes():
    fabrics = load_fabrics(CATALOG)
    assert fabrics.names() == list(CHIPS)
    for name, chips in CHIPS.items():
        _, wired = built(fabrics, name)
        assert wired.chips.sum() == chips
        assert faults(wired) == []


def told(capsys, file):
    fabric(file, json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_24k_cluster_is_bound_at_a_seventh_above_the_pods(capsys):
    (row,) = told(capsys, Path(f"{CATALOG}:roce-24k"))
    assert row["bisection_share"] == pytest.approx(1 / 7)
    tiers = {tier["tier"]: tier for tier in row["tiers"]}
    assert tiers["pod"]["utilisation"] == pytest.approx(1)
    assert tiers["rack"]["utilisation"] == pytest.approx(1 / 7)
    # One of a pod's 64 trunks: 1 of the 4 of a plane is lost, and all senders of the pod, and to
    # it, wait for the plane's other three: a quarter less for a quarter of all.
    assert tiers["pod"]["lost_share"] == pytest.approx(1 / 16)
    # 3,072 links, each down four hours in 17 years.
    assert tiers["nic"]["down_links"] == pytest.approx(3072 * 4 / (17 * 365.25 * 24), rel=1e-3)


def test_a_users_graph_gets_tables_a_drawing_and_the_data_behind_it(tmp_path, capsys):
    own = tmp_path / "mine.graphml"
    nx.write_graphml(graph(clos(1, 4, 2, 8, 50e9, planes=2, rack_oversubscription=2)), own)
    fabric(own, out=tmp_path / "out")
    text = capsys.readouterr().out
    assert "64 chips on 8 endpoints" in text
    assert "Single points of failure" in text
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "mine.csv",
        "mine.png",
        "mine.svg",
    ]
    table = pl.read_csv(tmp_path / "out" / "mine.csv")
    assert dict(table.select("tier", "utilisation").iter_rows()) == pytest.approx(
        {"nic": 0.5, "rack": 1.0}
    )


def test_latency_between_three_sites_by_hand(capsys):
    """Nothing but the wide-area links of 10, 10 and 20 ms takes time; each pair has its own."""
    (row,) = told(capsys, Path(f"{CATALOG}:three-sites"))
    assert row["most_latency_s"] == pytest.approx(0.020)
    # Of a host's pairs in three equal sites two thirds lie across, but for itself; a pair of sites
    # takes 40/3 ms on average. Of 512 hosts sampled a site may have one more than a third.
    hosts = row["endpoints"]
    expected = pytest.approx(0.040 / 3 * (hosts * 2 / 3) / (hosts - 1), rel=1 / 512)
    assert row["latency_s"] == expected
    fabric(Path(f"{CATALOG}:three-sites"))
    text = " ".join(capsys.readouterr().out.split())
    assert f"{1e6 * row['latency_s']:,.1f} us one way, at most 20,000.0 us" in text
    fabric(Path(f"{CATALOG}:roce-24k"))
    assert "no latency given" in " ".join(capsys.readouterr().out.split())


def test_a_slower_link_of_a_users_graph_is_told(tmp_path, capsys):
    """Four hosts on a switch: a link that takes 1 s is on half of all pairs' ways."""
    star = clos(1, 1, 4, 8, 50e9, planes=1, tiers={"nic": Tier(latency_s=1e-6)})
    own = graph(star)
    a, b = sorted(own.edges, key=lambda ends: "host" not in "".join(ends))[0]
    own.edges[a, b]["latency_s"] = 1.0
    nx.write_graphml(own, tmp_path / "mine.graphml")
    (row,) = told(capsys, tmp_path / "mine.graphml")
    assert row["most_latency_s"] == pytest.approx(1 + 1e-6)
    assert row["latency_s"] == pytest.approx((1 + 3e-6) / 2)


def test_the_drawing_shows_capacity_and_load_to_scale():
    table = tier_table(examine(clos(1, 4, 2, 8, 50e9, planes=2, rack_oversubscription=2)))
    _, ax = style.canvas()
    assert fabric_tiers(table, ax) is ax
    widths = [bar.get_width() for bar in ax.patches]
    # 64 chips of 50 GB/s below, half of it above; half of the cards' bandwidth and all above used.
    assert widths == pytest.approx([3.2, 1.6, 1.6, 1.6])
    assert to_hex(ax.patches[2].get_facecolor()) == style.colour(0).lower()
    assert "rack tier binds" in ax.get_title(loc="left")


CLOS = (
    "source: mine, label: mine, pods: 1, racks: 2, hosts: 1, chips: 8, planes: 1, "
    "nic_bandwidth: {value: 50 GB/s, status: measured, source: mine, date: '2025'}"
)
BAD = {
    "unknown key": (
        f"clos: {{a: {{{CLOS}, plane: 3}}}}",
        ["2: fabrics.clos.a.plane: unknown key", "did you mean 'planes'"],
    ),
    "wrong unit": (
        f"clos: {{a: {{{CLOS.replace('50 GB/s', '50 GB')}}}}}",
        ["fabrics.clos.a.nic_bandwidth.value", "'50 GB' is not a bandwidth"],
    ),
    "negative count": (
        f"clos: {{a: {{{CLOS.replace('racks: 2', 'racks: -2')}}}}}",
        ["fabrics.clos.a.racks: must be at least 1, found -2"],
    ),
    "no spine": (
        f"clos: {{a: {{{CLOS.replace('pods: 1', 'pods: 2')}}}}}",
        ["fabrics.a: spines must be > 0 with several pods"],
    ),
    "unknown fabric of a site": (
        f"{{clos: {{alpha: {{{CLOS}}}}}, backbones: {{b: {{label: b, source: mine, "
        "sites: {x: alpa, y: alpha}, site_bandwidth: "
        "{value: 1 TB/s, status: measured, source: mine, date: '2025'}, links: [{ends: [x, z], "
        "bandwidth: {value: 1 TB/s, status: measured, source: mine, date: '2025'}}]}}}",
        ["'alpa' is no fabric; did you mean 'alpha'", "'z' is no site"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_line_key_value_and_the_nearest_name(tmp_path, name):
    text, messages = BAD[name]
    file = tmp_path / "mine.yaml"
    file.write_text(f"fabrics:\n  {text}\n")
    with pytest.raises(SpecError) as caught:
        fabric(file)
    for message in messages:
        assert message in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_the_network_of_a_scenario_is_told_from_fabrics():
    network = CATALOG.with_name("network.yaml")
    with pytest.raises(SpecError, match=r"is a scenario's.*--set network.fidelity=contended"):
        fabric(network)


def test_names_the_nearest_fabric():
    with pytest.raises(SpecError, match=r"has no fabric 'roce-24'.*did you mean 'roce-24k'"):
        read_fabrics(Path(f"{CATALOG}:roce-24"))


def test_a_graph_that_is_none_is_refused_like_any_file(tmp_path):
    with pytest.raises(SpecError, match="No such file"):
        fabric(tmp_path / "none.json")


def test_two_big_jobs_and_a_recommendation_job_by_hand():
    """Pod 2 is where B and R meet: 1,024 and 512 GPUs, of which 3072/4088 and 512/1016 send out.

    A's shards there are 1,024 lanes at (2/3)/128 over 191/192 + (2/3)/128 of the line rate.
    """
    small = (2 / 3) / 128
    reduction = 1024 * 50 * small / (191 / 192 + small)
    for ratio in (1.0, 3.5, 7.0):
        rows = case(ratio)
        up = 3072 * 50e9 / ratio
        fair = (up - 1e9 * reduction) / (1024 * 3072 / 4088 + 512 * 512 / 1016)
        expected = [50e9, min(50e9, fair), min(50e9, fair)]
        assert [row["shared_b_per_s"] for row in rows] == pytest.approx(expected)
    _, ax = style.canvas()
    assert oversubscription(tier_table(rows), ax) is ax
    _, experts, recommendation = rows
    assert recommendation["slowdown"] == pytest.approx(1 + 0.35 * (50e9 / fair - 1))
    assert experts["alone_b_per_s"] == pytest.approx(up / (1536 * 2560 / 4088))


def test_what_wider_trunks_and_a_pod_of_ones_own_give_back_by_hand():
    """Without R, B is short of pods 0 and 1, where it meets A's shards; R in a pod crosses none.

    A's shards are 1,024 lanes in each of its pods, at a rate as in pod 2.
    """
    wide, full, own = choices()
    small = (2 / 3) / 128
    reduction = 1e9 * 1024 * 50 * small / (191 / 192 + small)
    up = 3072 * 50e9 / 7
    fair = (up - reduction) / (1536 * 2560 / 4088)
    alone = 1 + 0.25 * (50e9 / fair - 1)
    _, experts, recommendation = case(7.0)
    assert own["trunks_usd"] == 0
    assert own["freed"] == pytest.approx(4096 * (1 / alone - 1 / experts["slowdown"]))
    assert own["gained"] == pytest.approx(1024 * (1 - 1 / recommendation["slowdown"]))
    # At 1:1 nobody is slowed; trunks of 8 pods x 3,072 cards, a port of 2 kUSD at both ends.
    assert full["freed"] == pytest.approx(4096 * (1 - 1 / experts["slowdown"]))
    assert full["gained"] == own["gained"]
    assert full["trunks_usd"] == pytest.approx(8 * 3072 * (1 - 1 / 7) * 2 * 2000)
    assert wide["trunks_usd"] == pytest.approx(8 * 3072 / 7 * 2 * 2000)
    assert wide["worth_usd"] == pytest.approx(GPU_USD * (wide["freed"] + wide["gained"]))
