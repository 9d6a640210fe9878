"""Reads of tags and versions: few calls, cached, never a value."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.clients.aws import CountingAws
from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.errors import NotFoundError, PermanentError
from controller.kinds.service import KIND
from controller.kinds.service.images.aws.observer import ImageObserver, RunningImages
from controller.kinds.service.spec.service import ServiceSpec
from tests.fakes.stopped_clock import NOON, StoppedClock

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
INDEX = "application/vnd.oci.image.index.v1+json"
EARLIER = datetime(2026, 1, 2, 11, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 13, tzinfo=UTC)
SECRETS = {
    "DB_PASSWORD": {"secretsmanager": "hokusai/app:database"},
    "TOKEN": {"secretsmanager": "hokusai/app:token"},
    "OLD": {"secretsmanager": "hokusai/app:token:AWSCURRENT:v0"},
    "REDIS": {"ssm": "/hokusai/redis"},
}


class Shelves:
    """ECR, ECS's revisions and the stores of secrets; knows no values."""

    def __init__(self):
        self.tags = {"latest": "sha256:new"}
        self.kind = "application/vnd.oci.image.manifest.v1+json"
        self.runs = "sha256:old"
        self.made = EARLIER
        self.changed = EARLIER
        self.mutability = "MUTABLE"

    def call(self, _service, operation, /, **asked):
        return getattr(self, operation)(asked)

    def DescribeRepositories(self, _asked):
        return {"repositories": [{"imageTagMutability": self.mutability}]}

    def DescribeImages(self, asked):
        tags = [id_["imageTag"] for id_ in asked["imageIds"]]
        if not {*tags} <= self.tags.keys():
            msg = "ImageNotFoundException"
            raise NotFoundError(msg)
        return {
            "imageDetails": [
                {
                    "imageDigest": self.tags[tag],
                    "imageTags": [tag],
                    "imageManifestMediaType": self.kind,
                }
                for tag in tags
            ]
        }

    def BatchGetImage(self, _asked):
        manifest = '{"manifests": [{"digest": "sha256:old"}, {"digest": "sha256:arm"}]}'
        return {"images": [{"imageManifest": manifest}]}

    def DescribeServiceRevisions(self, asked):
        assert len(asked["serviceRevisionArns"]) <= 20
        return {
            "serviceRevisions": [
                {
                    "serviceRevisionArn": arn,
                    "containerImages": [
                        {
                            "containerName": f"hokusai-{arn.split('/')[1]}-development",
                            "image": f"{HOST}/app:latest",
                            "imageDigest": self.runs,
                        }
                    ],
                }
                for arn in asked["serviceRevisionArns"]
            ]
        }

    def ListSecretVersionIds(self, asked):
        assert asked["SecretId"].endswith(":secret:hokusai/app")
        old = {"VersionId": "v0", "VersionStages": ["AWSPREVIOUS"]}
        new = {"VersionStages": ["AWSCURRENT"], "CreatedDate": self.made}
        return {"Versions": [old, {"VersionId": f"v{self.made}", **new}]}

    def DescribeSecret(self, asked):
        assert asked["SecretId"].endswith(":secret:hokusai/app")
        if self.changed is None:
            msg = "secretsmanager:DescribeSecret was refused"
            raise PermanentError(msg)
        return {"LastChangedDate": self.changed}

    def DescribeParameters(self, asked):
        names = asked["ParameterFilters"][0]["Values"]
        made = {"Version": 1, "LastModifiedDate": EARLIER}
        return {"Parameters": [{"Name": name, **made} for name in names]}


class Looking:
    def __init__(self, count=1, *, thorough=True, tag="latest", published=(), **fields):
        self.shelves = Shelves()
        self.aws = CountingAws(self.shelves)
        self.clock = StoppedClock()
        self.look = ImageObserver(
            self.aws,
            self.clock,
            thorough=thorough,
            published=lambda: frozenset(published),
        )
        self.services = [self._service(n, tag, fields) for n in range(count)]

    def _service(self, number, tag, fields):
        key = f"s{number}"
        written = {"image": f"{HOST}/app:{tag}", **fields}
        spec = KIND.complete(key, ServiceSpec.model_validate(written), PLATFORM)
        answer = {
            "deployments": [
                {"id": f"ecs-svc/{number}", "status": "PRIMARY", "createdAt": NOON}
            ],
            "currentServiceRevisions": [{"arn": f"arn:revision/{key}/{number}"}],
        }
        return RunningImages(ResourceId("service", key), spec, answer)

    def once(self):
        """Look once; return what was seen of the first service, and the calls."""
        before = dict(self.aws.counts)
        seen = self.look.of(self.services)
        calls = {
            name.partition(":")[2]: count - before.get(name, 0)
            for name, count in self.aws.counts.items()
            if count > before.get(name, 0)
        }
        return seen[self.services[0].id], calls


def test_fifty_services_of_one_repository_take_a_handful_of_calls():
    looking = Looking(50, secrets=SECRETS)

    _, first = looking.once()
    _, at_once = looking.once()
    looking.clock.forward(60)
    _, later = looking.once()

    assert first == {
        "DescribeRepositories": 1,
        "DescribeImages": 1,
        "DescribeServiceRevisions": 3,
        "ListSecretVersionIds": 1,
        "DescribeParameters": 1,
    }
    assert at_once == {}
    assert later == {
        "DescribeImages": 1,
        "ListSecretVersionIds": 1,
        "DescribeParameters": 1,
    }


def test_what_nothing_is_done_about_is_not_looked_at_in_passing():
    assert Looking(thorough=False, secrets=SECRETS).once()[1] == {}


@pytest.mark.parametrize(
    ("fields", "operation"),
    [
        ({"image_policy": "redeploy"}, "DescribeImages"),
        ({"image_policy": "pin"}, "DescribeImages"),
        ({"restart_on_secret_change": True}, "ListSecretVersionIds"),
    ],
)
def test_what_is_acted_on_is_looked_at_all_the_same(fields, operation):
    looking = Looking(thorough=False, secrets=SECRETS, **fields)

    assert operation in looking.once()[1]


def test_a_tag_that_moved_is_seen_with_both_digests():
    (image,) = Looking().once()[0].images

    assert (image.runs, image.there) == ("sha256:old", "sha256:new")
    assert image.outdated


def test_an_image_of_an_index_is_what_the_index_stands_for():
    looking = Looking()
    looking.shelves.kind = INDEX

    seen, calls = looking.once()

    assert not seen.images[0].outdated
    assert calls["BatchGetImage"] == 1


def test_a_tag_that_cannot_move_is_not_looked_up():
    looking = Looking()
    looking.shelves.mutability = "IMMUTABLE"

    seen, calls = looking.once()

    assert seen.images[0].skipped == "the tags of its repository are immutable"
    assert "DescribeImages" not in calls


def test_a_tag_that_is_not_there_hides_no_other():
    looking = Looking(2)
    looking.services[1] = looking._service(1, "gone", {})

    seen = looking.look.of(looking.services)

    first, second = (seen[s.id].images[0] for s in looking.services)
    assert first.there == "sha256:new"
    assert "ImageNotFoundException" in second.unseen


def test_a_digest_that_is_not_known_yet_is_asked_for_again():
    looking = Looking()
    looking.shelves.runs = ""
    looking.once()
    looking.shelves.runs = "sha256:new"

    assert looking.once()[0].images[0].runs == "sha256:new"


def test_a_secret_newer_than_the_tasks_is_named_and_changes_the_hash():
    looking = Looking(secrets=SECRETS)
    before = looking.once()[0].secrets
    looking.shelves.made = datetime(2026, 1, 2, 13, tzinfo=UTC)
    looking.clock.forward(60)
    after = looking.once()[0].secrets

    assert before.rotated == ()
    assert after.rotated == ("DB_PASSWORD", "TOKEN")
    assert before.versions != after.versions


@pytest.mark.parametrize(
    ("changed", "moved", "unseen"),
    [
        pytest.param(LATER, ("DB_PASSWORD", "TOKEN"), False, id="after the tasks"),
        pytest.param(EARLIER, (), False, id="before the tasks"),
        pytest.param(None, (), True, id="nobody may say"),
    ],
)
def test_a_secret_that_goes_back_to_an_older_version_is_seen(changed, moved, unseen):
    looking = Looking(secrets=SECRETS, restart_on_secret_change=True)
    (service,) = looking.services
    tags = [{"key": "hokusai.ai/secrets", "value": "other-versions/D1"}]
    looking.services = [replace(service, answer={**service.answer, "tags": tags})]
    looking.shelves.changed = changed

    secrets = looking.once()[0].secrets

    assert secrets.rotated == ()
    assert (secrets.moved, bool(secrets.unseen)) == (moved, unseen)
    assert bool(secrets.versions) is not unseen


def test_a_restart_that_died_after_its_mark_is_still_known_to_be_due():
    looking = Looking(secrets=SECRETS, restart_on_secret_change=True)
    (service,) = looking.services
    versions = looking.once()[0].secrets.versions
    marked = {
        "tags": [{"key": "hokusai.ai/secrets", "value": f"{versions}/D1"}],
        "currentServiceDeployment": "arn:service-deployment/D1",
    }
    looking.services = [replace(service, answer={**service.answer, **marked})]
    looking.shelves.changed = LATER

    assert looking.once()[0].secrets.moved == ("DB_PASSWORD", "TOKEN")


def test_the_last_change_is_not_read_while_the_versions_are_the_same():
    looking = Looking(secrets=SECRETS, restart_on_secret_change=True)
    (service,) = looking.services
    versions = looking.once()[0].secrets.versions
    tags = [{"key": "hokusai.ai/secrets", "value": f"{versions}/D1"}]
    looking.services = [replace(service, answer={**service.answer, "tags": tags})]
    looking.clock.forward(60)

    assert "DescribeSecret" not in looking.once()[1]


def test_a_service_to_be_pinned_is_made_by_digest_or_not_at_all():
    looking = Looking(image_policy="pin")
    spec = looking.services[0].spec

    assert looking.look.to_create(spec).image == f"{HOST}/app@sha256:new"
    gone = Looking(image_policy="pin", tag="gone")
    with pytest.raises(PermanentError, match="cannot be pinned to its digest"):
        gone.look.to_create(gone.services[0].spec)


def test_the_plan_has_the_digest_to_which_a_new_service_is_pinned():
    looking = Looking(image_policy="pin")
    gone = Looking(image_policy="pin", tag="gone")
    by_tag = Looking()

    (change,) = looking.look.pin_changes(looking.services[0].spec)

    assert change.path == "task.containers.hokusai-s0-development.image"
    assert (change.before, change.after) == (
        f"{HOST}/app:latest",
        f"{HOST}/app@sha256:new",
    )
    assert gone.look.pin_changes(gone.services[0].spec) == ()
    assert by_tag.look.pin_changes(by_tag.services[0].spec) == ()


def test_no_value_of_a_secret_is_ever_asked_for():
    looking = Looking(secrets=SECRETS, restart_on_secret_change=True)

    looking.once()

    read = {"GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters"}
    asked = {name.partition(":")[2] for name in looking.aws.counts}
    assert asked
    assert not asked & read


def test_a_published_address_is_no_secret_that_restarts_its_readers():
    secrets = {"MLFLOW_FALLBACK_IP": {"ssm": "/hokusai/mlflow-ip"}}
    looking = Looking(
        published=["/hokusai/mlflow-ip"], secrets=secrets, restart_on_secret_change=True
    )

    seen, calls = looking.once()

    assert "DescribeParameters" not in calls
    assert (seen.secrets.versions, seen.secrets.rotated) == ("", ())


def test_a_published_address_beside_a_secret_changes_no_version():
    secrets = {"A": {"ssm": "/hokusai/redis"}, "B": {"ssm": "/hokusai/mlflow-ip"}}

    alone, _ = Looking(secrets={"A": secrets["A"]}).once()
    both, _ = Looking(published=["/hokusai/mlflow-ip"], secrets=secrets).once()

    assert both.secrets == alone.secrets
