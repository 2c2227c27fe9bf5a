"""Pictures of photos, cameras, depth, mesh, panels, pieces and marker; the report page.

Takes values, returns pictures and text. Knows `domain` alone.
"""
