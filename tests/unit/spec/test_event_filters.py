"""Types of events and filters of a webhook target in the document."""

import pytest

from controller.core.document.resource import ResourceId
from tests.builders.documents import document, problem

HOOK = """webhooks:
  site:
    url: https://hokus.ai/hook
    secrets: [{env: WEBHOOK_SECRET}]
    %s
"""


def test_a_filter_is_an_expression_over_the_payload():
    text = "{events: [service.degraded], where: \"name == 'api'\"}"
    body = HOOK.replace("    %s\n", "") + "    " + text[1:-1].replace(", w", "\n    w")

    spec = document(body + "\n").resources[ResourceId("webhook", "site")].spec

    assert (spec.events, spec.where) == (("service.degraded",), "name == 'api'")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "events: [service.degraded]\n    where: 'name =='",
            "where: is not a JMESPath expression:",
        ),
        ("where: 'name'", "where: cannot filter model.registered"),
        ("events: [service.gone]", "events[0]: must be"),
        ("body: '{text: }'", "body: is not a JMESPath expression:"),
        ("body: name\n    payload: slack", "body: cannot be combined with the payload"),
    ],
    ids=["syntax", "registrations", "unknown type", "body", "body and payload"],
)
def test_a_filter_that_cannot_work_says_why(text, words):
    found = problem(HOOK % text)

    assert f"webhooks.site.{words}" in found
