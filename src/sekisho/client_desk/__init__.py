"""The desk of the client bodies: their staff hand in bills and policies.

Keeps: staff (password hashes, sealed second factors), uploads and what became of them. Knocked at
by staff's browsers and the terminal. Never holds a card number, nor a personal item in clear: a
policy file's dates of birth are sealed to the vault row by row, and the file itself lies under a
key that lives in memory only."""
