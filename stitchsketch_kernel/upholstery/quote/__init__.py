"""What a cover costs."""
