"""What the vault writes down. No column here can hold a security code (PCI DSS 3.3.1): there is
none for it, items are limited to kinds that leave it out, and codes live in ``security_codes``."""
