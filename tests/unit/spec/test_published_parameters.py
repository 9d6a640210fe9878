"""Warnings about published addresses that no service reads, and about literal hosts."""

import pytest

from tests.builders.documents import document

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
