"""What payments writes down. The database keeps the invariants: legal edges, one payment holding a
bill, balanced transfers, nothing updated or deleted in ledger and history, walls between client
bodies (``migrations/0002_walls``)."""
