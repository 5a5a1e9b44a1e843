"""Table to table, pure: timelines, tickers, filters, schedules, changes."""
