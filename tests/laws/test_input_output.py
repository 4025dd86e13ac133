import numpy as np
import pytest

from simulator.laws.input_output import inoperability, interdependency, leontief_output

A = [[0.15, 0.25], [0.20, 0.05]]


def test_the_textbook_economy():
    assert leontief_output(A, [350, 1700]) == pytest.approx([1000, 2000], abs=1e-9)
    assert leontief_output(A, [600, 1500]) == pytest.approx([1247.52, 1841.58], abs=5e-3)
    inverse = np.column_stack([leontief_output(A, e) for e in np.eye(2)])
    assert inverse == pytest.approx(np.array([[1.2541, 0.3300], [0.2640, 1.1221]]), abs=5e-5)


def test_the_worked_inoperability():
    dependence = interdependency(A, [1000, 2000])
    assert dependence == pytest.approx(np.array([[0.15, 0.5], [0.1, 0.05]]), abs=1e-12)
    q = inoperability(dependence, [0, 0.1])
    assert q == pytest.approx([0.06601, 0.11221], abs=5e-6)
    assert q @ [1000, 2000] == pytest.approx(290.4, abs=0.05)


def test_two_vendors_pass_through_what_their_foundry_loses():
    dependence = [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert inoperability(dependence, [0, 0, 0.3]) == pytest.approx([0.3] * 3, abs=1e-12)


def test_an_economy_that_eats_itself_is_refused():
    with pytest.raises(ValueError, match="spectral radius"):
        leontief_output([[1.0]], [1.0])
