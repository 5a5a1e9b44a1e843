"""Texts of a server that want to be more than text, for every place where they are shown."""

from __future__ import annotations

__all__ = ["FORMULAS", "HOSTILE"]

FORMULAS = [
    '=HYPERLINK("https://example.org","x")', "@SUM(1)", "+1", "-1", "\t=1", "\r\n=1", "a\rb\nc\r\nd", "\n",
    "NA", "null", "nan", "", " ", "'=1", "＝1+1", '"', "007", "1e5", "#N/A", "a,b;c",
]  # fmt: skip

HOSTILE = {
    "script": "<script>window.hacked = 1</script>",
    "image": "<img src=x onerror='window.hacked = 1'>",
    "TeX": r"$\href{javascript:window.hacked=1}{click}$",
    "bold": "<b>bold</b> & <a href='javascript:window.hacked=1'>link</a>",
    "template": "%{x} %{customdata[0]} {title} {{x}}",
    "end of script": "</script><script>window.hacked = 1</script><!--",
    "attribute": '" onmouseover="window.hacked = 1',
    "emoji": "\U0001f3c0 \U0001f469\u200d\U0001f680",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202eevil\u202c",
    "zero width": "a\u200bb\ufeffc",
}
