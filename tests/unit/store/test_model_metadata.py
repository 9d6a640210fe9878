"""Stored metadata: what differs is written, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from controller.core.errors import TransientError
from controller.core.models.metadata import ModelMetadata
from controller.store.model_metadata import StoredMetadata
from controller.store.tables import model_metadata

ONE = ModelMetadata("leads", 1, 5, "27", metrics={"f1": 0.5}, dataset={"id": "a"})
TWO = replace(ONE, number=2, created_ms=6)


@pytest.fixture
def stored(database):
    return StoredMetadata(database)


def rows(database, registry="r"):
    query = select(model_metadata).where(model_metadata.c.registry == registry)
    with database.reading() as connection:
        found = connection.execute(query.order_by(model_metadata.c.number)).all()
    return [(row.number, row.metrics) for row in found]


def refuse(*_, **__):
    message = "the store could not be written"
    raise TransientError(message)


def test_a_version_has_one_row_that_follows_its_metadata(stored, database):
    stored.replace("r", [ONE, TWO])
    stored.replace("r", [ONE, replace(TWO, metrics={"f1": 0.75})])

    assert rows(database) == [(1, '{"f1":0.5}'), (2, '{"f1":0.75}')]


def test_equal_metadata_is_not_written_again(stored, database, monkeypatch):
    assert stored.replace("r", [ONE, TWO]) == 2
    monkeypatch.setattr(database, "writing", refuse)

    assert stored.replace("r", [TWO, ONE]) == 0
    assert StoredMetadata(database).replace("r", [ONE, TWO]) == 0


def test_a_version_that_is_gone_has_no_row(stored, database):
    stored.replace("r", [ONE, TWO])

    assert stored.replace("r", [TWO]) == 1
    assert rows(database) == [(2, '{"f1":0.5}')]


def test_a_number_that_repeats_after_a_deletion_is_another_version(stored, database):
    stored.replace("r", [ONE])

    stored.replace("r", [replace(ONE, created_ms=9, metrics={})])

    assert rows(database) == [(1, "{}")]


def test_registries_do_not_touch_each_other(stored, database):
    stored.replace("r", [ONE])
    stored.replace("other", [TWO])

    stored.replace("other", [])

    assert rows(database) == [(1, '{"f1":0.5}')]


def test_rows_are_read_again_after_a_failed_write(stored, database, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(database, "writing", refuse)
        with pytest.raises(TransientError):
            stored.replace("r", [ONE])

    assert stored.replace("r", [ONE]) == 1
    assert rows(database) == [(1, '{"f1":0.5}')]
