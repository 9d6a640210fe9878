"""Warnings about published addresses that no service reads, and about literal hosts."""

import re

import pytest

from tests.builders.documents import document
from tests.builders.documents import problems as refused

POSITION = re.compile(r"hokusai\.yaml:\d+:\d+")

PUBLISHED = """\
endpoints:
  mlflow:
    host: mlflow.hokusai-development.local
    port: 5000
    fallback: {env: MLFLOW_FALLBACK_IP, publish: {ssm: /hokusai/mlflow-ip}}
"""
OTHER = "services:\n  api:\n    image: hokusai/api:latest\n"
READERS = {
    "secret": OTHER + "    secrets: {MLFLOW_FALLBACK_IP: {ssm: /hokusai/mlflow-ip}}\n",
    "container of the task": OTHER
    + """\
    task:
      containerDefinitions:
        - name: hokusai-api-development
          secrets: [{name: MLFLOW_FALLBACK_IP, valueFrom: /hokusai/mlflow-ip}]
""",
    "container of the task, by ARN": OTHER
    + """\
    task:
      containerDefinitions:
        - name: hokusai-api-development
          secrets:
            - name: MLFLOW_FALLBACK_IP
              valueFrom: arn:aws:ssm:us-east-1:123456789012:parameter/hokusai/mlflow-ip
""",
}


def warnings(text):
    return [(found.path, found.problem) for found in document(text).warnings]


def test_a_published_parameter_that_no_service_reads_is_a_warning():
    assert warnings(PUBLISHED + OTHER) == [
        (
            "endpoints.mlflow.fallback.publish.ssm",
            "is read by no service of the document: /hokusai/mlflow-ip",
        )
    ]


@pytest.mark.parametrize("reader", READERS)
def test_a_published_parameter_that_a_service_reads_is_no_warning(reader):
    assert warnings(PUBLISHED + READERS[reader]) == []


def test_a_document_without_services_says_nothing_about_readers():
    assert warnings(PUBLISHED) == []


def test_a_literal_address_as_host_is_a_warning():
    text = "endpoints:\n  mlflow: {host: 10.0.1.221, port: 5000}\n"

    assert warnings(text) == [("endpoints.mlflow.host", "is an address, not a name")]


def test_a_loopback_address_as_host_is_no_warning():
    assert warnings("endpoints:\n  mlflow: {host: 127.0.0.1, port: 5000}\n") == []


SECOND = """\
  api:
    host: {host}
    port: 8001
    fallback: {{env: {env}, publish: {{ssm: {ssm}}}}}
"""


@pytest.mark.parametrize(
    ("host", "env", "ssm", "problems"),
    [
        ("api.example.local", "API_FALLBACK_IP", "/hokusai/api-ip", []),
        (
            "api.example.local",
            "API_FALLBACK_IP",
            "/hokusai/mlflow-ip",
            [
                (
                    "endpoints.mlflow.fallback.publish.ssm: publishes to "
                    "/hokusai/mlflow-ip, as does endpoint/api at HERE; "
                    "give each endpoint its own parameter"
                )
            ],
        ),
        (
            "api.example.local",
            "MLFLOW_FALLBACK_IP",
            "/hokusai/api-ip",
            [
                (
                    "endpoints.mlflow.fallback.env: reads MLFLOW_FALLBACK_IP, as does "
                    "another host: endpoint/api at HERE; give each host its own variable"
                )
            ],
        ),
        (
            "MLFLOW.hokusai-development.local.",
            "MLFLOW_FALLBACK_IP",
            "/hokusai/api-ip",
            [],
        ),
    ],
)
def test_two_endpoints_share_a_fallback_only_for_one_host(host, env, ssm, problems):
    text = PUBLISHED + SECOND.format(host=host, env=env, ssm=ssm)

    if not problems:
        document(text)
        return

    found = [
        POSITION.sub("HERE", problem).removeprefix("HERE: ")
        for problem in refused(text)
    ]

    assert found == problems
