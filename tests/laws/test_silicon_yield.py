import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from simulator.laws.silicon_yield import (
    chips_from_wafers,
    murphy_yield,
    negative_binomial_yield,
    poisson_yield,
    seeds_yield,
)

AREA_CM2, DENSITY = 8.0, 0.1
areas = st.floats(0, 20)
densities = st.floats(0, 1)


def test_the_reference_die():
    assert poisson_yield(AREA_CM2, DENSITY) == pytest.approx(0.4493, abs=5e-5)
    assert murphy_yield(AREA_CM2, DENSITY) == pytest.approx(0.4738, abs=5e-5)
    assert negative_binomial_yield(AREA_CM2, DENSITY, 3) == pytest.approx(0.4921, abs=5e-5)
    assert seeds_yield(AREA_CM2, DENSITY) == pytest.approx(0.5556, abs=5e-5)


def test_murphy_averages_poisson_over_a_triangle_of_densities():
    def weighted(d):
        triangle = (DENSITY - abs(d - DENSITY)) / DENSITY**2
        return triangle * float(poisson_yield(AREA_CM2, d))

    average, _ = quad(weighted, 0, 2 * DENSITY, points=[DENSITY])
    assert murphy_yield(AREA_CM2, DENSITY) == pytest.approx(average, abs=1e-9)


def test_negative_binomial_averages_poisson_over_a_gamma():
    rng = np.random.default_rng(3)
    draws = poisson_yield(AREA_CM2, rng.gamma(3.0, DENSITY / 3.0, 200_000))
    z = (draws.mean() - negative_binomial_yield(AREA_CM2, DENSITY, 3)) / (
        draws.std(ddof=1) / np.sqrt(draws.size)
    )
    assert abs(z) < 4


@given(areas, densities)
def test_clustering_helps_and_the_limits_are_the_named_laws(area, density):
    poisson, seeds = poisson_yield(area, density), seeds_yield(area, density)
    assert poisson <= murphy_yield(area, density) + 1e-12
    assert poisson <= negative_binomial_yield(area, density, 3) + 1e-12 <= seeds + 2e-12
    assert negative_binomial_yield(area, density, 1) == pytest.approx(seeds)
    assert negative_binomial_yield(area, density, 1e9) == pytest.approx(poisson, rel=1e-6)


def test_no_defects_no_loss():
    for law in (poisson_yield, murphy_yield, seeds_yield):
        assert law(AREA_CM2, 0.0) == 1.0


def test_chips_of_the_worked_supply_chain():
    assert chips_from_wafers(30_000, 60, 0.6, 2) == pytest.approx(540_000, abs=1e-6)


def test_bounds_are_named():
    with pytest.raises(ValueError, match="clustering must be > 0"):
        negative_binomial_yield(1, 1, 0)
    with pytest.raises(ValueError, match="defects_per_cm2 must be >= 0"):
        poisson_yield(1, -0.1)
    with pytest.raises(ValueError, match="dies_per_chip must be > 0"):
        chips_from_wafers(1, 1, 1, 0)
