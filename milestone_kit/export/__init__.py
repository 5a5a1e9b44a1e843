"""Tables to files and back."""
