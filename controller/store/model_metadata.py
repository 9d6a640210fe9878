"""Metadata of model versions in the store, filled again by each pass."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, select

from controller.core.models.metadata import ModelMetadata, VersionKey
from controller.core.values.batches import batched
from controller.core.values.identity import canonical_json
from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import model_metadata

_KEYS = ("registry", "model", "number", "created_ms")
_BATCH = 300
_DELETE = delete(model_metadata).where(
    and_(*(model_metadata.c[name] == bindparam(f"of_{name}") for name in _KEYS))
)


class StoredMetadata:
    """Metadata by registry.

    The hashes of the rows are read once: only the holder of the lease writes them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hashes: dict[str, dict[VersionKey, str]] = {}

    def replace(self, registry: str, current: Iterable[ModelMetadata]) -> int:
        """Store ``current`` as all metadata of ``registry``; see the protocol."""
        if registry not in self._hashes:
            self._hashes[registry] = self._read(registry)
        known = self._hashes[registry]
        wanted = {record.key: (record.hash, record) for record in current}
        changed = [
            record for key, (hash_, record) in wanted.items() if known.get(key) != hash_
        ]
        gone = known.keys() - wanted.keys()
        if not changed and not gone:
            return 0
        # After an error it is not known which rows there are.
        del self._hashes[registry]
        self._write(registry, changed, gone)
        self._hashes[registry] = {key: hash_ for key, (hash_, _) in wanted.items()}
        return len(changed) + len(gone)

    def _read(self, registry: str) -> dict[VersionKey, str]:
        query = select(
            model_metadata.c.model,
            model_metadata.c.number,
            model_metadata.c.created_ms,
            model_metadata.c.hash,
        ).where(model_metadata.c.registry == registry)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {(row.model, row.number, row.created_ms): row.hash for row in rows}

    def _write(
        self,
        registry: str,
        changed: Sequence[ModelMetadata],
        gone: Collection[VersionKey],
    ) -> None:
        with self._database.writing() as connection:
            if gone:
                _delete(connection, registry, gone)
            now = self._database.now(connection)
            for batch in batched(changed, _BATCH):
                rows = [
                    {"registry": registry, **_row(record), "refreshed": now}
                    for record in batch
                ]
                upsert(connection, model_metadata, rows, _KEYS)


class MetadataView:
    """Metadata of the models of all registries, for readers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_model(self, model: str) -> tuple[ModelMetadata, ...]:
        """Return the metadata of all versions of a model, the newest first."""
        query = (
            select(model_metadata)
            .where(model_metadata.c.model == model)
            .order_by(model_metadata.c.number.desc())
        )
        with self._database.reading() as connection:
            return tuple(map(_record, connection.execute(query).all()))


def _record(row: Row[Any]) -> ModelMetadata:
    return ModelMetadata(
        row.model,
        row.number,
        row.created_ms,
        row.model_id,
        row.token_symbol,
        json.loads(row.baseline_metrics),
        json.loads(row.metrics),
        row.source,
        row.run_id,
        json.loads(row.dataset),
        row.code_version,
        row.parent_version,
        row.contributor,
        row.status,
    )


def _delete(
    connection: Connection, registry: str, gone: Collection[VersionKey]
) -> None:
    rows = [
        {
            "of_registry": registry,
            "of_model": model,
            "of_number": number,
            "of_created_ms": created_ms,
        }
        for model, number, created_ms in sorted(gone)
    ]
    connection.execute(_DELETE, rows)


def _row(record: ModelMetadata) -> dict[str, Any]:
    return {
        "model": record.model,
        "number": record.number,
        "created_ms": record.created_ms,
        "model_id": record.model_id,
        "token_symbol": record.token_symbol,
        "baseline_metrics": canonical_json(record.baseline_metrics),
        "metrics": canonical_json(record.metrics),
        "source": record.source,
        "run_id": record.run_id,
        "dataset": canonical_json(record.dataset),
        "code_version": record.code_version,
        "parent_version": record.parent_version,
        "contributor": record.contributor,
        "status": record.status,
        "hash": record.hash,
    }
