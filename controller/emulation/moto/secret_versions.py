"""ListSecretVersionIds with the creation times of the versions.

moto returns the time of the call, so that every secret seems newer than every task.
"""

import json
from collections.abc import Callable
from typing import Any


def patch_version_dates() -> Callable[[], None]:
    """Make Secrets Manager return the creation time of each version.

    Returns:
        Function that removes the patch.
    """
    from moto.secretsmanager.models import SecretsManagerBackend

    original = SecretsManagerBackend.list_secret_version_ids

    def patched(backend: Any, secret_id: str) -> str:
        answer = json.loads(original(backend, secret_id))
        versions = backend.secrets[secret_id].versions
        for version in answer["Versions"]:
            created = versions[version["VersionId"]].get("createdate")
            version["CreatedDate"] = created or version["CreatedDate"]
        return json.dumps(answer)

    def undo() -> None:
        SecretsManagerBackend.list_secret_version_ids = original

    SecretsManagerBackend.list_secret_version_ids = patched
    return undo
