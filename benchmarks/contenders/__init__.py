"""The hand-made authorizers beside ours, each as careful as its library lets it be."""
