"""Ostiary: the app that issues tokens and serves what they open."""
