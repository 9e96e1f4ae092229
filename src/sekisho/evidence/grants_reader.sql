-- Whoever verifies reads everything and writes nothing.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.line, {schema}.link, {schema}.head TO {role};
