"""Pages of the desk: sign-in, first page, files handed in and what became of them."""
