"""Confidential clients: machines that authenticate with a secret of their own."""
