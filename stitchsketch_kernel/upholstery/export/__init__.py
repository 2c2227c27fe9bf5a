"""Cut files: one module a format. Each refuses a pattern whose size is not known."""
