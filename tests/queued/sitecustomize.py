"""With this folder on PYTHONPATH, every server that a test starts has its writes queued.

``make test-queued`` runs the whole suite so: nobody may notice which way the bytes leave.
"""

from chatd.server.service import WRITE_MODES

WRITE_MODES["eager"] = WRITE_MODES["queued"]
