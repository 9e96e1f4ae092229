-- A zone appends; what was appended it can't read.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT INSERT (kind, subject, facts) ON {schema}.line TO {role};
