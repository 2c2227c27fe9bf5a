"""What a shop keeps of its jobs: projects, scans, runs, stages, artefacts."""
