"""Sessions: the login that begins one."""
