"""``diff --explain`` and fields with AWS names, against ECS over HTTP."""

import json

from controller.cli import main

API = "t-api-development"


def declared(world, text):
    world.edit('  api:\n    image: "web:1"\n', f'  api:\n    image: "web:1"\n{text}')


def told(capsys, *arguments):
    status = main(["diff", "service/api", *arguments, "-o", "json"])
    values = json.loads(capsys.readouterr().out)["resources"][0]["values"]
    return status, {value["path"]: value for value in values}


def test_the_rule_that_makes_a_value_equal_is_shown(world, capsys):
    main(["apply", "--yes"])
    capsys.readouterr()

    status, values = told(capsys, "--explain", "task.runtimePlatform")

    assert status == 0
    assert all(v["likeness"].startswith("is equal") for v in values.values())


def test_an_undeclared_value_is_not_compared(world, capsys):
    main(["apply", "--yes"])
    capsys.readouterr()

    status, values = told(capsys, "--explain", "service.enableExecuteCommand")

    (value,) = values.values()
    assert (status, value["likeness"]) == (0, "is not compared")
    assert value["reasons"][0].startswith("R4: ")


def test_fields_with_aws_names_are_applied_and_then_in_sync(world, capsys):
    main(["apply", "--yes"])
    declared(
        world,
        "    task:\n"
        "      ephemeralStorage: {sizeInGiB: 50}\n"
        "      containerDefinitions:\n"
        f"        - {{name: {API}, readonlyRootFilesystem: true}}\n"
        "    service:\n"
        "      enableExecuteCommand: true\n"
        "      tags: [{key: team, value: growth}]\n"
        "      deploymentConfiguration: {bakeTimeInMinutes: 1}\n",
    )
    assert main(["diff"]) == 1

    assert main(["apply", "--yes"]) == 0

    assert main(["diff"]) == 0
    service = world.service(API)
    assert service["enableExecuteCommand"] is True
    assert service["deploymentConfiguration"]["bakeTimeInMinutes"] == 1
    arn = service["taskDefinition"]
    found = world.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert found["ephemeralStorage"] == {"sizeInGiB": 50}
    assert found["containerDefinitions"][0]["readonlyRootFilesystem"] is True
