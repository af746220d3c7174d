"""An HTTP cache between riders and the back end, and the stories by which its headers are judged.

`cache.py` keeps answers by the rules of RFC 9111, `headers.py` reads the header fields that an
answer gives, `stories.py` lets riders look and counts what they get.
"""
