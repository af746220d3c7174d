"""What follows a completed ride, by a design that is data: on a real broker, or in virtual time."""
