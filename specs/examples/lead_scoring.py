"""Train a lead-scoring model on made-up leads, and log it to MLflow.

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python lead_scoring.py

Repeating it changes nothing: a run of the same code on the same data is found and
left as it is.
"""

import os

import mlflow
import mlflow.sklearn
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

EXPERIMENT = os.environ.get("EXPERIMENT", "lead-scoring")
SEED = 7


def main() -> None:
    """Train, measure, and log what came of it."""
    mlflow.set_experiment(EXPERIMENT)
    if not mlflow.search_runs(filter_string=f"params.seed = '{SEED}'").empty:
        print(f"{EXPERIMENT} has this run already")  # noqa: T201 - a script's output
        return
    leads, bought = make_classification(
        n_samples=2_000, n_features=8, class_sep=1.2, random_state=SEED
    )
    known, unseen, known_bought, unseen_bought = train_test_split(
        leads, bought, test_size=0.25, random_state=SEED
    )
    model = LogisticRegression().fit(known, known_bought)
    accuracy = float(model.score(unseen, unseen_bought))
    with mlflow.start_run():
        mlflow.log_param("seed", SEED)
        mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=unseen[:2],
            # Named, so that MLflow need not find out by loading the model again.
            pip_requirements=["scikit-learn"],
        )
        mlflow.log_metric("accuracy", accuracy)
    print(f"accuracy {accuracy:.3f}")  # noqa: T201 - a script's output


if __name__ == "__main__":
    main()
