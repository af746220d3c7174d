"""What a learner operates, one module per lab."""
