"""The authorizer Lambda: a token in, an IAM policy of what its holder may do out."""
