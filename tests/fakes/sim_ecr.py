"""ECR in memory: repositories with the digests of their tags."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, RefusalError
from tests.fakes.sim_shelf import Shelf

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Registry(Shelf):
    """Repositories with the digest of each tag; only tests change them."""

    def __init__(self) -> None:
        super().__init__("ecr")

    def push(self, repository: str, tag: str, digest: str) -> None:
        """Set the digest of a tag."""
        self.things.setdefault(repository, {})[tag] = digest

    def digest_of(self, image: str) -> str:
        """Return the digest of an image, or "" if it was not pushed."""
        repository, _, tag = image.removeprefix(f"{HOST}/").partition(":")
        return str(self.things.get(repository, {}).get(tag, ""))

    def DescribeRepositories(self, parameters: Mapping[str, Any]) -> Any:
        """Return the repository, with mutable tags."""
        (name,) = parameters["repositoryNames"]
        self._of(name, "RepositoryNotFoundException")
        found = {"repositoryName": name, "imageTagMutability": "MUTABLE"}
        return {"repositories": [found]}

    def DescribeImages(self, parameters: Mapping[str, Any]) -> Any:
        """Return the images; refuse all if one is missing, as AWS does."""
        tags = self._of(parameters["repositoryName"], "RepositoryNotFoundException")
        return {
            "imageDetails": [
                {
                    "imageDigest": _digest(tags, id_["imageTag"]),
                    "imageTags": [id_["imageTag"]],
                }
                for id_ in parameters["imageIds"]
            ]
        }

    def BatchGetImage(self, parameters: Mapping[str, Any]) -> Any:
        """Return the existing images, without their manifests."""
        tags = self.things.get(parameters["repositoryName"], {})
        return {
            "images": [
                {"imageId": id_}
                for id_ in parameters["imageIds"]
                if id_.get("imageTag") in tags
                or id_.get("imageDigest") in tags.values()
            ]
        }


def _digest(tags: Mapping[str, str], tag: str) -> str:
    if tag not in tags:
        code, words = "ImageNotFoundException", f"no image with the tag {tag}"
        raise RefusalError(code, words, 400)
    return tags[tag]
