"""The operators' console: how the platform is, and what became of a payment.

Keeps: operators (password hashes, sealed second factors). Knocked at by operators' browsers and
the terminal. Never holds a card number, a personal item, or anything of a client body's."""
