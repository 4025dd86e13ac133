"""What all tests share: how hypothesis draws.

The default suite draws the same examples every time, so that a change is judged and not the luck
of a run;
``make test-all`` draws afresh (``HYPOTHESIS_PROFILE=search``).
"""

import os

from hypothesis import HealthCheck, settings

# How fast a machine draws is no fault of a test.
slow = [HealthCheck.too_slow]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=slow)
settings.register_profile("search", deadline=None, print_blob=True, suppress_health_check=slow)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
