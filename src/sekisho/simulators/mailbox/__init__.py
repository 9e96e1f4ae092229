"""A mailbox that shows what the vault wrote to the mail folder. For trying out and tests: it stands
where a payer's own mail program would."""

from sekisho.simulators.mailbox.pages import PAGES, Mailbox

__all__ = ["PAGES", "Mailbox"]
