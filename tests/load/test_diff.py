"""What a look at the whole sample costs this machine."""

import pytest

from tests.load.figures import typical

pytestmark = pytest.mark.load


def test_diff_of_the_sample_without_a_store(converged, figures):
    cpu = typical(lambda: converged.cpu("diff", "--without-store"))

    figures.note("diff of the sample, no store, own CPU", cpu, 0.6, "s")


def test_diff_of_the_sample_with_a_store(converged, figures):
    cpu = typical(lambda: converged.cpu("diff"))

    figures.note("diff of the sample, with a store, own CPU", cpu, 0.9, "s")
