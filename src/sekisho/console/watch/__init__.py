"""What the operators look at: processes, evidence, one payment. Asked from the others each time;
nothing of it is kept here."""
