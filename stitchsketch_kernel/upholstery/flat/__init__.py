"""A panel laid flat: denoised, unrolled, as the cloth gives."""
