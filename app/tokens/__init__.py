"""The kernel: access tokens (RFC 9068) signed and verified, and the keys for it (RFC 7517)."""
