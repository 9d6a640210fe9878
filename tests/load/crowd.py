"""Documents with thousands of resources, and an MLflow in which they are all there."""

import sqlite3
from pathlib import Path
from shutil import copyfile

from controller.core.models.registration import MODEL_ID_TAG
from controller.core.resources.ownership import stamp
from controller.emulation.mlflow import migrated_database
from controller.kinds import discover
from controller.kinds.model.versions import model_tags
from controller.spec.document import load

HEADER = """\
apiVersion: hokusai.ai/v1
platform:
  name: crowd
  environment: development
  account: "123456789012"
  region: us-east-1
  reconcile: {interval: 1h}
"""


def write(folder: Path, each: int) -> Path:
    """Write a document of ``each`` experiments and as many models."""
    folder.mkdir()
    lines = [HEADER]
    for section in ("experiments", "models") if each else ():
        lines.append(f"{section}:\n")
        lines += [
            f"  a-declared-thing-{n}: {{tags: {{team: growth}}}}\n" for n in range(each)
        ]
    file = folder / "hokusai.yaml"
    file.write_text("".join(lines))
    return file


def make_true(file: Path, mlflow: Path) -> None:
    """Write an MLflow database in which everything declared is as declared."""
    document = load(str(file), environment=None, environ={}, kinds=discover())
    mlflow.mkdir(parents=True)
    copyfile(migrated_database(), mlflow / "mlflow.db")
    with sqlite3.connect(mlflow / "mlflow.db") as database:
        for number, (id_, resource) in enumerate(document.resources.items(), 1):
            spec = resource.spec
            tags = dict(spec.tags)
            if id_.kind == "model":
                tags = {MODEL_ID_TAG: spec.id, **model_tags(spec)}
            tags |= stamp(document.platform.owner, resource.generation)
            _insert(database, id_.kind, number, spec.name, tags)


def _insert(
    database: sqlite3.Connection,
    kind: str,
    number: int,
    name: str,
    tags: dict[str, str],
) -> None:
    if kind == "experiment":
        database.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location,"
            " lifecycle_stage, creation_time, last_update_time)"
            " VALUES (?, ?, 'mlflow-artifacts:/x', 'active', 1, 1)",
            (number, name),
        )
        owner: int | str = number
        statement = "INSERT INTO experiment_tags VALUES (?, ?, ?)"
    else:
        database.execute(
            "INSERT INTO registered_models (name, creation_time, last_updated_time)"
            " VALUES (?, 1, 1)",
            (name,),
        )
        owner = name
        statement = (
            "INSERT INTO registered_model_tags (key, value, name) VALUES (?, ?, ?)"
        )
    rows = [(key, value, owner) for key, value in tags.items()]
    database.executemany(statement, rows)
