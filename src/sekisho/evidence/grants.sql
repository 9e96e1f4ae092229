-- A zone appends, and sees its own lines alone: what it compares its books with.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT INSERT (kind, subject, facts) ON {schema}.line TO {role};
GRANT SELECT ON {schema}.own_line TO {role};
