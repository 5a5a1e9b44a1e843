"""`MilestoneClient`, where the wire and the tables meet, and the plain functions over it."""
