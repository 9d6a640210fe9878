"""For each rule: what is equal by it, and what it must not make equal."""

from controller.kinds.service.normalize import (
    NameContext,
)

HERE = NameContext("us-east-1", "123456789012", {"arn:namespace/ns-1": "hokusai.local"})
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
SSM = "arn:aws:ssm:us-east-1:123456789012:parameter/"
ROLE = "arn:aws:iam::123456789012:role/"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/"


def fargate(**fields):
    return {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], **fields}


def ec2(**fields):
    return {"networkMode": "bridge", "requiresCompatibilities": ["EC2"], **fields}


def box(**fields):
    """Return a definition with one container that has ``fields``."""
    return fargate(containerDefinitions=[{"name": "app", "image": "web:1", **fields}])


def secret(reference):
    return box(secrets=[{"name": "KEY", "valueFrom": reference}])


def how(**fields):
    return {"deploymentConfiguration": fields}


def awsvpc(**fields):
    return {"networkConfiguration": {"awsvpcConfiguration": fields}}


def balanced(group, other):
    advanced = {"alternateTargetGroupArn": GROUP + other, "roleArn": ROLE + "x"}
    return {
        "loadBalancers": [
            {
                "targetGroupArn": GROUP + group,
                "containerName": "app",
                "containerPort": 80,
                "advancedConfiguration": advanced,
            }
        ]
    }


def connected(**fields):
    service = {"portName": "http", **fields}
    return {"serviceConnectConfiguration": {"enabled": True, "services": [service]}}


def ebs(**fields):
    volume = {"roleArn": ROLE + "ebs", "sizeInGiB": 10, **fields}
    return {"volumeConfigurations": [{"name": "data", "managedEBSVolume": volume}]}


def hooks(**fields):
    hook = {"hookTargetArn": "arn:f", "lifecycleStages": ["PRE_SCALE_UP"], **fields}
    return how(lifecycleHooks=[hook])


def env(*names):
    return box(environment=[{"name": name, "value": name} for name in names])


def ports(mode, **port):
    container = {"name": "app", "image": "web:1", "portMappings": [port]}
    return {"networkMode": mode, "containerDefinitions": [container]}


# Each: its number, two that are equal by it, and one that differs from the first.
DEFINITIONS = [
    ("R1", fargate(volumes=[], proxyConfiguration={}), fargate(),
     box(environment=[{"name": "A", "value": ""}])),
    ("R2", box(user="1"), {**fargate(), "ContainerDefinitions": [
        {"Name": "app", "Image": "web:1", "User": "1"}]}, box(user="2")),
    ("R3", fargate(cpu=256), fargate(cpu="256"), fargate(cpu="512")),
    ("R5", fargate(cpu="256"), fargate(cpu="256", revision=3, status="ACTIVE"),
     fargate(cpu="256", pidMode="task")),
    ("R6", fargate(), fargate(tags=[{"key": "a", "value": "b"}]), fargate(cpu="256")),
    ("R7", {}, {"networkMode": "bridge"}, {"networkMode": "awsvpc"}),
    ("R8", fargate(cpu="1 vCPU"), fargate(cpu="1024"), fargate(cpu="1 GB")),
    ("R9", fargate(pidMode=""), fargate(), fargate(pidMode="host")),
    ("R10", fargate(enableFaultInjection=False), fargate(),
     fargate(enableFaultInjection=True)),
    ("R11", fargate(ephemeralStorage={"sizeInGiB": 20}), fargate(),
     fargate(ephemeralStorage={"sizeInGiB": 21})),
    ("R12", fargate(runtimePlatform={"cpuArchitecture": "X86_64",
                                     "operatingSystemFamily": "LINUX"}), fargate(),
     fargate(runtimePlatform={"cpuArchitecture": "ARM64"})),
    ("R13", fargate(volumes=[{"name": "a", "host": {}}]), fargate(volumes=[{"name": "a"}]),
     fargate(volumes=[{"name": "a", "host": {"sourcePath": "/a"}}])),
    ("R14", box(cpu=0), box(), box(cpu=10)),
    ("R15", box(essential=True), box(), box(essential=False)),
    ("R16", box(memory=0, memoryReservation=0), box(), box(memory=128)),
    ("R17", box(privileged=False, pseudoTerminal=False), box(), box(privileged=True)),
    ("R18", box(environment=[], mountPoints=[], dockerLabels={}), box(),
     box(dockerLabels={"a": "b"})),
    ("R19", box(portMappings=[{"containerPort": 80, "protocol": ""}]),
     box(portMappings=[{"containerPort": 80, "protocol": "tcp"}]),
     box(portMappings=[{"containerPort": 80, "protocol": "udp"}])),
    ("R20", ports("bridge", containerPort=80), ports("bridge", containerPort=80, hostPort=0),
     ports("bridge", containerPort=80, hostPort=80)),
    ("R20", ports("awsvpc", containerPort=80),
     ports("awsvpc", containerPort=80, hostPort=80), ports("bridge", containerPort=80)),
    ("R21", ports("bridge", containerPortRange="80-90"),
     ports("bridge", containerPortRange="80-90", hostPort=0),
     ports("bridge", containerPortRange="80-90", name="http")),
    ("R22", box(healthCheck={"command": ["CMD", "x"], "interval": 30, "startPeriod": 0}),
     box(healthCheck={"command": ["CMD", "x"], "timeout": 5, "retries": 3}),
     box(healthCheck={"command": ["CMD", "x"], "retries": 4})),
    ("R23", box(mountPoints=[{"containerPath": "/a", "readOnly": False}]),
     box(mountPoints=[{"containerPath": "/a"}]),
     box(mountPoints=[{"containerPath": "/a", "readOnly": True}])),
    ("R24", box(versionConsistency="enabled"), box(), box(versionConsistency="disabled")),
    ("R25", box(linuxParameters={"initProcessEnabled": False, "devices": [],
                                 "capabilities": {"add": [], "drop": []}}), box(),
     box(linuxParameters={"capabilities": {"add": ["NET_ADMIN"]}})),
    ("R26", box(restartPolicy={"enabled": True, "restartAttemptPeriod": 300}),
     box(restartPolicy={"enabled": True, "ignoredExitCodes": []}),
     box(restartPolicy={"enabled": False})),
    ("R27", box(stopTimeout=30), box(), box(stopTimeout=60)),
    ("R28", box(logConfiguration={"logDriver": "awslogs", "secretOptions": []}),
     box(logConfiguration={"logDriver": "awslogs"}),
     box(logConfiguration={"logDriver": "awslogs", "options": {"mode": "non-blocking"}})),
    ("R29", box(resourceRequirements=[{"type": "GPU", "value": "1"},
                                      {"type": "NeuronDevice", "value": "2"}]),
     box(resourceRequirements=[{"type": "NeuronDevice", "value": "2"},
                               {"type": "GPU", "value": "1"}]),
     box(resourceRequirements=[{"type": "GPU", "value": "2"},
                               {"type": "NeuronDevice", "value": "1"}])),
    ("R30", box(image="nginx"), box(image="docker.io/library/nginx:latest"),
     box(image="nginx:1")),
    ("R31", env("A", "B"), env("B", "A"), env("A", "C")),
    ("R32", env("A", "A", "B"), env("B", "A", "A"), env("A", "B")),
    ("R33", box(mountPoints=[{"containerPath": "/a"}, {"containerPath": "/b"}]),
     box(mountPoints=[{"containerPath": "/b"}, {"containerPath": "/a"}]),
     box(mountPoints=[{"containerPath": "/a"}])),
    ("R33", box(environmentFiles=[{"value": "1", "type": "s3"}]),
     box(environmentFiles=[{"type": "s3", "value": "1"}]),
     box(environmentFiles=[{"value": "2", "type": "s3"}, {"value": "1", "type": "s3"}])),
    ("R34", box(dependsOn=[{"containerName": "a", "condition": "START"},
                           {"containerName": "b", "condition": "START"}]),
     box(dependsOn=[{"containerName": "b", "condition": "START"},
                    {"containerName": "a", "condition": "START"}]),
     box(dependsOn=[{"containerName": "a", "condition": "HEALTHY"}])),
    ("R34", box(command=["a", "b"]), box(command=["a", "b"]), box(command=["b", "a"])),
    ("R34", box(dnsServers=["a", "b"]), box(dnsServers=["a", "b"]),
     box(dnsServers=["b", "a"])),
    ("R35", fargate(taskRoleArn="app"), fargate(taskRoleArn=f"{ROLE}app"),
     fargate(taskRoleArn=f"{ROLE}my-app")),
    ("R35", fargate(taskRoleArn="app"), fargate(taskRoleArn=f"{ROLE}team/app"),
     fargate(taskRoleArn="arn:aws:iam::999999999999:role/app")),
    ("R35", fargate(executionRoleArn=""), fargate(), fargate(executionRoleArn="app")),
    ("R36", secret("/app/key"), secret(f"{SSM}app/key"), secret(f"{SSM}other/key")),
    ("R36", secret(f"{SECRET}app"), secret(f"{SECRET}app-AbC123"),
     secret(f"{SECRET}app-AbC1234")),
    ("R36", secret(f"{SECRET}app-AbC123:key::"), secret(f"{SECRET}app:key"),
     secret(f"{SECRET}app:other::")),
    ("R36", secret(f"{SECRET}app"), secret(f"{SECRET}app:::"),
     secret(f"{SECRET}app::AWSPREVIOUS:")),
    # Both end in six characters that could be Secrets Manager's, and are names.
    ("R36", secret(f"{SECRET}app-config"), secret(f"{SECRET}app-config-AbC123"),
     secret(f"{SECRET}app-secret")),
]  # fmt: skip
SERVICES = [
    ("R37", {"taskDefinition": "web:1"}, {"taskDefinition": "arn:web:2"},
     {"propagateTags": "SERVICE"}),
    ("R38", {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
     {"capacityProviderStrategy": [{"capacityProvider":
      "arn:aws:ecs:us-east-1:123456789012:capacity-provider/FARGATE"}]},
     {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}),
    ("R40", {}, {"serviceArn": "x", "runningCount": 1, "events": [], "roleArn":
      f"{ROLE}aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"},
     {"roleArn": f"{ROLE}mine"}),
    ("R41", connected(), {"deployments": [{"status": "PRIMARY", **connected()}]},
     {"deployments": [{"status": "ACTIVE", **connected()}]}),
    ("R42", {}, {"schedulingStrategy": "REPLICA"}, {"schedulingStrategy": "DAEMON"}),
    ("R43", {}, {"deploymentController": {"type": "ECS"}},
     {"deploymentController": {"type": "CODE_DEPLOY"}}),
    ("R44", {}, {"enableECSManagedTags": False, "enableExecuteCommand": False},
     {"enableExecuteCommand": True}),
    ("R45", {"propagateTags": ""}, {"propagateTags": "NONE"}, {"propagateTags": "SERVICE"}),
    ("R46", {}, {"healthCheckGracePeriodSeconds": 0}, {"healthCheckGracePeriodSeconds": 1}),
    ("R47", {}, {"platformVersion": "LATEST"}, {"platformVersion": "1.4.0"}),
    ("R48", awsvpc(subnets=["a", "b"]),
     awsvpc(subnets=["b", "a"], assignPublicIp="DISABLED", securityGroups=[]),
     awsvpc(subnets=["a", "b"], assignPublicIp="ENABLED")),
    ("R49", {}, how(maximumPercent=200, minimumHealthyPercent=100, strategy="ROLLING",
                    bakeTimeInMinutes=0), how(maximumPercent=150)),
    ("R49", {"schedulingStrategy": "DAEMON"},
     {"schedulingStrategy": "DAEMON", **how(maximumPercent=100, minimumHealthyPercent=0)},
     {"schedulingStrategy": "DAEMON", **how(maximumPercent=200)}),
    ("R50", {}, how(deploymentCircuitBreaker={
        "enable": False, "rollback": False, "resetOnHealthyTask": True,
        "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}}),
     how(deploymentCircuitBreaker={"thresholdConfiguration": {"value": 40}})),
    ("R51", how(alarms={"alarmNames": ["a", "b"], "enable": True, "rollback": False}),
     how(alarms={"alarmNames": ["b", "a"], "enable": True}),
     how(alarms={"alarmNames": ["a"], "enable": True})),
    ("R52", {}, how(earlySuccessCriteria={"enable": False}),
     how(earlySuccessCriteria={"enable": True})),
    ("R52", how(earlySuccessCriteria={"enable": True}),
     how(earlySuccessCriteria={"enable": True, "healthyPercent": 100,
                               "sourceServiceRevisionCleanup": "BLOCKING"}),
     how(earlySuccessCriteria={"enable": True, "healthyPercent": 90})),
    ("R53", hooks(), hooks(targetType="AWS_LAMBDA", timeoutConfiguration={
        "action": "ROLLBACK", "timeoutInMinutes": 1440}), hooks(targetType="PAUSE")),
    ("R54", how(strategy="CANARY"), how(strategy="CANARY", canaryConfiguration={
        "canaryPercent": 5, "canaryBakeTimeInMinutes": 10}),
     how(strategy="CANARY", canaryConfiguration={"canaryPercent": 5.5})),
    ("R54", how(strategy="LINEAR"), how(strategy="LINEAR", linearConfiguration={
        "stepPercent": 10.0000000001}),
     how(strategy="LINEAR", linearConfiguration={"stepPercent": 10.01})),
    ("R56", {"capacityProviderStrategy": [{"capacityProvider": "a", "weight": 1},
                                          {"capacityProvider": "b"}]},
     {"capacityProviderStrategy": [{"capacityProvider": "b", "base": 0, "weight": 0},
                                   {"capacityProvider": "a", "base": 0, "weight": 1}]},
     {"capacityProviderStrategy": [{"capacityProvider": "a"},
                                   {"capacityProvider": "b", "weight": 1}]}),
    ("R57", {"placementStrategy": [{"type": "SPREAD", "field": "host"}]},
     {"placementStrategy": [{"type": "spread", "field": "instanceId"}]},
     {"placementStrategy": [{"type": "binpack", "field": "MEMORY"}]}),
    ("R57", {"placementStrategy": [{"type": "binpack", "field": "CPU"}, {"type": "random"}]},
     {"placementStrategy": [{"type": "binpack", "field": "cpu"}, {"type": "random"}]},
     {"placementStrategy": [{"type": "random"}, {"type": "binpack", "field": "cpu"}]}),
    ("R59", balanced("blue", "green"), balanced("green", "blue"), balanced("blue", "red")),
    ("R60", {}, {"serviceConnectConfiguration": {"enabled": False}},
     {"serviceConnectConfiguration": {"enabled": True}}),
    ("R60", connected(clientAliases=[{"port": 80}]),
     connected(discoveryName="http", clientAliases=[{"port": 80, "dnsName": "http"}]),
     connected(clientAliases=[{"port": 80, "dnsName": "other"}])),
    ("R60", ebs(), ebs(filesystemType="xfs"), ebs(filesystemType="ext4")),
    ("R60", {"tags": [{"key": "a", "value": "1"}]},
     {"tags": [{"key": "aws:x", "value": "1"}, {"key": "a", "value": "1"}]},
     {"tags": [{"key": "a", "value": "2"}]}),
]  # fmt: skip
# Each: its number, a path, what is declared and what is live, and whether it is others'.
OTHERS = [
    ("R4", "enableExecuteCommand", {}, {"enableExecuteCommand": True}, True),
    ("R4", "enableExecuteCommand", {"enableExecuteCommand": True}, {}, False),
    ("R55", "availabilityZoneRebalancing", {}, {}, True),
    ("R55", "availabilityZoneRebalancing",
     {"availabilityZoneRebalancing": "DISABLED"}, {}, False),
    ("R58", "desiredCount", {}, {"desiredCount": 3}, True),
    ("R58", "desiredCount", {"desiredCount": 1}, {"scalableTarget": {}}, True),
    ("R58", "desiredCount", {"desiredCount": 1}, {"schedulingStrategy": "DAEMON"}, True),
    ("R58", "desiredCount", {"desiredCount": 1}, {"desiredCount": 3}, False),
    ("R59", "loadBalancers", {"loadBalancers": [{}]},
     {"deploymentController": {"type": "CODE_DEPLOY"}}, True),
    ("R59", "loadBalancers", {"loadBalancers": [{}]},
     {"deploymentController": {"type": "ECS"}}, False),
]  # fmt: skip
