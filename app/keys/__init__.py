"""`ostiary keys`: a key set that is changed in place, one step of a rotation at a time."""
