"""The edge on a laptop: the project's own template on a local AWS emulator, without Docker."""
