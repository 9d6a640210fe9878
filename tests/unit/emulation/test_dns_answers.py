import dns.message
import dns.rcode
import pytest

from controller.emulation.dns import DnsAnswers

NAMES = {"mlflow.test.local": ["127.64.0.5", "127.64.0.4"], "api.test.local": []}


def ask(name, kind="A", **options):
    answers = DnsAnswers(NAMES.get, ["test.local"], **options)
    return answers.answer(dns.message.make_query(name, kind))


def addresses(response):
    return sorted(item.address for rrset in response.answer for item in rrset)


def test_a_response_has_the_addresses_and_the_ttl():
    response = ask("mlflow.test.local", ttl=lambda _: 7)

    assert addresses(response) == ["127.64.0.4", "127.64.0.5"]
    assert response.answer[0].ttl == 7


def test_names_have_no_case():
    assert addresses(ask("MLflow.TEST.local")) == ["127.64.0.4", "127.64.0.5"]


def test_a_missing_name_is_nxdomain_with_the_soa():
    response = ask("nope.test.local")

    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.authority[0].name.to_text() == "test.local."


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mlflow.test.local", "AAAA"), ("api.test.local", "A"), ("test.local", "A")],
    ids=["other-type", "no-instances", "zone"],
)
def test_a_name_without_such_records_is_no_data(name, kind):
    response = ask(name, kind)

    assert response.rcode() == dns.rcode.NOERROR
    assert response.answer == []
    assert response.authority


@pytest.mark.parametrize("name", ["example.com", "local", "eviltest.local"])
def test_other_zones_are_refused(name):
    assert ask(name).rcode() == dns.rcode.REFUSED


def test_fixed_records_are_answered_outside_the_zones():
    response = ask("auth.example.org", records={"auth.example.org": ["127.0.0.9"]})

    assert addresses(response) == ["127.0.0.9"]


def test_the_server_is_authoritative_for_its_zone():
    assert "AA" in dns.flags.to_text(ask("mlflow.test.local").flags)
    assert ask("test.local", "SOA").answer
