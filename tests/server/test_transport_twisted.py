"""Twisted's own tests of TCP pass over eager connections."""

from pathlib import Path

import pytest

from tests.server.run_twisted_tests import assert_tests_pass_eagerly

#: Those of the connections themselves, on every reactor that this machine has; then of what talks
#: over them: big and small pieces, halves, producers of both kinds, endpoints, web clients.
MODULES = [
    "twisted.internet.test.test_tcp",
    "twisted.test.test_tcp",
    "twisted.test.test_ftp",
    "twisted.test.test_amp",
    "twisted.web.test.test_cgi",
    "twisted.web.test.test_distrib",
    "twisted.web.test.test_xmlrpc",
    "twisted.mail.test.test_smtp",
    "twisted.spread.test.test_pb",
    "twisted.words.test.test_service",
]


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_twisteds_own_tests_pass_over_eager_connections(module: str, tmp_path: Path) -> None:
    assert_tests_pass_eagerly(module, tmp_path)
