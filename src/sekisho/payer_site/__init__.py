"""Zone 1: a payer finds a bill or a policy, and pays or enrols.

Keeps: visits and errands (how far a payer has come), with what the payer typed about themselves in
boxes sealed to the vault. Who may knock: payers' browsers. Never holds: a card number, a security
code, a personal item that it could read, a key that opens anything, another site's anything. One
process for each site; ``sites/*.toml`` says what is different between them.
"""
