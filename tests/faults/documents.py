"""The documents that workloads declare, and how they are read."""

from functools import cache

from controller.core.errors import SpecError
from controller.spec.document import Document, load
from tests.fakes.sim_controller import KINDS

MAIN = "hokusai.yaml"
HEADER = """\
apiVersion: hokusai.ai/v1
platform:
  name: hokusai
  environment: development
  account: "123456789012"
  region: us-east-1
  prune: true
  network: {subnets: [subnet-0a1b2c3d4e5f60001]}
  roles: {execution: arn:aws:iam::123456789012:role/execution}
  reconcile: {interval: 60s, max_disruptive_actions: 2}
"""


@cache
def parsed(text: str) -> Document | SpecError:
    """Return the document, or everything that is wrong with it."""
    try:
        return load(MAIN, environ={}, kinds=KINDS, read=lambda file: _read(file, text))
    except SpecError as error:
        return error


def _read(file: str, text: str) -> bytes:
    if file != MAIN:
        raise FileNotFoundError(file)
    return text.encode()


def service(
    key: str = "api", image: str = "hokusai/api:1", extra: str = "", needs: str = ""
) -> str:
    """Return one entry under ``services``."""
    after = f"    depends_on: [{needs}]\n" if needs else ""
    return f"  {key}:\n    image: {image}\n    port: 8001\n{after}{extra}"


SECRETS = """\
    secrets:
      DB_PASSWORD: {secretsmanager: "hokusai/app:database"}
      REDIS: {ssm: /hokusai/db}
"""
SCALING = """\
    scaling: {minimum: 1, maximum: 4}
    service: {enableExecuteCommand: true, tags: [{key: team, value: growth}]}
"""
SCALED_OTHERWISE = """\
    scaling: {minimum: 1, maximum: 2}
    service: {tags: [{key: team, value: growth}]}
"""
SPOT = """\
    service: {capacityProviderStrategy: [{capacityProvider: FARGATE_SPOT, weight: 1}]}
"""
MIXED = """\
    service:
      capacityProviderStrategy:
        - {capacityProvider: FARGATE_SPOT, weight: 1}
        - {capacityProvider: FARGATE, base: 1}
"""
TAGGED = """\
    task: {tags: [{key: cost, value: one}, {key: team, value: growth}]}
    service: {tags: [{key: cost, value: one}, {key: team, value: growth}]}
"""
TAGGED_OTHERWISE = """\
    task: {tags: [{key: cost, value: two}]}
    service: {tags: [{key: cost, value: two}]}
"""
IN_ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai-api:latest"
REDEPLOYED = """\
    image_policy: redeploy
    deployment: {restart_interval: 30s}
"""
RESTARTED = """\
    restart_on_secret_change: true
    deployment: {restart_interval: 30s}
"""
STAYS = "    deployment: {rollback: false}\n"
BEFORE = "    before: [{name: migrate, command: [migrate]}]\n"
DISCOVERY = "    discovery: api\n"
ROUTES = """\
    routes:
      - {host: api.hokus.ai, path: "/api/*", listeners: [80, 443]}
"""
# Longer than a clock jumps, so that ECS replaces no task meanwhile.
HEALTH = ROUTES + "    health: {path: /health, grace: 7200}\n"
READY = ROUTES + "    health: {path: /ready, grace: 7200}\n"
# A command of its own, so that the path is a setting of the target group only.
OWN_HEALTH = ROUTES + "    health: {path: /health, command: [CMD, check]}\n"
OWN_READY = ROUTES + "    health: {path: /ready, command: [CMD, check]}\n"
OTHER_ROUTES = """\
    routes:
      - {host: api.hokus.ai, path: "/api/v1/*", listeners: [443]}
      - {host: api.hokus.ai, path: "/api/*", listeners: [443]}
"""
EXPERIMENT = "experiments:\n  scoring: {tags: {team: growth}}\n"
LABELLED_EXPERIMENT = """\
experiments:
  scoring: {description: Leads., tags: {team: growth, tier: "1"}}
"""
ENDPOINT = """\
endpoints:
  api:
    host: api.hokusai-development.local
    port: 8001
    fallback: {env: API_FALLBACK_IP, publish: {ssm: /hokusai/api-ip}}
"""
READ_ENDPOINT = """\
endpoints:
  api:
    host: api.hokusai-development.local
    port: 8001
    fallback:
      env: API_FALLBACK_IP
      publish: {ssm: /hokusai/api-ip, restart_readers: true}
"""
READS = "    secrets: {API_FALLBACK_IP: {ssm: /hokusai/api-ip}}\n"
SITE = "https://hokus.ai/api/webhooks"


def services(*entries: str) -> str:
    """Return the section with these entries."""
    return "services:\n" + "".join(entries)


def model(
    aliases: str = "{production: latest-passing}",
    description: str = "Leads.",
    key: str = "leads",
    select: bool = True,
) -> str:
    """Return one model that is selected from runs of an experiment."""
    versions = (
        "    versions:\n      - select: {experiment: scoring, metric: accuracy}\n"
        if select
        else ""
    )
    return (
        f"models:\n  {key}:\n    description: {description}\n"
        "    benchmark: {metric: accuracy, baseline: 0.5}\n"
        f"{versions}    aliases: {aliases}\n"
    )


def sourced(*sources: str, aliases: str = "{}") -> str:
    """Return one model with versions from addresses."""
    lines = "".join(f"      - {{source: {source}}}\n" for source in sources)
    versions = f"    versions:\n{lines}" if sources else ""
    return f"models:\n  leads:\n{versions}    aliases: {aliases}\n"


def labelled(source: str) -> str:
    """Return a model with every field that can be removed again."""
    fields = "    description: Leads.\n    token_symbol: LSCOR\n    tags: {tier: one}\n"
    return sourced(source, aliases="{production: 1}") + fields


def hint(path: str = "/hints/mlflow") -> str:
    """Return the field of the platform that declares the hint."""
    url = f"http://controller.hokusai-development.local:8002{path}"
    return f"  mlflow: {{hint: {{url: {url}, secret: {{env: HINT_SECRET}}}}}}\n"


def webhook(
    *targets: str,
    announce: str = "all",
    secrets: str = "",
    phase: str = "",
    payload: str = "hokusai-v1",
    events: str = "model.registered",
    destination: str = "url",
) -> str:
    """Return the section with these targets; with a Redis queue, if there is a phase.

    A destination is ``url``, ``sqs`` or ``eventbridge``; a queue or an event bus is named
    as its target.
    """
    named = {"sqs": "queue", "eventbridge": "bus"}
    redis = f"    redis: {{url: 'rediss://cache', phase: {phase}}}\n" if phase else ""
    entries = "".join(
        f"  {name}:\n    announce: {announce}\n"
        f"    payload: {payload}\n    events: [{events}]\n{redis}"
        + (
            f"    {destination}: {{{named[destination]}: {name}}}\n"
            if destination in named
            else f"    url: {SITE}/{name}\n"
            f"    secrets: [{secrets or f'{{env: {name.upper()}_SECRET}}'}]\n"
        )
        for name in targets
    )
    return "webhooks:\n" + entries if targets else ""
