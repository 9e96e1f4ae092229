"""The card form: pages of the vault's own origin, shown in a frame of a payer site."""
