"""Settlement: the network's file of a day is taken, days are closed, differences worked on, client
bodies paid."""
