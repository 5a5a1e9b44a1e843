"""Live data of milestones: what payloads of many shapes say, as one typed row each."""
