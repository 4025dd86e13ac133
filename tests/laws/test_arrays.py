import numpy as np
import pytest

from simulator.laws.arrays import (
    floats,
    require_not_negative,
    require_positive,
    require_probability,
)


def test_an_array_is_not_copied():
    x = np.ones(3)
    assert floats(x) is x


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (require_positive, [1e-300, np.inf], [0.0, -1.0, np.nan]),
        (require_not_negative, [0.0, np.inf], [-1e-300, np.nan]),
        (require_probability, [0.0, 1.0], [-1e-9, 1 + 1e-9, np.nan]),
    ],
)
def test_checks_name_the_value(check, good, bad):
    check(x=good)
    for value in bad:
        with pytest.raises(ValueError, match="x must be"):
            check(x=[*good, value])
