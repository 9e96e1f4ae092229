"""The words every zone shares: money, identifiers, clock, digits. Standard library only."""
