"""ECR in memory: what the tags of a repository stand for."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, RefusalError
from tests.fakes.sim_shelf import Shelf

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Registry(Shelf):
    """Repositories, and what their tags stand for; nobody but a test changes them."""

    def __init__(self) -> None:
        super().__init__("ecr")

    def push(self, repository: str, tag: str, digest: str) -> None:
        """Have a tag stand for an image."""
        self.things.setdefault(repository, {})[tag] = digest

    def digest_of(self, image: str) -> str:
        """Return what an image's tag stands for; empty if nobody pushed it."""
        repository, _, tag = image.removeprefix(f"{HOST}/").partition(":")
        return str(self.things.get(repository, {}).get(tag, ""))

    def DescribeRepositories(self, asked: Mapping[str, Any]) -> Any:
        """Return that the tags of a repository may move."""
        (name,) = asked["repositoryNames"]
        self._of(name, "RepositoryNotFoundException")
        found = {"repositoryName": name, "imageTagMutability": "MUTABLE"}
        return {"repositories": [found]}

    def DescribeImages(self, asked: Mapping[str, Any]) -> Any:
        """Return the images, or refuse all if one is not there, as AWS does."""
        tags = self._of(asked["repositoryName"], "RepositoryNotFoundException")
        return {
            "imageDetails": [
                {
                    "imageDigest": _there(tags, id_["imageTag"]),
                    "imageTags": [id_["imageTag"]],
                }
                for id_ in asked["imageIds"]
            ]
        }

    def BatchGetImage(self, asked: Mapping[str, Any]) -> Any:
        """Return the images that are there, without their manifests."""
        tags = self.things.get(asked["repositoryName"], {})
        return {
            "images": [
                {"imageId": id_}
                for id_ in asked["imageIds"]
                if id_.get("imageTag") in tags
                or id_.get("imageDigest") in tags.values()
            ]
        }


def _there(tags: Mapping[str, str], tag: str) -> str:
    if tag not in tags:
        code, words = "ImageNotFoundException", f"no image with the tag {tag}"
        raise RefusalError(code, words, 400)
    return tags[tag]
