"""Many GETs that become one table."""
