"""What labs and judges both run: small real systems, without a line of HTML."""
