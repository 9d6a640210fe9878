"""The edges of what each kind accepts."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from controller.core.document.reference import (
    FallbackReference,
    SecretPart,
    SecretReference,
)
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.experiment.spec import ExperimentSpec
from controller.kinds.model.spec import ModelSpec
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.webhook.spec import AnnounceFrom, WebhookSpec

RUN = "0123456789abcdef0123456789abcdef"
HOOK = {"url": "https://h", "secrets": [{"env": "S"}]}
MLFLOW = {"host": "mlflow.local", "port": 5000}


def accepts(model, **fields):
    try:
        return model.model_validate(fields)
    except ValidationError:
        return None


@pytest.mark.parametrize(
    ("written", "units"),
    [
        (256, 256),
        ("1 vCPU", 1024),
        (".25 vCPU", 256),
        ("0.5vcpu", 512),
        ("2 VCPU", 2048),
    ],
)
def test_cpu_is_units_however_it_is_spelled(written, units):
    spec = accepts(ServiceSpec, image="a", cpu=written, memory=units * 2)

    assert spec is not None
    assert spec.cpu == units


@pytest.mark.parametrize(
    ("written", "mib"), [(512, 512), ("1 GB", 1024), ("0.5GB", 512), ("2 gb", 2048)]
)
def test_memory_is_mib_however_it_is_spelled(written, mib):
    spec = accepts(ServiceSpec, image="a", memory=written)

    assert spec is not None
    assert spec.memory == mib


@pytest.mark.parametrize(
    "written",
    ["1", "1 cpu", "0.3 vCPU", True, 256.0, "", None, 2**31, 2**53 + 1, 2**63, -256],
    ids=str,
)
def test_other_amounts_of_cpu_are_refused(written):
    assert accepts(ServiceSpec, image="a", cpu=written) is None


@pytest.mark.parametrize(
    ("cpu", "memory", "offered"),
    [
        (256, 1024, True),
        (256, 1536, True),
        (256, 2560, False),
        (1024, 2048, True),
        (1024, 1024, False),
        (4096, 30_720, True),
        (8192, 18_432, False),
        (8192, 20_480, True),
        (16_384, 122_880, True),
    ],
)
def test_memory_must_be_offered_with_the_cpu(cpu, memory, offered):
    spec = accepts(ServiceSpec, image="a", cpu=cpu, memory=memory)

    assert (spec is not None) == offered


@pytest.mark.parametrize(
    ("port", "valid"),
    [
        (1, True),
        (65_535, True),
        (0, False),
        (65_536, False),
        (-1, False),
        (2**31, False),
        (2**53 + 1, False),
        (2**63, False),
        ("8001", False),
        (8001.0, False),
        (True, False),
        (float("nan"), False),
        (float("inf"), False),
        ("", False),
    ],
    ids=str,
)
def test_ports(port, valid):
    assert (accepts(ServiceSpec, image="a", port=port) is not None) == valid


@pytest.mark.parametrize(
    ("count", "valid"),
    [(0, True), (2**31 - 1, True), (2**31, False), (2**63, False), (-1, False)],
)
def test_counts_are_of_32_bits(count, valid):
    assert (accepts(ServiceSpec, image="a", desired_count=count) is not None) == valid


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (0, True),
        (-0.5, True),
        (2**53, True),
        (2**53 + 1, False),
        (2**63, False),
        (10**400, False),
        (1e308, True),
        (float("nan"), False),
        (float("inf"), False),
        (float("-inf"), False),
        (True, False),
        ("0.65", False),
        (None, False),
    ],
    ids=str,
)
def test_a_baseline_is_a_finite_number_held_exactly(value, valid):
    found = accepts(ModelSpec, benchmark={"metric": "accuracy", "baseline": value})

    assert (found is not None) == valid


@pytest.mark.parametrize(
    ("field", "longest", "model", "others"),
    [
        ("name", 255, ServiceSpec, {"image": "a"}),
        ("image", 255, ServiceSpec, {}),
        ("log_group", 512, ServiceSpec, {"image": "a"}),
        ("discovery", 63, ServiceSpec, {"image": "a"}),
        ("name", 256, ModelSpec, {}),
        ("id", 128, ModelSpec, {}),
        ("token_symbol", 64, ModelSpec, {}),
        ("description", 100_000, ModelSpec, {}),
        ("name", 256, ExperimentSpec, {}),
    ],
)
def test_the_longest_text_is_accepted_and_one_more_is_not(
    field, longest, model, others
):
    assert accepts(model, **others, **{field: "a" * longest}) is not None
    assert accepts(model, **others, **{field: "a" * (longest + 1)}) is None


def test_the_longest_tag_is_accepted_and_one_more_is_not():
    assert accepts(ModelSpec, tags={"k" * 250: "v" * 100_000}) is not None
    assert accepts(ModelSpec, tags={"k" * 251: "v"}) is None
    assert accepts(ModelSpec, tags={"k": "v" * 100_001}) is None


@pytest.mark.parametrize("value", [None, "", " ", "a\nb"])
def test_names_are_not_empty(value):
    assert accepts(ExperimentSpec, name=value) is None
    assert accepts(ModelSpec, name=value) is None
    assert accepts(ServiceSpec, image="a", name=value) is None


@pytest.mark.parametrize(
    ("alias", "valid"),
    [
        ("production", True),
        ("v1-beta", True),
        ("latest", False),
        ("v12", False),
        ("V3", False),
        ("a.b", False),
        ("", False),
        ("é", True),
        ("a" * 255, True),
        ("a" * 256, False),
    ],
)
def test_alias_names_are_those_of_mlflow(alias, valid):
    assert (accepts(ModelSpec, aliases={alias: 1}) is not None) == valid


@pytest.mark.parametrize(
    ("target", "valid"),
    [
        (1, True),
        ("latest", True),
        (0, False),
        ("1", False),
        (True, False),
        (2**31, False),
    ],
)
def test_alias_targets(target, valid):
    assert (accepts(ModelSpec, aliases={"production": target}) is not None) == valid


def test_token_symbols_are_kept_in_upper_case():
    spec = accepts(ModelSpec, token_symbol="lscor-2")

    assert spec is not None
    assert spec.token_symbol == "LSCOR-2"


@pytest.mark.parametrize("symbol", ["", "-A", "A-", "A_B", "A B", "Ä", "\u017f"])
def test_other_token_symbols_are_refused(symbol):
    assert accepts(ModelSpec, token_symbol=symbol) is None


@pytest.mark.parametrize(
    ("version", "valid"),
    [
        ({"source": "s3://bucket/model"}, True),
        ({"source": f"runs:/{RUN}/model"}, True),
        ({"source": f"runs:/{RUN}/model", "run": RUN}, True),
        ({"source": f"runs:/{RUN}/model", "run": "f" * 32}, False),
        ({"source": "models:/Sales Lead Scoring@production"}, True),
        ({"source": "s3://bucket/model "}, False),
        ({"source": "models:/sales@production"}, True),
        ({"source": "mlflow-artifacts:/1/2/artifacts"}, False),
        ({"source": "mlflow-artifacts:/1/2/artifacts", "run": RUN}, True),
        ({"source": "s3://bucket/../model"}, False),
        ({"source": "https://example.com/model"}, False),
        ({"source": "/srv/model"}, False),
        ({"select": {"experiment": "e", "metric": "f1"}}, True),
        ({"select": {"experiment": "e", "metric": "f1"}, "run": RUN}, False),
        ({}, False),
    ],
    ids=str,
)
def test_versions_have_one_origin_that_mlflow_takes(version, valid):
    assert (accepts(ModelSpec, versions=[version]) is not None) == valid


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("https://hokus.ai/api/webhooks", True),
        ("http://127.0.0.1:8088/hook", True),
        ("http://localhost/hook", True),
        ("http://hooks.hokusai-development.local/hook", True),
        ("http://hokus.ai/hook", False),
        ("http://169.254.169.254/latest", False),
        ("https://127.1/hook", False),
        ("https://2130706433/hook", False),
        ("https://0177.0.0.1/hook", False),
        ("https://me:pw@hokus.ai/hook", False),
        ("https://me@hokus.ai/hook", False),
        ("https://hokus.ai:99999/hook", False),
        ("https://[::1/hook", False),
        ("https://hokus.ai/#x", False),
        ("ftp://hokus.ai", False),
        ("", False),
    ],
)
def test_webhook_addresses(url, valid):
    assert (accepts(WebhookSpec, **HOOK | {"url": url}) is not None) == valid


@pytest.mark.parametrize(
    ("network", "valid"),
    [
        ("10.0.0.0/16", True),
        ("127.0.0.1", True),
        ("fd12::/64", True),
        ("10.0.0.1/16", False),
        ("0.0.0.0/0", False),
        ("169.254.169.254/32", False),
        ("vpc", False),
    ],
)
def test_networks_of_internal_receivers(network, valid):
    found = accepts(WebhookSpec, **HOOK, allow_networks=[network])

    assert (found is not None) == valid


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T14:00:00+02:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_announcing_since_a_date_means_utc(since, moment):
    spec = accepts(WebhookSpec, **HOOK, announce={"since": since})

    assert spec is not None
    assert spec.announce == AnnounceFrom(since=moment)


@pytest.mark.parametrize("announce", ["all", "from-now"])
def test_announcing_by_a_word(announce):
    spec = accepts(WebhookSpec, **HOOK, announce=announce)

    assert spec is not None
    assert spec.announce == announce


@pytest.mark.parametrize("announce", ["", None, 1, {}, {"since": "now"}, ["all"]])
def test_other_announcements_are_refused(announce):
    assert accepts(WebhookSpec, **HOOK, announce=announce) is None


@pytest.mark.parametrize(
    ("host", "valid"),
    [
        ("mlflow.hokusai-development.local", True),
        ("10.0.1.221", True),
        ("_sip.example.com", True),
        ("a" * 63 + ".local", True),
        ("a" * 64 + ".local", False),
        ("http://mlflow", False),
        ("mlflow:5000", False),
        ("-a.local", False),
        ("a..b", False),
        ("", False),
    ],
)
def test_hosts_are_names_without_anything_else(host, valid):
    assert (accepts(EndpointSpec, host=host, port=5000) is not None) == valid


def test_a_probe_accepts_all_good_answers_unless_told():
    spec = accepts(EndpointSpec, **MLFLOW, probe={"path": "/health"})

    assert spec is not None
    assert spec.probe is not None
    assert (spec.probe.status[0], spec.probe.status[-1]) == (200, 399)


def test_a_port_of_https_can_carry_tcp_but_not_http():
    assert accepts(EndpointSpec, host="h", port=443) is None
    assert accepts(EndpointSpec, host="h", port=443, protocol="tcp") is not None
    assert accepts(EndpointSpec, host="h", port=443, protocol="https") is not None


def test_references_print_where_and_never_what():
    assert str(SecretReference(env="WEBHOOK_SECRET")) == "env:WEBHOOK_SECRET"
    assert str(SecretReference(ssm="/a/b")) == "ssm:/a/b"
    assert str(SecretReference(secretsmanager="a:k")) == "secretsmanager:a:k"
    assert str(FallbackReference(env="MLFLOW_FALLBACK_IP")) == "env:MLFLOW_FALLBACK_IP"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("hokusai/db", SecretPart("hokusai/db")),
        ("hokusai/db-AbCdEf:pw::", SecretPart("hokusai/db-AbCdEf", "pw", "", "")),
        ("hokusai/db:pw:AWSPREVIOUS", SecretPart("hokusai/db", "pw", "AWSPREVIOUS")),
        (
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:hokusai/db-AbCdEf:pw",
            SecretPart(
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:hokusai/db-AbCdEf",
                "pw",
            ),
        ),
    ],
)
def test_a_reference_to_secrets_manager_has_parts(written, parts):
    assert SecretReference(secretsmanager=written).secret == parts


def test_only_secrets_manager_has_parts():
    with pytest.raises(ValueError, match="ssm:/a is not in Secrets Manager"):
        _ = SecretReference(ssm="/a").secret


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"env": "A", "ssm": "/a"},
        {"env": "1A"},
        {"env": "A-B"},
        {"env": ""},
        {"ssm": "a/b"},
        {"ssm": "/a//b"},
        {"secretsmanager": "a b"},
        {"secretsmanager": "a:b:c:d:e"},
        {"vault": "x"},
    ],
    ids=str,
)
def test_other_references_are_refused(fields):
    assert accepts(SecretReference, **fields) is None


@pytest.mark.parametrize("value", [0, 1, 0.0, "true", "yes", "off"])
def test_a_switch_is_written_as_true_or_false(value):
    declared = {"host": "api.hokus.ai", "port": 443, "external": value}

    with pytest.raises(ValidationError, match="valid boolean"):
        EndpointSpec.model_validate(declared)
