"""Counting attempts at what somebody may guess, in the database: it holds for every instance."""
