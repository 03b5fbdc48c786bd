"""The rows, in a file for each kind of attack."""
