"""How long tests wait for what must happen."""

from typing import Final

#: In seconds; then the test has failed. Long, as a busy machine is no reason to fail.
TIMEOUT_SECONDS: Final = 60.0
