"""Settings of the fast suite when it runs alone."""

import gc
from pathlib import Path


def pytest_configure(config):
    """Leave garbage to the end of the process, which comes before it matters."""
    if config.inipath == Path(__file__).with_name("pytest.ini"):
        gc.disable()
