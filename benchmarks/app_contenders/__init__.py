"""What Ostiary is measured beside: the same routes, as one writes them with the usual parts."""
