"""What this zone writes down: orders, which are also the messages by trace number, and
authentications. No card number but BIN and last four; no expiry, no security code."""
