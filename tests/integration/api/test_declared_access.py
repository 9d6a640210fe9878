"""`hokusai serve` with keys and public models of its document."""

import json
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from joserfc import jwk, jwt

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


@contextmanager
def issuer(key):
    """Yield the URL of the keys of an issuer of tokens."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks"
    finally:
        server.shutdown()
        server.server_close()


def token(key, **changes):
    now = int(SystemClock().now().timestamp())
    claims = {
        "iss": "https://auth.test",
        "aud": "api.test",
        "sub": "service:website",
        "scope": "state",
        "iat": now,
        "exp": now + 600,
    }
    header = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}
    return jwt.encode(header, claims | changes, key)


def test_tokens_of_another_service_are_accepted_and_its_outage_is_no_refusal(
    tmp_path, variables
):
    key = jwk.ECKey.generate_key("P-256", {"kid": "k1"})
    header = HEADER.replace("development", "local")
    with issuer(key) as url:
        (tmp_path / "hokusai.yaml").write_text(
            f"{header}access:\n  tokens: {{issuer: 'https://auth.test', audience: "
            f"api.test, jwks: '{url}', scopes: {{state: [status:read]}}}}\n"
        )
        with serving(tmp_path, **variables) as api:
            accepted = status(api, "/api/v1/status", token(key))
            forbidden = status(api, "/api/v1/audit", token(key))
            refused = status(api, "/api/v1/status", token(key, aud="other"))
    with serving(tmp_path, **variables) as api:
        away = status(api, "/api/v1/status", token(key))

    assert (accepted, forbidden, refused, away) == (200, 403, 401, 503)
