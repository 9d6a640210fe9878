"""Tags that record where a model version comes from, as `controller.registry` sets them."""

import json
from math import isfinite
from typing import Any

# Tags of a run.
DATASET_HASH_TAG = "hokusai.dataset.hash"
DATASET_ID_TAG = "hokusai.dataset.id"
DATASET_SIZE_TAG = "hokusai.dataset.num_samples"
COMMIT_TAG = "mlflow.source.git.commit"
# Tags of a version.
BASELINE_ID_TAG = "baseline_id"
CONTRIBUTOR_TAG = "contributor_address"
METRICS_TAG = "metrics"


def numbers_in(text: str | None) -> dict[str, float]:
    """Return the finite numbers in a JSON object; none if it is something else."""
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    numbers = {k: float(v) for k, v in found.items() if isinstance(v, int | float)}
    return {key: value for key, value in numbers.items() if isfinite(value)}
