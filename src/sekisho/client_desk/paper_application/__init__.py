"""Applications that came on paper: what a clerk types is read here and sealed to the vault at once;
the desk keeps none of it."""
