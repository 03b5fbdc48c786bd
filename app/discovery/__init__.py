"""What others need to know to trust our tokens: /.well-known."""
