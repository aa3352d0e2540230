"""What somebody beside the console has to say in it: whoever tells a story about the fleet while one looks on."""

from textual.message import Message


class Said(Message):
    """A thing in passing."""

    def __init__(self, text: str, *, bad: bool = False) -> None:
        super().__init__()
        self.text = text
        self.bad = bad


class Shown(Message):
    """A page to read."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title = title
        self.text = text
