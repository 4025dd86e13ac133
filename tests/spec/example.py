"""A small scenario in files, whole and valid, for tests to break in one place."""

from pathlib import Path

CHIPS = """\
catalog:
  chips:
    h100-sxm:
      label: H100
      kind: gpu
      vendor: nvidia
      foundry: {tsmc-4n: 1}
      packaging: {cowos: 1.0}
      memory_makers: {hynix: 0.75, micron: 0.25}
      peak_bf16: {value: 989 TFLOP/s, status: published, source: datasheet, date: 2023}
      memory: {value: 80 GB, status: published, source: datasheet, date: 2023}
      memory_bandwidth: {value: 3.35 TB/s, status: published, source: datasheet, date: 2023}
      scaleup_bandwidth: {value: 450 GB/s, status: published, source: datasheet, date: 2023}
      scaleup_domain: 8
      scaleout_bandwidth: {value: 50 GB/s, status: published, source: datasheet, date: 2023-03-21}
      tdp: {value: 700 W, status: published, source: datasheet, date: 2023-03}
      price: {value: 25 kUSD, low: 20 kUSD, high: 30 kUSD, status: assumed, source: ask, date: 2024}
    own-1:
      label: Own
      kind: custom
      vendor: partner
      foundry: {tsmc-4n: 1}
      packaging: {cowos: 1}
      memory_makers: {hynix: 1}
      peak_bf16: {value: 1 PFLOP/s, status: published, source: plan, date: 2025}
      memory: {value: 96 GB, status: published, source: plan, date: 2025}
      memory_bandwidth: {value: 4 TB/s, status: published, source: plan, date: 2025}
      scaleup_bandwidth: {value: 400 GB/s, status: published, source: plan, date: 2025}
      scaleup_domain: 16
      scaleout_bandwidth: {value: 50 GB/s, status: published, source: plan, date: 2025}
      tdp: {value: 600 W, status: published, source: plan, date: 2025}
      price: {value: 9 kUSD, status: published, source: plan, date: 2025}
  racks:
    h100-sxm: &rack
      chip: h100-sxm
      hosts: 2
      chips_per_host: 8
      cooling: air
      nameplate: {value: 21 kW, status: published, source: guide, date: 2024}
      busy_share: {value: 0.8, status: published, source: guide, date: 2024}
      idle_share: {value: 0.2, status: published, source: guide, date: 2024}
      price: {value: 600 kUSD, status: published, source: guide, date: 2024}
      host_faults_per_day: {value: 1e-2, status: published, source: paper, date: 2024}
    own-1:
      chip: own-1
      hosts: 4
      chips_per_host: 4
      cooling: air
      nameplate: {value: 18 kW, status: published, source: guide, date: 2024}
      busy_share: {value: 0.8, status: published, source: guide, date: 2024}
      idle_share: {value: 0.2, status: published, source: guide, date: 2024}
      price: {value: 300 kUSD, status: published, source: guide, date: 2024}
      host_faults_per_day: {value: 0.02, status: published, source: paper, date: 2024}
"""

BASE = """\
title: Small
include: [catalog/chips.yaml]
horizon: {start: 2025Q1, quarters: 4}
catalog:
  reference_chip: h100-sxm
  families:
    ranking:
      label: Ranking
      compute: {value: 0.5, status: published, source: paper, date: 2024}
      memory: {value: 0.3, status: published, source: paper, date: 2024}
      network: {value: 0.2, status: published, source: paper, date: 2024}
  software:
    ports:
      ranking:
        h100-sxm:
          ready: 2023Q1
          first: {value: 1, status: published, source: paper, date: 2024}
          mature: {value: 1, status: published, source: paper, date: 2024}
          settle: {value: 1 week, status: published, source: paper, date: 2024}
        own-1:
          ready: 2025Q3
          first: {value: 0.4, status: published, source: paper, date: 2024}
          mature: {value: 0.9, status: published, source: paper, date: 2024}
          settle: {value: 20 weeks, status: published, source: paper, date: 2024}
sites:
  north:
    label: North
    cooling: [air, liquid]
    pue: {value: 1.1, status: published, source: report, date: 2024}
    energy_price: {value: 60 USD/MWh, status: published, source: report, date: 2024}
    phases:
      - {quarter: 2024Q1, it_power: 10 MW, racks: 400}
services:
  feed:
    label: Feed
    side: social
    priority: 5
    demand: {value: 900 rce_day/day, status: published, source: own, date: 2025}
    growth_per_year: {value: 1.5, status: published, source: own, date: 2025}
    daily_swing: 0.2
    weekly_swing: 0.1
    families: {ranking: 1}
    sizes:
      - {chips: 8, share: 1, run_time: {median: 5 h, p90: 20 h}}
    patience: 12 weeks
supply:
  nodes:
    nvidia: {label: NVIDIA, kind: vendor, country: US, source: filings}
    partner: {label: Partner, kind: vendor, country: NO, source: filings}
    tsmc-4n: {label: TSMC, kind: foundry, country: TW, source: filings}
    cowos: {label: CoWoS, kind: packaging, country: TW, source: filings}
    hynix: {label: SK hynix, kind: memory, country: KR, source: filings}
    micron: {label: Micron, kind: memory, country: US, source: filings}
  lead_times:
    h100-sxm: &lead
      total: {median: 30 weeks, p90: 52 weeks}
      fab_share: 0.4
      package_share: 0.3
      source: filings
    own-1: *lead
  catch_up: {value: 0.2, status: published, source: own, date: 2025}
  in_service:
    - {chip: h100-sxm, site: north, racks: 60, source: own}
  plan:
    - {chip: h100-sxm, quarter: 2025Q1, racks: 10}
    - {chip: h100-sxm, quarter: 2025Q2, spend: 3 MUSD}
  programme:
    chip: own-1
    pilot_racks: 4
    pilot_quarter: 2025Q1
    development: {value: 400 MUSD, status: published, source: own, date: 2025}
    performance: {median: 1, p90: 1.2}
    energy: {median: 1, p90: 1.2}
    measurement_noise: {value: 0.05, status: published, source: own, date: 2025}
    pilot_run: 8 weeks
    gate: {quarter: 2025Q4, min_performance: 0.8, min_performance_per_watt: 0.9}
    reserve: {2025Q4: 10 MUSD}
    fallback: h100-sxm
    fallback_delay: 8 weeks
    ports_after_ramp: [ranking]
economics:
  budget: {2025Q1: 65 GUSD, 2025Q2: 0, 2025Q3: 0 USD, 2025Q4: 1 GUSD}
  training_share: {value: 0.3, status: published, source: own, date: 2025}
  rack_life: {value: 5 years, status: published, source: own, date: 2025}
  facility_cost: {value: 11 USD/W, status: published, source: own, date: 2025}
  facility_life: {value: 20 years, status: published, source: own, date: 2025}
policy:
  discipline: easy
  checkpoint_write: {value: 30 s, status: published, source: own, date: 2025}
  restart: {value: 5 min, status: published, source: own, date: 2025}
  host_repair: {value: 2 days, status: published, source: own, date: 2025}
"""

CASE = """\
base: ../pilot.yaml
title: Late
change:
  supply:
    plan+:
      - {chip: h100-sxm, quarter: 2025Q3, racks: 7}
    programme:
      gate: {min_performance: 0.7}
"""


def write(folder: Path, base: str = BASE, chips: str = CHIPS, **cases: str) -> Path:
    """Write the scenario and its cases (with ``_`` for ``-`` in their names); return its path."""
    path = folder / "pilot.yaml"
    put(path, base)
    put(folder / "catalog" / "chips.yaml", chips)
    for name, text in {"late": CASE, **cases}.items():
        put(folder / "pilot" / f"{name.replace('_', '-')}.yaml", text)
    return path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """Return the number, from 1, of the one line of *text* that holds *part*."""
    (line,) = [n for n, one in enumerate(text.splitlines(), 1) if part in one]
    return line
