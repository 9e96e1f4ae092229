-- A payer site's process: its own visits and errands, nothing else.
GRANT SELECT, INSERT, DELETE ON {schema}.visit TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.errand TO {role};
GRANT USAGE ON SEQUENCE {schema}.errand_id_seq TO {role};
