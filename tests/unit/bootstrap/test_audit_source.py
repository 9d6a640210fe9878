"""Actor and commit of audit rows."""

import subprocess
from types import SimpleNamespace

import pytest

from controller.bootstrap.audit_source import DocumentSource, commit_of
from controller.bootstrap.holder import holder_id


def git(folder, *words):
    identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    ran = subprocess.run(
        ("git", "-C", str(folder), *identity, *words),
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "hokusai.yaml").write_text("platform: {}\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "--no-verify", "-m", "first")
    return tmp_path


def document(folder, digest="v1:d"):
    return SimpleNamespace(files=(str(folder / "hokusai.yaml"),), digest=digest)


def test_the_commit_is_that_of_the_folder_of_the_document(repository):
    below = repository / "environments"
    below.mkdir()

    assert commit_of(below) == git(repository, "rev-parse", "HEAD")


def test_outside_of_a_work_tree_there_is_no_commit(tmp_path):
    assert commit_of(tmp_path) == ""
    assert commit_of(tmp_path / "missing") == ""


def test_a_repository_without_a_commit_has_none(tmp_path):
    git(tmp_path, "init", "-q")

    assert commit_of(tmp_path) == ""


def test_the_repository_of_a_git_hook_is_not_taken(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "")

    assert commit_of(elsewhere) == commit_of(repository)
    assert commit_of(repository.parent) == ""


def test_no_program_of_the_repository_is_run(repository):
    (repository / "program").write_text("#!/bin/sh\ntouch ran\n")
    (repository / "program").chmod(0o755)
    program = str(repository / "program")
    git(repository, "config", "core.fsmonitor", program)
    git(repository, "config", "core.hooksPath", str(repository))

    assert commit_of(repository)
    assert not (repository / "ran").exists()


def test_a_pass_has_the_id_of_its_process_and_a_command_its_user(repository):
    found = DocumentSource().of(document(repository))
    asked = DocumentSource("ada@laptop").of(document(repository))

    assert (found.actor, found.via) == (holder_id(), "pass")
    assert (asked.actor, asked.via) == ("ada@laptop", "command")
    assert found.document_digest == "v1:d"
    assert found.source_commit == git(repository, "rev-parse", "HEAD")


def test_the_commit_is_read_again_for_a_document_that_is_loaded_again(repository):
    source, first = DocumentSource(), document(repository)
    before = source.of(first).source_commit
    git(repository, "commit", "-q", "--no-verify", "--allow-empty", "-m", "second")

    assert source.of(first).source_commit == before
    assert source.of(document(repository)).source_commit != before


def test_a_configured_commit_takes_precedence(repository):
    source = DocumentSource(commit="4f2a9c1")

    assert source.of(document(repository)).source_commit == "4f2a9c1"
