"""Who did what, on whom, when and from where: written once, and never changed."""
