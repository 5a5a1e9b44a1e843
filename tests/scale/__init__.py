"""The same functions on more rows than one table should hold: Parquet batches, partition by partition."""
