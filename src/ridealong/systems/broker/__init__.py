"""A broker that speaks Kafka's protocol, and what runs on it."""
