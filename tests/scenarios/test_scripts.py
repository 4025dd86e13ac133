"""Every scenario script runs as it stands."""

from scenarios import what_if_gpu_slip


def test_the_gpu_slip_script_draws_its_plot(tmp_path):
    picture = what_if_gpu_slip.main(tmp_path / "out", replications=2)
    assert picture.read_bytes().startswith(b"\x89PNG")
