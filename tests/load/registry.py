"""A database of MLflow with thousands of model versions, written at once."""

import sqlite3
from pathlib import Path
from shutil import copyfile

from controller.emulation.mlflow import migrated_database

MODELS, VERSIONS = 1_000, 3


def write(directory: Path) -> None:
    """Write 1,000 models of 3 versions, each with two tags, and two aliases a model."""
    directory.mkdir(parents=True)
    copyfile(migrated_database(), directory / "mlflow.db")
    names = [f"a-registered-model-{number}" for number in range(MODELS)]
    versions = [(name, number) for name in names for number in range(1, VERSIONS + 1)]
    with sqlite3.connect(directory / "mlflow.db") as database:
        database.executemany(
            "INSERT INTO registered_models (name, creation_time, last_updated_time,"
            " description) VALUES (?, 1, ?, 'A model of the benchmark.')",
            [(name, at) for at, name in enumerate(names, 1)],
        )
        database.executemany(
            "INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, 'v')",
            [(name, key) for name in names for key in ("team", "stage")],
        )
        database.executemany(
            "INSERT INTO model_versions (name, version, creation_time,"
            " last_updated_time, current_stage, source, run_id, status)"
            " VALUES (?, ?, ?, ?, 'None', 's3://bucket/model', '', 'READY')",
            [(*version, at, at) for at, version in enumerate(versions, 1)],
        )
        database.executemany(
            "INSERT INTO model_version_tags (name, version, key, value)"
            " VALUES (?, ?, ?, 'v')",
            [(*version, key) for version in versions for key in ("team", "stage")],
        )
        database.executemany(
            "INSERT INTO registered_model_aliases (name, alias, version)"
            " VALUES (?, ?, ?)",
            [
                (name, alias, number)
                for name in names
                for alias, number in (("production", 1), ("candidate", 2))
            ],
        )
