-- A zone appends and sees nothing: not even its own lines.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT INSERT (kind, subject, facts) ON {schema}.line TO {role};
