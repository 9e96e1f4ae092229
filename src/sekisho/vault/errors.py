"""What can go wrong inside the vault. No error text ever holds an item, a code or a key."""


class VaultError(Exception):
    """Root of the family."""


class EnvelopeBroken(VaultError):
    """A ciphertext does not open where it lies: moved, changed, or under another key."""


class KeyStoreError(VaultError):
    """The key store can't do what was asked; the message says what to repair."""


class KeyMissing(KeyStoreError):
    """No key of that name: destroyed on purpose, or the key store was not restored."""


class KeyDestroyed(VaultError):
    """The item's key was destroyed; nobody can read the item again."""


class ItemInvalid(VaultError):
    """A typed item breaks the rule of its kind; ``field`` names the kind, never the value."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


class MailInvalid(VaultError):
    """The facts of a mail do not fit its template; ``field`` names the fact."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


class MailUndeliverable(VaultError):
    """The mail could not be handed over now; the message never holds the address."""
