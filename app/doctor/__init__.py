"""What a running deployment must serve to whoever trusts its tokens, looked at from outside."""
