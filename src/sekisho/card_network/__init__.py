"""The zone that speaks to the card network: ISO 8583 over one connection, and 3-D Secure.

It keeps orders and messages by trace number, masked. Payments knocks with orders, the directory
server with results. A card number is here between the vault's release and the frame that carries
it, in memory only; security codes likewise. It never decides whether to pay, refund or retry."""
