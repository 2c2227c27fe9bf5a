"""Gaussian splats of the scan: trained from the aligned photos, drawn, kept in files, shown."""
