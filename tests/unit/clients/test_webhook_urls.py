"""Where a signed payload may go in the clear."""

import pytest

from controller.clients.webhook import refused


@pytest.mark.parametrize(
    "url",
    [
        "https://hokus.ai/hook",
        "http://127.0.0.1:9000/hook",
        "http://127.8.0.3/hook",
        "http://[::1]:9000/hook",
        "http://localhost:9000/hook",
        "http://receiver.hokusai-local.local/hook",
    ],
)
def test_https_goes_anywhere_and_http_stays_on_this_machine(url):
    assert refused(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://hokus.ai/hook",
        "http://10.0.0.1/hook",
        "http://localhost.example.com/hook",
        "http://127.0.0.1.example.com/hook",
        "ftp://127.0.0.1/hook",
        "hokus.ai/hook",
    ],
)
def test_nothing_else_is_sent_anywhere(url):
    assert refused(url).endswith("use https")
