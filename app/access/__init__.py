"""Who may call what: scopes, roles, the guards that routes wear, and the table of them all."""
