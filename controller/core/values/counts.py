"""Counts in messages, with the noun in the singular or plural."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, as in ``1 service`` and ``2 services``.

    Args:
        number: The count.
        noun: In the singular.
        plural: For a noun that does not just take an ``s``.
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
