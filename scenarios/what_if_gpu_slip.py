"""What if every GB200 rack comes a quarter late? Run it: python scenarios/what_if_gpu_slip.py."""

from pathlib import Path

from analysis import figures, open_study
from simulator import load, run_study

HERE = Path(__file__).parent
OUT = Path("out/what_if_gpu_slip")


def main(replications: int = 8, out: Path = OUT) -> Path:
    """Run the plan of record against one in which GB200 slips, and draw the difference."""
    plan = load(HERE / "inhouse_pilot.yaml", sets=["stops=null"])
    slipped = plan.change(
        {
            "title": "GB200 racks land a quarter late",
            "supply.lead_times.gb200-nvl72.total": {"median": "53 weeks", "p90": "65 weeks"},
        }
    )
    run_study({"baseline": plan, "gb200_slips": slipped}, out, replications=replications)
    study = open_study(out)
    return figures.save(figures.difference_by_case, study, out / "gpu_slip.png")


if __name__ == "__main__":
    print(main())
