"""The command line as a user types it: exit codes, and messages that say what to type next."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import scenarios
from scenarios.cli import app
from scenarios.studies import read_study

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


def siliconmix(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = TINY.read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("patience: 20 days", "patiense: 20 days", "patience"),
        ("patience: 20 days", "patience: 20 kW", "not a time"),
        ("patience: 20 days", "patience: 20", "no unit"),
        ("fallback: gpu", "fallback: gpi", "'gpu'"),
        ("racks: 10,", "racks: -10,", "at least 0"),
        ("    cooling: [air]", "    cooling: [air]\n    cooling: [air]", "cooling"),
        ("{fab-a: 1}", "{fab-aa: 1}", "fab-a"),
    ],
)
def test_a_fault_names_file_line_and_what_would_be_right(tmp_path, old, new, says):
    path = changed(tmp_path, old, new)
    result = siliconmix("check", path)
    assert result.exit_code == 2
    assert f"{path}:" in result.output
    assert says in result.output
    assert "Traceback" not in result.output


def test_all_faults_are_told_at_once(tmp_path):
    text = TINY.read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(
        text.replace("20 days", "20 kW").replace("repair: {value: 2 days", "repair: {value: 2 W")
    )
    result = siliconmix("check", path)
    assert result.exit_code == 2
    assert "services.feed.patience" in result.output
    assert "policy.host_repair.value" in result.output


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe\x00binary", b"- a list\n"])
def test_what_is_no_scenario_is_refused(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    result = siliconmix("run", path)
    assert result.exit_code == 2
    assert str(path) in result.output
    assert "Traceback" not in result.output


def test_a_missing_file_and_a_missing_case_are_named(tmp_path):
    assert siliconmix("run", tmp_path / "none.yaml").exit_code == 2
    result = siliconmix("show", TINY, "--case", "cancelt")
    assert result.exit_code == 2
    assert "cancelled" in result.output


def test_a_base_that_leads_in_a_circle_is_told(tmp_path):
    (tmp_path / "a.yaml").write_text("base: b.yaml\nchange: {}\n")
    (tmp_path / "b.yaml").write_text("base: a.yaml\nchange: {}\n")
    result = siliconmix("check", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert "b.yaml" in result.output


def test_results_that_cannot_be_written_are_told(tmp_path):
    blocked = tmp_path / "a_file"
    blocked.write_text("in the way")
    result = siliconmix("run", TINY, "--case", "same", "--out", blocked / "out", "--workers", 1)
    assert result.exit_code == 2
    assert "a_file" in result.output
    assert "Traceback" not in result.output


def test_report_of_a_folder_without_results_is_told(tmp_path):
    result = siliconmix("report", tmp_path)
    assert result.exit_code == 2
    assert "study.json" in result.output


def test_show_prints_a_scenario_that_loads_again(tmp_path):
    shown = siliconmix("show", TINY, "--case", "cancelled")
    assert shown.exit_code == 0
    again = tmp_path / "again.yaml"
    again.write_text(shown.output)
    assert siliconmix("check", again).exit_code == 0


def test_a_run_with_a_change_prints_a_table_and_reports(tmp_path):
    out = tmp_path / "out"
    words = (
        "--replications",
        2,
        "--workers",
        1,
        "--out",
        out,
        "--case",
        "same",
        "--case",
        "cancelled",
    )
    result = siliconmix("run", TINY, *words, "--set", "supply.catch_up.value=0.5")
    assert result.exit_code == 0, result.output
    assert "same" in result.output
    again = siliconmix("run", TINY, *words, "--set", "supply.catch_up.value=0.5")
    assert "0 are new" in again.output
    assert siliconmix("report", out).exit_code == 0
    page = (out / "report" / "index.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert len(list((out / "report" / "figures").glob("*.png"))) >= 8


def test_replay_writes_starts_and_tells_waits(tmp_path):
    log, cluster, out = tmp_path / "log.csv", tmp_path / "c.yaml", tmp_path / "starts.csv"
    # At time 0 both jobs of 2 run; the gang of 4 blocks the line until 10; 9 GPUs fit nowhere.
    log.write_text(
        "job_id,submit_s,duration_s,gpus,who\nb,0,10,2,x\na,0,5,2,y\nc,1,3,4,z\nd,2,1,1,x\ne,2,1,9,x\n"
    )
    cluster.write_text("pools: {all: {gpus: 4}}\n")
    words = ("replay", log, "--cluster", cluster, "--discipline", "fcfs", "--out", out)
    result = siliconmix(*words)
    assert result.exit_code == 0, result.output
    assert out.read_text().splitlines() == [
        "job_id,submit_s,duration_s,gpus,who,start_s,finish_s,pool",
        "a,0.0,5.0,2,y,0.0,5.0,all",
        "b,0.0,10.0,2,x,0.0,10.0,all",
        "c,1.0,3.0,4,z,10.0,13.0,all",
        "d,2.0,1.0,1,x,13.0,14.0,all",
        "e,2.0,1.0,9,x,,,",
    ]
    assert "fit no pool" in result.output


def test_replay_tells_all_faults_at_once(tmp_path):
    log, cluster = tmp_path / "log.csv", tmp_path / "c.yaml"
    log.write_text("job_id,submit_s,duration_s,gpu\n1,0,10,2\n")
    cluster.write_text("pools: {all: {gpus: 4, gpu_per_host: 8}}\n")
    words = ("--cluster", cluster, "--discipline", "fcfz", "--out", tmp_path / "o.csv")
    result = siliconmix("replay", log, *words)
    assert result.exit_code == 2
    for says in ("'gpus'", "gpus_per_host", "'fcfs'"):
        assert says in result.output
    assert "Traceback" not in result.output


STUDY = Path(__file__).parent.parent / "data" / "tiny_study.yaml"


@pytest.mark.parametrize("command", ["run", "show", "stress"])
def test_a_study_file_where_a_scenario_is_wanted_says_what_to_type(command):
    result = siliconmix(command, STUDY)
    assert result.exit_code == 2
    (said,) = result.output.splitlines()
    assert "this is a study file" in said
    assert said.endswith(f"type: siliconmix study {STUDY}")


@pytest.mark.parametrize("name", ["tiny.yaml", "tiny/cancelled.yaml"])
def test_a_scenario_or_case_where_a_study_is_wanted_says_what_to_type(name):
    path = TINY.parent / name
    result = siliconmix("study", path)
    assert result.exit_code == 2
    (said,) = result.output.splitlines()
    assert f"type: siliconmix run {path}" in said


def test_check_takes_a_study_too_and_tells_its_runs_and_its_faults(tmp_path):
    result = siliconmix("check", STUDY)
    assert result.exit_code == 0
    # One shock a quarter stopped or none, in two cases: 2 + 2 x 2 lengths x 2 foundries.
    assert "stress: good, 10 runs of 3 replications" in result.output
    assert result.output.endswith(f"type: siliconmix study {STUDY}\n")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(f"title: Wrong\nscenario: {TINY}\nreplications: 2\nstres: {{}}\n")
    result = siliconmix("check", wrong)
    assert result.exit_code == 2
    assert f"{wrong}:4: stres: unknown key; did you mean 'stress'?" in result.output


def test_check_tries_a_change_and_leaves_a_studys_changes_to_its_file():
    result = siliconmix("check", TINY, "--case", "baseline", "--set", "supply.catch_up.value=-1")
    assert result.exit_code == 2
    assert "--set: supply.catch_up.value: must be at least 0, found -1" in result.output
    assert siliconmix("check", TINY, "--set", "supply.shocks=[]").exit_code == 0
    result = siliconmix("check", STUDY, "--set", "supply.shocks=[]", "--case", "baseline")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.output.splitlines()] == ["--case", "--set"]


def test_a_file_for_a_folder_of_results_is_refused_before_anything_is_run(tmp_path):
    file = tmp_path / "results"
    file.write_text("not a folder")
    for words in (("study", STUDY, "--out", file), ("run", TINY, "--out", file), ("report", file)):
        result = siliconmix(*words)
        assert result.exit_code == 2
        assert "is a file" in result.output
    assert file.read_text() == "not a folder"


def test_report_of_studies_writes_their_pages(tmp_path):
    out, asked = tmp_path / "out", tmp_path / "asked.yaml"
    asked.write_text(
        f"title: Two cases\nscenario: {TINY}\nreplications: 2\n"
        "change: {policy: {fidelity: fluid}}\nportfolio: {cases: [baseline, cancelled]}\n"
    )
    assert siliconmix("study", asked, "--out", out, "--workers", 1).exit_code == 0
    page = out / "studies" / "asked" / "report" / "index.html"
    for folder in (out, out / "studies" / "asked"):
        page.unlink()
        result = siliconmix("report", folder)
        assert result.exit_code == 0, result.output
        assert result.output.replace("\n", "") == f"Report: {page}"
        assert page.is_file()


def test_the_runs_that_stops_add_are_said_before_any_is_made(tmp_path):
    blocked = tmp_path / "a_file"
    blocked.write_text("in the way")
    result = siliconmix("run", TINY, "--case", "same", "--replications", 2, "--out", blocked / "x")
    # Merchant and fab-a, in the baseline alone.
    assert "2 cases, and 2 runs that 'stops' adds (2 nodes, each stopped in baseline)" in (
        result.output
    )
    assert "4 runs of 2 replications; --set stops=null leaves the stops out." in result.output
    words = ("--set", "stops=null", "--out", blocked / "x")
    result = siliconmix("run", TINY, "--case", "same", *words)
    assert "2 cases: 2 runs of 8 replications." in result.output


def test_a_purchase_that_waits_is_warned_of_at_check_in_run_and_on_the_page(tmp_path):
    # Racks cost 1 MUSD, 3 MUSD a quarter go to racks, 2 of them to the plan's own and 1 to a pilot.
    case = tmp_path / "more.yaml"
    line = "{chip: gpu, quarter: 2025Q1, racks: 4}"
    more = f"supply: {{plan+: [{line}]}}"
    case.write_text(f"base: {TINY}\nchange: {{policy: {{fidelity: fluid}}, {more}}}\n")
    said = "supply.plan.2: waits for money until 2025Q3, and 1 purchase behind it with it"
    result = siliconmix("check", case)
    assert result.exit_code == 0
    assert f"warning: {case}:2: {said}" in result.output
    out = tmp_path / "out"
    result = siliconmix("run", case, "--out", out, "--replications", 2, "--workers", 1,
                        "--set", "stops=null", "--set", "policy.fidelity=fluid")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert f"warning: {case}:2: {said}" in result.output
    assert siliconmix("report", out).exit_code == 0
    assert f"more: {said}" in (out / "report" / "index.html").read_text()


def test_a_hedge_that_removes_purchases_is_warned_of(tmp_path):
    asked = tmp_path / "asked.yaml"
    asked.write_text(
        f"title: A hedge\nscenario: {TINY}\nreplications: 2\n"
        "hedges:\n  stop: {nodes: [fab-a], quarter: 2025Q2, duration: 8 weeks}\n  hedges:\n"
        "    fewer: {changes: {supply.plan: [{chip: gpu, quarter: 2025Q1, racks: 1}]}}\n"
    )
    result = siliconmix("check", asked)
    assert result.exit_code == 0, result.output
    # 2 MUSD and 3 MUSD planned before, 1 MUSD now.
    assert (
        f"warning: {asked}:7: hedges.hedges.fewer: 2 purchases of the plan before it, 5 MUSD, are "
        "not in this one (5 MUSD planned before, 1 MUSD now)"
    ) in result.output


def own_case(folder: Path, name: str = "slow.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f"base: {TINY}\ntitle: Mine\nchange:\n  services: {{feed: {{patience: 9 days}}}}\n"
    )
    return path


def test_a_case_of_ones_own_lies_where_one_likes(tmp_path):
    mine = own_case(tmp_path / "mine")
    for words in ((mine,), (TINY, "--case", mine)):
        result = siliconmix("check", *words)
        assert result.exit_code == 0, result.output
        assert result.output.splitlines() == ["baseline: good", "slow: good, 1 value differs"]
    shown = siliconmix("show", TINY, "--case", mine)
    assert "patience: 9 days" in shown.output


def test_a_case_of_ones_own_needs_a_name_of_its_own(tmp_path):
    result = siliconmix("check", TINY, "--case", own_case(tmp_path, "cancelled.yaml"))
    assert result.exit_code == 2
    assert "has a case 'cancelled' already; give the file another name" in result.output


def test_a_study_takes_a_case_file_that_lies_elsewhere(tmp_path):
    own_case(tmp_path / "mine")
    asked = tmp_path / "asked.yaml"
    asked.write_text(
        f"title: Mine too\nscenario: {TINY}\nreplications: 2\n"
        "cases: {slow: {case: mine/slow.yaml}}\nportfolio: {cases: [baseline, slow]}\n"
    )
    study = read_study(asked)
    assert study.given["slow"].scenario.services["feed"].patience == 9 * 86_400
    assert study.given["slow"].case == "slow"


def test_a_misspelt_chip_is_told_once_where_it_was_misspelt(tmp_path):
    pilot = Path(scenarios.__file__).parent / "inhouse_pilot.yaml"
    case = tmp_path / "typo.yaml"
    line = "{chip: mi335x, quarter: 2025Q3, spend: 100 MUSD}"
    case.write_text(f"base: {pilot}\nchange:\n  supply:\n    plan+: [{line}]\n")
    result = siliconmix("check", case)
    assert result.exit_code == 2
    (said,) = result.output.splitlines()
    assert said.startswith(f"{case}:4: supply.plan.")
    assert said.endswith("unknown chip 'mi335x'; did you mean 'mi355x'?")


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"sections": {}}'])
def test_report_of_a_broken_description_is_told(tmp_path, content):
    (tmp_path / "study.json").write_text(content)
    result = siliconmix("report", tmp_path)
    assert result.exit_code == 2
    assert str(tmp_path) in result.output
    assert "Traceback" not in result.output


def test_what_could_not_be_checked_yet_is_said(tmp_path):
    """A negative budget keeps dates from being compared; an unknown chip does not."""
    more = "Some checks wait for these to be mended: more may show then."
    late = changed(tmp_path, "quarter: 2025Q3, min_perf", "quarter: 2024Q3, min_perf")
    assert "2024Q3 is before" in (told := siliconmix("check", late)).output
    assert more not in told.output
    text = late.read_text(encoding="utf-8")
    late.write_text(text.replace("{2025Q1: 6 MUSD", "{2025Q1: -6 MUSD"), encoding="utf-8")
    told = siliconmix("check", late)
    assert "2024Q3 is before" not in told.output
    assert told.output.splitlines()[-1] == more
    assert told.exit_code == 2
