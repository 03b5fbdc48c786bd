"""Notes: the sample resource. Each belongs to the user who made it, and nobody else sees it."""
