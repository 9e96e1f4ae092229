-- The keeper reads lines and adds links and signed heads.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.line, {schema}.link, {schema}.head TO {role};
GRANT INSERT ON {schema}.link, {schema}.head TO {role};
GRANT INSERT (kind, subject, facts) ON {schema}.line TO {role};
