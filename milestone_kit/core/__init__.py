"""What everything else stands on: what users give, read once; settings; strict JSON; files."""
