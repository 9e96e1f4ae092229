"""How processes speak to PostgreSQL where speed counts: transactions whose statements travel
together (``pipeline``), connections shared by the workers of the doors (``connections``)."""
