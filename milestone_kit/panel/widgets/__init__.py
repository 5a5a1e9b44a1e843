"""What stands in the browser: thin widgets that show a view and tell what the user does."""
