import sys

from controller.emulation.runtimes.images import PROBE, Placeholders

PLACEHOLDERS = Placeholders(host="127.64.0.4", state="/state")


def test_placeholders_are_replaced_and_other_braces_stay():
    filled = PLACEHOLDERS.fill("{python} {host}:80 {state}/db {probe} {other} {}")

    assert filled == f"{sys.executable} 127.64.0.4:80 /state/db {PROBE} {{other}} {{}}"


def test_localhost_in_a_health_check_is_the_task():
    check = PLACEHOLDERS.fill_check(
        "curl http://localhost:80/ || curl http://127.0.0.1:80/"
    )

    assert check == "curl http://127.64.0.4:80/ || curl http://127.64.0.4:80/"


def test_localhost_in_a_command_is_this_machine():
    assert PLACEHOLDERS.fill("http://localhost:80") == "http://localhost:80"
