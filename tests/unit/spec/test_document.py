"""From the text of a document to resources, and what a person is told instead."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.document.freeze import Freeze
from controller.core.document.platform import Platform
from controller.core.document.resource import Ignored, Mode, ResourceId, Suspension
from tests.builders.documents import HEADER, MAIN, document, overlay, problem, problems

API = ResourceId("service", "api")
SERVICE = "services:\n  api: {image: hokusai/api:latest}\n"


def test_a_header_alone_describes_a_platform_without_resources():
    found = document()

    assert found.platform == Platform(
        "hokusai", "development", "123456789012", "us-east-1"
    )
    assert found.resources == {}
    assert found.files == (MAIN,)
    assert found.local is None


def test_the_platform_section_is_read_whole():
    found = document(
        "  reconcile: {interval: 5m, max_disruptive_actions: 1}\n"
        "  prune: true\n"
        "  mlflow: {prefix: /ml, poll: 5s}\n"
        "  network: {subnets: [subnet-1], security_groups: [sg-1], public_ip: true}\n"
        "  roles: {execution: 'arn:aws:iam::123456789012:role/e'}\n"
    ).platform

    assert found.interval == timedelta(minutes=5)
    assert (found.max_disruptive_actions, found.prune) == (1, True)
    assert found.network.subnets == ("subnet-1",)
    assert found.network.public_ip is True
    assert (found.mlflow_prefix, found.mlflow_poll) == ("/ml", timedelta(seconds=5))
    assert found.execution_role == "arn:aws:iam::123456789012:role/e"


def test_a_service_is_completed_from_its_key_and_the_platform():
    spec = document(SERVICE).resources[API].spec

    assert spec.name == "hokusai-api-development"
    assert spec.cluster == "hokusai-development"
    assert spec.namespace == "hokusai-development.local"
    assert spec.log_group == "/ecs/hokusai-api-development"
    assert spec.owner == "hokusai/development"
    assert (spec.region, spec.account) == ("us-east-1", "123456789012")


def test_what_is_written_comes_before_what_follows():
    spec = (
        document(
            "services:\n  api: {image: a, name: mine, cluster: c, log_group: /logs}\n"
        )
        .resources[API]
        .spec
    )

    assert (spec.name, spec.cluster, spec.log_group) == ("mine", "c", "/logs")


def test_placement_and_roles_are_the_platforms_unless_given():
    spec = (
        document(
            "  network: {subnets: [subnet-1], public_ip: true}\n"
            "services:\n"
            "  api: {image: a, network: {security_groups: [sg-2], public_ip: false}}\n"
        )
        .resources[API]
        .spec
    )

    assert spec.network.subnets == ("subnet-1",)
    assert spec.network.security_groups == ("sg-2",)
    assert spec.network.public_ip is False


def test_fields_of_every_resource():
    resource = document(
        "services:\n"
        "  mlflow: {image: m}\n"
        "  api:\n"
        "    image: a\n"
        "    depends_on: [services/mlflow]\n"
        "    mode: observe\n"
        "    adopt: true\n"
        "    suspend: {by: ada, reason: migration, until: 2026-12-31}\n"
        "    ignore: [{path: desired_count, reason: scaled by hand}]\n"
    ).resources[API]

    assert resource.depends_on == {ResourceId("service", "mlflow")}
    assert (resource.mode, resource.adopt) == (Mode.OBSERVE, True)
    assert resource.suspend == Suspension(
        "ada", "migration", datetime(2026, 12, 31, tzinfo=UTC)
    )
    assert resource.ignore == (Ignored("desired_count", "scaled by hand"),)


def test_the_mode_is_the_platforms_unless_given():
    assert document("  mode: suggest\n" + SERVICE).resources[API].mode is Mode.SUGGEST


def test_what_a_spec_names_is_depended_on():
    found = document(
        "experiments: {lead-scoring: {}}\n"
        "models:\n"
        "  m: {versions: [{select: {experiment: lead-scoring, metric: f1}}]}\n"
    )

    assert found.resources[ResourceId("model", "m")].depends_on == {
        ResourceId("experiment", "lead-scoring")
    }


def test_the_generation_moves_with_the_meaning_only():
    generation = document(SERVICE).resources[API].generation

    same = document("services:\n  api:\n    image: 'hokusai/api:latest'  # a comment\n")
    other = document("services:\n  api: {image: hokusai/api:v2}\n")
    elsewhere = document(SERVICE, header=HEADER.replace("east", "west"))

    assert same.resources[API].generation == generation
    assert other.resources[API].generation != generation
    assert elsewhere.resources[API].generation != generation


def test_the_digest_moves_with_what_is_beside_the_specs():
    plain = document(SERVICE).digest

    assert document("  prune: true\n" + SERVICE).digest != plain
    assert document(SERVICE.replace("latest}", "latest, adopt: true}")).digest != plain
    assert document("# words\n" + SERVICE).digest == plain


def test_every_problem_in_every_file_is_told_at_once_in_order():
    found = problems(
        "services:\n  api: {imag: a, port: 0}\n  web: 5\n",
        files={overlay("development"): "webhooks:\n  site: {url: ftp://x}\n"},
    )

    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in found] == [
        f"{MAIN}:8:9: services.api.imag",
        f"{MAIN}:8:24: services.api.port",
        f"{MAIN}:9:3: services.web",
        f"{overlay('development')}:2:3: webhooks.site.secrets",
        f"{overlay('development')}:2:15: webhooks.site.url",
    ]


def test_no_diagnostic_repeats_a_secret():
    found = "\n".join(
        problems(
            "services:\n"
            "  api:\n"
            "    image: a\n"
            "    environment: {DB_PASSWORD: hunter2-hunter2}\n"
            "    secrets: {API_KEY: hunter2-again}\n"
            "webhooks:\n"
            "  site: {url: 'https://me:hunter2@h/', secrets: [hunter2-list]}\n"
        )
    )

    assert "hunter2" not in found
    assert found.count("\n") == 3


def test_a_loop_is_named_once():
    found = problem(
        "experiments:\n"
        "  a: {depends_on: [experiment/b]}\n"
        "  b: {depends_on: [experiment/c]}\n"
        "  c: {depends_on: [experiment/a]}\n"
    )

    assert "experiment/a → experiment/b → experiment/c → experiment/a" in found
    assert found.startswith(f"{MAIN}:10:20: experiments.c.depends_on[0]: ")


def test_depending_on_oneself_is_a_loop():
    found = problem("experiments:\n  a: {depends_on: [experiment/a]}\n")

    assert "experiment/a → experiment/a" in found


def test_a_long_chain_is_no_loop_and_no_recursion():
    body = "".join(
        f"  e{i}: {{depends_on: [experiment/e{i + 1}]}}\n" for i in range(1100)
    )

    found = document(f"experiments:\n{body}  e1100: {{}}\n")

    assert len(found.resources) == 1101


def test_a_dependency_on_what_is_invalid_is_not_called_dangling():
    found = problem(
        "services:\n  a: {port: 1}\n  b: {image: b, depends_on: [service/a]}\n"
    )

    assert "services.a.image: is missing" in found


def test_a_field_of_all_resources_is_suggested_too():
    found = problem("experiments:\n  a: {depend_on: [experiment/a]}\n")

    assert found.endswith(
        "experiments.a.depend_on: is not a known field; did you mean depends_on?"
    )


def test_the_same_object_is_given_while_no_file_changes():
    texts = {MAIN: (HEADER + SERVICE).encode()}

    def read(file):
        try:
            return texts[file]
        except KeyError:
            raise FileNotFoundError(file) from None

    first = document(read=read)
    again = document(read=read)
    texts[overlay("development")] = b"services: {api: {port: 1}}"
    after = document(read=read)

    assert again is first
    assert after.resources[API].spec.port == 1


def test_local_is_read_in_the_local_environment_only():
    body = (
        "local:\n"
        "  images: {a: {command: ['{python}', --host, '{host}']}}\n"
        "  tasks: [{name: train, image: a, after: services/api}]\n"
        "services: {api: {image: a}}\n"
    )

    assert document(body).local is None
    local = document(body, environment="local").local
    assert local is not None
    assert local.images["a"].command == ("{python}", "--host", "{host}")
    assert local.tasks[0].after == "service/api"


def test_health_may_be_faster_than_aws_allows_on_this_machine():
    body = "services:\n  api: {image: a, port: 1, health: {path: /, interval: 1s}}\n"

    found = document(body, environment="local")

    assert found.resources[API].spec.health.interval == 1


def test_places_say_which_file_won():
    found = document(
        SERVICE,
        environ={"AWS_REGION": "eu-west-1"},
        header=HEADER.replace("  region: us-east-1\n", ""),
        files={overlay("development"): "services:\n  api:\n    port: 8001\n"},
    )

    assert str(found.place("services.api.image")) == f"{MAIN}:7:3"
    assert str(found.place("services.api.port")) == f"{overlay('development')}:3:11"
    assert str(found.place("platform.region")) == "$AWS_REGION:1:1"
    assert str(found.place("apiVersion")) == f"{MAIN}:1:1"


def test_a_task_after_what_is_not_declared_is_dangling():
    found = problem(
        "local:\n"
        "  images: {a: {command: [true-command]}}\n"
        "  tasks: [{name: train, image: a, after: service/mlfow}]\n"
        "services: {mlflow: {image: m}}\n"
    )

    assert found.endswith(
        "local.tasks[0].after: names service/mlfow, which is not declared; "
        "did you mean service/mlflow?"
    )


def test_a_task_after_an_unknown_kind_is_told_the_kinds():
    found = problem(
        "local:\n"
        "  images: {a: {command: [run]}}\n"
        "  tasks: [{name: train, image: a, after: job/x}]\n"
    )

    assert "local.tasks[0].after: there is no kind job; known: endpoint" in found


def test_an_overlay_may_replace_text_by_a_mapping():
    found = document(
        "webhooks:\n  site: {url: 'https://h', secrets: [{env: S}], announce: all}\n",
        files={
            overlay("development"): "webhooks: {site: {announce: {since: 2026-01-31}}}"
        },
    )

    (resource,) = found.resources.values()
    assert resource.spec.announce.since == datetime(2026, 1, 31, tzinfo=UTC)


def test_freezes_and_the_own_service_are_read_and_count_in_the_digest():
    frozen = "  freeze: [{reason: weekend, weekdays: [fri], hours: '16:00-08:00'}]\n"
    until = "  freeze: [{reason: holidays, until: 2027-01-04}]\n"
    own = "  controller: services/api\n"

    found = document(frozen + own + SERVICE).platform

    assert found.freezes == (
        Freeze("weekend", weekdays=frozenset({4}), hours=(16 * 60, 8 * 60)),
    )
    assert found.controller == API
    assert document(until).platform.freezes[0].until == datetime(2027, 1, 4, tzinfo=UTC)
    assert document(until).digest != document(frozen).digest


def test_a_valid_declaration_that_is_probably_a_mistake_is_a_warning_with_its_place():
    found = document(
        "services:\n"
        "  api:\n"
        "    image: hokusai/api:1\n"
        "    port: 80\n"
        "    health: {path: /api/v1/health}\n"
    )

    (warning,) = found.warnings
    assert warning.path == "services.api.health.path"
    assert str(warning).startswith(f"{MAIN}:")
    assert "ECS replace the tasks" in warning.problem


ROUTED = """\
services:
  api:
    image: hokusai/api:1
    port: 80
    routes: [{host: "*.hokus.ai", path: "/*", listeners: [443]}]
endpoints:
  public:
    host: HOST
    port: 443
    protocol: https
"""


@pytest.mark.parametrize(
    ("host", "warned"),
    [
        ("api.hokus.ai", False),
        ("API.hokus.ai", False),
        ("hokus.ai", True),
        ("api.hokusai.com", True),
        ("api.hokusai.com\n    external: true", False),
        ("api.hokusai-development.local", False),
        ("10.0.0.1", False),
    ],
)
def test_a_public_host_that_no_route_serves_is_a_warning(host, warned):
    found = document(ROUTED.replace("HOST", host))

    unserved = [w.path for w in found.warnings if "no route" in w.problem]
    assert unserved == ["endpoints.public.host"] * warned


def test_a_document_without_routes_says_nothing_about_public_hosts():
    found = document(ROUTED.partition("endpoints:")[2].join(["endpoints:", ""]))

    assert found.warnings == ()
