"""MLflow over REST. MLflow's own client takes a second and 100 MB to import."""

from controller.clients.mlflow.api import MlflowApi
from controller.clients.mlflow.reader import MlflowReader

__all__ = ["MlflowApi", "MlflowReader"]
