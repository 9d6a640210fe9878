"""Loads of model versions from MLflow, after their checks.

The files are checked before anything of them is executed: the formats that the version
uses, and the Python environment that it recorded. mlflow is imported at the first load.
"""

import os
import platform
import threading
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from controller.core.models.signature import ModelSignature, signature_of
from controller.core.predictions.body import prediction_body
from controller.core.predictions.environment import environment_differences
from controller.core.predictions.readiness import NotReadyError, VersionKey
from controller.core.predictions.rows import ModelRows, model_rows
from controller.core.predictions.trust import refusal_to_load
from controller.core.predictions.violations import InputError
from controller.serving.loaded_model import LoadedModel
from controller.serving.model_input import json_predictions, model_input

INSTALL = "pip install 'hokusai-controller[serving,mlflow]'"
# Libraries of linear algebra begin a thread for each processor, which compete with the
# threads of the models.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_LISTED = 5


class MlflowLoader:
    """Loads versions of registered models.

    MLflow's client reads the credentials from the variables that the settings name too.

    Args:
        uri: URL of MLflow.
        trusted: Names of models, or patterns, whose code may be executed.
    """

    def __init__(self, uri: str, trusted: Sequence[str] = ()) -> None:
        self._uri = uri
        self._trusted = tuple(trusted)
        self._lock = threading.Lock()

    def load(self, version: VersionKey) -> LoadedModel:
        """Load a version. Blocks, for seconds. Safe to repeat.

        Raises:
            NotReadyError: It cannot be loaded; the message is the reason.
        """
        if find_spec("mlflow") is None:
            msg = f"mlflow is not installed on the server: {INSTALL}"
            raise NotReadyError(msg)
        with self._lock:
            return self._loaded(version)

    def _loaded(self, version: VersionKey) -> LoadedModel:
        for name in _THREADS:
            os.environ.setdefault(name, "1")
        import mlflow
        from mlflow.exceptions import MlflowException

        folder = TemporaryDirectory(prefix="hokusai-model-")
        try:
            tags, files = self._downloaded(version, Path(folder.name))
            description = _description(files)
            self._check_trust(version.model, description, tags)
            _check_environment(files)
            signature = _signature(description)
            loaded = mlflow.pyfunc.load_model(str(files), suppress_warnings=True)
        except MlflowException as error:
            folder.cleanup()
            msg = f"MLflow did not provide the version: {error.error_code}"
            raise NotReadyError(msg) from error
        except BaseException:
            folder.cleanup()
            raise

        def predict(rows: ModelRows) -> Any:
            return json_predictions(loaded.predict(model_input(signature, rows)))

        example = _example(files, description, signature)
        return LoadedModel(signature, predict, example, folder.cleanup)

    def _check_trust(
        self, model: str, description: Mapping[str, Any], tags: Mapping[str, str]
    ) -> None:
        flavors = description.get("flavors") or {}
        reason = refusal_to_load(flavors, model=model, tags=tags, trusted=self._trusted)
        if reason:
            raise NotReadyError(reason)

    def _downloaded(
        self, version: VersionKey, folder: Path
    ) -> tuple[Mapping[str, str], Path]:
        """Return the tags of a version and the folder of its files."""
        import mlflow
        from mlflow.tracking import MlflowClient

        mlflow.set_tracking_uri(self._uri)
        mlflow.set_registry_uri(self._uri)
        client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        found = client.get_model_version(version.model, str(version.number))
        source = client.get_model_version_download_uri(
            version.model, str(version.number)
        )
        path = mlflow.artifacts.download_artifacts(
            artifact_uri=source, dst_path=str(folder), tracking_uri=self._uri
        )
        return dict(found.tags), Path(path)


def _description(files: Path) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load((files / "MLmodel").read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        msg = "the version has no readable file MLmodel"
        raise NotReadyError(msg)
    return found


def _check_environment(files: Path) -> None:
    import yaml

    requirements = _lines(files / "requirements.txt")
    try:
        recorded = yaml.safe_load("\n".join(_lines(files / "python_env.yaml"))) or {}
        python = str(recorded.get("python", ""))
    except (AttributeError, yaml.YAMLError):
        python = ""
    differences = environment_differences(
        requirements, python, installed=_installed, here=platform.python_version()
    )
    if differences:
        listed = "; ".join(differences[:_LISTED])
        more = len(differences) - _LISTED
        rest = f"; and {more} more" if more > 0 else ""
        msg = f"the environment of the model differs: {listed}{rest}"
        raise NotReadyError(msg)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _signature(description: Mapping[str, Any]) -> ModelSignature:
    found = description.get("signature")
    inputs = found.get("inputs") if isinstance(found, dict) else None
    signature = signature_of(inputs) if isinstance(inputs, str) else None
    if not isinstance(signature, ModelSignature):
        msg = "the version has no signature: log the model with signature=infer_signature(…)"
        raise NotReadyError(msg)
    return signature


def _example(
    files: Path, description: Mapping[str, Any], signature: ModelSignature
) -> ModelRows | None:
    """Return the rows of the input example, if the signature permits them."""
    import json

    info = description.get("saved_input_example_info")
    name = info.get("serving_input_path") if isinstance(info, dict) else None
    if not isinstance(name, str) or Path(name).name != name:
        return None
    try:
        sent = json.loads((files / name).read_text("utf-8"))
        return model_rows(prediction_body(sent), signature)
    except (OSError, ValueError, InputError):
        return None
