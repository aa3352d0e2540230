"""Foreign text made harmless: a log or an error message must not be able to drive a terminal. Pure."""


def plain(text: str) -> str:
    """The text without control characters; tabs and ends of lines are for whoever shows it."""
    return "".join(char if char.isprintable() or char in "\t\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def one_line(text: str) -> str:
    """The same in one line whose cells can be counted: tabs and ends of lines are blanks."""
    return plain(text).translate(_BLANKS)


def printable(text: str) -> str:
    """What is left when nothing that could drive a terminal, or end a line, stays: for what is only quoted."""
    return "".join(char for char in text if char.isprintable())


_BLANKS = {ord("\t"): " ", ord("\n"): " "}
