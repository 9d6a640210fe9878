"""MLflow over REST. Importing its own client takes a second and 100 MB."""

from controller.clients.mlflow.api import MlflowApi
from controller.clients.mlflow.reader import MlflowReader

__all__ = ["MlflowApi", "MlflowReader"]
