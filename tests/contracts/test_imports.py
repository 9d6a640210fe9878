"""What each command must do without: memory and start-up time are paid by import."""

import json
import subprocess
import sys

import pytest

# What each command imports, in the order in which it does.
LOOKS = "import controller.cli.commands.diff, controller.app.read_only"
STEPS = {
    "validate": "import controller.cli.commands.validate, controller.app.session",
    "diff": f"{LOOKS}, controller.clients.aws.errors, dns.resolver",
    "diff with a store": f"{LOOKS}, controller.bootstrap.store, dns.resolver",
    "run": "import controller.app.daemon, controller.clients.aws.errors, boto3",
}
EMULATION = {"mlflow", "moto", "werkzeug", "flask", "sklearn"}
SERVING = {"fastapi", "starlette", "uvicorn"}
FORBIDDEN = {
    "validate": EMULATION | SERVING | {"boto3", "botocore", "sqlalchemy", "httpx"},
    "diff": EMULATION | SERVING | {"alembic", "apscheduler", "boto3", "sqlalchemy"},
    "diff with a store": EMULATION | SERVING | {"alembic", "apscheduler", "boto3"},
    "run": EMULATION | SERVING | {"rich", "pygments", "click"},
}


def imported(steps: str) -> set[str]:
    """Return the top-level modules that a process holds after ``steps``."""
    program = f"{steps}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(ran.stdout)}


@pytest.mark.parametrize("command", FORBIDDEN)
def test_a_command_imports_only_what_it_needs(command):
    assert imported(STEPS[command]) & FORBIDDEN[command] == set()


def test_validate_imports_at_most_133_modules_of_ours():
    program = (
        "import sys\nfrom controller.cli import main\nmain(['validate'])\n"
        "print(sum(n.startswith('controller') for n in sys.modules), file=sys.stderr)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert int(ran.stderr.splitlines()[-1]) <= 133
