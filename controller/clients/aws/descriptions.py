"""Descriptions of AWS services, as botocore ships them, without documentation."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, create_loader

_PACKED = ((".json", bytes), (".json.gz", gzip.decompress))


@cache
def loader(search_path: str | None) -> Any:
    """Return the loader that all sessions of this process share.

    A session with a loader of its own parses megabytes for each service it asks.

    Args:
        search_path: The folders of AWS_DATA_PATH, if there are any.
    """
    found = create_loader(search_path)
    found.file_loader = _WithoutDocumentation()
    return found


class _WithoutDocumentation(JSONFileLoader):  # type: ignore[misc]
    """A file loader that drops documentation, a third of the memory of a description."""

    def load_file(self, file_path: str) -> Any:
        """Return the content of a file named without its ending; None without one."""
        for ending, unpacked in _PACKED:
            path = Path(file_path + ending)
            if path.is_file():
                content = unpacked(path.read_bytes())
                return json.loads(content, object_hook=_undocumented)
        return None


def _undocumented(found: dict[str, Any]) -> dict[str, Any]:
    # Emptied, not removed: botocore reads the key of some. A member may be called
    # documentation as well: that one is no text.
    if isinstance(found.get("documentation"), str):
        found["documentation"] = ""
    return found
