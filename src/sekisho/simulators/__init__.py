"""Stand-ins for what lies outside the platform: the card network and the 3-D Secure servers.

They speak the real protocols over real sockets, share no code with the zones, and decide every
outcome by the card number typed (``test_cards``). They take test card numbers only."""
