"""`hokusai serve` with keys and public models of its document."""

import urllib.error
import urllib.request

import pytest

from controller.clients.clock import SystemClock
from controller.store.database import Database
from tests.builders.api_server import KEY, serving
from tests.builders.documents import HEADER

DASHBOARD = "a-key-that-a-user-made-of-32-characters"
ACCESS = """\
access:
  keys:
    dashboard: {secret: {env: DASHBOARD_KEY}, scopes: [status:read]}
  public: [models]
  limits: {control: 1/d burst 3}
"""


def status(url, path, key=None):
    request = urllib.request.Request(url + path)
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def variables(tmp_path):
    url = f"sqlite:///{tmp_path / 'c.db'}"
    Database(url, SystemClock()).upgrade()
    (tmp_path / "hokusai.yaml").write_text(HEADER + ACCESS)
    return {"HOKUSAI_STORE_URL": url, "DASHBOARD_KEY": DASHBOARD}


def test_a_declared_key_and_public_models_and_limits_are_served(tmp_path, variables):
    with serving(tmp_path, **variables) as url:
        permitted = status(url, "/api/v1/status", DASHBOARD)
        forbidden = status(url, "/api/v1/audit", DASHBOARD)
        refused = status(url, "/api/v1/status", DASHBOARD[:-1])
        # MLflow does not run here, but no key is asked for.
        public = status(url, "/api/v1/models")
        others = [status(url, "/api/v1/status", key) for key in (DASHBOARD, DASHBOARD)]
        administrator = status(url, "/api/v1/audit", KEY)

    assert (permitted, forbidden, refused, public) == (200, 403, 401, 503)
    assert others == [200, 429]
    assert administrator == 200
    assert DASHBOARD not in (tmp_path / "serve.log").read_text()
