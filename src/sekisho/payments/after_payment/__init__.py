"""A payment's life after the issuer's yes: captured when the client body says so, voided, given
back in part or whole, disputed, settled. Orders that people give act for one client body."""
