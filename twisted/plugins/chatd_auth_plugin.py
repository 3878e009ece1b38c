"""What ``--auth`` lists: the accounts in a password file of chatd."""

from chatd.accounts.checker import CheckerFactory

chatd_accounts = CheckerFactory()
