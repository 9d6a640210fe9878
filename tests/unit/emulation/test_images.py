import sys

from controller.emulation.runtimes.images import PROBE, Words

WORDS = Words(host="127.64.0.4", state="/state")


def test_placeholders_are_filled_and_other_braces_stay():
    filled = WORDS.fill("{python} {host}:80 {state}/db {probe} {other} {}")

    assert filled == f"{sys.executable} 127.64.0.4:80 /state/db {PROBE} {{other}} {{}}"


def test_localhost_in_a_health_check_is_the_task():
    check = WORDS.fill_check("curl http://localhost:80/ || curl http://127.0.0.1:80/")

    assert check == "curl http://127.64.0.4:80/ || curl http://127.64.0.4:80/"


def test_localhost_in_a_command_is_this_machine():
    assert WORDS.fill("http://localhost:80") == "http://localhost:80"
