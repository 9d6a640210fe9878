"""URLs to which a signed payload may be sent."""

import pytest

from controller.clients.webhook import refusal_reason


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
def test_https_is_allowed_everywhere_and_http_to_private_names(url):
    assert refusal_reason(url) == ""


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
def test_every_other_url_is_refused(url):
    assert refusal_reason(url).endswith("use https")
