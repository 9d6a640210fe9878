"""Linux namespaces for single commands, where this machine allows them."""

import os
import shutil
import subprocess

import pytest

SKIP = "HOKUSAI_NO_NAMESPACES"


def require_namespaces(*flags: str) -> None:
    """Skip the test where ``unshare`` with ``flags`` is not wanted or not allowed."""
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("namespaces need root and util-linux")
    ran = subprocess.run(
        ("unshare", *flags, "true"), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        pytest.skip(f"this machine allows no namespaces: {ran.stderr.strip()}")
