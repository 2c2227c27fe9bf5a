"""Objects (photos, models, patterns, renders), kept by their content."""
