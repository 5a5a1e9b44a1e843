"""What everything else stands on: arguments as users give them, settings, strict JSON, files. No table, no network."""
