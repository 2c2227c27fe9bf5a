"""Who works in a shop, with which role and preferences."""
