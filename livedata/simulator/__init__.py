"""A simulated Polymarket: the offline default, and the venue under every test."""
