"""Author and origin of audit rows: the actor, and the commit of the document."""

import os
import subprocess
from pathlib import Path

from controller.bootstrap.holder import holder_id
from controller.core.audit.entry import AuditSource, Via
from controller.spec.document import Document

_GIT_SECONDS = 5


class DocumentSource:
    """Source of the audit rows of one controller.

    The commit is read once for each document that is loaded, not for each action.

    Args:
        actor: User of a command; empty for the passes of this process.
        commit: Commit to record instead of that of the folder; None to read it.
    """

    def __init__(self, actor: str = "", commit: str | None = None) -> None:
        self._actor = actor
        self._commit = commit
        self._read: tuple[Document, str] | None = None

    def of(self, document: Document) -> AuditSource:
        """Return the source of actions that come from ``document``."""
        via = Via.COMMAND if self._actor else Via.PASS
        actor = self._actor or holder_id()
        return AuditSource(actor, via.value, document.digest, self._of(document))

    def _of(self, document: Document) -> str:
        if self._commit is not None:
            return self._commit
        read = self._read
        if read is None or read[0] is not document:
            commit = commit_of(Path(document.files[0]).parent)
            read = self._read = (document, commit)
        return read[1]


def commit_of(folder: Path) -> str:
    """Return the git commit that ``folder`` is at; empty outside of a work tree.

    Runs no hook, filter or monitor of the repository: the command reads references
    only. A document that was changed since has the same commit and another digest.
    """
    # GIT_DIR and the like name the repository of a caller, such as a git hook.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        found = subprocess.run(  # noqa: S603 - constant words and a folder
            ("git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"),  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
            env=environ,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
