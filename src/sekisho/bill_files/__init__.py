"""Files that client bodies hand in: read, checked line by line, and sent across to payments.

Stands on crossings only, so that the desk's upload page and the terminal read a file with the same
code. Keeps nothing; holds one message's rows at a time; never repeats a value in an error."""
