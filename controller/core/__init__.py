"""The functional core: values in, values out.

Nothing here reads a clock, a file, an environment variable or a network. The
import contracts in ``pyproject.toml`` hold it to that.
"""
