"""Python without what does nothing, so that a change of words in it is no change of the program."""

import io
import tokenize

LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}


def working(text: str) -> str:
    """The lines without comments, without strings that stand alone, as docstrings do, and without blank ones."""
    lines = text.splitlines()
    gone, statement = [], []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            gone.append(token)
        if token.type == tokenize.NEWLINE:
            gone += statement if [part.type for part in statement] == [tokenize.STRING] else []
            statement = []
        elif token.type not in LAYOUT:
            statement.append(token)
    for token in sorted(gone, reverse=True, key=lambda token: token.start):
        (first, start), (last, end) = token.start, token.end
        lines[first - 1 : last] = [lines[first - 1][:start] + lines[last - 1][end:]]
    return "\n".join(line.rstrip() for line in lines if line.strip())
