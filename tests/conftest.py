"""What all tests share: how hypothesis draws.

The default suite draws the same examples every time, so that a change is judged and not the luck
of a run;
``make test-all`` draws afresh (``HYPOTHESIS_PROFILE=search``).
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
