"""One GET that ends in a JSON object or in a typed error."""
