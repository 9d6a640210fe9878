"""``import``: from running services to the document, and back."""

import pytest
import yaml

from controller.cli import main

NAME = "t-web-development"


def made_by_hand(world, environment=(), **fields):
    """Make a service that nobody declares, as a person with a console would."""
    subnet = world.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    container = {
        "name": NAME,
        "image": "web:1",
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": k, "value": v} for k, v in environment],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/{NAME}",
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "ecs",
            },
        },
        **fields.pop("container", {}),
    }
    world.client("logs").create_log_group(logGroupName=f"/ecs/{NAME}")
    world.ecs.register_task_definition(
        family=fields.pop("family", NAME),
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        executionRoleArn="arn:aws:iam::123456789012:role/t-execution",
        containerDefinitions=[container],
    )
    world.ecs.create_service(
        cluster="t-development",
        serviceName=NAME,
        taskDefinition=fields.pop("definition", NAME),
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        **fields,
    )


def imported(capsys, *words):
    capsys.readouterr()
    status = main(["import", *words])
    told = capsys.readouterr()
    return status, yaml.safe_load(told.out), told


def add(world, services):
    document = yaml.safe_load(world.file.read_text())
    document["services"] = services
    world.file.write_text(yaml.safe_dump(document))


def test_an_imported_service_is_short_and_differs_in_its_ownership_only(world, capsys):
    made_by_hand(world, environment=[("MODE", "fast")])

    status, document, told = imported(capsys, "service", NAME)
    add(world, document["services"])
    main(["diff", "-o", "json"])
    (action,) = yaml.safe_load(capsys.readouterr().out)["actions"]

    assert (status, told.err) == (0, "")
    assert document["services"]["web"] == {
        "adopt": True,
        "image": "web:1",
        "cpu": 512,
        "memory": 1024,
        "port": 8080,
        "desired_count": 2,
        "environment": {"MODE": "fast"},
        "deployment": {"circuit_breaker": False, "rollback": False},
        "service": {"enableECSManagedTags": False, "propagateTags": "NONE"},
    }
    assert [change["path"] for change in action["changes"]] == ["ownership"]


def test_an_adopted_service_keeps_its_revision(world, capsys):
    made_by_hand(world)
    _, document, _ = imported(capsys, "service", NAME)
    add(world, document["services"])

    assert main(["apply", "--yes"]) == 0

    assert world.service(NAME)["taskDefinition"].endswith(f"{NAME}:1")


def test_a_value_that_looks_like_a_secret_is_not_printed(world, capsys):
    made_by_hand(world, environment=[("DB_PASSWORD", "hunter2hunter2")])

    status, document, told = imported(capsys, "service", NAME)

    assert status == 1
    assert "hunter2" not in told.out + told.err
    assert document["services"]["web"]["secrets"] == {
        "DB_PASSWORD": {"secretsmanager": "CHANGE-ME"}
    }
    assert "# service/web: environment.DB_PASSWORD looks like a secret" in told.err


def test_a_field_with_an_aws_name_is_imported_under_task(world, capsys):
    made_by_hand(world, container={"readonlyRootFilesystem": True})

    status, document, _ = imported(capsys, "service", NAME)

    assert status == 0
    assert document["services"]["web"]["task"] == {
        "containerDefinitions": [{"name": NAME, "readonlyRootFilesystem": True}]
    }


def test_another_task_definition_family_is_reported(world, capsys):
    made_by_hand(world, family="by-hand", definition="by-hand")

    status, _, told = imported(capsys, "service", NAME, "--key", "other")

    assert status == 1
    assert "# service/other: its task definition family is by-hand" in told.err
    assert "task.family cannot be imported exactly" in told.err


def test_all_services_of_the_cluster_are_imported_with_their_own_names(world, capsys):
    assert main(["apply", "--yes"]) == 0
    made_by_hand(world)

    status, document, _ = imported(capsys, "services")

    assert status == 0
    assert [*document["services"]] == ["api", "mlflow", "web"]
    assert document["services"]["api"]["discovery"] == "api"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["service"], "NAME is missing"),
        (["services", "web"], "takes neither NAME nor --key"),
        (["service", "nobody"], "nobody does not exist in cluster t-development"),
        (["service", "web", "--cluster", "nowhere"], "Cluster not found"),
    ],
)
def test_an_invalid_import_is_refused(world, capsys, words, told):
    assert main(["import", *words]) == 2

    assert told in capsys.readouterr().err


def put(world, name, definition, **service):
    """Make a service of a task definition, as another team did."""
    subnet = world.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    made = world.ecs.register_task_definition(
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        executionRoleArn="arn:aws:iam::123456789012:role/t-execution",
        **definition,
    )
    world.ecs.create_service(
        cluster="t-development",
        serviceName=name,
        taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        **service,
    )


APP = {
    "name": "app",
    "image": "x/app:1",
    "essential": True,
    "portMappings": [{"containerPort": 8080}],
}
WAITED_FOR = {
    "family": "prod_my-service",
    "containerDefinitions": [
        APP,
        {
            "name": "exporter",
            "image": "x/exporter:1",
            "essential": False,
            "dependsOn": [{"containerName": "app", "condition": "START"}],
        },
    ],
}
WAITING = {
    "family": "prod_other",
    "containerDefinitions": [
        {**APP, "dependsOn": [{"containerName": "router", "condition": "START"}]},
        {"name": "router", "image": "x/router:1", "essential": True},
    ],
}


@pytest.mark.parametrize("definition", [WAITED_FOR, WAITING], ids=["to", "from"])
def test_a_service_whose_containers_wait_is_imported(world, capsys, definition):
    put(world, "t-my-development", definition)

    status, document, _ = imported(capsys, "service", "t-my-development")
    add(world, document["services"])
    valid = main(["validate"])

    assert status == 1
    assert valid == 0
    assert document["services"]["my"]["image"] == "x/app:1"
    assert document["services"]["my"]["port"] == 8080


@pytest.fixture
def unusual(world, monkeypatch):
    """A service with which the import fails, whatever the reason."""
    from controller.kinds.service.importing.aws import importer

    put(world, "t-odd-development", {"family": "odd", "containerDefinitions": [APP]})
    fields = importer.document_fields

    def failing(name, *arguments):
        if name == "t-odd-development":
            raise KeyError(name)
        return fields(name, *arguments)

    monkeypatch.setattr(importer, "document_fields", failing)


@pytest.mark.usefixtures("unusual")
def test_a_service_that_cannot_be_imported_does_not_stop_the_others(world, capsys):
    made_by_hand(world)

    status, document, told = imported(capsys, "services")

    assert status == 1
    assert [*document["services"]] == ["web"]
    assert "# t-odd-development could not be imported: " in told.err
    assert "Traceback" not in told.err


@pytest.mark.usefixtures("unusual")
def test_one_service_that_cannot_be_imported_is_a_failure(capsys):
    assert main(["import", "service", "t-odd-development"]) == 2

    assert "t-odd-development could not be imported: " in capsys.readouterr().err


def test_services_with_one_key_do_not_stop_the_others(world, capsys):
    made_by_hand(world)
    put(world, "web", {"family": "web", "containerDefinitions": [APP]})
    put(world, "t-my-development", WAITED_FOR)

    status, document, told = imported(capsys, "services")

    assert status == 1
    assert [*document["services"]] == ["my"]
    for name in (NAME, "web"):
        assert f"# {name} could not be imported: " in told.err
        assert "`hokusai import service" in told.err
