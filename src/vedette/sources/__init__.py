"""Where log objects come from: adapters that yield names and byte streams, and nothing about what is in them."""
