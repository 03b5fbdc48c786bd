"""Users: registration, passwords, one's own account, administration."""
