"""The two marks a question's text may hold: `code` between backticks and fenced code blocks."""

import html
import re

_FENCE = re.compile(r"^```[a-z]*\n(.*?)\n```[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


def inline_html(text: str) -> str:
    """Return one line of text as HTML: everything escaped, `code` marked."""
    return _CODE.sub(r"<code>\1</code>", html.escape(" ".join(text.split()), quote=False))


def block_html(text: str) -> str:
    """Return a text as HTML paragraphs and code blocks."""
    parts = []
    # split() with one group alternates: prose, the inside of a fence, prose, ...
    for index, part in enumerate(_FENCE.split(text)):
        if index % 2:
            parts.append(f"<pre><code>{html.escape(part, quote=False)}</code></pre>")
        else:
            paragraphs = (inline_html(piece) for piece in part.split("\n\n") if piece.strip())
            parts.extend(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return "".join(parts)


def plain(text: str) -> str:
    """Return a text as one line without marks, for a label or a message."""
    return " ".join(_CODE.sub(r"\1", text).replace("```", " ").split())
