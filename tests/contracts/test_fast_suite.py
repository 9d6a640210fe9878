"""The fast suite is pure: it imports nothing that takes long or reaches outside."""

import json
import subprocess
import sys
from pathlib import Path

FAST = Path(__file__).parents[1] / "fast"
HEAVY = {
    *("aiohttp", "alembic", "anyio", "apscheduler", "asyncio", "boto3", "botocore"),
    *("dns", "fastapi", "flask", "httpx", "hypothesis", "jsonschema", "mlflow"),
    *("moto", "prometheus_client", "psycopg", "rich", "sqlalchemy", "starlette"),
    *("uvicorn", "werkzeug", "xdist", "pytest_cov"),
}
PROGRAM = """\
import json, sys, pytest
code = pytest.main([sys.argv[1], "-q", "-p", "no:cacheprovider"])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


def test_it_passes_and_imports_nothing_heavy():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, FAST],
        capture_output=True,
        text=True,
        check=True,
    )

    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["code"] == 0, ran.stdout
    assert HEAVY & {name.partition(".")[0] for name in told["modules"]} == set()
