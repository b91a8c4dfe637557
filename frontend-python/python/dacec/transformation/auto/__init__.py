"""What optimizes whole programs."""
