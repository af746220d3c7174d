"""Caches: a real one as a process, the traffic that meets it, and a policy replayed against it."""
