"""The ledger: double entry, in integer yen. A claim is opened pending, then posted or voided by a
new transfer; nothing is updated or deleted, and a correction is a further transfer."""
