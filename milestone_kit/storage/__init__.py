"""What is kept between sessions: snapshots, unfinished walks, and the history of every version seen."""
