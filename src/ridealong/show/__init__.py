"""One way to draw: tables, reports, pictures, diagrams."""
