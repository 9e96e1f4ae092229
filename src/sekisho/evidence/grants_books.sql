-- A zone that compares its books with evidence sees its own lines too, and nobody else's.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT INSERT (kind, subject, facts) ON {schema}.line TO {role};
GRANT SELECT ON {schema}.own_line TO {role};
