"""ListSecretVersionIds, with the times at which versions were made.

moto tells the time of the call, by which every secret is newer than every task.
"""

import json
from collections.abc import Callable
from typing import Any


def tell_when_versions_were_made() -> Callable[[], None]:
    """Have Secrets Manager say of each version when it was made.

    Returns:
        What undoes it.
    """
    from moto.secretsmanager.models import SecretsManagerBackend

    original = SecretsManagerBackend.list_secret_version_ids

    def listed(backend: Any, secret_id: str) -> str:
        told = json.loads(original(backend, secret_id))
        versions = backend.secrets[secret_id].versions
        for version in told["Versions"]:
            made = versions[version["VersionId"]].get("createdate")
            version["CreatedDate"] = made or version["CreatedDate"]
        return json.dumps(told)

    def undo() -> None:
        SecretsManagerBackend.list_secret_version_ids = original

    SecretsManagerBackend.list_secret_version_ids = listed
    return undo
