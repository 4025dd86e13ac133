"""What if GB200 racks come a quarter late? Run it: python scenarios/what_if_gpu_slip.py."""

from pathlib import Path

from analysis import figures, open_study, views
from simulator import load, run_study

SCENARIO = Path(__file__).parent / "inhouse_pilot.yaml"


def main(out: Path = Path("out/what_if_gpu_slip"), replications: int = 8) -> Path:
    """Run the plan of record, and the plan with GB200 a quarter late; draw the difference."""
    plan = load(SCENARIO, sets=["stops=null"])
    lead = plan.scenario.supply.lead_times["gb200-nvl72"].total
    late = {"median": f"{lead.median + 91 * 86400} s", "p90": f"{lead.p90 + 91 * 86400} s"}
    slipped = plan.change({"supply.lead_times.gb200-nvl72.total": late})
    run_study({"baseline": plan, "gb200_slips": slipped}, out, replications=replications)
    figure, ax = figures.canvas()
    figures.work_difference(views.work_differences(open_study(out)), ax)
    return figures.save(figure, out / "gpu_slip")[0]


if __name__ == "__main__":
    main()
