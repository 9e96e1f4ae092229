"""What a payer site writes down: visits and errands. No column holds a personal item that the
site could read: ``Errand.sealed`` is a box that only the vault opens."""
