"""Operations a user requests by hand: rollback, restart, retry."""
